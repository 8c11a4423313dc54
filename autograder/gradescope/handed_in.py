"""Find the notebook of the lab in what a student handed in to Gradescope, by its content and never by its name.

Where there is not exactly one, the student hands in again: that costs less than a guess. This module knows
one folder of files; it grades nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from autograder.collecting.archives import Entry
from autograder.collecting.identify import identify, is_notebook
from autograder.collecting.sources.pieces import Person, Piece
from autograder.errors import UnreadableError
from autograder.labs.model import Lab
from autograder.notebooks.io import shown

__all__ = ["find_notebook"]

MAX_FILES = 2_000  # files that are looked at
_NAMED = 5  # notebooks that a sentence names
_SOMEBODY = Person("student")


def find_notebook(folder: Path, lab: Lab) -> tuple[Path, list[str]]:
    """Find the one notebook of the lab.

    Args:
        folder: Folder with the student's files.
        lab: The lab.

    Returns:
        Path of the notebook, and sentences for the student about what is odd: other notebooks that
        were left out, cells that lost their ids.

    Raises:
        UnreadableError: There is no notebook of the lab, or more than one. The message is for the
            student.
    """
    pieces = [
        Piece(Entry(str(path), path, datetime.now(timezone.utc)), _SOMEBODY, path.relative_to(folder).as_posix())
        for path in _files(folder)
    ]
    if not pieces:
        raise UnreadableError("There is no file in it.")
    found = identify(pieces, lab)
    notebooks = [piece.file for piece in pieces if is_notebook(piece)]
    if found.notebook is None:
        reasons = {
            "no notebook": "There is no notebook in it",
            "wrong lab": f"There is no notebook of {lab.id} in it",
            "unreadable": "The notebook cannot be read",
        }
        raise UnreadableError(f"{reasons[found.problem]}: {found.said}")
    if found.others:
        raise UnreadableError(
            f"There are {found.others + 1} notebooks of this lab in it ({_names(notebooks)}): only one can count."
        )
    notes = [f"{found.notebook.file}: {found.repaired}"] if found.repaired else []
    if len(notebooks) > 1:
        notes.append(f"Graded: {found.notebook.file}. The other notebooks in your submission are not of this lab.")
    return found.notebook.entry.path, notes


def _names(notebooks: list[str]) -> str:
    more = f" and {len(notebooks) - _NAMED} more" if len(notebooks) > _NAMED else ""
    return ", ".join(map(shown, notebooks[:_NAMED])) + more


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files, without links and what systems and editors add, such as `.ipynb_checkpoints`."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _added(name))
        for name in sorted(names):
            path = Path(place, name)
            if _added(name) or path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                return
            yield path


def _added(name: str) -> bool:
    return name.startswith((".", "~$", "__MACOSX", "__pycache__"))
