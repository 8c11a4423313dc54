"""Records what objects hold, tells whether it has changed, and restores it.

An object is recorded together with everything that can be reached from it: the entries of lists and
dictionaries, the weights of a network. This module also keeps the objects that are watched at the
moment. Knows arrays, containers, random generators, data frames and Keras networks; nothing of checks,
tests or processes.
"""

from __future__ import annotations

import copy
import random
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

__all__ = ["Record", "attributes", "can_change", "parts", "watched", "watching"]

_watched: list[tuple[Any, ...]] = []  # one entry per open block
_WITHOUT_PARTS = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, str, bytes, bool, int, float, complex)


@contextmanager
def watching(objects: tuple[Any, ...]) -> Iterator[None]:
    """Watch the given objects while the block runs: changes to them are kept or reported.

    Args:
        objects: Arrays, containers, random generators, data frames, Keras models or objects with attributes.
    """
    _watched.append(objects)
    try:
        yield
    finally:
        _watched.pop()


def watched() -> list[Any]:
    """Return every object that is watched now, with everything that can be reached from it."""
    return parts(value for objects in _watched for value in objects)


def parts(values: Iterable[Any]) -> list[Any]:
    """Return the given objects and all objects inside them, each once.

    Args:
        values: Any objects. Functions and modules are not searched. Numbers, strings and None are left out.

    Returns:
        The objects in the order in which they are found.
    """
    found: dict[int, Any] = {}
    waiting = list(values)[::-1]
    while waiting:
        value = waiting.pop()
        if value is None or isinstance(value, _WITHOUT_PARTS) or id(value) in found:
            continue
        found[id(value)] = value
        waiting += reversed(_inside(value))
    return list(found.values())


