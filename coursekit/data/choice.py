"""Real or drawn: which of the two serves, remembered for the process, with a warning that cannot be missed.

Knows no data set by name: it is told how to read the real one and how to draw the stand-in.
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
    """The arrays of a set and where they come from. Raises NotObtainable if the real set is asked for and cannot be had."""
    return choose(dataset.name, settings, real=lambda: dataset.prepare(settings), drawn=lambda: dataset.drawn(settings))


def choose(name: str, settings: Settings, *, real: Callable[[], T], drawn: Callable[[], T]) -> tuple[T, Source]:
    """What `real` or `drawn` gives for the set `name`, and which of them it was: the same one all through this process.

    Raises NotObtainable where the real set may not be replaced: it was asked for, or has been used in this process.
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
    """What the set's loader gives, or would give, without loading or downloading anything.

    Raises DataError when only the real set may serve and none of its sources is within reach.
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
        f"the data set {dataset.name} cannot be had: neither cache nor mirror nor network has it, and COURSEKIT_DATA=real forbids "
        "the drawn stand-in"
    )


def _warn(error: NotObtainable) -> None:
    name = error.dataset.name
    if name in _warned:
        return
    _warned.add(name)
    box(
        f"WARNING: the data below are DRAWN, not the real {name}.",
        [
            "The real files could not be had:",
            *(f"  - {reason}" for reason in error.causes[:6]),
            "",
            "Drawings made by this project serve instead: same shapes, types and classes, similar difficulty. You can do all of "
            "the lab with them, but each number you get is a number about drawings.",
            "",
            "To get the real set: connect to the internet and restart the kernel, or set COURSEKIT_MIRROR to a folder that holds "
            f"{name}/. To forbid drawings, set COURSEKIT_DATA=real; to ask for them without this warning, COURSEKIT_DATA=drawn.",
        ],
    )
