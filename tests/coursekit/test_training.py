"""`training.fit` trains as `model.fit` does, shows progress on stdout only, and refuses what cannot be right."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from coursekit import _progress, _tensorflow, models, training

ON_TENSORFLOW = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="only the TensorFlow backend has its own feed"
)


def compiled(loss: Any = "sparse_categorical_crossentropy", **options: Any) -> keras.Model:
    model = models.mlp((4,), (6,), 3)
    model.compile("sgd", loss, metrics=["accuracy"], **options)
    return model


def samples(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds of points, one a class."""
    rng = np.random.default_rng()
    y = rng.integers(3, size=n)
    y[:3] = [0, 1, 2]
    return (rng.normal(size=(n, 4)) + 3 * np.eye(3, 4)[y]).astype("float32"), y


class Seen(keras.callbacks.Callback):
    """Counts what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.batches.append(batch)


# ── the same training ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sample_weight": np.linspace(0, 2, 300)},
        {"class_weight": {0: 1.0, 1: 5.0, 2: 0.2}},
        {"validation_split": 0.25},
        {"initial_epoch": 1},
        {"steps_per_epoch": 5},
    ],
    ids=lambda options: "+".join(options) or "plain",
)
def test_without_shuffling_the_weights_and_history_are_those_of_keras(options: dict[str, Any]) -> None:
    X, y = samples()
    ours = compiled()
    theirs = compiled()
    theirs.set_weights(ours.get_weights())
    history = training.fit(ours, X, y, epochs=3, batch_size=7, shuffle=False, verbose=0, **options)
    expected = theirs.fit(X, y, epochs=3, batch_size=7, shuffle=False, verbose=0, **options)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert history.epoch == expected.epoch
    assert history.history.keys() == expected.history.keys()
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-3, atol=1e-5)


def test_training_with_shuffling_learns_and_takes_every_optimizer_step() -> None:
    X, y = samples()
    model = compiled()
    history = training.fit(model, X, y, epochs=20, batch_size=8, validation_data=samples(60), verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert history.history["val_accuracy"][-1] > 0.8
    assert int(model.optimizer.iterations) == 20 * -(-300 // 8)


@ON_TENSORFLOW
def test_each_epoch_gives_every_sample_once_in_a_new_order_with_its_own_target() -> None:
    X, y = np.arange(100.0).reshape(100, 1), np.arange(100)
    feed = _tensorflow.batches((X, y), 7, shuffle=True, threads=1)
    orders = []
    for _ in range(3):
        batches = [(a.numpy(), b.numpy()) for a, b in feed]
        assert [len(b) for _, b in batches] == [7] * 14 + [2]
        order = np.concatenate([b for _, b in batches])
        np.testing.assert_array_equal(np.concatenate([a for a, _ in batches])[:, 0], order)
        np.testing.assert_array_equal(np.sort(order), np.arange(100))
        orders.append(order.tolist())
    assert orders[0] != orders[1] != orders[2] != orders[0]


def test_the_same_seed_gives_the_same_training() -> None:
    X, y = samples()
    histories = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        histories.append(training.fit(compiled(), X, y, epochs=2, batch_size=16, verbose=0).history["loss"])
    assert histories[0] == pytest.approx(histories[1], rel=1e-5)


@pytest.mark.parametrize("n", [1, 2, 31])
@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}, {"jit_compile": False}], ids=str)
def test_few_samples_and_any_way_of_compiling_will_do(n: int, options: dict[str, Any]) -> None:
    X, y = samples(40)
    history = training.fit(compiled(**options), X[:n], y[:n], epochs=2, batch_size=2, verbose=0)
    assert len(history.history["loss"]) == 2


@ON_TENSORFLOW
def test_the_model_is_left_set_as_it_was_even_after_an_interrupt() -> None:
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            assert self.model.steps_per_execution > 1
            raise KeyboardInterrupt

    X, y = samples()
    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        training.fit(model, X, y, epochs=2, batch_size=2, callbacks=Interrupt(), verbose=0)
    assert model.steps_per_execution == 1
    seen = Seen()
    model.fit(X, y, batch_size=30, callbacks=[seen], verbose=0)
    assert seen.batches == list(range(10))
    assert model.predict(X, verbose=0).shape == (300, 3)


def test_a_model_compiled_with_its_own_steps_per_execution_keeps_them() -> None:
    steps = 4 if keras.config.backend() == "tensorflow" else 1
    model = compiled(steps_per_execution=steps)
    training.fit(model, *samples(), epochs=1, batch_size=10, verbose=0)
    assert model.steps_per_execution == steps


def test_the_data_are_not_changed_and_may_be_a_read_only_memory_map_of_bytes(tmp_path: Path) -> None:
    X = np.random.default_rng().integers(256, size=(64, 28, 28), dtype="uint8")
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    model = models.mlp()
    model.compile("sgd", "sparse_categorical_crossentropy")
    training.fit(model, mapped, np.arange(64) % 10, epochs=1, validation_split=0.5, verbose=0)
    np.testing.assert_array_equal(mapped, X)


def test_lists_of_numbers_are_taken_as_arrays() -> None:
    model = models.xor_network()
    model.compile("sgd", "binary_crossentropy")
    training.fit(model, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=1, verbose=0)


def test_several_inputs_and_outputs_may_be_named() -> None:
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    both = keras.layers.Concatenate()([a, b])
    outputs = {"u": keras.layers.Dense(1, name="u")(both), "v": keras.layers.Dense(1, name="v")(both)}
    model = keras.Model({"a": a, "b": b}, outputs)
    model.compile("sgd", {"u": "mse", "v": "mae"})
    X = {"a": np.ones((40, 2)), "b": np.ones((40, 3))}
    y = {"u": np.ones(40), "v": np.ones(40)}
    history = training.fit(model, X, y, epochs=2, batch_size=4, validation_data=(X, y), verbose=0)
    assert "val_loss" in history.history


def test_a_data_set_of_batches_is_used_as_it_is(recwarn: pytest.WarningsRecorder) -> None:
    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 20

        def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
            return samples(8)

    model = compiled()
    training.fit(model, Batches(), epochs=2, validation_data=Batches(), verbose=0)
    assert int(model.optimizer.iterations) == 40


@ON_TENSORFLOW
def test_a_tensorflow_data_set_is_used_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    import tensorflow as tf

    model = compiled()
    training.fit(model, tf.data.Dataset.from_tensor_slices(samples(100)).batch(5), epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 40
    assert not [warning for warning in recwarn.list if issubclass(warning.category, UserWarning)]


# ── callbacks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_callback_of_the_student_that_acts_on_batches_sees_every_one() -> None:
    seen, heard = Seen(), []
    listener = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append(batch))
    for callback in (seen, listener):
        training.fit(compiled(), *samples(), epochs=1, batch_size=3, callbacks=[callback], verbose=0)
    assert seen.batches == heard == list(range(100))


def test_early_stopping_checkpoints_and_schedules_work_by_epochs(tmp_path: Path) -> None:
    X, y = samples()
    rates = []
    model = compiled()
    history = training.fit(
        model,
        X,
        y,
        epochs=50,
        batch_size=4,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="accuracy", mode="min", patience=2),
            keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
            keras.callbacks.LearningRateScheduler(lambda epoch, lr: rates.append(lr) or lr / 2),
        ],
        verbose=0,
    )
    epochs = len(history.epoch)
    assert epochs < 50
    assert sorted(int(path.stem) for path in tmp_path.glob("*.keras")) == list(range(1, epochs + 1))
    assert rates == pytest.approx([0.01 / 2**i for i in range(epochs)])


# ── progress ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_headless_training_prints_one_line_an_epoch_and_nothing_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    keras.ops.ones(1)  # the backend may write to stderr when it looks for a GPU, once in a process
    capfd.readouterr()
    training.fit(compiled(), *samples(), epochs=3, validation_data=samples(9), live=True)
    out, err = capfd.readouterr()
    assert err == ""
    assert [line.split(" · ")[0] for line in out.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert all(name in out for name in ("loss", "accuracy", "val_loss", "val_accuracy"))


def test_a_silent_training_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    training.fit(compiled(), *samples(), epochs=2, verbose=0)
    assert capfd.readouterr() == ("", "")


def test_a_long_headless_training_prints_about_a_hundred_lines_and_the_last_epoch(capfd: pytest.CaptureFixture[str]) -> None:
    model = models.xor_network()
    model.compile("sgd", "mse")
    training.fit(model, np.eye(2), np.ones(2), epochs=250)
    lines = capfd.readouterr().out.splitlines()
    assert 80 <= len(lines) <= 101
    assert lines[-1].startswith("epoch 250/250")


class Shown:
    """Stands for IPython's display: keeps what was shown and when."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.bundles: list[dict[str, str]] = []

    def __call__(self, data: dict[str, str], handle: Any) -> str:
        self.texts.append(data["text/plain"])
        self.bundles.append(data)
        return "handle"


