"""Training in small pieces, and what every neuron answers: fast enough to look at while it happens.

On TensorFlow, many steps of the model's own `train_step` are one call of a compiled function. Knows nothing of settings,
and of data only that they are arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import _tensorflow

if TYPE_CHECKING:
    import keras

__all__ = ["Trainer", "Watcher"]


class Trainer:
    """Trains a compiled model on given batches.

    Args:
        model: The compiled model.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        is_compiled = _on_tensorflow() and not model.run_eagerly
        self._steps = _compiled_steps(model) if is_compiled else _plain_steps(model)
        self._is_ready = not is_compiled

    def run(self, X: np.ndarray, y: np.ndarray, batches: Sequence[np.ndarray]) -> None:
        """Take one step per batch.

        Args:
            X: Inputs (n, features).
            y: Targets (n, 1).
            batches: The rows of each batch.
        """
        if not self._is_ready:
            self._model.test_step((X[:1], y[:1]))  # losses and metrics make their variables now, not in the compiled function
            self._is_ready = True
        for rows in _equal_length(batches):
            self._steps(X, y, rows)


class Watcher:
    """What a model and its hidden layers answer, in one pass.

    Args:
        model: The model.
        hidden: Outputs of its hidden layers.
    """

    def __init__(self, model: keras.Model, hidden: Sequence[Any]) -> None:
        import keras

        self._count = len(hidden)
        self._watch: Any = keras.Model(model.inputs[0], [*hidden, model.outputs[0]]) if hidden else model
        self._compiled: Any = None

    def compile(self) -> None:
        """Answer through a compiled function from now on, on TensorFlow: sooner, but for the first time, which makes it."""
        if self._compiled is None and _on_tensorflow():
            watch = self._watch
            self._compiled = _tensorflow.load().function(lambda given: watch(given, training=False), reduce_retracing=True)

    def __call__(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the outputs of the hidden layers for inputs (n, features), and of the model as the last."""
        import keras

        found = self._compiled(X) if self._compiled is not None else self._watch(X, training=False)
        return [keras.ops.convert_to_numpy(part) for part in (found if self._count else [found])]


def _on_tensorflow() -> bool:
    import keras

    return keras.backend.backend() == "tensorflow"


def _equal_length(batches: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return batches as matrices (steps, batch size), a new one where the size changes."""
    groups: list[list[np.ndarray]] = []
    for rows in batches:
        if groups and len(groups[-1][0]) == len(rows):
            groups[-1].append(rows)
        else:
            groups.append([rows])
    return [np.stack(group).astype("int32") for group in groups]


def _compiled_steps(model: keras.Model) -> Callable[[Any, Any, Any], None]:
    tf = _tensorflow.load()

    def steps(X: Any, y: Any, batches: Any) -> None:
        tf.scan(step_on(X, y), batches, initializer=0)

    def step_on(X: Any, y: Any) -> Callable[[Any, Any], Any]:
        def step(count: Any, rows: Any) -> Any:
            model.train_step((tf.gather(X, rows), tf.gather(y, rows)))
            return count + 1

        return step

    inputs, targets = (tf.TensorSpec(shape) for shape in (model.input_shape, model.output_shape))
    signature = [inputs, targets, tf.TensorSpec((None, None), tf.int32)]
    return tf.function(steps, input_signature=signature, autograph=False)


def _plain_steps(model: keras.Model) -> Callable[[Any, Any, Any], None]:
    def steps(X: Any, y: Any, batches: Any) -> None:
        for rows in batches:
            model.train_on_batch(X[rows], y[rows])

    return steps
