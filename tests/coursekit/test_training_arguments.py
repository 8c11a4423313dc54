"""What `training.fit` takes in other forms, and what it refuses before the first epoch, with the cause in words."""

from __future__ import annotations

from typing import Any

import keras
import ml_dtypes
import numpy as np
import pandas
import pytest
import scipy.sparse

from coursekit import models, training
from coursekit._arrays import number_array

X = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], np.float32)
y = np.array([0, 1, 2, 1])


def compiled(loss: Any = "sparse_categorical_crossentropy", outputs: int = 3, **options: Any) -> keras.Model:
    model = models.mlp((2,), (3,), outputs, output_activation="linear" if loss == "mse" else "softmax")
    model.compile(**{"optimizer": "sgd", "loss": loss} | options)
    return model


def two_outputs(loss: Any) -> keras.Model:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, [keras.layers.Dense(1, name="price")(inputs), keras.layers.Dense(3, name="kind")(inputs)])
    model.compile("sgd", loss)
    return model


# ── the same numbers in other forms ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "held",
    [
        list(X),
        tuple(X),
        [X],
        {"a": X[:, 0], "b": X[:, 1]}.values(),
        pandas.DataFrame({"flag": X[:, 0].astype(bool), "size": X[:, 1]}),
        pandas.DataFrame(X).astype("Int64"),
        X.astype(ml_dtypes.bfloat16),
        X.astype(object),
    ],
    ids=["a list of rows", "a tuple of rows", "[X]", "columns", "bool and float columns", "Int64", "bfloat16", "objects"],
)
def test_numbers_in_another_form_are_the_same_numbers(held: Any) -> None:
    expected = X.T if isinstance(held, type({}.values())) else X
    np.testing.assert_array_equal(number_array(held[0] if isinstance(held, list) and len(held) == 1 else held, "X"), expected)
    if expected is X:
        weights = [np.full_like(w, 0.1) for w in compiled().get_weights()]
        losses = []
        for samples in (X, held):
            model = compiled()
            model.set_weights(weights)
            losses += training.fit(model, samples, y, epochs=1, verbose=0).history["loss"]
        assert losses[0] == pytest.approx(losses[1])


def test_a_list_of_one_hot_rows_is_one_target() -> None:
    training.fit(compiled("categorical_crossentropy"), X, list(np.eye(3)[y]), epochs=1, verbose=0)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (pandas.DataFrame({"a": [1, None, 3, 4], "b": [1, 2, 3, 4]}).astype("Int64"), "NaN or infinite, the first in row 1"),
        (pandas.DataFrame({"a": [1, 2, 3, 4], "day": pandas.date_range("2026-01-01", periods=4)}), r"X\['day'\] holds dates"),
        (pandas.DataFrame({"a": [1, 2, 3, 4], "town": list("abcd")}), r"X\['town'\] holds words"),
        (pandas.Series(list("abca"), dtype="category"), "X holds words"),
        (scipy.sparse.csr_matrix(X), r"X is a sparse matrix: X\.toarray\(\)"),
        ([np.zeros(2), np.zeros(3), np.zeros(2), np.zeros(2)], r"different shapes, \(2,\) and \(3,\)"),
        (np.array([None, 1, 2, 3]), "NaN or infinite, the first in row 0"),
        (np.array([1 + 2j] * 4), "complex128 values"),
        (keras.Input((2,)), "X is a KerasTensor that holds no numbers yet"),
        (np.ones, "X is ones itself, not numbers: call it first"),
    ],
)
def test_what_holds_no_numbers_is_named_as_what_it_is(held: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        training.fit(compiled(), held, y, epochs=1, verbose=0)


# ── targets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "loss", ["mse", "mae", keras.losses.Huber(), keras.losses.MeanSquaredError(name="mine"), "binary_crossentropy"]
)
def test_targets_that_the_loss_would_compare_each_with_each_are_refused(loss: Any) -> None:
    for targets in (np.zeros((4, 4)), np.zeros((4, 2, 2))):
        with pytest.raises(ValueError, match=r"outputs of shape \(1,\) per sample, the targets of y have shape"):
            training.fit(compiled(loss, outputs=1), X, targets, epochs=1, verbose=0)
    with pytest.raises(ValueError, match=r"outputs of shape \(3,\)"):
        training.fit(compiled(loss), X, np.zeros(4), epochs=1, verbose=0)


@pytest.mark.parametrize("targets", [np.zeros(4), np.zeros((4, 1))])
def test_one_number_per_sample_fits_one_output_as_a_row_and_as_a_column(targets: np.ndarray) -> None:
    training.fit(compiled("mse", outputs=1), X, targets, epochs=1, verbose=0)


def test_a_loss_of_the_students_own_may_take_any_targets() -> None:
    def huber(truth: Any, guess: Any) -> Any:
        return keras.ops.mean(guess**2, axis=-1)

    training.fit(compiled(huber), X, np.zeros((4, 7)), epochs=1, verbose=0)