def test_a_notebook_shows_one_line_that_is_updated_at_most_four_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:

    shown, clock = Shown(), [0.0]
    monkeypatch.setattr(_progress, "_display", shown)
    monkeypatch.setattr(_progress, "notebook_shell", lambda: object())

    def tick() -> float:
        clock[0] += 0.01
        return clock[0]

    monkeypatch.setattr(_progress.time, "perf_counter", tick)
    training.fit(compiled(), *samples(), epochs=20, batch_size=2)
    assert len(shown.texts) <= 4 * clock[0] + 2  # plus the first and the last, which are always shown
    assert any("about" in text and "left" in text for text in shown.texts)
    assert shown.texts[-1].startswith("20 epochs in")
    assert "loss" in shown.texts[-1]
    assert max(text.count("\n") for text in shown.texts) == 0


def test_the_running_line_says_how_the_epoch_before_did_on_validation(monkeypatch: pytest.MonkeyPatch) -> None:

    shown, clock = Shown(), iter(range(1_000_000))
    monkeypatch.setattr(_progress, "_display", shown)
    monkeypatch.setattr(_progress, "notebook_shell", lambda: object())
    monkeypatch.setattr(_progress.time, "perf_counter", lambda: next(clock))
    history = training.fit(compiled(), *samples(), epochs=3, batch_size=5, validation_data=samples(20))
    second = next(text for text in shown.texts if text.startswith("epoch 2/3"))
    assert f"after epoch 1: val_loss {history.history['val_loss'][0]:.4g}" in second


