"""The files that a student handed in beside a notebook: a module of helpers, a table, a picture.

They come along into the student's own process, and nowhere else. Knows folders and bounds; nothing of what is in the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

__all__ = ["MAX_BYTES", "MAX_FILES", "TooManyError", "files_beside"]

MAX_FILES = 200
MAX_BYTES = 64 * 2**20
_OURS = frozenset({"timestamp.txt"})  # which nbgrader puts there


class TooManyError(Exception):
    """More files than are copied for anybody; the message says how many are."""


def files_beside(notebook: Path, taken: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """(relative name, absolute path) of what lies in the notebook's folder: no links, no hidden files, no notebooks.

    taken: relative names of the course's own files there, which a student's do not replace. A folder below in which there are
    notebooks is another assignment. Raises TooManyError over MAX_FILES or MAX_BYTES.
    """
    folder = notebook.parent.absolute()
    if folder.is_symlink():
        return ()
    found, size = [], 0
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if _clashes(name, taken) or not _writable(name):
            continue
        found.append((name, str(path)))
        size += path.lstat().st_size
        if len(found) > MAX_FILES or size > MAX_BYTES:
            raise TooManyError(
                f"more than {MAX_FILES} files or {MAX_BYTES >> 20} MB lie beside the notebook: none of them was there when it ran"
            )
    return tuple(found)


def _files(folder: Path, depth: int = 4) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith((".", "~", "__pycache__", "__MACOSX")) or entry.is_symlink() or entry.name in _OURS:
            continue
        if entry.is_dir():
            if depth and not any(inner.suffix.lower() == ".ipynb" for inner in entry.iterdir()):
                yield from _files(entry, depth - 1)
        elif entry.is_file() and entry.suffix.lower() != ".ipynb":
            yield entry


def _clashes(name: str, taken: Iterable[str]) -> bool:
    """Whether the course has a file of this name, or a folder where this is a file, or a file where this has a folder."""
    own = PurePosixPath(name.lower())
    others = [PurePosixPath(other.lower()) for other in taken]
    return any(own == other or own in other.parents or other in own.parents for other in others)


def _writable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
