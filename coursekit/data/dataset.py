"""Kinds of data sets: how a set gets from its files, or from a drawing, into the cache.

A `FileDataset` is used as the files that it comes in. An `ArrayDataset` is decoded into arrays and has a
drawn stand-in. Knows no data set by name, and nothing of which version is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coursekit.data import decode
from coursekit.data.arrays import Arrays, kept, stored
from coursekit.data.registry import Dataset
from coursekit.data.settings import Settings
from coursekit.data.sources import fetch_all
from coursekit.data.sources import is_here as files_are_here

__all__ = ["ArrayDataset", "FileDataset", "short"]


@dataclass(frozen=True)
class FileDataset:
    """A data set that is used as the files that it comes in.

    Attributes:
        name: Its name in the registry.
    """

    name: str

    def is_here(self, settings: Settings) -> bool:
        """Return whether the cache holds the real set."""
        return files_are_here(settings.registry[self.name], settings)

    def prepare(self, settings: Settings) -> object:
        """Put the real set into the cache and check it.

        Raises:
            NotObtainable: If a file of the set cannot be obtained.
        """
        return fetch_all(settings.registry[self.name], settings)


@dataclass(frozen=True)
class ArrayDataset(FileDataset):
    """A data set that is decoded into arrays and has a drawn stand-in.

    Attributes:
        name: Its name in the registry.
        read: Function from the paths of the files, by file name, to the arrays.
        draw: Function that draws the stand-in: arrays of the same names, shapes and dtypes.
        drawn_by: Function that returns the source files which draw the stand-in. The stand-in is drawn
            again when one of them changes.
        form: Which of several forms of the set these arrays are, such as an image size; "" if there is
            only one.
    """

    read: Callable[[dict[str, Path]], Arrays]
    draw: Callable[[], Arrays]
    drawn_by: Callable[[], list[Path]]
    form: str = ""

    def real_entry(self, dataset: Dataset) -> str:
        """Return the cache entry of the decoded arrays. Other files or another decoder give another name."""
        lines = [str(decode.VERSION), *(f"{file.name} {file.sha256}" for file in dataset.files)]
        return f"{self.name}/decoded-{self._form}{short(' '.join(lines).encode())}"

    def drawn_entry(self) -> str:
        """Return the cache entry of the stand-in. A change to the code that draws it gives another name."""
        return f"{self.name}/drawn-{self._form}{short(b''.join(path.read_bytes() for path in self.drawn_by()))}"

    @property
    def _form(self) -> str:
        return f"{self.form}-" if self.form else ""

    def is_here(self, settings: Settings) -> bool:
        """Return whether the cache holds the decoded arrays of the real set."""
        return kept(settings.cache, self.real_entry(settings.registry[self.name])) is not None

    def prepare(self, settings: Settings) -> Arrays:
        """Return the arrays of the real set, from the cache or decoded from its files.

        Raises:
            NotObtainable: If the arrays are not in the cache and a file cannot be obtained.
        """
        dataset = settings.registry[self.name]
        return stored(settings.cache, self.real_entry(dataset), lambda: self.read(fetch_all(dataset, settings)))

    def drawn(self, settings: Settings) -> Arrays:
        """Return the arrays of the stand-in, from the cache or newly drawn."""
        return stored(settings.cache, self.drawn_entry(), self.draw)


def short(content: bytes) -> str:
    """Return the first twelve hexadecimal digits of the SHA-256 of `content`, for use in a name."""
    return hashlib.sha256(content).hexdigest()[:12]
