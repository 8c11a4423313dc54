"""Many models for one answer: a regularised network, Monte-Carlo dropout, the mean of several models, averages of weights.

Works on every Keras backend. Knows nothing of data sets, of labs or of how a model was trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import models
from coursekit._numbers import whole_number

if TYPE_CHECKING:
    import keras

__all__ = ["average_weights", "ensemble", "entropy", "mc_dropout", "regularised_mlp", "running_average"]

Weights = Sequence[np.ndarray]


def regularised_mlp(dropout: float = 0.0, l2: float = 0.0, **options: Any) -> keras.Model:
    """`models.mlp(**options)` with dropout after each hidden layer and a penalty on the weights.

    dropout: share of the hidden neurons that is dropped in training, from 0 (no such layers) to below 1.
    l2: the penalty is l2 · Σ w² over the kernels of all dense layers, not over the biases; at least 0.
    The model is not compiled. Dropout adds no parameters: 266,610 by default, as without it.
    Raises ValueError when a number is out of range, or when `models.mlp` refuses the options.
    """
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}: expected a number from 0 to below 1")
    if l2 < 0:
        raise ValueError(f"l2 is {l2!r}: expected a number of at least 0")
    import keras

    plain = models.mlp(**options)
    x = plain.inputs[0]
    for layer in plain.layers[1:]:
        penalty = {"kernel_regularizer": keras.regularizers.L2(l2)} if l2 and isinstance(layer, keras.layers.Dense) else {}
        x = type(layer).from_config({**layer.get_config(), **penalty})(x)
        if dropout and layer.name.startswith("hidden_"):
            x = keras.layers.Dropout(dropout, name=f"dropout_{layer.name}")(x)
    return keras.Model(plain.inputs[0], x, name=plain.name)


def mc_dropout(model: keras.Model, X: Any, *, times: int = 50, batch_size: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of many predictions with dropout left on (Gal and Ghahramani 2016).

    model: a Keras model with dropout in it; neither its weights nor its compilation change.
    X: array (n, …) of samples. times: predictions of each sample, at least 2. batch_size: samples in one call.
    Returns two float64 arrays of the shape of the model's output, (n, classes) for a classifier. The deviation divides by
    `times`.
    Raises ValueError when the model has no dropout (all predictions would be equal), or when it has batch normalisation,
    which in training mode looks at the whole batch and changes its own statistics.
    """
    whole_number("times", times, at_least=2)
    layers = list(_layers(model))
    if any(type(layer).__name__ == "BatchNormalization" for layer in layers):
        raise ValueError("the model has batch normalisation: in training mode it would use and change its own statistics")
    if not any(_drops(layer) for layer in layers):
        raise ValueError("the model has no dropout, so all its predictions are equal: give it a Dropout layer")
    means, deviations = [], []
    for batch in _batches(X, batch_size):
        draws = np.stack([_call(model, batch, training=True) for _ in range(times)])
        means.append(draws.mean(axis=0))
        deviations.append(draws.std(axis=0))
    return np.concatenate(means), np.concatenate(deviations)


def ensemble(models: Sequence[keras.Model], X: Any, *, batch_size: int = 1000) -> np.ndarray:
    """The mean of what several models predict for X.

    models: at least one Keras model, all with the same output shape. X: array (n, …). batch_size: samples in one call.
    Returns a float64 array of the shape of one model's output, (n, classes) for classifiers.
    Raises ValueError when there is no model or the outputs have different shapes.
    """
    if not len(models):
        raise ValueError("there is no model: expected a list of at least one")
    predicted = [np.concatenate([_call(model, batch, training=False) for batch in _batches(X, batch_size)]) for model in models]
    shapes = {p.shape for p in predicted}
    if len(shapes) > 1:
        raise ValueError(f"the models' outputs have different shapes: {sorted(shapes)}")
    return np.mean(predicted, axis=0)


def entropy(P: Any) -> np.ndarray:
    """Entropy −Σ p log p of each row of probabilities, natural logarithm, with 0 · log 0 = 0.

    P: float array (…, classes). Returns a float64 array (…): 0 for complete certainty, log(classes) for none at all.
    """
    p = np.asarray(P, dtype=float)
    return -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)


def average_weights(checkpoints: Iterable[Weights]) -> list[np.ndarray]:
    """The plain mean of several sets of weights of one network (Izmailov et al. 2018).

    checkpoints: at least one list of arrays, as `model.get_weights()` gives it; all of the same shapes.
    Returns new arrays of these shapes and of the dtypes of the first set, for `model.set_weights`. Average weights of *one*
    training only: those of separately trained networks have their neurons in different places.
    Raises ValueError when there is none, or when shapes differ.
    """
    sets = _same_shapes(checkpoints)
    return [np.mean(arrays, axis=0, dtype=float).astype(arrays[0].dtype) for arrays in zip(*sets, strict=True)]


def running_average(checkpoints: Iterable[Weights], decay: float) -> list[np.ndarray]:
    """The exponential running average of sets of weights, in their order: average ← decay · average + (1 − decay) · new.

    checkpoints: as for `average_weights`; the first set is the first average. decay: at least 0 (the last set) and below 1.
    Returns new arrays of the shapes and dtypes of the first set. Keras does it while it trains with
    `keras.optimizers.Adam(use_ema=True, ema_momentum=decay)`.
    Raises ValueError when there is no set, when shapes differ, or for another decay.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay is {decay!r}: expected a number from 0 to below 1")
    sets = _same_shapes(checkpoints)
    average = [np.asarray(array, dtype=float) for array in sets[0]]
    for new in sets[1:]:
        average = [decay * old + (1 - decay) * array for old, array in zip(average, new, strict=True)]
    return [a.astype(first.dtype) for a, first in zip(average, sets[0], strict=True)]


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _call(model: keras.Model, batch: np.ndarray, *, training: bool) -> np.ndarray:
    import keras

    return np.asarray(keras.ops.convert_to_numpy(model(batch, training=training)), dtype=float)


def _batches(X: Any, size: int) -> Iterator[np.ndarray]:
    import keras

    whole_number("batch_size", size)
    array = np.asarray(keras.ops.convert_to_numpy(X) if keras.ops.is_tensor(X) else X)
    if array.ndim == 0 or not len(array):
        raise ValueError(f"X has shape {array.shape}: expected an array with one row a sample, and at least one")
    if array.dtype.kind == "f":
        array = array.astype(keras.config.floatx(), copy=False)
    for start in range(0, len(array), size):
        yield array[start : start + size]


def _layers(model: Any) -> Iterator[Any]:
    """Every layer of `model`, those of models and wrappers inside it too."""
    inner = [
        *getattr(model, "layers", ()),
        *(getattr(model, name, None) for name in ("layer", "forward_layer", "backward_layer")),
    ]
    for layer in filter(None, inner):
        yield layer
        yield from _layers(layer)


def _drops(layer: Any) -> bool:
    rates = [getattr(layer, name, 0) for name in ("rate", "dropout", "recurrent_dropout")]
    return any(isinstance(rate, int | float) and 0 < rate < 1 for rate in rates)


# ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _same_shapes(checkpoints: Iterable[Weights]) -> list[list[np.ndarray]]:
    sets = [[np.asarray(array) for array in checkpoint] for checkpoint in checkpoints]
    if not sets:
        raise ValueError("there are no weights: expected at least one list of arrays, as model.get_weights() gives it")
    first = [array.shape for array in sets[0]]
    for number, checkpoint in enumerate(sets):
        if [array.shape for array in checkpoint] != first:
            raise ValueError(f"set {number} of the weights has other shapes than set 0: they must come from one network")
    return sets
