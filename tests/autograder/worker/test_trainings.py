"""A training in a student process costs less than in a kernel, and its results are the same to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from autograder.execution.limits import Limits
from autograder.execution.runner import run_cells
from autograder.worker.trainings import SMALL, leave_small_graphs, one_iterator_per_epoch

if keras.backend.backend() != "tensorflow":
    pytest.skip("other backends make no iterators of TensorFlow", allow_module_level=True)

import tensorflow as tf
from keras.src.backend.tensorflow.trainer import TFEpochIterator
from tensorflow.python.data.ops import iterator_ops

pytestmark = pytest.mark.filterwarnings("ignore:Your input ran out of data")
RNG = np.random.default_rng(0)
X, y = RNG.normal(size=(50, 4)).astype("float32"), RNG.integers(0, 3, 50)
X_valid, y_valid = RNG.normal(size=(20, 4)).astype("float32"), RNG.integers(0, 3, 20)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The data sets for which an iterator was made. Keras and TensorFlow are as they were after the test."""
    monkeypatch.setattr(TFEpochIterator, "_enumerate_iterator", TFEpochIterator._enumerate_iterator)
    monkeypatch.setattr(TFEpochIterator, "_get_iterator", TFEpochIterator._get_iterator)
    sets: list[Any] = []
    create = iterator_ops.OwnedIterator._create_iterator
    monkeypatch.setattr(
        iterator_ops.OwnedIterator, "_create_iterator", lambda self, dataset: sets.append(dataset) or create(self, dataset)
    )
    yield sets
    tf.config.optimizer.set_experimental_options({"min_graph_nodes": 4})


class StopsEvaluating(keras.callbacks.Callback):
    """Ends each evaluation in the middle, and every second one at its last batch."""

    times = 0

    def on_test_begin(self, logs: Any = None) -> None:
        self.times += 1

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.model.stop_evaluating = batch == (1 if self.times % 2 else 3)


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return X[10 * index : 10 * index + 10], y[10 * index : 10 * index + 10]


def dataset() -> Any:
    return tf.data.Dataset.from_tensor_slices((X, y)).shuffle(50, seed=3).batch(10)


def generator() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        yield X[:10], y[:10]


def fit(model: keras.Model, *data: Any, **options: Any) -> None:
    model.fit(*data, epochs=4, verbose=0, **options)


TRAININGS = {
    "shuffled": lambda m: fit(m, X, y, validation_data=(X_valid, y_valid)),
    "in their order": lambda m: fit(m, X, y, shuffle=False, batch_size=7),
    "validated on a share": lambda m: fit(m, X, y, validation_split=0.3, validation_freq=2),
    "fewer steps than batches": lambda m: fit(m, X, y, batch_size=10, steps_per_epoch=3),
    "more steps than batches": lambda m: fit(m, X, y, batch_size=25, steps_per_epoch=3),
    "stopped": lambda m: fit(m, X, y, callbacks=[keras.callbacks.EarlyStopping("loss", patience=0, mode="max")]),
    "eager": lambda m: [m.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True), fit(m, X, y)],
    "evaluated and used": lambda m: [m.evaluate(X, y, batch_size=6, verbose=0), m.predict(X, verbose=0), fit(m, X, y)],
    "an evaluation is stopped": lambda m: fit(
        m, X, y, validation_data=(X_valid, y_valid), validation_batch_size=5, callbacks=[StopsEvaluating()]
    ),
    "twice": lambda m: [fit(m, X, y), fit(m, X, y)],
    "a data set of tf.data": lambda m: fit(m, dataset(), shuffle=False),
    "a generator": lambda m: fit(m, generator(), steps_per_epoch=3, shuffle=False),
    "a PyDataset": lambda m: fit(m, Batches()),
}


def trained(how: Any) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """What the epochs of a training report, and the weights at its end."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.2), keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    epochs: list[dict[str, Any]] = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append({"epoch": epoch, **logs}))
    original = model.fit
    model.fit = lambda *data, callbacks=(), **options: original(*data, callbacks=[*callbacks, note], **options)
    how(model)
    return epochs, model.get_weights()


@pytest.mark.parametrize("how", TRAININGS.values(), ids=TRAININGS)
def test_a_training_is_the_same_to_the_last_bit(how: Any, made: list[Any]) -> None:
    epochs, weights = trained(how)
    one_iterator_per_epoch()
    leave_small_graphs()
    again, same = trained(how)
    assert epochs
    assert again == epochs
    for a, b in zip(weights, same, strict=True):
        assert np.array_equal(a, b)


def test_there_is_one_iterator_for_each_epoch_of_arrays_and_as_many_as_before_for_others(made: list[Any]) -> None:
    def count(how: Any) -> int:
        made.clear()
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        how(model)
        return len(made)

    own = [count(lambda m: fit(m, dataset(), shuffle=False)), count(lambda m: fit(m, X, y, batch_size=10, steps_per_epoch=3))]
    one_iterator_per_epoch()
    assert count(lambda m: fit(m, X, y)) == 4
    assert count(lambda m: fit(m, X, y, validation_data=(X_valid, y_valid))) == 8
    assert count(lambda m: m.predict(X, verbose=0)) == 1
    assert [
        count(lambda m: fit(m, dataset(), shuffle=False)),
        count(lambda m: fit(m, X, y, batch_size=10, steps_per_epoch=3)),
    ] == own


def test_another_release_of_keras_is_left_alone(made: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.worker.trainings._STARTS_ANEW", "if True:")
    before = TFEpochIterator._get_iterator, TFEpochIterator._enumerate_iterator
    one_iterator_per_epoch()
    assert (TFEpochIterator._get_iterator, TFEpochIterator._enumerate_iterator) == before


def test_student_processes_have_it() -> None:
    outcomes = run_cells(
        [
            "import tensorflow as tf, numpy as np, keras\n"
            "from tensorflow.python.data.ops import iterator_ops\n"
            "made, create = [], iterator_ops.OwnedIterator._create_iterator\n"
            "iterator_ops.OwnedIterator._create_iterator = lambda self, data: (made.append(1), create(self, data))[1]\n"
            "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
            "model.compile('sgd', 'mse')\n"
            "history = model.fit(np.ones((40, 2)), np.ones((40, 1)), epochs=3, verbose=0)",
            f"assert tf.config.optimizer.get_experimental_options()['min_graph_nodes'] == {SMALL}",
            "assert len(made) == 3, made",
        ],
        limits=Limits(),
        env={},
    )
    assert [(outcome.status, outcome.message) for outcome in outcomes] == [("ok", "")] * 3
