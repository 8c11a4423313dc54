"""Checks of what figures are given: numbers, class numbers, chosen samples, images, names and functions.

What can mean only one thing is converted, such as a mask to the numbers of the samples it selects. Anything else
is refused in a sentence, because a wrong picture looks like a right one. Knows nothing of any particular figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coursekit._arrays import not_finite, number_array
from coursekit._numbers import whole_number
from coursekit._words import plain

__all__ = [
    "callable_argument",
    "chosen_rows",
    "class_numbers",
    "column_count",
    "grey_images",
    "interval",
    "listed",
    "named",
    "names",
    "numbers",
    "one_number",
    "pair",
    "pixels",
    "probabilities",
    "row_of_numbers",
    "same_length",
    "texts",
    "two_bools",
    "two_class_samples",
    "window_limits",
]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def numbers(value: Any, name: str, *, finite: bool = True) -> np.ndarray:
    """Return numbers as a float array of any shape.

    Args:
        value: Numbers in any form that `number_array` takes.
        name: What they are called in the message of an error.
        finite: Whether NaN and infinite numbers are refused.

    Raises:
        ValueError: If there is anything but numbers, or one of them is not finite.
    """
    array = number_array(value, name)
    if finite:
        _refuse_infinite(array, name)
    return array.astype(float)


def pixels(value: Any, name: str) -> np.ndarray:
    """Return finite numbers of any shape with their own dtype, because a copy of many images as floats would be large."""
    array = number_array(value, name)
    _refuse_infinite(array, name)
    return array.astype(np.uint8) if array.dtype == bool else array


def row_of_numbers(value: Any, name: str, *, finite: bool = True) -> np.ndarray:
    """Return numbers (n,) as a float array. A column (n, 1) or a row (1, n) is taken too, a table is not."""
    array = numbers(value, name, finite=finite)
    if array.size != max(array.shape, default=1):
        raise ValueError(f"expected {name} as one row of numbers (n,), got shape {array.shape}")
    return array.reshape(-1)


def one_number(value: Any, name: str, *, finite: bool = True) -> float:
    """Return a single number, which may be an array or a tensor with one entry."""
    array = numbers(value, name, finite=finite)
    if array.size != 1:
        raise ValueError(f"expected one number for {name}, got shape {array.shape}")
    return float(array.item())


def probabilities(value: Any, name: str) -> np.ndarray:
    """Return probabilities as a float array of any shape."""
    array = numbers(value, name)
    if array.size and not -1e-6 <= array.min() <= array.max() <= 1 + 1e-3:
        raise ValueError(
            f"{name} reaches from {array.min():.3g} to {array.max():.3g}: expected probabilities, from 0 to 1. Scores become "
            "probabilities by softmax, per cent by a division by 100"
        )
    return array


def pair(value: Any, name: str, example: str) -> tuple[Any, Any]:
    """Return two things, such as labels of both axes. A text is not taken for its letters."""
    if isinstance(value, str) or not hasattr(value, "__iter__") or len(items := list(value)) != 2:
        raise ValueError(f"{name} is {plain(value)}: expected a pair, such as {example}")
    return items[0], items[1]


def two_bools(value: Any, name: str) -> tuple[bool, bool]:
    """Return a pair of bools, one for each axis, or raise ValueError."""
    first, second = pair(value, name, "(True, False), for the x axis and the y axis")
    if not all(isinstance(part, bool | np.bool_) for part in (first, second)):
        raise ValueError(f"{name} is {plain(value)}: expected two bools, for the x axis and the y axis")
    return bool(first), bool(second)


def interval(low: Any, high: Any) -> tuple[float, float]:
    """Return two ends as floats, or raise ValueError unless the first is below the second."""
    ends = one_number(low, "the lower end"), one_number(high, "the upper end")
    if not ends[0] < ends[1]:
        raise ValueError(f"expected low < high, got {ends[0]:g} and {ends[1]:g}")
    return ends


def window_limits(value: Any, name: str) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of a window that is not empty, or raise ValueError."""
    ends = numbers(value, name).ravel()
    if ends.size != 4 or not (ends[0] < ends[1] and ends[2] < ends[3]):
        raise ValueError(f"expected {name} (left, right, bottom, top) that is not empty, got {tuple(ends.tolist())}")
    left, right, bottom, top = ends.tolist()
    return left, right, bottom, top


