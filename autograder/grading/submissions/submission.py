"""Repair a submitted notebook: match its cells with the lab's and restore their order.

The file may have edited metadata, lost ids, and deleted, duplicated or moved cells. Test cells and
given cells always come from the lab; only what students write is taken from the file. This module
knows notebooks and labs; it runs nothing and gives no marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from autograder.errors import UnreadableError
from autograder.grading.verdict import Flag
from autograder.labs.model import Cell, Lab, Settings
from autograder.notebooks.io import read_lean, read_notebook, shown
from autograder.notebooks.start import without_start

__all__ = ["Submission", "UnreadableError", "read_notebook", "read_submission_here", "released_cells"]

# Two cells count as the same cell if their texts are at least this similar (0–100, rapidfuzz's ratio).
SIMILAR = 60.0
# Characters of a text that are compared, and the limit for the sum of len(a) * len(b) over all comparisons: about a second.
COMPARED, MAX_COMPARED = 20_000, 2 * 10**10
# Below this share of recognised cells of the release, a file does not count as a submission to the lab.
RECOGNISED = 0.3
# Lines that nbgrader puts in place of an answer.
_PLACEHOLDERS = ("", "# YOUR CODE HERE", "raise NotImplementedError()", "YOUR ANSWER HERE")
# nbgrader metadata of a cell about how it is marked.
_MARKED = ("points", "grade", "solution")


@dataclass(frozen=True)
class Submission:
    """A repaired submission.

    Attributes:
        code: (index of the lab's cell, source) of each code cell, in running order. Test cells and
            given cells have the source of the lab. The index is -1 for the student's own cells. A
            deleted cell of the lab without a grade id has the source "".
        exercises: Exercise name → source as submitted, for every exercise that was found.
        written: Question name → text of the student, for every question that was found.
        flags: What was repaired.
        needs_review: Whether an exercise could not be found although the file holds code that
            could not be matched.
        blank: Grade ids of the exercises and questions that are unchanged since the release and
            have no cells of the student next to them.
        skippable: Indices in `code` of the lab's own demonstrations that nothing depends on.
        odd: Flags for code that no honest solution needs.
        windows: Indices in `code` of the student's cells that have Windows line endings in the
            file.
        cells: The submitted cells with their pictures, as `read_lean` returns them; empty unless
            they were asked for.
    """

    code: tuple[tuple[int, str], ...]
    exercises: dict[str, str]
    written: dict[str, str]
    flags: tuple[Flag, ...]
    needs_review: bool
    blank: frozenset[str] = frozenset()
    skippable: frozenset[int] = frozenset()
    odd: tuple[Flag, ...] = ()
    windows: frozenset[int] = frozenset()
    cells: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Released:
    """A cell of the release: its text, and its nbgrader metadata."""

    source: str
    noted: Mapping[str, Any]


def read_submission_here(lab: Lab, path: Path, released: Sequence[Released] = (), *, pictures: bool = False) -> Submission:
    """Read and repair a submission in this process.

    Args:
        lab: The lab.
        path: Path of the notebook.
        released: Result of `released_cells` if it is known; otherwise it is computed.
        pictures: Whether to keep the submitted cells with their pictures too.

    Returns:
        The repaired submission.

    Raises:
        UnreadableError: The file cannot be read or is not a submission to the lab.
    """
    notebook, name = read_lean(path, pictures=pictures), shown(path.name)
    cells = [_Submitted(i, cell) for i, cell in enumerate(notebook["cells"])]
    _check_lab(lab, notebook["metadata"], name)
    handed_out = released or released_cells(lab)
    pairs = list(zip(lab.cells, handed_out, strict=True))
    flags = _match(cells, pairs)
    found = {cell.match for cell in cells if cell.match is not None}
    if len(found) < RECOGNISED * len(pairs):
        raise UnreadableError(
            f"{name}: only {len(found)} of the {len(pairs)} cells of {lab.id} were recognised; is it a submission for another lab?"
        )
    flags += [*_remarked(lab, cells, handed_out), *_other_language(notebook["metadata"])]
    work = _repaired(lab, cells, [cell.source for cell in handed_out], flags)
    return replace(work, cells=tuple(notebook["cells"])) if pictures else work


def released_cells(lab: Lab) -> tuple[Released, ...]:
    """Return the cells of the released notebook.

    Args:
        lab: The lab.

    Returns:
        One released cell per cell of the lab.
    """
    return _released(lab.id, lab.cells)


@lru_cache(maxsize=16)
def _released(lab_id: str, cells: tuple[Cell, ...]) -> tuple[Released, ...]:
    from autograder.notebooks.release import (
        release_notebook,  # nbgrader takes a while to load, and who reads may have been told
    )

    notebook = release_notebook(Lab(lab_id, Path(), cells, Settings("", 0, 0), ()))
    return tuple(Released(cell.source, dict(cell.metadata.get("nbgrader", {}))) for cell in notebook.cells)


def _check_lab(lab: Lab, metadata: Mapping[str, Any], name: str) -> None:
    other = metadata.get("coursekit", {}).get("lab")
    if isinstance(other, str) and other != lab.id:
        raise UnreadableError(f"{name}: this notebook is {shown(other)}, expected {lab.id}; submit the notebook of {lab.id}")


# ── matching ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Submitted:
    """A submitted cell, and the index of the matching cell of the lab."""

    def __init__(self, index: int, cell: Mapping[str, Any]) -> None:
        self.index = index
        self.sent: str = cell["source"]
        self.cell_type: str = cell["cell_type"]
        self.is_code = self.cell_type == "code"
        self.source = without_start(self.sent) if self.is_code else self.sent
        self.windows: bool = cell.get("windows", False)
        self.noted: Mapping[str, Any] = cell["metadata"].get("nbgrader", {})
        self.ids = [name for name in (self.noted.get("grade_id"), cell.get("id")) if name and isinstance(name, str)]
        self.match: int | None = None

    def was_released(self, source: str) -> bool:
        """Return whether nbgrader's checksum matches `source` and the metadata, so that a release contained them."""
        try:
            return bool(self.noted["checksum"]) and self.noted["checksum"] == _checksum(source, self.cell_type, self.noted)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):  # metadata of any kind
            return False


