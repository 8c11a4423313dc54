"""Checks of the data that `fit` receives, with errors that name the cause; nested structures of arrays.

Knows nothing of training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from coursekit._arrays import not_finite, number_array

__all__ = [
    "as_arrays",
    "check_compiled",
    "check_lengths",
    "checked_samples",
    "checked_validation",
    "count_samples",
    "is_dataset",
    "length_of",
    "map_arrays",
    "output_count",
]


def check_compiled(model: Any) -> None:
    """Raise ValueError unless `model` is a compiled Keras model."""
    if model is None:
        raise ValueError("the model is None: does the function that builds it end with `return model`?")
    if not isinstance(model, keras.Model):
        raise ValueError(f"expected a Keras model, got {type(model).__name__}")
    if not model.compiled:
        raise ValueError("the model is not compiled: call model.compile(optimizer=…, loss=…, metrics=[…]) before fit")


def checked_validation(model: keras.Model, data: Any) -> Any:
    """Return the validation data as arrays that fit `model`, or raise ValueError."""
    if data is None or is_dataset(data):
        return data
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise ValueError(f"validation_data is {type(data).__name__}: expected a pair (X_valid, y_valid)")
    X, y = checked_samples(model, data[0], data[1], "X of validation_data", "y of validation_data")
    if len(data) == 2:
        return X, y
    weight = as_arrays(data[2], "the weights of validation_data")
    check_lengths({"X of validation_data": X, "its weights": weight})
    return X, y, weight


def checked_samples(model: keras.Model, X: Any, y: Any, X_name: str, y_name: str) -> tuple[Any, Any]:
    """Return X and y as arrays that fit `model`, or raise ValueError."""
    if X is None or y is None:
        raise ValueError(f"{X_name if X is None else y_name} is None: expected an array with one row per sample")
    X = as_arrays(_one_array(model, "input", X, X_name), X_name)
    y = as_arrays(_one_array(model, "output", y, y_name), y_name)
    check_lengths({X_name: X, y_name: y})
    _check_finite(X, X_name)
    _check_finite(y, y_name)
    if isinstance(X, np.ndarray):
        _check_samples(model, X, X_name)
    for target, loss, shape, name in _targets(model, y, y_name):
        _check_targets(target, loss, shape, name)
    return X, y


def _one_array(model: keras.Model, end: str, value: Any, name: str) -> Any:
    """Return a list of arrays as one array, if the model has one input or output and each of them is a sample.

    Args:
        model: The model.
        end: "input" or "output".
        value: The samples or the targets in any form.
        name: What they are called in the message of an error.
    """
    shapes = _sample_shapes(model, end) or ([()] if isinstance(model, keras.Sequential) else None)
    if shapes is None or len(shapes) != 1 or not _are_arrays(value):
        return value
    parts = [_as_numpy(part) for part in value]
    if len(parts) == 1 and len(parts[0].shape) > len(shapes[0]):  # [X], as Keras takes it
        return parts[0]
    if len({part.shape for part in parts}) > 1:
        found = sorted({part.shape for part in parts})
        raise ValueError(f"{name} is a list of arrays of different shapes, {found[0]} and {found[1]}: expected equal ones")
    return np.stack(parts)


def as_arrays(value: Any, name: str) -> Any:
    """Convert every part of `value` to a NumPy array of numbers.

    A dictionary or a sequence of arrays keeps its structure. Floats get the dtype `keras.config.floatx()`.
    """
    if isinstance(value, dict):
        return {key: as_arrays(part, f"{name}[{key!r}]") for key, part in value.items()}
    if _are_arrays(value):
        return tuple(as_arrays(part, f"{name}[{i}]") for i, part in enumerate(value))
    array = number_array(_as_numpy(value), name)
    if array.ndim == 0:
        raise ValueError(f"{name} is the single number {array}: expected an array with one row per sample")
    if array.dtype.kind == "f":
        array = array.astype(keras.config.floatx(), copy=False)
    return array


def _are_arrays(value: Any) -> bool:
    """Return whether a value is a list or a tuple of arrays, tensors or data frames."""
    return isinstance(value, list | tuple) and bool(value) and all(np.ndim(p) and hasattr(p, "shape") for p in value)


def _as_numpy(value: Any) -> Any:
    """Return a tensor of the backend as an array, and any other value unchanged."""
    return keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value


def check_lengths(parts: dict[str, Any]) -> None:
    """Raise ValueError unless all parts have the same number of samples, at least 1."""
    sizes = {}
    for name, part in parts.items():
        lengths = {len(array) for array in leaves(part)}
        if len(lengths) > 1:
            raise ValueError(f"the parts of {name} have different lengths: {sorted(lengths)}")
        sizes[name] = lengths.pop()
    if 0 in sizes.values():
        raise ValueError(f"{' and '.join(name for name in sizes if not sizes[name])} is empty: expected at least one sample")
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise ValueError(f"expected one row per sample in each: {said}. Did you mix up two splits?")


def _check_finite(data: Any, name: str) -> None:
    """Raise ValueError if an array holds NaN or infinite values."""
    for array in leaves(data):
        if found := not_finite(array):
            raise ValueError(
                f"{name} holds {found[0]} values that are NaN or infinite, the first in row {found[1]}: one is "
                "enough to turn every weight into NaN. Look for missing values, or a division by 0 when scaling"
            )


def _check_samples(model: keras.Model, X: np.ndarray, name: str) -> None:
    """Raise ValueError if the samples have another shape than the model's single input."""
    expected = _shape_of(model, "input_shape")
    if expected is None or len(getattr(model, "inputs", None) or [0]) != 1:
        return
    if not _fits(X.shape[1:], expected):
        raise ValueError(f"the model takes samples of shape {expected}, those of {name} have shape {X.shape[1:]}")