def test_a_hundred_epochs_with_curves_are_two_outputs_of_a_few_kilobytes_and_few_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    shown, clock = Shown(), [0.0]
    monkeypatch.setattr(_progress, "_display", shown)

    def tick() -> float:
        clock[0] += 0.02
        return clock[0]

    monkeypatch.setattr(_progress.time, "perf_counter", tick)
    callbacks = [_progress.NotebookProgress(), _progress.Curves()]
    for callback in callbacks:
        callback.set_params({"epochs": 100, "steps": 1})
        callback.on_train_begin()
    for epoch in range(100):
        for callback in callbacks:
            callback.on_epoch_begin(epoch)
            callback.on_train_batch_end(0, {"loss": 1 / (epoch + 1)})
            callback.on_epoch_end(epoch, {name: math.sin(epoch) for name in ("loss", "accuracy", "val_loss", "val_accuracy")})
    for callback in callbacks:
        callback.on_train_end()
    assert len(shown.texts) <= 2 * (4 * clock[0] + 2)
    last = {kind: data for data in shown.bundles for kind in ["curve" if "text/html" in data else "line"]}
    assert sum(len(text) for data in last.values() for text in data.values()) < 12_000
    assert last["curve"]["text/plain"].startswith("loss over epochs 1 to 100: training 0 to ")


def test_live_curves_say_in_alt_text_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:

    shown = Shown()
    monkeypatch.setattr(_progress, "_display", shown)
    monkeypatch.setattr(_progress, "notebook_shell", lambda: object())
    training.fit(compiled(), *samples(), epochs=4, validation_data=samples(20), validation_freq=2, live=True, verbose=0)
    assert shown.texts[-1].startswith("loss over epochs 1 to 4: training")
    assert "validation" in shown.texts[-1]


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def changed(change: Callable[[np.ndarray, np.ndarray], tuple[Any, Any]]) -> tuple[Any, Any]:
    return change(*samples(30))


