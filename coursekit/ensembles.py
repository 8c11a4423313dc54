"""Predictions that combine several results: Monte-Carlo dropout, ensembles and averages of weights.

Also builds the regularised network that they are compared with. Works on every Keras backend. Knows
nothing of data sets, of labs or of how a model was trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit import models
from coursekit._arrays import not_finite, number_array
from coursekit._numbers import real_number, whole_number

if TYPE_CHECKING:
    import keras

__all__ = ["average_weights", "ensemble", "entropy", "mc_dropout", "regularised_mlp", "running_average"]

Weights = Sequence[np.ndarray]


def regularised_mlp(dropout: float = 0.0, l2: float = 0.0, **options: Any) -> keras.Model:
    """Build `models.mlp(**options)` with dropout after each hidden layer and a penalty on the weights.

    Args:
        dropout: Share of the hidden neurons that are dropped in training, at least 0 and below 1. With 0
            there are no dropout layers.
        l2: Factor of the penalty l2 · Σ w² over the kernels of all dense layers, at least 0. Biases are not
            penalised.
        **options: Arguments of `models.mlp`.

    Returns:
        A Keras model, not compiled. Dropout adds no parameters: by default there are 266,610.

    Raises:
        ValueError: If a number is out of range, or `models.mlp` rejects the options.
    """
    dropout, l2 = real_number("dropout", dropout), real_number("l2", l2)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}: expected a number from 0 to below 1")
    if not l2 >= 0:
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
    """Predict many times with dropout switched on (Gal and Ghahramani 2016).

    Args:
        model: A Keras model with dropout. Neither its weights nor its compilation change.
        X: Array (n, …) of samples, n at least 1.
        times: Number of predictions per sample, at least 2.
        batch_size: Samples per call.

    Returns:
        A tuple `(mean, std)` of float64 arrays of the shape of the model's output, (n, classes) for a
        classifier. The standard deviation divides by `times`.

    Raises:
        ValueError: If the model has no dropout, since all predictions would be equal; if it has batch
            normalisation, which in training mode uses the whole batch and updates its own statistics; or if `X`
            does not hold finite numbers.
    """
    whole_number("times", times, at_least=2)
    _check_model(model)
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
    """Average the predictions of several models.

    Args:
        models: At least one Keras model. All must have the same output shape.
        X: Array (n, …) of samples, n at least 1.
        batch_size: Samples per call.

    Returns:
        A float64 array of the shape of one model's output, (n, classes) for classifiers.

    Raises:
        ValueError: If there is no model, the outputs have different shapes, or `X` does not hold finite numbers.
    """
    if not hasattr(models, "__iter__"):
        raise ValueError(f"expected a list of models, got {type(models).__name__}: [model] is a list of one")
    models = list(models)
    for model in models:
        _check_model(model)
    if not models:
        raise ValueError("there is no model: expected a list of at least one")
    predicted = [np.concatenate([_call(model, batch, training=False) for batch in _batches(X, batch_size)]) for model in models]
    shapes = {p.shape for p in predicted}
    if len(shapes) > 1:
        raise ValueError(f"the models' outputs have different shapes: {sorted(shapes)}")
    return np.mean(predicted, axis=0)


def entropy(P: Any) -> np.ndarray:
    """Compute the entropy −Σ p log p of each row of probabilities, with 0 · log 0 = 0.

    Args:
        P: Float array (…, classes) of probabilities.

    Returns:
        A float64 array (…) in nats: 0 for complete certainty, log(classes) for equal probabilities.

    Raises:
        ValueError: If `P` holds anything but numbers from 0 to 1.
    """
    p = number_array(P, "P").astype(float)
    if p.ndim == 0 or not p.size:
        raise ValueError(f"P has shape {p.shape}: expected rows of probabilities, (…, classes)")
    if not (p.min() >= -1e-6 and p.max() <= 1 + 1e-3):  # also if one is NaN
        raise ValueError(
            f"P reaches from {p.min():.3g} to {p.max():.3g}: expected probabilities, which softmax makes of scores"
        )
    return -np.sum(p * np.log(np.where(p > 0, p, 1.0)), axis=-1)


def average_weights(checkpoints: Iterable[Weights]) -> list[np.ndarray]:
    """Average several sets of weights of one network (Izmailov et al. 2018).

    Average weights of a single training only. Separately trained networks have their neurons in different
    places, so the average of their weights is meaningless.

    Args:
        checkpoints: At least one list of arrays, as returned by `model.get_weights()`. All must have the
            same shapes.

    Returns:
        New arrays with these shapes and the dtypes of the first set, for `model.set_weights`.

    Raises:
        ValueError: If there is no set, or the shapes differ.
    """
    sets = _same_shapes(checkpoints)
    return [np.mean(arrays, axis=0, dtype=float).astype(arrays[0].dtype) for arrays in zip(*sets, strict=True)]


def running_average(checkpoints: Iterable[Weights], decay: float) -> list[np.ndarray]:
    """Compute the exponential moving average of sets of weights, in their order.

    The first set is the first average. Each later set updates it:
    average ← decay · average + (1 − decay) · new. Keras does the same during training with
    `keras.optimizers.Adam(use_ema=True, ema_momentum=decay)`.

    Args:
        checkpoints: Sets of weights, as for `average_weights`.
        decay: Weight of the old average, at least 0 and below 1. With 0 the result is the last set.

    Returns:
        New arrays with the shapes and dtypes of the first set.

    Raises:
        ValueError: If there is no set, the shapes differ, or `decay` is out of range.
    """
    decay = real_number("decay", decay)
    if not 0 <= decay < 1:
        raise ValueError(f"decay is {decay!r}: expected a number from 0 to below 1")
    sets = _same_shapes(checkpoints)
    average = [np.asarray(array, dtype=float) for array in sets[0]]
    for new in sets[1:]:
        average = [decay * old + (1 - decay) * array for old, array in zip(average, new, strict=True)]
    return [a.astype(first.dtype) for a, first in zip(average, sets[0], strict=True)]


# ── models ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _call(model: keras.Model, batch: np.ndarray, *, training: bool) -> np.ndarray:
    """Return the output of a model for one batch as a float64 array."""
    import keras

    return np.asarray(keras.ops.convert_to_numpy(model(batch, training=training)), dtype=float)


def _batches(X: Any, size: int) -> Iterator[np.ndarray]:
    """Yield `X` in batches of at most `size` samples, with floats in the dtype of Keras."""
    import keras

    whole_number("batch_size", size)
    array = number_array(keras.ops.convert_to_numpy(X) if keras.ops.is_tensor(X) else X, "X")
    if array.ndim == 0 or not len(array):
        raise ValueError(f"X has shape {array.shape}: expected an array with one row per sample, and at least one sample")
    if found := not_finite(array):
        raise ValueError(f"X holds {found[0]} values that are NaN or infinite, the first in row {found[1]}")
    if array.dtype.kind == "f":
        array = array.astype(keras.config.floatx(), copy=False)
    for start in range(0, len(array), size):
        yield array[start : start + size]


def _check_model(model: Any) -> None:
    """Raise ValueError for what is no Keras model."""
    import keras

    if not isinstance(model, keras.Model):
        raise ValueError(f"expected a Keras model, got {type(model).__name__}")


def _layers(model: Any) -> Iterator[Any]:
    """Yield every layer of `model`, including those of nested models and wrappers."""
    inner = [
        *getattr(model, "layers", ()),
        *(getattr(model, name, None) for name in ("layer", "forward_layer", "backward_layer")),
    ]
    for layer in filter(None, inner):
        yield layer
        yield from _layers(layer)


def _drops(layer: Any) -> bool:
    """Return whether a layer drops something in training."""
    rates = [getattr(layer, name, 0) for name in ("rate", "dropout", "recurrent_dropout")]
    return any(isinstance(rate, int | float) and 0 < rate < 1 for rate in rates)


# ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _arrays(checkpoint: Any) -> list[np.ndarray]:
    """Return one set of weights as a list of arrays, or raise ValueError."""
    if hasattr(checkpoint, "get_weights"):
        raise ValueError(f"expected lists of arrays, got {type(checkpoint).__name__}: take get_weights() of each")
    if hasattr(checkpoint, "shape"):
        raise ValueError(
            "expected a list with one list of arrays per set, got a single list of arrays: [weights] holds one set"
        )
    return [number_array(array, "an array of the weights") for array in checkpoint]


def _same_shapes(checkpoints: Iterable[Weights]) -> list[list[np.ndarray]]:
    """Return the sets of weights as lists of arrays, or raise ValueError if their shapes differ."""
    sets = [_arrays(checkpoint) for checkpoint in checkpoints]
    if not sets:
        raise ValueError("there are no weights: expected at least one list of arrays, as model.get_weights() gives it")
    first = [array.shape for array in sets[0]]
    for number, checkpoint in enumerate(sets):
        if [array.shape for array in checkpoint] != first:
            raise ValueError(f"set {number} of the weights has other shapes than set 0: they must come from one network")
    return sets
