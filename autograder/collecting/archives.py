"""Open a download, a zip or a folder, so that nothing in it can harm the machine.

No entry decides where it is written: files of a zip go to numbered folders of a temporary folder, and
the name of an entry is kept as text. What cannot be taken is left with a reason, so that one odd file
costs no other student anything. A zip within the download is opened too, one level deep. This module
knows archives and names of files; it knows no platform, student or lab.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.errors import CollectError
from autograder.grading.submissions.attempts import student_name

__all__ = ["Download", "Entry", "Left", "open_download"]

MAX_ENTRIES = 100_000  # entries of one download
MAX_INNER = 2_000  # entries of a zip within it
MAX_FILE = 64 * 2**20  # bytes of one file, as for a notebook
MAX_TOTAL = 20 * 2**30  # bytes of all files of one download
MAX_RATIO, RATIO_FROM = 200, 4 * 2**20  # a file that grows more than this from its packed size is a bomb, if it is large
MAX_DEPTH = 8  # folders above a file
_CHUNK = 2**20
_SKIPPED = ("__macosx", ".git", ".ds_store", "thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Entry:
    """A file of a download.

    Attributes:
        name: Its name in the download, with `/` between folders.
        path: Where its content lies on this machine.
        changed: When it was changed, according to the archive or the folder.
        inner: Its name in the zip within the download; "" if it is no part of one.
    """

    name: str
    path: Path
    changed: datetime
    inner: str = ""


@dataclass(frozen=True)
class Left:
    """A file of a download that was not taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Download:
    """What a platform gave.

    Attributes:
        path: The zip or folder.
        entries: Its files, sorted by name.
        left: What was not taken.
        repositories: Names of the folders in it that are git repositories; only for a folder.
    """

    path: Path
    entries: tuple[Entry, ...]
    left: tuple[Left, ...] = ()
    repositories: tuple[str, ...] = ()


def open_download(path: Path, scratch: Path) -> Download:
    """Open a zip or a folder.

    Args:
        path: The zip or folder.
        scratch: An empty folder for the content of zips.

    Returns:
        Its files, those of zips within it included, and what was not taken.

    Raises:
        CollectError: It is neither, it is damaged, or it is over a limit.
        OSError: The content cannot be written to `scratch`.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    opened = _Opening(scratch)
    if path.is_dir():
        opened.walk(path)
    elif not path.is_file():
        raise CollectError(f"{path}: no such file or folder; expected the zip from the learning platform, or a folder")
    elif path.stat().st_size == 0:
        raise CollectError(f"{path}: empty; download it again")
    else:
        opened.unpack_download(path)
    if not opened.entries and opened.left:
        left = opened.left[0]
        raise CollectError(f"{path}: no file in it can be taken; {left.name}: {left.reason}")
    entries = tuple(sorted(opened.entries, key=lambda entry: (entry.name, entry.inner)))
    return Download(path, entries, tuple(opened.left), tuple(opened.repositories))


def _no_zip(path: Path) -> str:
    """Return what a file that is no zip may be, and what to do."""
    if path.suffix.lower() in (".csv", ".tsv", ".xlsx"):
        return (
            "a table, not a zip; give the download of the submissions. A gradebook is for `autograder export`, or is the roster"
        )
    if path.suffix.lower() == ".ipynb":
        return "one notebook; expected a zip, or a folder with a notebook or a folder per student"
    return "not a whole zip file; the download may have stopped half-way, or be the page of a login: download it again"


class _Opening:
    """The files that were found so far, and what was left."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.entries: list[Entry] = []
        self.left: list[Left] = []
        self.repositories: list[str] = []
        self.count = self.total = 0

    # ── a folder ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def walk(self, root: Path) -> None:
        for path in _files(root, self.repositories, root, MAX_DEPTH):
            name = student_name(path.relative_to(root).as_posix())
            if self.count >= MAX_ENTRIES:
                raise CollectError(f"{root}: more than {MAX_ENTRIES:,} files; give the folder of one lab")
            self.count += 1
            self._take_file(path, name)

    def _take_file(self, path: Path, name: str) -> None:
        if path.is_symlink() or not path.is_file():
            self.left.append(Left(name, "a link, not a file"))
            return
        facts = path.stat()
        if facts.st_size > MAX_FILE:
            self.left.append(Left(name, _too_large(facts.st_size)))
            return
        self._add(Entry(name, path, datetime.fromtimestamp(facts.st_mtime, timezone.utc)))

    # ── a zip ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def unpack_download(self, path: Path) -> None:
        """Unpack a download that is a zip. Raises CollectError."""
        try:
            archive = zipfile.ZipFile(path)
        except OSError as error:
            raise CollectError(f"{path}: cannot be read ({error.strerror or error})") from error
        except _DAMAGED as error:
            raise CollectError(f"{path}: {_no_zip(path)} ({error})") from error
        with archive:
            infos = archive.infolist()
            if len(infos) > MAX_ENTRIES:
                raise CollectError(
                    f"{path}: {len(infos):,} entries, at most {MAX_ENTRIES:,} are read; download one lab at a time"
                )
            if (size := sum(min(info.file_size, MAX_FILE) for info in infos)) > MAX_TOTAL:
                raise CollectError(
                    f"{path}: {size / 2**30:.0f} GB unpacked, at most {MAX_TOTAL >> 30} GB are read; collect it in parts"
                )
            for info in infos:
                if (name := self._wanted(info, "")) is not None and (file := self._unpack(archive, info, name)):
                    self._add(Entry(name, file, _date(info)))

    def _unpack_inner(self, outer: Entry) -> None:
        """Unpack a zip that a student handed in; what is wrong with it is noted, with its name."""
        try:
            with zipfile.ZipFile(outer.path) as archive:
                infos = archive.infolist()
                if len(infos) > MAX_INNER:
                    self.left.append(Left(outer.name, f"a zip of {len(infos):,} files, at most {MAX_INNER:,} are read"))
                    return
                for info in infos:
                    if (name := self._wanted(info, f"{outer.name} » ")) is None:
                        continue
                    if file := self._unpack(archive, info, f"{outer.name} » {name}"):
                        self.entries.append(replace(outer, path=file, inner=name))
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno:
                raise
            self.left.append(Left(outer.name, f"a damaged zip ({error}); ask the student for the notebook itself"))

    def _wanted(self, info: zipfile.ZipInfo, within: str) -> str | None:
        """Return the name of an entry that is taken; None, with a note where a person should know of it."""
        name = _name(info)
        if name.endswith("/") or _is_skipped(name):
            return None
        if reason := _refused(info, name):
            self.left.append(Left(within + name, reason))
            return None
        return name

    def _unpack(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, said: str) -> Path | None:
        """Write an entry to a folder of its own; None, with a note, if it is damaged or larger than it says."""
        self.count += 1
        target = self.scratch / str(self.count) / _short(PurePosixPath(_name(info)).name)
        target.parent.mkdir()
        with target.open("wb") as file:
            try:
                source = archive.open(info)
            except _DAMAGED as error:
                self.left.append(Left(said, f"damaged ({error})"))
                return None
            with source:
                if reason := self._copy(source, file):
                    self.left.append(Left(said, reason))
                    return None
        return target

    def _copy(self, source: IO[bytes], file: IO[bytes]) -> str:
        """Copy a file within the limits. Returns why it could not be copied; "" if it was."""
        size = 0
        while True:
            try:
                data = source.read(_CHUNK)
            except _DAMAGED as error:
                return f"damaged ({error}); download the zip again"
            if not data:
                return ""
            size += len(data)
            self.total += len(data)
            if size > MAX_FILE:
                return _too_large(size)
            if self.total > MAX_TOTAL:
                raise CollectError(f"more than {MAX_TOTAL >> 30} GB unpacked; collect it in parts")
            file.write(data)

    def _add(self, entry: Entry) -> None:
        if entry.name.lower().endswith(".zip"):
            self._unpack_inner(entry)
        else:
            self.entries.append(entry)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name of an entry. Many programs write UTF-8 and forget to say so."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return student_name(name.replace("\\", "/"))


