"""The registry of data sets: their files with checksums, their addresses and their licences.

The files of a set are tables of the registry or, if there are many, lines of its text `list`. Reads
registry.toml and nothing else: no cache, no network, and nothing of what is in a file.
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
    """One file of a data set as its publisher offers it.

    Attributes:
        name: Its name in the cache and on a mirror.
        bytes: Its size.
        sha256: Its SHA-256 as 64 lower-case hexadecimal digits.
        remote: Its name at the official addresses, if that is another one.
    """

    name: str
    bytes: int
    sha256: str
    remote: str = ""

    def at(self, url: str) -> str:
        """Return the address of the file below the official address `url`."""
        return url + (self.remote or self.name)


@dataclass(frozen=True)
class Dataset:
    """The entry of one data set in the registry.

    Attributes:
        name: Its name, such as "fashion-mnist".
        title: What it is.
        licence: Its licence.
        citation: How to cite it.
        urls: Official addresses of the folder that holds the files, tried in this order.
        files: Its files.
    """

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
        """Return the file of this name.

        Raises:
            KeyError: If there is none. The message names the existing files.
        """
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(f"{self.name} has no file {name!r}, only {', '.join(file.name for file in self.files)}")


Registry = Mapping[str, Dataset]


@functools.cache
def course_registry() -> Registry:
    """Return the registry of this course.

    It is beside the package when installed, and in datasets/ of a working copy.

    Raises:
        FileNotFoundError: If it is in neither place.
    """
    package = Path(__file__).resolve().parent.parent
    for path in (package / "registry.toml", package.parent / "datasets" / "registry.toml"):
        if path.is_file():
            return read_registry(path)
    raise FileNotFoundError(
        f"registry.toml is neither in {package} nor in {package.parent / 'datasets'}: install coursekit again"
    )


def read_registry(path: Path | str) -> Registry:
    """Read a registry file.

    Args:
        path: The file.

    Returns:
        A read-only mapping from names to data sets.

    Raises:
        ValueError: If a table is wrong. The message names the table and the key.
    """
    path = Path(path)
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({name: _dataset(name, table, path) for name, table in tables.items()})


def _dataset(name: str, table: dict[str, Any], path: Path) -> Dataset:
    """Read the table of one data set."""
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
    """Yield the files of a set with many files: one per line, `<sha256> <bytes> <name>`."""
    for line in lines.splitlines():
        if line.strip():
            sha256, size, name = line.split(maxsplit=2)
            yield _file(name, int(size), sha256)


def _file(name: str, bytes: int, sha256: str, remote: str = "") -> File:
    """Read the entry of one file, or raise ValueError."""
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise ValueError(f"the SHA-256 of {name} must be 64 digits of 0-9a-f, got {sha256!r}")
    if name.startswith("/") or ".." in name.split("/"):
        raise ValueError(f"the file name {name!r} leads out of the set's folder")
    return File(name, int(bytes), sha256, remote)