def with_value(array: np.ndarray, value: float) -> np.ndarray:
    array = array.copy()
    array[5, 2] = value
    return array


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda X, y: (X, y[:-1]), "X has 30, y has 29"),
        (lambda X, y: (X[:0], y[:0]), "X and y is empty"),
        (lambda X, y: (with_value(X, np.nan), y), "NaN or infinite, the first in row 5"),
        (lambda X, y: (with_value(X, np.inf), y), "NaN or infinite"),
        (lambda X, y: (X, y + 1), "whole numbers from 0 to 2; y reaches from 1 to 3"),
        (lambda X, y: (X, -y), "reaches from -2 to 0"),
        (lambda X, y: (X, y / 2), "whole numbers"),
        (lambda X, y: (X, np.eye(3)[y]), "looks one-hot"),
        (lambda X, y: (X, None), "y is None"),
        (lambda X, y: (None, y), "X is None"),
        (lambda X, y: (X, np.array(["cat"] * 30)), "turn words into numbers"),
        (lambda X, y: (X, 3), "single number"),
        (lambda X, y: ([[1, 2], [3]], y), "different lengths"),
        (lambda X, y: (X[:, :3], y), r"takes samples of shape \(4,\), those of X have shape \(3,\)"),
    ],
)
def test_data_that_cannot_be_right_are_refused_with_what_is_wrong(change: Any, said: str) -> None:
    X, y = changed(change)
    with pytest.raises(ValueError, match=said):
        training.fit(compiled(), X, y, epochs=1, verbose=0)
    if X is not None and y is not None:
        with pytest.raises(ValueError, match=r"validation_data|different lengths"):
            training.fit(compiled(), *samples(), epochs=1, verbose=0, validation_data=(X, y))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": 2.0}, "epochs is 2.0"),
        ({"batch_size": 0}, "batch_size"),
        ({"verbose": "loud"}, "verbose"),
        ({"shuffle": "batch"}, "shuffle"),
        ({"validation_split": 1.5}, "between 0 and 1"),
        ({"validation_split": 0.999}, "leaves one side empty"),
        ({"validation_data": np.ones(3)}, "expected a pair"),
        ({"sample_weight": np.ones(3)}, "sample_weight has 3"),
        ({"sample_weight": np.ones(30), "class_weight": {0: 1}}, "not both"),
    ],
)
def test_options_that_cannot_be_right_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        training.fit(compiled(), *samples(30), **{"epochs": 1, "verbose": 0} | options)


def test_a_model_that_is_not_compiled_or_no_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.compile"):
        training.fit(models.mlp((4,)), *samples(), epochs=1)
    with pytest.raises(ValueError, match="return model"):
        training.fit(None, *samples(), epochs=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("loss", "y", "said"),
    [
        ("categorical_crossentropy", np.zeros(30, int), "sparse_categorical_crossentropy"),
        (keras.losses.CategoricalCrossentropy(), np.zeros((30, 2)), "one-hot"),
        (keras.losses.SparseCategoricalCrossentropy(), np.full(30, 3), "reaches from 3 to 3"),
        (keras.losses.sparse_categorical_crossentropy, np.full(30, 3), "reaches from 3 to 3"),
        (keras.losses.SparseCategoricalCrossentropy(ignore_class=-1), np.full(30, -2), "reaches from -2"),
        ("binary_crossentropy", np.full((30, 3), 2.0), "0 or 1"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_targets_that_do_not_fit_the_loss_are_refused(loss: Any, y: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        training.fit(compiled(loss), samples(30)[0], y, epochs=1, verbose=0)


def test_targets_that_fit_another_loss_are_accepted() -> None:
    X, y = samples(30)
    training.fit(compiled("categorical_crossentropy"), X, np.eye(3)[y], epochs=1, verbose=0)
    training.fit(compiled("mse"), X, np.eye(3)[y], epochs=1, verbose=0)
    training.fit(compiled(), X, y[:, np.newaxis].astype(float), epochs=1, verbose=0)
    ignoring = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    training.fit(compiled(ignoring), X, np.where(y == 2, -1, y), epochs=1, verbose=0)


# ── the recipe ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_cosine_starts_at_the_rate_halves_it_in_the_middle_and_ends_at_zero() -> None:
    optimizer = training.cosine_adam(1000, epochs=6, batch_size=300, learning_rate=0.02)
    rates = []
    for step in (0, 12, 24, 30):
        optimizer.iterations.assign(step)
        rates.append(float(optimizer.learning_rate))
    assert rates == pytest.approx([0.02, 0.01, 0, 0], abs=1e-8)


@pytest.mark.parametrize("options", [{"samples": 0}, {"epochs": -1}, {"batch_size": 1.5}])
def test_the_cosine_refuses_counts_that_are_none(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        training.cosine_adam(**{"samples": 10, "epochs": 1} | options)


def test_training_knows_nothing_of_tensorflow_until_it_trains() -> None:
    assert "tensorflow" not in vars(sys.modules["coursekit.training"])


def test_the_time_left_is_told_by_the_steps_after_keras_has_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(_progress.time, "perf_counter", lambda: now[0])
    line = _progress.NotebookProgress()
    line.settled = None
    said = []
    for moment, done in ((30.0, 0.1), (30.5, 0.35), (32.0, 1.1)):  # half a minute to the first step, then two seconds an epoch
        now[0] = moment
        said.append(line._left(done, 10))
    assert said == [[], [], ["about 18 s left"]]