def _checksum(source: str, cell_type: str, noted: Mapping[str, Any]) -> str:
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum  # slow to import and rarely needed

    stated = noted.get("cell_type", cell_type)
    return compute_checksum(from_dict({"source": source, "cell_type": stated, "metadata": {"nbgrader": dict(noted)}}))


class _Likeness:
    """Similarity of texts, 0–100. After MAX_COMPARED every similarity is 0, which bounds the time."""

    def __init__(self) -> None:
        self._left = MAX_COMPARED

    def __call__(self, submitted: str, cell: Cell, released: str) -> float:
        """Compare a submitted cell with a released one.

        A solution may be long, so an exercise is also recognised by its released lines, such as `def` and docstring.
        """
        submitted, released = submitted[:COMPARED], released[:COMPARED]
        alike = self._ratio(submitted, released)
        frame = released.replace("# YOUR CODE HERE", "").replace("raise NotImplementedError()", "").strip()
        if cell.role != "exercise" or len(frame) < 20:
            return alike
        head = self._ratio(frame, submitted.lstrip()[: len(frame)])
        self._left -= 500 * len(submitted)
        return max(alike, head, _share_of_lines(frame, submitted) if self._left > 0 else 0.0)

    def _ratio(self, one: str, other: str) -> float:
        self._left -= len(one) * len(other)
        return fuzz.ratio(one, other, score_cutoff=SIMILAR) if self._left > 0 else 0.0


def _share_of_lines(frame: str, submitted: str) -> float:
    """Return the share of the frame's characters, 0–100, in lines that the submitted cell contains too."""
    there = {line.strip() for line in submitted.splitlines()}
    lines = [line.strip() for line in frame.splitlines()]
    return 100 * sum(len(line) for line in lines if line in there) / max(1, sum(map(len, lines)))


def _match(cells: Sequence[_Submitted], released: Sequence[tuple[Cell, Released]]) -> list[Flag]:
    """Set `match` of every cell that can be recognised: by its ids, by its content, or by its position."""
    by_id = {cell.id: i for i, (cell, _) in enumerate(released)}
    for submitted in cells:
        submitted.match = next((by_id[i] for i in submitted.ids if i in by_id), None)
    found = {cell.match for cell in cells if cell.match is not None}
    likeness = _Likeness()
    recovered: list[str] = []
    # Exercises come last: then their neighbours are known, and a blank exercise is not mistaken for another one.
    for index, (cell, node) in sorted(enumerate(released), key=lambda item: item[1][0].role == "exercise"):
        if index in found:
            continue
        if (best := _most_similar(cells, index, cell, node.source, likeness)) is not None:
            best.match = index
            recovered.append(cell.grade_id)
    recovered += _match_by_place(cells, [cell for cell, _ in released])
    lost = tuple(grade_id for grade_id in recovered if grade_id)
    said = f"{len(lost)} cells had lost their ids and were recognised by content and place"
    flags = [Flag("recovered", lost, said)] if lost else []
    return flags + _resolve_duplicates(cells, released)