def same_length(parts: Mapping[str, Any]) -> None:
    """Raise ValueError unless all arrays have the same number of rows, at least 1."""
    sizes = {name: len(part) for name, part in parts.items()}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise ValueError(f"expected one row per sample in each: {said}. Did you mix up two splits?")
    if not all(sizes.values()):
        raise ValueError(f"expected at least one sample: {' and '.join(sizes)} {'are' if len(sizes) > 1 else 'is'} empty")


def _refuse_infinite(array: np.ndarray, name: str) -> None:
    if found := not_finite(array):
        where = f", the first in row {found[1]}" if array.ndim else ""
        raise ValueError(f"{name} holds {found[0]} values that are NaN or infinite{where}: there is no place to draw them")


# ── classes and samples ──────────────────────────────────────────────────────────────────────────────────────────────


def class_numbers(y: Any, classes: int, name: str = "y") -> np.ndarray:
    """Return class numbers (n,) as integers from 0 to classes − 1.

    Whole floats, a column (n, 1) and one-hot rows (n, classes) can mean only one thing and are taken.

    Args:
        y: The classes of the samples.
        classes: Number of classes.
        name: What `y` is called in the message of an error.

    Raises:
        ValueError: If these are probabilities, fractions, other numbers or not one class per sample.
    """
    array = number_array(y, name)
    _refuse_infinite(array, name)
    if array.ndim == 2 and array.shape[1] == classes > 1:
        if not (np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all()):
            raise ValueError(
                f"{name} has shape {array.shape} and looks like probabilities or scores: expected class numbers of shape (n,), "
                f"which are {name}.argmax(axis=1)"
            )
        return array.argmax(axis=1)
    labels = row_of_numbers(array, name)
    if (labels % 1).any():
        fraction = labels[labels % 1 != 0][0]
        raise ValueError(
            f"{name} holds {fraction:.3g}: expected class numbers, which are whole numbers from 0 to {classes - 1}"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"expected labels from 0 to {classes - 1}, {name} reaches from {labels.min():g} to {labels.max():g}")
    return labels.astype(int)