def _fits(got: tuple, wanted: tuple) -> bool:
    """Return whether a shape is the wanted one, in which None stands for any length."""

    def bare(shape: tuple) -> tuple:  # Keras itself adds or drops a last axis of length 1
        return shape[:-1] if shape and shape[-1] == 1 else shape

    got, wanted = bare(tuple(got)), bare(tuple(wanted))
    return len(got) == len(wanted) and all(w is None or g == w for g, w in zip(got, wanted, strict=True))


# Losses that compare targets and outputs number by number. Where the shapes differ they would compare each with each.
_BY_NUMBER = {
    *("mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_logarithmic_error"),
    *("huber", "log_cosh", "binary_crossentropy", "binary_focal_crossentropy", "poisson", "hinge", "squared_hinge"),
    *("kl_divergence", "cosine_similarity"),
}


def _targets(model: keras.Model, y: Any, name: str) -> list[tuple[np.ndarray, Any, tuple, str]]:
    """Return targets, loss, shape of one output and name for each output of the model that has all of them."""
    shapes = _sample_shapes(model, "output") or []
    names = list(getattr(model, "output_names", None) or range(len(shapes)))
    one = isinstance(y, np.ndarray)
    if one and len(shapes) != 1:
        return []
    parts, losses = [y] if one else y, model.loss
    targets = parts if isinstance(parts, dict) else dict(zip(names, parts, strict=False))
    if not isinstance(losses, dict):
        losses = dict(zip(names, losses if isinstance(losses, list | tuple) else [losses] * len(names), strict=False))
    return [
        (targets[key], losses.get(key), shape, name if one else f"{name}[{(key if isinstance(y, dict) else i)!r}]")
        for i, (key, shape) in enumerate(zip(names, shapes, strict=False))
        if isinstance(targets.get(key), np.ndarray)
    ]


def _check_targets(y: np.ndarray, given_loss: Any, shape: tuple, name: str) -> None:
    """Raise ValueError if the targets of one output do not fit its loss."""
    loss = _loss_name(given_loss)
    classes = shape[-1] if shape else None
    if loss is None or classes is None:
        return
    if loss == "sparse_categorical_crossentropy":
        _check_labels(y, name, classes, getattr(given_loss, "ignore_class", None))
    elif loss in _BY_NUMBER and not _fits(y.shape[1:], shape):
        raise ValueError(
            f"the model gives outputs of shape {shape} per sample, the targets of {name} have shape {y.shape[1:]}: the loss "
            "would compare each with each. Give the last layer one neuron per target, or choose the column to predict"
        )
    elif loss == "categorical_crossentropy" and not _fits(y.shape[1:], shape):
        raise ValueError(
            f"this loss expects one-hot targets of shape (n, {classes}), {name} has shape {y.shape}: use the loss "
            f'"sparse_categorical_crossentropy" for class numbers, or keras.utils.to_categorical(y, {classes})'
        )
    elif loss == "binary_crossentropy" and (y.min() < 0 or y.max() > 1):
        raise ValueError(f"binary cross-entropy expects targets 0 or 1, {name} reaches from {y.min()} to {y.max()}")


