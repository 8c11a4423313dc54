"""The list of data sets: which files a set has, their checksums, where they can be had, under which licence.

A set's files stand in a table of their own, or, if they are many, one a line in the text `list`. Reads registry.toml and nothing
else: no cache, no network, no idea of what is inside a file.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Dataset", "File", "Registry", "course_registry", "read_registry"]


@dataclass(frozen=True)
class File:
    """One file of a set as its publisher offers it.

    sha256: 64 lower-case hexadecimal digits. remote: its name at the official addresses, where that is another one.
    """

    name: str
    bytes: int
    sha256: str
    remote: str = ""

    def at(self, url: str) -> str:
        """Its address below the official address `url`."""
        return url + (self.remote or self.name)


@dataclass(frozen=True)
class Dataset:
    """One data set. urls: official addresses of the folder that holds the files, tried in this order."""

    name: str
    title: str
    licence: str
    citation: str
    urls: tuple[str, ...]
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        """Size of all files together, as downloaded."""
        return sum(file.bytes for file in self.files)

    def file(self, name: str) -> File:
        """The file of this name. Raises KeyError, naming the files there are."""
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(f"{self.name} has no file {name!r}, only {', '.join(file.name for file in self.files)}")


Registry = Mapping[str, Dataset]


@functools.cache
def course_registry() -> Registry:
    """The registry of this course: beside the package when installed, in datasets/ of a working copy."""
    package = Path(__file__).resolve().parent.parent
    for path in (package / "registry.toml", package.parent / "datasets" / "registry.toml"):
        if path.is_file():
            return read_registry(path)
    raise FileNotFoundError(
        f"registry.toml is neither in {package} nor in {package.parent / 'datasets'}: install coursekit again"
    )


def read_registry(path: Path | str) -> Registry:
    """The data sets of a registry file, by name. Raises ValueError naming the table and the key when one is wrong."""
    path = Path(path)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({name: _dataset(name, table, path) for name, table in tables.items()})


def _dataset(name: str, table: dict[str, Any], path: Path) -> Dataset:
    try:
        files = (*(_file(file, **entry) for file, entry in table.get("files", {}).items()), *_listed(table.get("list", "")))
        if not files:
            raise KeyError("files")
        urls = tuple(url if url.endswith("/") else url + "/" for url in table["urls"])
        dataset = Dataset(name, table["title"], table["licence"], table["citation"], urls, files)
    except KeyError as error:
        raise ValueError(f"{path}: the table [{name}] has no key {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path}: the table [{name}] is not as it should be: {error}") from error
    return dataset


def _listed(lines: str) -> Iterator[File]:
    """The files of a set that has many: one a line, `<sha256> <bytes> <name>`."""
    for line in lines.splitlines():
        if line.strip():
            sha256, size, name = line.split(maxsplit=2)
            yield _file(name, int(size), sha256)


def _file(name: str, bytes: int, sha256: str, remote: str = "") -> File:
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise ValueError(f"the SHA-256 of {name} must be 64 digits of 0-9a-f, got {sha256!r}")
    if name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"the file name {name!r} leads out of the set's folder")
    return File(name, int(bytes), sha256, remote)