def _most_similar(cells: Sequence[_Submitted], index: int, cell: Cell, released: str, likeness: _Likeness) -> _Submitted | None:
    """Return the most similar unmatched cell between the matched neighbours of release cell `index`, if there is one."""
    before = max((c.index for c in cells if c.match is not None and c.match < index), default=-1)
    after = min((c.index for c in cells if c.match is not None and c.match > index and c.index > before), default=len(cells))
    free = [c for c in cells if c.match is None and c.source.strip()]
    near = [c for c in free if before < c.index < after] or free
    same = next((c for c in near if c.source.strip() == released.strip()), None)
    if same is not None:
        return same
    alike = [likeness(c.source, cell, released) for c in near]
    best = max(range(len(near)), key=alike.__getitem__, default=None)
    return near[best] if best is not None and alike[best] >= SIMILAR else None


def _match_by_place(cells: Sequence[_Submitted], lab: Sequence[Cell]) -> list[str]:
    """Match the only unmatched cell between two matched neighbours with the exercise or answer that belongs there."""
    recovered = []
    for index, cell in enumerate(lab):
        if cell.role not in ("exercise", "written") or any(c.match == index for c in cells):
            continue
        between = _between(cells, index - 1, index + 1, len(lab))
        if between is not None and len(between) == 1 and between[0].is_code == cell.is_code:
            between[0].match = index
            recovered.append(cell.grade_id)
    return recovered


def _between(cells: Sequence[_Submitted], before: int, after: int, last: int) -> list[_Submitted] | None:
    """Return the non-empty cells between those matched with lab cells `before` and `after`; None if either has no match."""
    places = {c.match: c.index for c in cells if c.match is not None}
    first, end = (-1 if before < 0 else places.get(before)), (len(cells) if after == last else places.get(after))
    if first is None or end is None:
        return None
    return [c for c in cells[first + 1 : end] if c.match is None and c.source.strip()]


def _resolve_duplicates(cells: Sequence[_Submitted], released: Sequence[tuple[Cell, Released]]) -> list[Flag]:
    """Let only the last edited copy of a duplicated cell keep its match; the other copies become plain code."""
    flags = []
    for index, (cell, node) in enumerate(released):
        copies = [c for c in cells if c.match == index]
        if len(copies) < 2:
            continue
        blank = _essence(node.source)
        kept = next((c for c in reversed(copies) if _essence(c.source) != blank), copies[-1])
        for copy in copies:
            if copy is not kept:
                copy.match = None
                if _essence(copy.source) == blank or cell.role in ("tests", "given"):
                    copy.is_code = False  # an unchanged copy would only raise NotImplementedError or repeat a test
        if cell.grade_id:
            said = f"cell {cell.grade_id} stands {len(copies)} times; the last edited copy was graded"
            flags.append(Flag("duplicated", (cell.grade_id,), said))
    return flags


def _remarked(lab: Lab, cells: Sequence[_Submitted], released: Sequence[Released]) -> list[Flag]:
    """Flag cells whose nbgrader metadata (points, grade, solution) was edited; the lab's metadata is used."""
    other: list[str] = []
    older: list[str] = []
    for cell in cells:
        if cell.match is None:
            continue
        node = released[cell.match]
        own = node.noted
        if any(cell.noted[key] != own.get(key, cell.noted[key]) for key in _MARKED if key in cell.noted):
            # The text of an answer has changed since its release; the lab's text may still be the one of that release.
            known = cell.was_released(cell.sent) or cell.was_released(node.source)
            # Points in the metadata of an answer cell have no effect.
            skippable = own.get("solution") and all(cell.noted.get(key) == own.get(key) for key in ("grade", "solution"))
            (older if known or skippable else other).append(lab.cells[cell.match].grade_id)
    flags = []
    if other:
        said = f"points or roles noted in cells differ from the lab's, which count: {', '.join(other)}"
        flags.append(Flag("edited", tuple(other), said))
    if older:
        said = f"points noted in cells are those of an older release; the current ones count: {', '.join(older)}"
        flags.append(Flag("outdated", tuple(older), said))
    return flags


def _other_language(metadata: Mapping[str, Any]) -> list[Flag]:
    """Return a flag if the metadata names another language than Python."""
    named = [metadata.get("kernelspec", {}).get("language"), metadata.get("language_info", {}).get("name")]
    other = [name for name in named if isinstance(name, str) and not name.lower().startswith(("python", "ipython"))]
    return [Flag("edited", (), f"the file says that it is in {shown(other[0][:40])!r}; it was run as Python")] if other else []


