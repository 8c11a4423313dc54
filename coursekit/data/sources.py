"""Getting the files of a set: from the cache, then the mirror, then the official addresses. Every byte is checked.

A file whose size or SHA-256 is wrong is removed and reported, never used; the next source is tried. Knows nothing of what is
inside a file.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .cache import discard, writing
from .errors import Damaged, DataError, Unreachable, Unusable, note
from .network import download, unreachable
from .registry import Dataset, File
from .settings import Settings

__all__ = ["Attempt", "NotObtainable", "fetch", "fetch_all", "is_here", "obtainable", "sha256"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Attempt:
    """One address that did not give one file, and why."""

    file: File
    address: str
    why: Unusable

    def __str__(self) -> str:
        return f"{self.address}: {self.why}"


class NotObtainable(DataError):
    """No source gave one or more files of a set. `attempts`: every address tried."""

    def __init__(self, dataset: Dataset, files: list[File], attempts: list[Attempt]) -> None:
        self.dataset, self.files, self.attempts = dataset, files, attempts
        missing = "\n".join(f"  {file.name} ({file.bytes:,} bytes, SHA-256 {file.sha256})" for file in files)
        tried = "\n".join(f"  {attempt}" for attempt in attempts)
        super().__init__(
            f"the data set {dataset.name} cannot be had. Missing:\n{missing}\nTried:\n{tried or '  nothing: no address is known'}\n"
            "What to do: connect to the internet and try again; or put the files into a folder and set COURSEKIT_MIRROR to it "
            f"(they are looked for in <folder>/{dataset.name}/); or set COURSEKIT_DATA=drawn to work with the drawn stand-in."
        )

    @property
    def causes(self) -> list[str]:
        """The reasons in short, each once: a host that does not answer is named instead of each of its files."""
        short = (str(tried.why) if isinstance(tried.why, Unreachable) else str(tried) for tried in self.attempts)
        return list(dict.fromkeys(short))


def fetch_all(dataset: Dataset, settings: Settings) -> dict[str, Path]:
    """Verified local paths of all files of a set, by file name. Raises NotObtainable naming the files that are missing."""
    paths: dict[str, Path] = {}
    missing: list[File] = []
    attempts: list[Attempt] = []
    for file in dataset.files:
        try:
            paths[file.name] = fetch(dataset, file, settings)
        except NotObtainable as error:
            missing.append(file)
            attempts += error.attempts
    if missing:
        raise NotObtainable(dataset, missing, attempts)
    return paths


def fetch(dataset: Dataset, file: File, settings: Settings) -> Path:
    """A verified local path of one file: the cached one, or a new copy from the first source that gives the right bytes.

    Raises NotObtainable when no source does, DataError when the disk is full.
    """
    name = f"{dataset.name}/{file.name}"
    for path in settings.cache.places(name):
        if path.is_file() and not _removed_as_bad(path, file):
            return path
    target = settings.cache.target(name)
    attempts: list[Attempt] = []
    for address in _addresses(dataset, file, settings):
        try:
            with writing(target) as part:
                _copy(address, part, file)
                _check(part, file)
            return target
        except Unusable as why:
            attempts.append(Attempt(file, address, why))
            _report(attempts[-1], settings)
    raise NotObtainable(dataset, [file], attempts)


_mirrors_reported: set[str] = set()


def _report(attempt: Attempt, settings: Settings) -> None:
    """Wrong bytes are always reported; a mirror that gives nothing once, for somebody set it on purpose."""
    if isinstance(attempt.why, Damaged):
        note(f"{attempt.address} is not used: {attempt.why}. The next source is tried.")
    elif settings.mirror and attempt.address.startswith(settings.mirror) and settings.mirror not in _mirrors_reported:
        _mirrors_reported.add(settings.mirror)
        note(f"the mirror COURSEKIT_MIRROR={settings.mirror} is of no use here: {attempt}. The official addresses are tried.")


def is_here(dataset: Dataset, settings: Settings) -> bool:
    """Whether the cache has every file of a set (unchecked)."""
    return all(any(path.is_file() for path in settings.cache.places(f"{dataset.name}/{file.name}")) for file in dataset.files)


def obtainable(dataset: Dataset, settings: Settings) -> bool:
    """Whether a set seems to be within reach: cached, on the mirror, or on a host that answers. Reads no file."""
    return all(_within_reach(dataset, file, settings) for file in dataset.files)


def _within_reach(dataset: Dataset, file: File, settings: Settings) -> bool:
    if any(path.is_file() for path in settings.cache.places(f"{dataset.name}/{file.name}")):
        return True
    return any(
        path.is_file() if (path := _local(address)) else unreachable(address) is None
        for address in _addresses(dataset, file, settings)
    )


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _addresses(dataset: Dataset, file: File, settings: Settings) -> Iterator[str]:
    if settings.mirror:
        yield f"{settings.mirror.rstrip('/')}/{dataset.name}/{file.name}"
    yield from (url + file.name for url in dataset.urls)


def _local(address: str) -> Path | None:
    """The path that an address without a network scheme stands for."""
    scheme = urlsplit(address).scheme.lower()
    if scheme in ("http", "https"):
        return None
    return Path(url2pathname(urlsplit(address).path)) if scheme == "file" else Path(address).expanduser()


def _copy(address: str, part: Path, file: File) -> None:
    path = _local(address)
    if path is None:
        download(address, part, file.bytes)
        return
    if not path.is_file():
        raise Unusable("there is no such file" if path.parent.is_dir() else f"there is no folder {path.parent}")
    with _readable(path) as source, open(part, "wb") as copy:
        shutil.copyfileobj(source, copy, _CHUNK)


def _readable(path: Path) -> BinaryIO:
    try:
        return open(path, "rb")
    except OSError as error:
        raise Unusable(error.strerror or str(error)) from error


def _check(path: Path, file: File) -> None:
    """Raise Damaged, with what was expected and what came, unless the file's bytes are the right ones."""
    size = path.stat().st_size
    if size != file.bytes:
        raise Damaged(f"{size:,} bytes came, {file.bytes:,} were expected" + (" (cut off?)" if size < file.bytes else ""))
    digest = sha256(path)
    if digest != file.sha256:
        raise Damaged(f"its SHA-256 is {digest}, expected {file.sha256}")


def _removed_as_bad(path: Path, file: File) -> bool:
    try:
        _check(path, file)
    except (Damaged, OSError) as error:
        gone = discard(path)
        note(
            f"{path} is damaged: {error}. {'It was removed' if gone else 'It cannot be removed, so it is left unused'}; getting it anew."
        )
        return True
    return False