@pytest.mark.parametrize(
    "losses", [["mse", "sparse_categorical_crossentropy"], {"kind": "sparse_categorical_crossentropy", "price": "mse"}]
)
@pytest.mark.parametrize("keyed", [False, True])
def test_each_of_several_outputs_has_its_own_targets_checked(losses: Any, keyed: bool) -> None:
    def targets(price: Any, kind: Any) -> Any:
        return {"kind": kind, "price": price} if keyed else [price, kind]

    training.fit(two_outputs(losses), X, targets(np.zeros(4), y), epochs=1, verbose=0)
    with pytest.raises(ValueError, match=r"y\[.*\] have shape \(4,\)"):
        training.fit(two_outputs(losses), X, targets(np.zeros((4, 4)), y), epochs=1, verbose=0)
    with pytest.raises(ValueError, match=r"y\[.*\] reaches from 1 to 3"):
        training.fit(two_outputs(losses), X, targets(np.zeros(4), y + 1), epochs=1, verbose=0)


# ── options ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"callbacks": [keras.callbacks.EarlyStopping]}, r"EarlyStopping is a class: call it with parentheses"),
        ({"callbacks": keras.callbacks.TerminateOnNaN}, r"TerminateOnNaN is a class"),
        ({"callbacks": ["early"]}, "callbacks holds 'early'"),
        ({"callbacks": print}, "expected Keras callbacks"),
        ({"epochs": 3, "initial_epoch": 3}, "nothing would be trained.*epochs=6 trains 3 more"),
        ({"initial_epoch": -1}, "initial_epoch is -1"),
        ({"validation_freq": 0}, "validation_freq is 0"),
        ({"validation_freq": [1, 2.5]}, "validation_freq is 2.5"),
        ({"class_weight": [1.0, 2.0]}, "one weight for each of the 3 classes"),
        ({"class_weight": "balanced"}, "class_weight is the text 'balanced'"),
        ({"class_weight": {3: 1.0}}, "names the class 3: expected classes from 0 to 2"),
        ({"class_weight": {"cat": 1.0}}, "a class of class_weight is 'cat'"),
        ({"class_weight": {0: -1.0}}, "at least 0"),
    ],
)
def test_options_that_would_fail_in_the_middle_or_do_nothing_are_refused_at_once(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        training.fit(compiled(), X, y, **{"epochs": 1, "verbose": 0} | options)


@pytest.mark.parametrize(
    "callback", [keras.callbacks.ReduceLROnPlateau("loss"), keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr)]
)
def test_a_callback_that_sets_the_rate_of_a_schedule_is_refused_before_an_epoch_is_lost(callback: Any) -> None:
    for optimizer in (
        training.cosine_adam(4, epochs=9),
        keras.optimizers.LossScaleOptimizer(training.cosine_adam(4, epochs=9)),
    ):
        with pytest.raises(ValueError, match=f"follows a schedule, so {type(callback).__name__} cannot set"):
            training.fit(compiled(optimizer=optimizer), X, y, epochs=1, verbose=0, callbacks=callback)
    training.fit(compiled(), X, y, epochs=1, verbose=0, callbacks=callback)


def test_an_array_of_class_weights_is_the_dictionary_of_its_numbers() -> None:
    weights = [np.full_like(w, 0.1) for w in compiled().get_weights()]
    losses = []
    for class_weight in (np.array([1.0, 5.0, 0.2]), {0: 1.0, 1: 5.0, 2: 0.2}):
        model = compiled()
        model.set_weights(weights)
        losses += training.fit(model, X, y, epochs=1, verbose=0, class_weight=class_weight).history["loss"]
    assert losses[0] == pytest.approx(losses[1])


def test_a_rate_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="learning_rate is 0: expected a number above 0"):
        training.cosine_adam(10, epochs=1, learning_rate=0)


# ── metrics with several values ──────────────────────────────────────────────────────────────────────────────────────


def test_a_metric_with_a_value_per_class_is_shown_as_its_mean(capsys: pytest.CaptureFixture[str]) -> None:
    model = compiled("categorical_crossentropy", metrics=[keras.metrics.F1Score(name="f1")])
    history = training.fit(model, X, np.eye(3)[y], epochs=2)
    line = capsys.readouterr().out.splitlines()[-1]
    assert f"f1 {np.mean(history.history['f1'][-1]):.4g} (mean of 3)" in line


def test_live_curves_stand_at_the_epochs_at_which_each_value_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from coursekit import _progress

    drawn: dict[str, list[int]] = {}

    def picture(history: Any, epochs: int) -> tuple[str, str]:
        drawn.update({name: [epoch for epoch, _ in points] for name, points in history.items()})
        return "", ""

    monkeypatch.setattr(_progress, "picture", picture)
    monkeypatch.setattr(_progress, "_display", lambda *_: None)
    monkeypatch.setattr(_progress, "notebook_shell", lambda: object())
    model = compiled("categorical_crossentropy", metrics=[keras.metrics.F1Score(name="f1")])
    targets = np.eye(3)[y]
    training.fit(model, X, targets, epochs=5, validation_data=(X, targets), validation_freq=3, live=True, verbose=0)
    assert (drawn["f1"], drawn["val_f1"]) == ([1, 2, 3, 4, 5], [3])