def _inside(value: Any) -> list[Any]:
    """Return the objects directly inside a value."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset | deque):
        return list(value)
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype == object else []
    if (keras := sys.modules.get("keras")) and isinstance(value, keras.Model):
        return [layer for layer in value.layers if isinstance(layer, keras.Model)]
    return list(attributes(value).values())


def attributes(value: Any) -> dict[str, Any]:
    """Return the attributes in which an object stores plain data.

    Args:
        value: Any object.

    Returns:
        Its `__dict__`, or an empty dictionary if the object belongs to a package such as Keras or NumPy,
        which manages its attributes itself.
    """
    return {} if _of_library(value) else getattr(value, "__dict__", {})


def _of_library(value: Any) -> bool:
    """Return whether an object belongs to a package whose attributes lead through the whole package.

    The history of a training is plain data, so it does not count.
    """
    keras = sys.modules.get("keras")
    if keras and isinstance(value, keras.callbacks.History):
        return False
    return type(value).__module__.partition(".")[0] in ("keras", "tensorflow", "torch", "jax", "jaxlib", "numpy", "pandas")


def can_change(value: Any) -> bool:
    """Return whether an object itself can change later, apart from the objects inside it.

    Args:
        value: Any object.
    """
    return _way(value) not in (None, _INSTANCE)


class Record:
    """The state of objects at the time when the record is made.

    Args:
        objects: The objects to record, with everything inside them.

    Example:
        >>> before = Record([z])
        >>> z[0] = 7
        >>> before.changed()
        True
        >>> before.restore()  # z[0] has its old value again
    """

    def __init__(self, objects: Iterable[Any]) -> None:
        self._kept = [(value, way, way.read(value)) for value in parts(objects) for way in (_way(value),) if way is not None]

    def changed(self) -> bool:
        """Return whether any of the objects, or anything inside them, is different now."""
        return any(not way.same(way.read(value), before) for value, way, before in self._kept)

    def restore(self) -> None:
        """Restore the recorded state, as far as the objects allow it."""
        for value, way, before in self._kept:
            if not way.same(way.read(value), before):
                way.write(value, before)


@dataclass(frozen=True)
class _Way:
    """How one kind of object is read, compared and written."""

    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]
    same: Callable[[Any, Any], bool]


def _way(value: Any) -> _Way | None:
    """Return how to handle an object; None if it cannot change."""
    for kind, way in _PLAIN:
        if isinstance(value, kind):
            return way
    if (pandas := sys.modules.get("pandas")) and isinstance(value, pandas.DataFrame | pandas.Series):
        return _FRAME
    if keras := sys.modules.get("keras"):
        if isinstance(value, keras.Model):
            return _MODEL
        if isinstance(value, keras.Variable):
            return _VARIABLE
    return _INSTANCE if hasattr(value, "__dict__") and not _of_library(value) else None


# ── arrays, containers, generators ───────────────────────────────────────────────────────────────────────────────────


def _write_array(array: np.ndarray, before: np.ndarray) -> None:
    if array.flags.writeable:
        if array.shape != before.shape:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", DeprecationWarning
                )  # NumPy 2.5 has no other way for an array that is not its own
                array.shape = before.shape
        array[...] = before


def _same_array(now: np.ndarray, before: np.ndarray) -> bool:
    if before.dtype == object:
        return now.shape == before.shape and _same_list(now.ravel().tolist(), before.ravel().tolist())
    return now.dtype == before.dtype and np.array_equal(now, before, equal_nan=before.dtype.kind in "fc")


def _write_list(value: Any, before: list[Any]) -> None:
    value[:] = before


def _write_other(value: Any, before: Any) -> None:
    value.clear()
    (value.extend if isinstance(value, deque) else value.update)(before)


def _write_attributes(value: Any, before: dict[str, Any]) -> None:
    vars(value).clear()
    vars(value).update(before)


def _same_list(now: list[Any], before: list[Any]) -> bool:
    return len(now) == len(before) and all(map(_same_part, now, before))


def _same_dict(now: dict[Any, Any], before: dict[Any, Any]) -> bool:
    return _same_list(list(now), list(before)) and _same_list(list(now.values()), list(before.values()))


def _same_part(now: Any, before: Any) -> bool:
    """Return whether two entries are the same object, or equal numbers or texts of the same type.

    The contents of an object have a record of their own.
    """
    if now is before:
        return True
    plain = isinstance(before, str | bytes | bool | int | float | complex | np.generic)
    return plain and type(now) is type(before) and bool(now == before or (now != now and before != before))


def _equal(now: Any, before: Any) -> bool:
    return bool(now == before)


_PLAIN: list[tuple[Any, _Way]] = [
    (np.ndarray, _Way(lambda array: np.array(array), _write_array, _same_array)),
    (list, _Way(list, _write_list, _same_list)),
    (dict, _Way(dict, _write_other, _same_dict)),
    (deque, _Way(list, _write_other, _same_list)),
    (set, _Way(set, _write_other, _equal)),
    (bytearray, _Way(bytes, _write_list, _equal)),
    (
        np.random.Generator,
        _Way(
            lambda rng: copy.deepcopy(rng.bit_generator.state),
            lambda rng, before: setattr(rng.bit_generator, "state", before),
            lambda now, before: repr(now) == repr(before),
        ),
    ),
    (random.Random, _Way(lambda rng: rng.getstate(), lambda rng, before: rng.setstate(before), _equal)),
]
_INSTANCE = _Way(lambda value: dict(vars(value)), _write_attributes, _same_dict)
_FRAME = _Way(
    lambda frame: frame.copy(),
    lambda frame, before: type(frame).__init__(frame, before),
    lambda now, before: now.equals(before) and list(now.axes[-1]) == list(before.axes[-1]),
)


# ── networks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_variable(variable: Any) -> np.ndarray:
    import keras

    return np.array(keras.ops.convert_to_numpy(variable))


def _layers(model: Any) -> list[Any]:
    import keras

    inside = [_layers(layer) if isinstance(layer, keras.Model) else [layer] for layer in model.layers]
    return [model, *(layer for layers in inside for layer in layers)]


def _variables(model: Any) -> list[Any]:
    optimizer = getattr(model, "optimizer", None)
    return [*model.weights, *(optimizer.variables if optimizer is not None else ())]


def _read_model(model: Any) -> tuple[list[np.ndarray], list[tuple[Any, bool]]]:
    return list(map(_read_variable, _variables(model))), [(layer, bool(layer._trainable)) for layer in _layers(model)]


def _write_model(model: Any, before: tuple[list[np.ndarray], list[tuple[Any, bool]]]) -> None:
    arrays, flags = before
    for layer, flag in flags:
        layer._trainable = flag  # the property would also set all layers inside
        for variable in layer._trainable_variables:
            variable.trainable = flag
    for variable, array in zip(_variables(model), arrays, strict=False):
        if tuple(variable.shape) == array.shape:
            variable.assign(array)


def _same_model(now: Any, before: Any) -> bool:
    same = len(now[0]) == len(before[0]) and all(map(_same_array, now[0], before[0])) and len(now[1]) == len(before[1])
    return same and all(a is b and on == was for (a, on), (b, was) in zip(now[1], before[1], strict=True))


_MODEL = _Way(_read_model, _write_model, _same_model)
_VARIABLE = _Way(_read_variable, lambda variable, before: variable.assign(before), _same_array)
