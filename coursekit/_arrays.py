"""Turns what people hold numbers in (lists, tensors, data frames) into NumPy arrays, or says why it cannot.

Knows nothing of models, figures or marks. Imports no library that the value does not come from.
"""

from __future__ import annotations

from collections.abc import KeysView, ValuesView
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

__all__ = ["not_finite", "number_array", "widened"]


def number_array(value: Any, name: str) -> np.ndarray:
    """Return `value` as an array of bools, integers or floats.

    Args:
        value: Numbers in any form: a number, nested sequences, an array, a tensor, a series or a data frame.
            A missing value of pandas becomes NaN, and bfloat16 becomes float32.
        name: What the value is called in the message of the error.

    Returns:
        An array of kind "b", "i", "u" or "f".

    Raises:
        ValueError: If `value` holds anything else. The message says what, and what to do.
    """
    _refuse_no_array(value, name)
    if hasattr(value, "detach"):  # a tensor of PyTorch
        value = value.detach().cpu().numpy()
    elif type(value).__module__.split(".")[0] == "pandas":
        value = _of_table(value, name)
    elif isinstance(value, KeysView | ValuesView):  # of a dictionary
        value = list(value)
    try:
        array = widened(np.asarray(value))
    except Exception as error:
        if hasattr(value, "shape"):
            said = f"{name} is a {type(value).__name__} that holds no numbers yet: give the result for data, such as model(X)"
            raise ValueError(said) from error
        raise ValueError(f"{name} is not an array: its rows have different lengths or shapes") from error
    if array.dtype.kind == "O":
        array = _of_objects(array, name)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds {_called(array.dtype)}")
    return array


def widened(array: np.ndarray) -> np.ndarray:
    """Return an array of bfloat16 or float8, which NumPy itself does not know, as float32; any other one unchanged."""
    return array.astype(np.float32) if array.dtype.type.__module__ == "ml_dtypes" else array


def not_finite(array: np.ndarray) -> tuple[int, int] | None:
    """Return how many numbers are NaN or infinite and the first row that holds one, or None if all are finite."""
    if array.dtype.kind != "f" or (good := np.isfinite(array)).all():
        return None
    return good.size - int(good.sum()), int(np.argwhere(~np.atleast_1d(good))[0][0])


def _refuse_no_array(value: Any, name: str) -> None:
    """Raise ValueError for what NumPy would turn into an array that nobody meant."""
    if value is None:
        raise ValueError(f"{name} is None: expected numbers. Does the function that makes it end with `return`?")
    if isinstance(value, str | bytes):
        raise ValueError(f"{name} is the text {value!r}: expected numbers")
    if isinstance(value, dict | set | frozenset):
        raise ValueError(f"{name} is a {type(value).__name__}: expected an array or a list of numbers")
    if hasattr(value, "toarray"):
        raise ValueError(f"{name} is a sparse matrix: {name}.toarray() makes an array of it")
    if callable(value) and not hasattr(value, "__array__"):
        raise ValueError(f"{name} is {getattr(value, '__name__', type(value).__name__)} itself, not numbers: call it first")
    if hasattr(value, "__next__"):
        raise ValueError(f"{name} is a {type(value).__name__} object, which gives its items only once: wrap it in list(…)")


def _of_table(table: Any, name: str) -> np.ndarray:
    """Return a series or a data frame of pandas as an array, with NaN for missing values."""
    columns = [(f"{name}[{key!r}]", part) for key, part in table.items()] if hasattr(table, "columns") else [(name, table)]
    for called, column in columns:
        kind = getattr(column.dtype, "kind", "O")
        if kind not in "biuf" and not (kind == "O" and column.map(_is_number).all()):
            words = kind in "OUST" and column.map(lambda item: isinstance(item, str)).any()
            raise ValueError(f"{called} holds {_called(np.dtype(str)) if words else _called(column.dtype)}")
    if any(not isinstance(column.dtype, np.dtype) or column.dtype.kind == "O" for _, column in columns):
        return table.astype(object).where(table.notna(), np.nan).to_numpy().astype(float)
    mixed = len({column.dtype.kind == "b" for _, column in columns}) > 1  # pandas would make objects of bools and floats
    return table.to_numpy(dtype=float) if mixed else table.to_numpy()


def _of_objects(array: np.ndarray, name: str) -> np.ndarray:
    """Return an array of Python objects as numbers, or raise ValueError."""
    items = array.ravel().tolist()
    if all(map(_is_number, items)):
        return np.array([np.nan if _is_missing(item) else float(item) for item in items]).reshape(array.shape)
    if any(isinstance(item, str) for item in items):
        raise ValueError(f"{name} holds {_called(np.dtype(str))}")
    if any(np.ndim(item) for item in items if not isinstance(item, dict)):
        raise ValueError(f"{name} is not an array: its rows have different lengths or shapes")
    odd = next(item for item in items if not _is_number(item))
    raise ValueError(f"{name} holds {type(odd).__name__} objects: expected numbers")


def _is_number(item: Any) -> bool:
    """Return whether an entry is a real number, or stands for a missing one."""
    return isinstance(item, Real | Decimal | np.bool_) or _is_missing(item)


def _is_missing(item: Any) -> bool:
    """Return whether an entry is None or the NA of pandas."""
    return item is None or type(item).__name__ == "NAType"


def _called(dtype: Any) -> str:
    """Return what values of a dtype are, and what to do with them."""
    kind = getattr(dtype, "kind", "O")
    if kind in "UST":
        return "words: expected numbers; turn words into numbers first"
    if kind in "Mm":
        return "dates or times: expected numbers, such as days: (dates - dates.min()) / np.timedelta64(1, 'D')"
    return f"{dtype} values: expected numbers"
