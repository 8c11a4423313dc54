"""Real or drawn: which of the two serves, remembered for the process, with a warning that cannot be missed.

Knows no data set by name: it is told how to read the real one and how to draw the stand-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from . import decode
from .arrays import Arrays, kept, stored
from .errors import DataError, box
from .registry import Dataset
from .settings import Settings
from .sources import NotObtainable, fetch_all, obtainable

__all__ = ["Kind", "Source", "is_here", "load", "prepare", "source_of"]

Source = Literal["real", "drawn"]


@dataclass(frozen=True)
class Kind:
    """How the arrays of one set come about.

    name: the set's name in the registry. read: from the paths of its files, by name, to arrays. draw: the stand-in's arrays,
    the same names, shapes and types. drawn_by: the source files that draw it; the kept stand-in is drawn anew if they change.
    """

    name: str
    read: Callable[[dict[str, Path]], Arrays]
    draw: Callable[[], Arrays]
    drawn_by: Callable[[], list[Path]]

    def real_entry(self, dataset: Dataset) -> str:
        """Name in the cache: other files or another way of decoding give another name."""
        lines = [str(decode.VERSION), *(f"{file.name} {file.sha256}" for file in dataset.files)]
        return f"{self.name}/decoded-{_short(' '.join(lines).encode())}"

    @cached_property
    def drawn_entry(self) -> str:
        """Name in the cache: another way of drawing gives another name."""
        return f"{self.name}/drawn-{_short(b''.join(path.read_bytes() for path in self.drawn_by()))}"


_decided: dict[tuple[object, ...], Source] = {}
_warned: set[str] = set()


def load(kind: Kind, settings: Settings) -> tuple[Arrays, Source]:
    """The arrays of a set and where they come from. Raises NotObtainable if the real set is asked for and cannot be had."""
    key = (kind.name, *settings.key)
    if settings.mode == "drawn" or _decided.get(key) == "drawn":
        return stored(settings.cache, kind.drawn_entry, kind.draw), "drawn"
    try:
        arrays = prepare(kind, settings)
    except NotObtainable as error:
        if settings.mode == "real":
            raise
        _warn(error)
        _decided[key] = "drawn"
        return stored(settings.cache, kind.drawn_entry, kind.draw), "drawn"
    _decided[key] = "real"
    return arrays, "real"


def prepare(kind: Kind, settings: Settings) -> Arrays:
    """The arrays of the real set: decoded ones from the cache, else from its files. Raises NotObtainable."""
    dataset = settings.registry[kind.name]
    return stored(settings.cache, kind.real_entry(dataset), lambda: kind.read(fetch_all(dataset, settings)))


def source_of(kind: Kind, settings: Settings) -> Source:
    """What `load` gives, or would give, without loading or downloading anything.

    Raises DataError when only the real set may serve and none of its sources is within reach.
    """
    if settings.mode == "drawn":
        return "drawn"
    known = _decided.get((kind.name, *settings.key))
    if known:
        return known
    if is_here(kind, settings) or obtainable(settings.registry[kind.name], settings):
        return "real"
    if settings.mode == "auto":
        return "drawn"
    raise DataError(
        f"the data set {kind.name} cannot be had: neither cache nor mirror nor network has it, and COURSEKIT_DATA=real forbids "
        "the drawn stand-in"
    )


def is_here(kind: Kind, settings: Settings) -> bool:
    """Whether the cache has the real set, decoded."""
    return kept(settings.cache, kind.real_entry(settings.registry[kind.name])) is not None


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


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