# ── repair ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _repaired(lab: Lab, cells: Sequence[_Submitted], released: Sequence[str], flags: list[Flag]) -> Submission:
    """Create the submission: locked cells come from the lab, missing ones are put back, and the lab's order is restored."""
    matched = {c.match: c for c in cells if c.match is not None}
    order = [c.match for c in cells if c.match is not None]
    if order != sorted(order):
        flags.append(Flag("moved", (), "cells had been moved; the lab's order was restored"))
    missing = tuple(cell.grade_id for i, cell in enumerate(lab.cells) if i not in matched and cell.grade_id)
    if missing:
        said = f"missing cells: {', '.join(missing)}; tests and given cells were put back"
        flags.append(Flag("missing", missing, said))
    flags += _replaced(lab, matched, released)
    exercises = {lab.cells[i].name: c.source for i, c in matched.items() if lab.cells[i].role == "exercise"}
    written = {lab.cells[i].name: c.source for i, c in matched.items() if lab.cells[i].role == "written"}
    lost = [cell.name for cell in lab.of("exercise") if cell.name not in exercises]
    unplaced = [c for c in cells if c.match is None and c.is_code and c.source.strip()]
    code = tuple(_running_order(lab, cells, matched))
    blank = frozenset(_blank(lab, cells, matched, released))
    windows = frozenset(_windows(lab, cells, code))
    return Submission(code, exercises, written, tuple(flags), bool(lost and unplaced), blank, windows=windows)


def _windows(lab: Lab, cells: Sequence[_Submitted], code: Sequence[tuple[int, str]]) -> Iterator[int]:
    """Yield the indices in `code` of the student's cells that came with Windows line endings."""
    theirs = {(-1 if c.match is None else c.match, c.source) for c in cells if c.windows}
    for place, (index, source) in enumerate(code):
        if (index, source) in theirs and (index < 0 or lab.cells[index].role in ("exercise", "code")):
            yield place


def _blank(lab: Lab, cells: Sequence[_Submitted], matched: dict[int, _Submitted], released: Sequence[str]) -> Iterator[str]:
    """Yield grade ids of exercises and questions that are unchanged and have no cell of the student next to them."""
    known = {"", *(source.strip() for source in released)}
    for index, cell in enumerate(lab.cells):
        if cell.role not in ("exercise", "written") or dict(cell.nbgrader).get("task"):  # a task is answered below it
            continue
        place = matched.get(index)
        if place is None or (
            _bare(place.source) in ("", _bare(released[index]))
            and not any(c.source.strip() not in known for c in _own_beside(cells, place, cell.role))
        ):
            yield cell.grade_id


def _bare(source: str) -> str:
    """Return a cell's text without blank lines, trailing blanks and nbgrader's placeholders."""
    lines = (line.rstrip() for line in source.splitlines())
    return "\n".join(line for line in lines if line.strip() not in _PLACEHOLDERS)


def _own_beside(cells: Sequence[_Submitted], place: _Submitted, role: str) -> Iterator[_Submitted]:
    """Yield the student's own cells below `place`, and their text above a question: students also answer there."""
    yield from takewhile(lambda c: c.match is None, cells[place.index + 1 :])
    if role == "written":
        yield from takewhile(lambda c: c.match is None and not c.is_code, reversed(cells[: place.index]))


def _replaced(lab: Lab, matched: Mapping[int, _Submitted], released: Sequence[str]) -> list[Flag]:
    """Flag locked cells that differ from the lab's cells, which ran in their place."""
    locked = {lab.cells[i].grade_id: c for i, c in matched.items() if lab.cells[i].role in ("tests", "given")}
    text = {lab.cells[i].grade_id: released[i] for i in matched}
    differ = [name for name, cell in locked.items() if _essence(cell.source) != _essence(text[name])]
    older = tuple(name for name in differ if locked[name].was_released(locked[name].sent))
    other = tuple(name for name in differ if name not in older)
    flags = []
    if other:
        said = f"read-only cells differ from the lab's, which were run instead: {', '.join(other)}"
        flags.append(Flag("edited", other, said))
    if older:
        said = f"read-only cells are those of an older release; the current ones were run: {', '.join(older)}"
        flags.append(Flag("outdated", older, said))
    return flags


def _essence(source: str) -> str:
    """Return a cell's text without what editors change: trailing blanks, blank lines around it, Unicode form."""
    lines = (line.rstrip() for line in unicodedata.normalize("NFC", source).split("\n"))
    return "\n".join(lines).strip()


def _running_order(lab: Lab, cells: Sequence[_Submitted], matched: dict[int, _Submitted]) -> list[tuple[int, str]]:
    """Return (index in the lab, source) of every code cell, in the lab's order.

    The student's own cells come after the cell of the lab that they followed.
    """
    own: dict[int, list[_Submitted]] = {}
    after = -1
    for submitted in cells:
        if submitted.match is not None:
            after = submitted.match
        elif submitted.is_code and submitted.source.strip():
            own.setdefault(after, []).append(submitted)
    code = [(-1, c.source) for c in own.get(-1, [])]
    for index, cell in enumerate(lab.cells):
        if cell.role in ("tests", "given"):
            code.append((index, cell.source))
        elif cell.is_code and (index in matched or cell.role == "code"):
            code.append((index, matched[index].source if index in matched else ""))
        code += [(-1, c.source) for c in own.get(index, [])]
    return code
