"""Obtains the files of a data set: from the cache, the mirror or the official addresses. All bytes are checked.

A file with a wrong size or SHA-256 is removed, reported and never used; the next source is tried. A set
of many files is downloaded a few files at a time. Complete files stay, so an interrupted download
continues where it stopped. Knows nothing of what is in a file.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from coursekit.data.cache import discard, sha256, writing
from coursekit.data.errors import Damaged, DataError, Unreachable, Unusable, note
from coursekit.data.hosts import unreachable
from coursekit.data.network import Progress, download
from coursekit.data.registry import Dataset, File
from coursekit.data.settings import Settings

__all__ = ["Attempt", "NotObtainable", "fetch", "fetch_all", "here", "is_here", "obtainable"]

_CHUNK = 1 << 20
_MANY = 8  # from this number of files on, several are fetched at once under one progress bar
_AT_ONCE = 6
_IN_VAIN = 24  # after this many failures without a success, no further file is tried
_NAMED = 5  # files and addresses that a message lists


@dataclass(frozen=True)
class Attempt:
    """An address that did not give a file, and why."""

    file: File
    address: str
    why: Unusable

    def __str__(self) -> str:
        return f"{self.address}: {self.why}"


class NotObtainable(DataError):
    """No source gave one or more files of a data set.

    Attributes:
        dataset: The data set.
        files: The missing files.
        attempts: Every address that was tried.
    """

    def __init__(self, dataset: Dataset, files: list[File], attempts: list[Attempt], came: int = 0) -> None:
        self.dataset, self.files, self.attempts = dataset, files, attempts
        missing = _listed([f"{file.name} ({file.bytes:,} bytes, SHA-256 {file.sha256})" for file in files])
        tried = _listed([str(attempt) for attempt in attempts] if len(attempts) <= 2 * _NAMED else self.causes)
        stays = f"{came:,} of {len(dataset.files):,} files are here and stay. " if came else ""
        super().__init__(
            f"the data set {dataset.name} is not available. {stays}Missing:\n{missing}\n"
            f"Tried:\n{tried or '  nothing: no address is known'}\n"
            f"What to do: {self.advice}; or put the files into a folder and set COURSEKIT_MIRROR to it "
            f"(they are looked for in <folder>/{dataset.name}/); or set COURSEKIT_DATA=drawn to work with the drawn stand-in."
        )

    @property
    def advice(self) -> str:
        """What to do to get the files from where they were looked for."""
        given = dict.fromkeys(tried.why.advice for tried in self.attempts if tried.why.advice)
        return "; or ".join(given) or "connect to the internet and try again"

    @property
    def causes(self) -> list[str]:
        """The reasons in short, each once. A host that does not answer is named instead of each of its files."""
        short = (str(tried.why) if isinstance(tried.why, Unreachable) else str(tried) for tried in self.attempts)
        return list(dict.fromkeys(short))


def _listed(lines: list[str]) -> str:
    """List a few lines; of many, list the first and say how many more there are."""
    shown = lines if len(lines) <= 2 * _NAMED else [*lines[:_NAMED], f"… and {len(lines) - _NAMED:,} more"]
    return "\n".join(f"  {line}" for line in shown)


def fetch_all(dataset: Dataset, settings: Settings) -> dict[str, Path]:
    """Return verified local paths of all files of a data set, by file name.

    Args:
        dataset: The data set.
        settings: Where to look.

    Raises:
        NotObtainable: If files are missing. The message names them.
        DataError: If the disk is full.
    """
    found = {file: _cached(dataset, file, settings) for file in dataset.files}
    wanted = [file for file, path in found.items() if path is None]
    missing: list[File] = []
    attempts: list[Attempt] = []
    for file, outcome in _several(dataset, wanted, settings) if len(wanted) >= _MANY else _in_turn(dataset, wanted, settings):
        if isinstance(outcome, NotObtainable):
            missing.append(file)
            attempts += outcome.attempts
        else:
            found[file] = outcome
    if missing:
        # Files that were not tried are missing too.
        lacking = [file for file in dataset.files if found[file] is None]
        raise NotObtainable(dataset, lacking, attempts, came=len(found) - len(lacking))
    return {file.name: path for file, path in found.items() if path is not None}


Outcome = tuple[File, "Path | NotObtainable"]


def _in_turn(dataset: Dataset, files: list[File], settings: Settings) -> Iterator[Outcome]:
    """Fetch files one after the other."""
    for file in files:
        yield file, _tried(dataset, file, settings)


def _several(dataset: Dataset, files: list[File], settings: Settings) -> Iterator[Outcome]:
    """Fetch a few files at a time, under one progress bar.

    Ends early if many files fail and none succeeds.
    """
    progress = Progress(dataset.name, sum(file.bytes for file in files), f"{len(files):,} files, ")
    failed = succeeded = 0
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="coursekit-fetch")
    try:
        running = {pool.submit(_tried, dataset, file, settings, alone=False): file for file in files}
        for done in as_completed(running):
            file, outcome = running[done], done.result()
            yield file, outcome
            if isinstance(outcome, NotObtainable):
                failed += 1
            else:
                succeeded += 1
                progress.update(file.bytes)
            if not succeeded and failed >= _IN_VAIN:
                return
    finally:  # also after a full disk or Ctrl-C: running downloads end, no other starts
        pool.shutdown(cancel_futures=True)
        progress.close()


def _tried(dataset: Dataset, file: File, settings: Settings, *, alone: bool = True) -> Path | NotObtainable:
    """Fetch a file; return the error instead of raising it."""
    try:
        return fetch(dataset, file, settings, alone=alone)
    except NotObtainable as error:
        return error


def fetch(dataset: Dataset, file: File, settings: Settings, *, alone: bool = True) -> Path:
    """Return a verified local path of one file.

    It is the file in the cache, or a new copy from the first source that gives the right bytes.

    Args:
        dataset: The data set.
        file: The file.
        settings: Where to look.
        alone: Whether the file gets a progress bar of its own.

    Raises:
        NotObtainable: If no source has the file.
        DataError: If the disk is full.
    """
    cached = _cached(dataset, file, settings)
    if cached:
        return cached
    target = settings.cache.target(f"{dataset.name}/{file.name}")
    attempts: list[Attempt] = []
    for address in _addresses(dataset, file, settings):
        try:
            with writing(target) as part:
                _copy(address, part, file, alone)
                _check(part, file)
            return target
        except Unusable as why:
            attempts.append(Attempt(file, address, why))
            _report(attempts[-1], settings)
    raise NotObtainable(dataset, [file], attempts)


def _cached(dataset: Dataset, file: File, settings: Settings) -> Path | None:
    """Return the path of an intact file in the cache, or None."""
    for path in settings.cache.places(f"{dataset.name}/{file.name}"):
        if path.is_file() and not _removed_as_bad(path, file):
            return path
    return None


_mirrors_reported: set[str] = set()
_damaged_reported: Counter[str] = Counter()  # by source
_reporting = Lock()


def _report(attempt: Attempt, settings: Settings) -> None:
    """Report a failed source: wrong bytes always, an unusable mirror once, since someone set it on purpose."""
    with _reporting:
        if isinstance(attempt.why, Damaged):
            source = attempt.address.removesuffix(attempt.file.name)
            _damaged_reported[source] += 1
            if _damaged_reported[source] <= _NAMED:
                note(f"{attempt.address} is not used: {attempt.why}. The next source is tried.")
            elif _damaged_reported[source] == _NAMED + 1:
                note(f"More files of {source} are not used; they are not listed.")
        elif settings.mirror and attempt.address.startswith(settings.mirror) and settings.mirror not in _mirrors_reported:
            _mirrors_reported.add(settings.mirror)
            note(f"the mirror COURSEKIT_MIRROR={settings.mirror} cannot be used: {attempt}. The official addresses are tried.")


def here(dataset: Dataset, settings: Settings) -> int:
    """Return how many files of a data set are in the cache. They are not checked."""
    return sum(any(path.is_file() for path in settings.cache.places(f"{dataset.name}/{file.name}")) for file in dataset.files)


def is_here(dataset: Dataset, settings: Settings) -> bool:
    """Return whether every file of a data set is in the cache. The files are not checked."""
    return here(dataset, settings) == len(dataset.files)


def obtainable(dataset: Dataset, settings: Settings) -> bool:
    """Return whether a data set seems obtainable: cached, on the mirror, or on a host that answers.

    Reads no file.
    """
    return all(_within_reach(dataset, file, settings) for file in dataset.files)


def _within_reach(dataset: Dataset, file: File, settings: Settings) -> bool:
    """Return whether one file seems obtainable."""
    if any(path.is_file() for path in settings.cache.places(f"{dataset.name}/{file.name}")):
        return True
    return any(
        path.is_file() if (path := _local(address)) else unreachable(address) is None
        for address in _addresses(dataset, file, settings)
    )


def _addresses(dataset: Dataset, file: File, settings: Settings) -> Iterator[str]:
    """Yield every address of a file: the mirror, then the official addresses."""
    if settings.mirror:
        yield f"{settings.mirror.rstrip('/')}/{dataset.name}/{file.name}"
    yield from (file.at(url) for url in dataset.urls)


def _local(address: str) -> Path | None:
    """Return the path that an address stands for, or None for an http(s) address."""
    scheme = urlsplit(address).scheme.lower()
    if scheme in ("http", "https"):
        return None
    return Path(url2pathname(urlsplit(address).path)) if scheme == "file" else Path(address).expanduser()


def _copy(address: str, part: Path, file: File, alone: bool) -> None:
    """Copy or download a file from an address."""
    path = _local(address)
    if path is None:
        download(address, part, file.bytes, show=alone)
        return
    if not path.is_file():
        raise Unusable("there is no such file" if path.parent.is_dir() else f"there is no folder {path.parent}")
    with _readable(path) as source, open(part, "wb") as copy:
        shutil.copyfileobj(source, copy, _CHUNK)


def _readable(path: Path) -> BinaryIO:
    """Open a file, or raise Unusable."""
    try:
        return open(path, "rb")
    except OSError as error:
        raise Unusable(error.strerror or str(error)) from error


def _check(path: Path, file: File) -> None:
    """Raise Damaged unless the bytes of a file are the right ones."""
    size = path.stat().st_size
    if size != file.bytes:
        raise Damaged(f"got {size:,} bytes, expected {file.bytes:,}" + (" (cut off?)" if size < file.bytes else ""))
    digest = sha256(path)
    if digest != file.sha256:
        raise Damaged(f"its SHA-256 is {digest}, expected {file.sha256}")


def _removed_as_bad(path: Path, file: File) -> bool:
    """Check a file of the cache. If it is damaged, remove and report it and return True."""
    try:
        _check(path, file)
    except (Damaged, OSError) as error:
        gone = discard(path)
        note(
            f"{path} is damaged: {error}. {'It was removed' if gone else 'It cannot be removed, so it is ignored'}; it is fetched again."
        )
        return True
    return False
