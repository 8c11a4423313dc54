"""Real or drawn: which of the two serves, remembered for the process, with a warning that cannot be missed.

Knows no data set by name: it is told how to read the real one and how to draw the stand-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from coursekit.data import decode
from coursekit.data.arrays import Arrays, kept, stored
from coursekit.data.errors import DataError, box
from coursekit.data.registry import Dataset
from coursekit.data.settings import Settings
from coursekit.data.sources import NotObtainable, fetch_all, obtainable
from coursekit.data.sources import is_here as files_are_here

__all__ = ["Kind", "RealKind", "Source", "choose", "load", "short", "source_of"]

Source = Literal["real", "drawn"]
T = TypeVar("T")


@dataclass(frozen=True)
class RealKind:
    """A set that is used as the files it comes in. name: its name in the registry."""

    name: str

    def is_here(self, settings: Settings) -> bool:
        """Whether the cache has the real set."""
        return files_are_here(settings.registry[self.name], settings)

    def prepare(self, settings: Settings) -> object:
        """Put the real set into the cache, checked. Raises NotObtainable."""
        return fetch_all(settings.registry[self.name], settings)


@dataclass(frozen=True)
class Kind(RealKind):
    """How the arrays of one set come about.

    read: from the paths of its files, by name, to arrays. draw: the stand-in's arrays, the same names, shapes and types.
    drawn_by: the source files that draw it; the kept stand-in is drawn anew if they change.
    form: which of several forms of the set these arrays are.
    """

    read: Callable[[dict[str, Path]], Arrays]
    draw: Callable[[], Arrays]
    drawn_by: Callable[[], list[Path]]
    form: str = ""

    def real_entry(self, dataset: Dataset) -> str:
        """Name in the cache: other files or another way of decoding give another name."""
        lines = [str(decode.VERSION), *(f"{file.name} {file.sha256}" for file in dataset.files)]
        return f"{self.name}/decoded-{self._form}{short(' '.join(lines).encode())}"

    def drawn_entry(self) -> str:
        """Name in the cache: another way of drawing gives another name."""
        return f"{self.name}/drawn-{self._form}{short(b''.join(path.read_bytes() for path in self.drawn_by()))}"

    @property
    def _form(self) -> str:
        return f"{self.form}-" if self.form else ""

    def is_here(self, settings: Settings) -> bool:
        """Whether the cache has the real set, decoded."""
        return kept(settings.cache, self.real_entry(settings.registry[self.name])) is not None

    def prepare(self, settings: Settings) -> Arrays:
        """The arrays of the real set: decoded ones from the cache, else from its files. Raises NotObtainable."""
        dataset = settings.registry[self.name]
        return stored(settings.cache, self.real_entry(dataset), lambda: self.read(fetch_all(dataset, settings)))

    def drawn(self, settings: Settings) -> Arrays:
        """The arrays of the stand-in: from the cache, else drawn."""
        return stored(settings.cache, self.drawn_entry(), self.draw)


_decided: dict[tuple[object, ...], Source] = {}
_warned: set[str] = set()


def load(kind: Kind, settings: Settings) -> tuple[Arrays, Source]:
    """The arrays of a set and where they come from. Raises NotObtainable if the real set is asked for and cannot be had."""
    return choose(kind.name, settings, real=lambda: kind.prepare(settings), drawn=lambda: kind.drawn(settings))


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


def source_of(kind: RealKind, settings: Settings) -> Source:
    """What the set's loader gives, or would give, without loading or downloading anything.

    Raises DataError when only the real set may serve and none of its sources is within reach.
    """
    if settings.mode == "drawn":
        return "drawn"
    known = _decided.get((kind.name, *settings.key))
    if known:
        return known
    if kind.is_here(settings) or obtainable(settings.registry[kind.name], settings):
        return "real"
    if settings.mode == "auto":
        return "drawn"
    raise DataError(
        f"the data set {kind.name} cannot be had: neither cache nor mirror nor network has it, and COURSEKIT_DATA=real forbids "
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


def short(content: bytes) -> str:
    """Twelve digits that stand for some bytes, for use in a name."""
    return hashlib.sha256(content).hexdigest()[:12]
