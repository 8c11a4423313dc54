"""The code that a student wrote for each exercise, read fast for a whole class or several years of one.

A notebook of ordinary size whose cells still have their ids is read here, as plain JSON. Any other one
goes through `read_submission`, which is slower and repairs it. This module knows notebooks and labs; it
compares nothing and gives no marks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.errors import UnreadableError
from autograder.grading.submissions.reading import read_submission
from autograder.labs.model import Lab
from autograder.notebooks.io import read_lean, shown

__all__ = ["read_answers"]

MAX_HERE = 8 * 2**20  # bytes of a file that is read in this process
MAX_CHARS = 100_000  # characters of a student's code; answers have some thousand

# (exercise, source) of a cell: "" for a cell of the lab that is no exercise, None for one that the student added.
_Cell = tuple[str | None, str]


def read_answers(lab: Lab, path: Path) -> dict[str, tuple[str, ...]]:
    """Read what a student wrote.

    Args:
        lab: The lab.
        path: Path of the notebook.

    Returns:
        Exercise name → sources of its cell and of the cells that the student added to it: those
        right above it, and those below it before the next exercise. At most MAX_CHARS characters
        in all.

    Raises:
        UnreadableError: The file cannot be read or is not a submission to the lab.
    """
    cells = _cells_by_id(lab, path)
    return _grouped(_cells_repaired(lab, path) if cells is None else cells)


def _cells_by_id(lab: Lab, path: Path) -> list[_Cell] | None:
    """Return the cells if the ids of all exercises are there, each once; otherwise None."""
    try:
        if path.lstat().st_size > MAX_HERE:
            return None
    except OSError as error:
        raise UnreadableError(f"{shown(path)}: cannot be read: {shown(error.strerror)}") from error
    notebook = read_lean(path)
    if notebook["metadata"].get("coursekit", {}).get("lab", lab.id) != lab.id:
        return None
    names = {cell.id: cell.name if cell.role == "exercise" else "" for cell in lab.cells}
    made: list[_Cell] = []
    for cell in notebook["cells"]:
        ids = (cell["metadata"].get("nbgrader", {}).get("grade_id"), cell.get("id"))
        known = next((names[name] for name in ids if isinstance(name, str) and name in names), None)
        made.append((known if known is not None or cell["cell_type"] == "code" else "", cell["source"]))
    there = Counter(name for name, _ in made if name)
    return made if all(there[cell.name] == 1 for cell in lab.of("exercise")) else None


def _cells_repaired(lab: Lab, path: Path) -> list[_Cell]:
    roles = {place: cell.name if cell.role == "exercise" else "" for place, cell in enumerate(lab.cells)}
    return [(roles[place] if place >= 0 else None, source) for place, source in read_submission(lab, path, look=False).code]


def _grouped(cells: Sequence[_Cell]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    left = MAX_CHARS
    for (_, source), owner in zip(cells, _owners(cells), strict=True):
        if owner and source.strip():
            found.setdefault(owner, []).append(source[:left])
            left -= len(found[owner][-1])
    return {name: tuple(sources) for name, sources in found.items()}


def _owners(cells: Sequence[_Cell]) -> Iterator[str]:
    """Yield the exercise of each cell; "" for a cell of the lab, and for an own cell before the first exercise."""
    above = []  # the exercise that comes next, if only own cells stand between
    following = ""
    for name, _ in reversed(cells):
        following = following if name is None else name
        above.append(following)
    last = ""
    for (name, _), below in zip(cells, reversed(above), strict=True):
        last = name or last
        yield (below or last) if name is None else name