def _check_labels(y: np.ndarray, name: str, classes: int, ignored: int | None) -> None:
    """Raise ValueError if the labels are not whole numbers from 0 to classes − 1."""
    if y.ndim > 1 and y.shape[-1] == classes > 1:
        raise ValueError(
            f"this loss expects class numbers of shape (n,), {name} has shape {y.shape} and looks one-hot: use the loss "
            '"categorical_crossentropy", or y.argmax(axis=-1)'
        )
    used = y if ignored is None else y[y != ignored]
    if used.size == 0:
        return
    low, high = used.min(), used.max()
    if low < 0 or high >= classes or (y.dtype.kind == "f" and (used % 1).any()):
        raise ValueError(
            f"the model has {classes} outputs, so labels are whole numbers from 0 to {classes - 1}; {name} reaches from "
            f"{low} to {high}. Count classes from 0, or give the last layer one neuron per class"
        )


def _loss_name(loss: Any) -> str | None:
    """Return the name of the function of a loss of Keras, given by name, function or object; None for any other loss."""
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return None
    function = getattr(loss, "fn", loss)  # what an object such as MeanSquaredError() computes
    return getattr(function, "__name__", None) if getattr(function, "__module__", "").startswith("keras.") else None


def output_count(model: keras.Model) -> int | None:
    """Return how many numbers the only output of a model has, or None if that is unknown or there are several."""
    shapes = _sample_shapes(model, "output")
    return shapes[0][-1] if shapes is not None and len(shapes) == 1 and shapes[0] else None


def _sample_shapes(model: keras.Model, end: str) -> list[tuple] | None:
    """Return the shape of one sample at each input or output of a model, or None if unknown.

    Args:
        model: The model.
        end: "input" or "output".
    """
    try:
        tensors = getattr(model, f"{end}s", None)
    except (AttributeError, ValueError):
        tensors = None
    if tensors:
        return [tuple(tensor.shape[1:]) for tensor in tensors]
    shape = _shape_of(model, f"{end}_shape")
    return None if shape is None else [shape]


def _shape_of(model: keras.Model, name: str) -> tuple | None:
    """Return `input_shape` or `output_shape` without the batch axis; None if unknown or if there are several."""
    try:
        shape = getattr(model, name)
    except (AttributeError, ValueError):
        return None
    return tuple(shape[1:]) if isinstance(shape, tuple) and len(shape) > 1 and not isinstance(shape[-1], tuple) else None


# ── structures of arrays ─────────────────────────────────────────────────────────────────────────────────────────────


def is_dataset(data: Any) -> bool:
    """Return whether `data` yields batches by itself: a `tf.data.Dataset`, PyDataset, data loader or generator."""
    return not (hasattr(data, "shape") or isinstance(data, list | tuple | dict | str)) and (
        hasattr(data, "__next__") or hasattr(data, "__iter__") or hasattr(data, "__getitem__")
    )


def length_of(dataset: Any) -> int | None:
    """Return the number of batches of a data set, or None if it is unknown."""
    try:
        return len(dataset)
    except TypeError:
        return None


def map_arrays(function: Callable[[Any], Any], data: Any) -> Any:
    """Apply a function to every array of a nested structure."""
    return keras.tree.map_structure(function, data)


def leaves(data: Any) -> list[np.ndarray]:
    """Return all arrays of a nested structure."""
    return keras.tree.flatten(data)


def count_samples(data: Any) -> int:
    """Return the number of samples of a nested structure of arrays."""
    return len(leaves(data)[0])
