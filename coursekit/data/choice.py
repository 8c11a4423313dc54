"""Chooses between the real data set and its drawn stand-in, once per process, and warns clearly.

Knows no data set by name: the caller says how to read the real set and how to draw the stand-in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from coursekit.data.arrays import Arrays
from coursekit.data.dataset import ArrayDataset, FileDataset
from coursekit.data.errors import DataError, box
from coursekit.data.settings import Settings
from coursekit.data.sources import NotObtainable, obtainable

__all__ = ["Source", "choose", "load", "source_of"]

Source = Literal["real", "drawn"]
T = TypeVar("T")


_decided: dict[tuple[object, ...], Source] = {}
_warned: set[str] = set()


def load(dataset: ArrayDataset, settings: Settings) -> tuple[Arrays, Source]:
    """Return the arrays of a data set and their source.

    Args:
        dataset: The data set.
        settings: Where to look, and whether a stand-in is allowed.

    Returns:
        A tuple `(arrays, source)`; the source is "real" or "drawn".

    Raises:
        NotObtainable: If the real set is required and cannot be obtained.
    """
    return choose(dataset.name, settings, real=lambda: dataset.prepare(settings), drawn=lambda: dataset.drawn(settings))


def choose(name: str, settings: Settings, *, real: Callable[[], T], drawn: Callable[[], T]) -> tuple[T, Source]:
    """Return what `real` or `drawn` gives, and which of them was used.

    The choice is made once per process for each data set and settings.

    Args:
        name: Name of the data set.
        settings: Where to look, and whether a stand-in is allowed.
        real: Function that loads the real set. It raises NotObtainable if that is impossible.
        drawn: Function that loads the stand-in.

    Returns:
        A tuple `(result, source)`; the source is "real" or "drawn".

    Raises:
        NotObtainable: If the real set cannot be obtained and must not be replaced: it is required, or this
            process has already used it.
    """
    key = (name, *settings.key)
    if settings.mode == "drawn" or _decided.get(key) == "drawn":
        return drawn(), "drawn"
    try:
        got = real()
    except NotObtainable as error:
        if settings.mode == "real" or _decided.get(key) == "real":
            raise
        _warn(error)
        _decided[key] = "drawn"
        return drawn(), "drawn"
    _decided[key] = "real"
    return got, "real"


def source_of(dataset: FileDataset, settings: Settings) -> Source:
    """Return which version of a data set its loader gives, without loading or downloading anything.

    Args:
        dataset: The data set.
        settings: Where to look, and whether a stand-in is allowed.

    Raises:
        DataError: If the real set is required and none of its sources can be reached.
    """
    if settings.mode == "drawn":
        return "drawn"
    known = _decided.get((dataset.name, *settings.key))
    if known:
        return known
    if dataset.is_here(settings) or obtainable(settings.registry[dataset.name], settings):
        return "real"
    if settings.mode == "auto":
        return "drawn"
    raise DataError(
        f"the data set {dataset.name} is not available: neither the cache nor the mirror nor the network has it, and "
        "COURSEKIT_DATA=real forbids the drawn stand-in"
    )


def _warn(error: NotObtainable) -> None:
    """Print a warning that the stand-in is used, once per process and data set."""
    name = error.dataset.name
    if name in _warned:
        return
    _warned.add(name)
    box(
        f"WARNING: the data below are DRAWN, not the real {name}.",
        [
            "The real files are not available:",
            *(f"  - {reason}" for reason in error.causes[:6]),
            "",
            "Drawings made by this project are used instead, with the same shapes, types and classes and a similar difficulty. You "
            "can do the whole lab with them, but every number that you get is about drawings.",
            "",
            f"To get the real set: {error.advice}. Then restart the kernel. Or set COURSEKIT_MIRROR to a folder that holds "
            f"{name}/. To forbid drawings, set COURSEKIT_DATA=real. To use them without this warning, set COURSEKIT_DATA=drawn.",
        ],
    )