def _is_skipped(name: str) -> bool:
    """Return whether a system or an editor made the file, and no student."""
    return any(part.lower() in _SKIPPED or part.startswith(("._", "~$")) for part in name.split("/"))


def _refused(info: zipfile.ZipInfo, name: str) -> str:
    """Return why an entry is not taken; "" if it is."""
    parts = name.split("/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in parts:
        return "its name leads out of the folder; a normal download holds no such file: ask who made it"
    if len(parts) > MAX_DEPTH:
        return f"more than {MAX_DEPTH - 1} folders above it"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link, not a file"
    if info.flag_bits & 0x1:
        return "encrypted; unpack it with its password, and collect the folder"
    if info.file_size > MAX_FILE:
        return _too_large(info.file_size)
    if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * max(1, info.compress_size):
        return f"{info.compress_size:,} bytes that unpack to {info.file_size:,}; no notebook shrinks so much"
    return ""


def _too_large(size: int) -> str:
    return f"{size / 2**20:.0f} MB, at most {MAX_FILE >> 20} MB are read; ask for a notebook without outputs"


def _short(name: str) -> str:
    """Return the end of a file name that every file system takes."""
    plain = "".join(c if c.isprintable() else "_" for c in name)
    return plain.encode(errors="replace")[-120:].decode(errors="ignore").lstrip(". ") or "file"


def _date(info: zipfile.ZipInfo) -> datetime:
    try:
        return datetime(*info.date_time, tzinfo=timezone.utc)
    except ValueError:
        return datetime(1980, 1, 1, tzinfo=timezone.utc)


def _files(folder: Path, repositories: list[str], root: Path, depth: int) -> Iterator[Path]:
    """Yield the files below a folder, those of git and of systems left out; links are yielded and not followed."""
    for entry in _listed(folder):
        if entry.name == ".git" and not entry.is_symlink():
            if folder != root:  # a class in a repository of the instructor's is no student's repository
                repositories.append(folder.relative_to(root).as_posix())
        elif _is_skipped(entry.name):
            continue
        elif entry.is_dir() and not entry.is_symlink():
            yield from _files(entry, repositories, root, depth - 1) if depth else ()
        else:
            yield entry


def _listed(folder: Path) -> Sequence[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise CollectError(f"{folder}: cannot be read ({error.strerror or error}); grant access and collect again") from error
