"""Find the files that a student submitted together with a notebook, such as a module, a table or a picture.

They are copied to the student process and nowhere else. This module knows folders and limits; it does
not look into the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

__all__ = ["MAX_BYTES", "MAX_FILES", "TooManyError", "files_beside"]

MAX_FILES = 200
MAX_BYTES = 64 * 2**20
_OURS = frozenset({"timestamp.txt"})  # written by nbgrader


class TooManyError(Exception):
    """There are more files than are copied for one student. The message names the limits."""


def files_beside(notebook: Path, taken: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Find the other files in the folder of a notebook, except links, hidden files and notebooks.

    Subfolders with notebooks belong to other assignments and are skipped.

    Args:
        notebook: Path of the notebook.
        taken: Relative names of the course's own support files, which a student's file does not
            replace.

    Returns:
        (relative name, absolute path) of each file.

    Raises:
        TooManyError: There are more than MAX_FILES files or MAX_BYTES bytes.
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
    """Return whether the name conflicts with a file or folder of the course."""
    own = PurePosixPath(name.lower())
    others = [PurePosixPath(other.lower()) for other in taken]
    return any(own == other or own in other.parents or other in own.parents for other in others)


def _writable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
