"""Read a submitted notebook and bring its cells back into the order and identity that the lab gave them.

A student's file is taken as it comes: edited metadata, lost ids, deleted, duplicated or moved cells. Test and given cells are
never taken from it; only what students write is. Knows notebooks and labs; runs nothing and gives no marks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from autograder.errors import UnreadableError
from autograder.grading.verdict import Flag
from autograder.labs.model import Cell, Lab, Settings
from autograder.notebooks.io import read_lean, read_notebook, shown

__all__ = ["Submission", "UnreadableError", "read_notebook", "read_submission_here", "released_cells"]

# Two cells are the same cell when their texts are at least this similar (0–100, rapidfuzz's ratio).
SIMILAR = 60.0
# How much of two texts is compared, and the sum of the products of such lengths that comparing may come to: about a second.
COMPARED, MAX_COMPARED = 20_000, 2 * 10**10
# Below this share of recognised release cells a file is not taken for a submission to the lab at all.
RECOGNISED = 0.3
# Lines of nbgrader's that stand where an answer is due.
_PLACEHOLDERS = ("", "# YOUR CODE HERE", "raise NotImplementedError()", "YOUR ANSWER HERE")
# What nbgrader notes in a cell about how it is marked.
_MARKED = ("points", "grade", "solution")


@dataclass(frozen=True)
class Submission:
    """A repaired submission: `code` are (index of the lab's cell, source) in running order, tests and given cells as the lab has
    them. The index is -1 for the student's own cells; a cell of the lab without a grade id that was deleted has the source "".

    exercises: name → source as submitted, for every exercise that was found.
    written: name → the student's text, for every written question that was found.
    blank: grade ids of the exercises and questions that are as released, with nothing of the student's beside them.
    needs_review: an exercise could not be found, though the file holds code that could not be placed.
    idle: places in `code` of the lab's own demonstrations on which nothing rests. odd: what no honest solution needs, as flags.
    windows: places in `code` of the student's text whose line ends, in the file, are those of Windows.
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


@dataclass(frozen=True)
class Released:
    """What students got in place of one cell of a lab: its text, and what nbgrader notes in it."""

    source: str
    noted: Mapping[str, Any]


def read_submission_here(lab: Lab, path: Path, released: Sequence[Released] = ()) -> Submission:
    """Read and repair the submission at `path`, in this process. Raises UnreadableError for a file that is no submission to `lab`.

    released: what `released_cells` gives, where that is known.
    """
    notebook, name = read_lean(path), shown(path.name)
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
    return _repaired(lab, cells, [cell.source for cell in handed_out], flags)


def released_cells(lab: Lab) -> tuple[Released, ...]:
    """The cells of the notebook that students got."""
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
    """A submitted cell, and the index of the lab's cell that it was recognised as."""

    def __init__(self, index: int, cell: Mapping[str, Any]) -> None:
        self.index = index
        self.source: str = cell["source"]
        self.cell_type: str = cell["cell_type"]
        self.is_code = self.cell_type == "code"
        self.windows: bool = cell.get("windows", False)
        self.noted: Mapping[str, Any] = cell["metadata"].get("nbgrader", {})
        self.ids = [name for name in (self.noted.get("grade_id"), cell.get("id")) if name and isinstance(name, str)]
        self.match: int | None = None

    def was_released(self, source: str) -> bool:
        """Whether nbgrader's checksum in the cell is that of this text with what else is noted: then a release held them so."""
        try:
            return bool(self.noted["checksum"]) and self.noted["checksum"] == _checksum(source, self.cell_type, self.noted)
        except (KeyError, TypeError, ValueError, OverflowError):
            return False


def _checksum(source: str, cell_type: str, noted: Mapping[str, Any]) -> str:
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum  # takes a while to load, and few submissions need it

    stated = noted.get("cell_type", cell_type)
    return compute_checksum(from_dict({"source": source, "cell_type": stated, "metadata": {"nbgrader": dict(noted)}}))


class _Likeness:
    """How alike texts are, 0–100, until so much has been compared that there must be an end: then nothing is like anything."""

    def __init__(self) -> None:
        self._left = MAX_COMPARED

    def __call__(self, submitted: str, cell: Cell, released: str) -> float:
        """What students fill in may be long, so an exercise is recognised by what was there before: its `def` and docstring."""
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
    """How much of the frame, by characters, stands in the submitted cell line by line."""
    there = {line.strip() for line in submitted.splitlines()}
    lines = [line.strip() for line in frame.splitlines()]
    return 100 * sum(len(line) for line in lines if line in there) / max(1, sum(map(len, lines)))


def _match(cells: Sequence[_Submitted], released: Sequence[tuple[Cell, Released]]) -> list[Flag]:
    """Set `match` of every cell that can be recognised: by grade id or cell id, by content near its place, by place."""
    by_id = {cell.id: i for i, (cell, _) in enumerate(released)}
    for submitted in cells:
        submitted.match = next((by_id[i] for i in submitted.ids if i in by_id), None)
    found = {cell.match for cell in cells if cell.match is not None}
    likeness = _Likeness()
    recovered: list[str] = []
    # Exercises last: by then the cells round each are known, and one that was left blank passes for no other.
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
    return flags + _settle_duplicates(cells, released)


def _most_similar(cells: Sequence[_Submitted], index: int, cell: Cell, released: str, likeness: _Likeness) -> _Submitted | None:
    """The unmatched cell between the matched neighbours of release cell `index` that looks most like it, if one does."""
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
    """Take the only unrecognised cell between two recognised neighbours for the exercise or answer that belongs there."""
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
    """The non-empty cells between those recognised as lab cells `before` and `after`; None if either was not recognised."""
    places = {c.match: c.index for c in cells if c.match is not None}
    first, end = (-1 if before < 0 else places.get(before)), (len(cells) if after == last else places.get(after))
    if first is None or end is None:
        return None
    return [c for c in cells[first + 1 : end] if c.match is None and c.source.strip()]


def _settle_duplicates(cells: Sequence[_Submitted], released: Sequence[tuple[Cell, Released]]) -> list[Flag]:
    """Of several copies of one cell the last that was changed from the release keeps its identity; the others stay plain code."""
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
                    copy.is_code = False  # an untouched copy would only raise NotImplementedError, or repeat a test
        if cell.grade_id:
            said = f"cell {cell.grade_id} stands {len(copies)} times; the last edited copy was graded"
            flags.append(Flag("duplicated", (cell.grade_id,), said))
    return flags


def _remarked(lab: Lab, cells: Sequence[_Submitted], released: Sequence[Released]) -> list[Flag]:
    """Flags for cells whose notes about how they are marked are not the lab's, which count all the same."""
    other: list[str] = []
    older: list[str] = []
    for cell in cells:
        if cell.match is None:
            continue
        node = released[cell.match]
        own = node.noted
        if any(cell.noted[key] != own.get(key, cell.noted[key]) for key in _MARKED if key in cell.noted):
            # The text of an answer has changed since its release; that of the lab may still be the one that was released then.
            known = cell.was_released(cell.source) or cell.was_released(node.source)
            # Points stand in the cells of answers too, where they are worth nothing to anybody.
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
    """A flag if the file says that it is in another language than Python."""
    named = [metadata.get("kernelspec", {}).get("language"), metadata.get("language_info", {}).get("name")]
    other = [name for name in named if isinstance(name, str) and not name.lower().startswith(("python", "ipython"))]
    return [Flag("edited", (), f"the file says that it is in {shown(other[0][:40])!r}; it was run as Python")] if other else []


# ── repair ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _repaired(lab: Lab, cells: Sequence[_Submitted], released: Sequence[str], flags: list[Flag]) -> Submission:
    """The submitted cells in their own order, with every locked cell replaced by the lab's or put back where it is missing."""
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
    """Places in `code` of what the student may write, as far as it came with the line ends of Windows."""
    theirs = {(-1 if c.match is None else c.match, c.source) for c in cells if c.windows}
    for place, (index, source) in enumerate(code):
        if (index, source) in theirs and (index < 0 or lab.cells[index].role in ("exercise", "code")):
            yield place


def _blank(lab: Lab, cells: Sequence[_Submitted], matched: dict[int, _Submitted], released: Sequence[str]) -> Iterator[str]:
    """Grade ids of what the student left as it was: the cell says what the release says, and no own cell stands beside it."""
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
    """A cell's lines without blank ones, trailing blanks and nbgrader's placeholders, which say that nothing is there yet."""
    lines = (line.rstrip() for line in source.splitlines())
    return "\n".join(line for line in lines if line.strip() not in _PLACEHOLDERS)


def _own_beside(cells: Sequence[_Submitted], place: _Submitted, role: str) -> Iterator[_Submitted]:
    """The student's own cells below the one at `place`, and the text right above a question: where people answer, too."""
    yield from takewhile(lambda c: c.match is None, cells[place.index + 1 :])
    if role == "written":
        yield from takewhile(lambda c: c.match is None and not c.is_code, reversed(cells[: place.index]))


def _replaced(lab: Lab, matched: Mapping[int, _Submitted], released: Sequence[str]) -> list[Flag]:
    """Flags for locked cells that say something else than the lab's, which ran in their place."""
    locked = {lab.cells[i].grade_id: c for i, c in matched.items() if lab.cells[i].role in ("tests", "given")}
    text = {lab.cells[i].grade_id: released[i] for i in matched}
    differ = [name for name, cell in locked.items() if _essence(cell.source) != _essence(text[name])]
    older = tuple(name for name in differ if locked[name].was_released(locked[name].source))
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
    """A cell's text without what editors change by themselves: blanks at the ends of lines, blank lines round it, how ä is spelt."""
    lines = (line.rstrip() for line in unicodedata.normalize("NFC", source).split("\n"))
    return "\n".join(lines).strip()


def _running_order(lab: Lab, cells: Sequence[_Submitted], matched: dict[int, _Submitted]) -> list[tuple[int, str]]:
    """(index in the lab, source) of every code cell: the lab's in the lab's order, the student's own after the one they followed."""
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
