"""Compare a notebook with its release: name what was edited, lost or doubled, and put back what can be put back.

Changes neither an answer nor a cell of the student's own. Knows nothing of files or of running.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from coursekit.submission import notebook as nb
from coursekit.submission.notebook import Cell, Notebook

__all__ = ["Repaired", "repair"]


@dataclass(frozen=True)
class Repaired:
    """A notebook that was compared with its release.

    Attributes:
        notebook: The notebook, repaired. The original is unchanged.
        repaired: Sentences about what was put back.
        warnings: Sentences about what was not.
        missing: Grade ids of answers that the notebook has lost.
    """

    notebook: Notebook
    repaired: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def repair(notebook: Notebook, release: Notebook | None, called: Callable[[str], str] = str) -> Repaired:
    """Repair a notebook.

    Args:
        notebook: The student's notebook.
        release: The notebook of the same lab as it was handed out; None if it is not known.
        called: Gives what a student calls the cell with a grade id; by default the id.
    """
    work = copy.deepcopy(notebook)
    handed_out = {nb.grade_id(cell): cell for cell in nb.cells(release or {"cells": []}) if nb.grade_id(cell)}
    relabelled = _give_labels_back(work, handed_out)
    doubled = _resolve_doubles(work)
    restored, foreign = _restore_locked(work, handed_out)
    put_back, missing = _put_missing_back(work, release)

    def sentence(what: str, names: Iterable[str]) -> list[str]:
        listed = ", ".join(dict.fromkeys(map(called, names)))
        return [f"{what}: {listed}."] if listed else []

    repaired = [
        *sentence("Cells that had lost their marks for grading have them again", relabelled),
        *sentence("Cells that stood in the notebook twice: the last answered one counts", doubled),
        *sentence("Read-only cells were changed, and are as they were handed out again", restored),
        *sentence("Read-only cells were missing, and are back", put_back),
    ]
    warnings = [
        *sentence("Missing answers, whose cells are not in the notebook", missing),
        *sentence("Read-only cells were changed. The marker runs its own", foreign),
    ]
    return Repaired(work, tuple(repaired), tuple(warnings), tuple(missing))


def _give_labels_back(work: Notebook, handed_out: dict[str, Cell]) -> list[str]:
    """Give cells without nbgrader's notes those of the release, where their id or their text says which cell they are."""
    there = set(map(nb.grade_id, nb.cells(work)))
    found = []
    for name in [name for name in handed_out if name not in there]:
        original = handed_out[name]
        free = [c for c in nb.cells(work) if not nb.grade_id(c) and c["cell_type"] == original["cell_type"]]
        same = [c for c in free if c.get("id") == original.get("id") is not None] or [
            c for c in free if nb.essence(c) == nb.essence(original)
        ]
        if same:
            same[-1]["metadata"].update(copy.deepcopy(original["metadata"]))
            found.append(name)
    return found


def _resolve_doubles(work: Notebook) -> list[str]:
    """Keep nbgrader's notes on the last answered copy of a cell. Remove the unanswered copies, keep others as plain cells."""
    groups: dict[str, list[Cell]] = {}
    for cell in nb.cells(work):
        if nb.grade_id(cell):
            groups.setdefault(nb.grade_id(cell), []).append(cell)
    doubled = {name: copies for name, copies in groups.items() if len(copies) > 1}
    removed: set[int] = set()
    for copies in doubled.values():
        written = [cell for cell in copies if nb.is_answer(cell) and nb.was_changed(cell)]
        whole = [cell for cell in copies if nb.is_locked(cell) and not nb.was_changed(cell)]
        kept = (written or whole or copies)[-1]
        for cell in copies:
            if cell is kept:
                continue
            if cell in written and nb.essence(cell) != nb.essence(kept):
                for key in ("nbgrader", "deletable", "editable"):
                    cell["metadata"].pop(key, None)
            else:
                removed.add(id(cell))
    work["cells"] = [cell for cell in nb.cells(work) if id(cell) not in removed]
    return list(doubled)


def _restore_locked(work: Notebook, handed_out: dict[str, Cell]) -> tuple[list[str], list[str]]:
    """Give changed read-only cells the released text. Return the ids of these, and of those whose release is not known."""
    restored, foreign = [], []
    for cell in nb.cells(work):
        name = nb.grade_id(cell)
        original = handed_out.get(name)
        is_theirs = original is None or nb.is_locked(original)
        if not name or not (nb.is_locked(cell) or original is not None) or not is_theirs or not nb.was_changed(cell):
            if name and original is not None and not is_theirs:
                _restore_notes(cell, original)
            continue
        stated = nb.noted(cell).get("checksum")
        if original is None or (stated and stated != nb.noted(original).get("checksum")):
            foreign.append(name)
            continue
        differs = nb.essence(cell) != nb.essence(original) or _marks(cell) != _marks(original)
        cell["source"] = copy.deepcopy(original["source"])
        _restore_notes(cell, original)
        if differs:
            restored.append(name)
    return restored, foreign


def _restore_notes(cell: Cell, original: Cell) -> None:
    """Give a cell the notes of the release if they differ in what decides about marks."""
    if _marks(cell) != _marks(original) or "checksum" not in nb.noted(cell):
        cell["metadata"]["nbgrader"] = copy.deepcopy(nb.noted(original))


def _marks(cell: Cell) -> tuple:
    notes = nb.noted(cell)
    return tuple(notes.get(key) for key in ("points", "grade", "solution", "locked"))


def _put_missing_back(work: Notebook, release: Notebook | None) -> tuple[list[str], list[str]]:
    """Insert missing read-only cells where the release has them. Return their ids, and the ids of missing answers."""
    if release is None:
        return [], []
    back, missing = [], []
    before = ""  # the marked cell of the release before this one
    for original in nb.cells(release):
        name = nb.grade_id(original)
        if not name:
            continue
        place = {nb.grade_id(cell): index for index, cell in enumerate(nb.cells(work))}
        if name not in place and nb.is_answer(original):
            missing.append(name)
            continue
        if name not in place:
            work["cells"].insert(place.get(before, -1) + 1, _fitting(original, work))
            back.append(name)
        before = name
    return back, missing


def _fitting(original: Cell, work: Notebook) -> Cell:
    """Return a copy of a released cell that fits into the format of a notebook: only format 4.5 has ids, and unique ones."""
    cell = copy.deepcopy(original)
    name = cell.pop("id", None)
    if work.get("nbformat_minor", 0) >= 5:
        taken = {other.get("id") for other in nb.cells(work)}
        cell["id"] = name if name and name not in taken else f"{str(name)[:50]}-back"
    return cell