def two_class_samples(X: Any, t: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return samples (n, 2) and their classes, 0 or 1, as arrays, or raise ValueError. Without samples both are empty."""
    if X is None:
        return np.empty((0, 2)), np.empty(0, dtype=int)
    points = numbers(X, "X")
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"expected samples of shape (n, 2), got {points.shape}")
    if t is None:
        raise ValueError("X is given without t: expected the class of each sample too, 0 or 1")
    raw = numbers(t, "t")
    if raw.size == len(points) and set(np.unique(raw)) <= {-1, 1} and (raw == -1).any():
        raise ValueError("t holds the classes −1 and 1: expected 0 or 1, which are (t + 1) / 2")
    targets = class_numbers(raw, 2, "t")
    if len(targets) != len(points):
        raise ValueError(f"expected one class (0 or 1) per sample, got {len(targets)} for {len(points)} samples")
    return points, targets


def chosen_rows(index: Any, count: int, name: str = "index") -> np.ndarray:
    """Return which of `count` samples are chosen, as integers. A mask of `count` bools chooses where it is True.

    Args:
        index: Numbers of samples, counted from 0 or, below 0, from the end; or a mask.
        count: Number of samples.
        name: What `index` is called in the message of an error.

    Raises:
        ValueError: If none is chosen, or an entry is no number of a sample.
    """
    array = number_array([] if isinstance(index, Sequence) and not index else index, name)
    if array.dtype == bool:
        if array.shape != (count,):
            raise ValueError(f"{name} is a mask of shape {array.shape} for {count} samples: expected one bool per sample")
        array = np.flatnonzero(array)
    rows = row_of_numbers(array, name)
    if not rows.size:
        raise ValueError(f"expected at least one sample to draw, but {name} is empty or a mask without True")
    if (rows % 1).any() or rows.min() < -count or rows.max() >= count:
        raise ValueError(
            f"{name} reaches from {rows.min():g} to {rows.max():g}: expected numbers of samples, whole numbers from 0 to {count - 1}"
        )
    return rows.astype(int)


def grey_images(images: Any, name: str = "images") -> np.ndarray:
    """Return grey images (n, height, width), n ≥ 1, with their own dtype. A last axis of length 1 is dropped."""
    stack = pixels(images, name)
    if stack.ndim == 4 and stack.shape[-1] == 1:
        stack = stack[..., 0]
    if stack.ndim == 3 and stack.size:
        return stack
    hint = ""
    if stack.ndim == 4 and stack.shape[-1] == 3:
        hint = ". Colour photographs are drawn by plotting.photo_grid"
    elif stack.ndim == 2 and stack.size:
        side = int(np.sqrt(stack.shape[1]))
        flat = (
            f", and flat rows are images after .reshape(-1, {side}, {side})" if side > 1 and side**2 == stack.shape[1] else ""
        )
        hint = f". One image alone is {name}[np.newaxis]{flat}"
    raise ValueError(f"expected {name} of shape (n, height, width) with n ≥ 1, got shape {stack.shape}{hint}")


# ── words, mappings and functions ────────────────────────────────────────────────────────────────────────────────────


def texts(titles: Any, count: int, what: str) -> list[str] | None:
    """Return one title per picture as texts, or None for None. Numbers, such as labels, become texts.

    Args:
        titles: The titles.
        count: Number of pictures.
        what: What the pictures are called in the message of an error, in the plural.

    Raises:
        ValueError: If there is another number of titles, or a title is neither a text nor a number.
    """
    if titles is None:
        return None
    if isinstance(titles, str):
        raise ValueError(
            f"titles is the single text {titles!r}: expected one title per picture; title=… stands above all {what}"
        )
    found = listed(titles.tolist() if hasattr(titles, "tolist") else titles, "titles", "one title per picture")
    if len(found) != count:
        raise ValueError(f"expected one title each, got {len(found)} titles for {count} {what}")
    if odd := [title for title in found if not np.isscalar(title) and np.ndim(title) != 0]:
        raise ValueError(
            f"a title is {np.shape(odd[0])} numbers: expected a text or one number each, such as y.argmax(axis=1) for one-hot rows"
        )
    return [f"{title:.4g}" if isinstance(title, float | np.floating) else str(title) for title in found]


def listed(value: Any, name: str, what: str) -> list[Any]:
    """Return the entries of a sequence, or raise ValueError. A text is not taken for its letters, nor a dictionary for its keys.

    Args:
        value: The sequence.
        name: What it is called in the message of an error.
        what: What its entries are, in words.
    """
    if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} is {plain(value)}: expected a list, {what}")
    return list(value)


def names(value: Any, what: str, count: int | None = None) -> list[str]:
    """Return names, such as those of classes, as a list of texts.

    Args:
        value: The names in their order.
        what: What they are called in the message of an error.
        count: How many there must be; None for any number of at least 1.

    Raises:
        ValueError: If this is a single text, or there is another number of names.
    """
    if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
        raise ValueError(f'{what} is {plain(value)}: expected a list of names, such as ["cat", "dog"]')
    found = [str(name) for name in value]
    if not found or (count is not None and len(found) != count):
        raise ValueError(f"expected {'at least one' if count is None else count} {what}, got {len(found)}: {', '.join(found)}")
    return found


def named(value: Any, what: str, example: str) -> dict[Any, Any]:
    """Return a mapping from names as a dictionary with at least one entry, or raise ValueError."""
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a dictionary from names to {what}, such as {example}; got {type(value).__name__}")
    if not value:
        raise ValueError(f"expected at least one entry, such as {example}, got an empty dictionary")
    return dict(value)


def column_count(columns: Any, default: int, count: int) -> int:
    """Return how many pictures stand in a row."""
    return min(default if columns is None else whole_number("columns", columns), count)


def callable_argument(value: Any, name: str, what: str) -> Any:
    """Return a function that a figure calls, or raise ValueError.

    Args:
        value: The function.
        name: Its name as an argument.
        what: What it does, in words: "from points (m, 2) to m numbers".
    """
    if not callable(value):
        raise ValueError(f"{name} is {type(value).__name__}: expected a function {what}, without parentheses")
    return value
