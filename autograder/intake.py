"""Read a submitted notebook and bring its cells back into the order and identity that the lab gave them.

A student's file is taken as it comes: edited metadata, lost ids, deleted, duplicated or moved cells. Test and given cells are
never taken from it; only what students write is. Knows notebooks and labs; runs nothing and gives no marks.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import nbformat
import nbformat.reader
from nbformat.reader import NotJSONError
from rapidfuzz import fuzz

from autograder.build import release_notebook
from autograder.labs import Cell, Lab, Settings
from autograder.verdict import Flag

__all__ = ["Submission", "UnreadableError", "read_notebook", "read_submission", "released_cells"]

MAX_BYTES = 64 * 2**20
# Two cells are the same cell when their texts are at least this similar (0–100, rapidfuzz's ratio).
SIMILAR = 60.0
# Below this share of recognised release cells a file is not taken for a submission to the lab at all.
RECOGNISED = 0.3
# Lines of nbgrader's that stand where an answer is due.
_PLACEHOLDERS = ("", "# YOUR CODE HERE", "raise NotImplementedError()", "YOUR ANSWER HERE")
# What nbgrader notes in a cell about how it is marked.
_MARKED = ("points", "grade", "solution")


class UnreadableError(Exception):
    """A file that is no notebook, or none of this lab. The message names the file, what came and what to do."""


@dataclass(frozen=True)
class Submission:
    """A repaired submission: `code` are (index of the lab's cell, source) in running order, tests and given cells as the lab has
    them. The index is -1 for the student's own cells; a cell of the lab without a grade id that was deleted has the source "".

    exercises: name → source as submitted, for every exercise that was found.
    written: name → the student's text, for every written question that was found.
    blank: grade ids of the exercises and questions that are as released, with nothing of the student's beside them.
    needs_review: an exercise could not be found, though the file holds code that could not be placed.
    """

    code: tuple[tuple[int, str], ...]
    exercises: dict[str, str]
    written: dict[str, str]
    flags: tuple[Flag, ...]
    needs_review: bool
    blank: frozenset[str] = frozenset()


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook at `path`, upgraded to format 4. Raises UnreadableError."""
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableError(f"{path.name}: a link or no file at all; hand in the notebook itself, not a link to one")
        size = facts.st_size
        if size > MAX_BYTES:
            raise UnreadableError(
                f"{path.name}: {size / 2**20:.0f} MB, at most {MAX_BYTES >> 20} MB are read; "
                "clear all outputs in the notebook, save it and submit it again"
            )
        text = path.read_bytes().decode("utf-8-sig")
        # Not `nbformat.reads`: that also checks against a schema, which takes long on a hostile file, warns of every cell without an
        # id, and writes what it finds into a log; what is needed of a notebook is looked at here.
        notebook = nbformat.reader.reads(text)
        if nbformat.reader.get_version(notebook)[0] != 4:
            notebook = nbformat.convert(notebook, 4)
    except FileNotFoundError:
        raise UnreadableError(f"{path}: there is no such file") from None
    except (NotJSONError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(
            f"{path.name}: not a notebook (expected JSON in UTF-8): {_first_line(error)}; "
            "download it again from JupyterLab or Colab as .ipynb and submit that file"
        ) from error
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error}") from error
    except UnreadableError:
        raise
    except Exception as error:  # nbformat raises many kinds for malformed input
        raise UnreadableError(
            f"{path.name}: not a valid notebook: {_first_line(error)}; submit a fresh copy of the file"
        ) from error
    if not isinstance(notebook.get("metadata"), dict):
        notebook["metadata"] = nbformat.from_dict({})
    if isinstance(notebook.get("cells"), list):
        notebook["cells"] = [cell for cell in notebook.cells if isinstance(cell, dict)]
    if not isinstance(notebook.get("cells"), list) or not notebook.cells:
        raise UnreadableError(f"{path.name}: the notebook has no cells; submit the file with your answers")
    return notebook


def read_submission(lab: Lab, path: Path) -> Submission:
    """Read and repair the submission at `path`. Raises UnreadableError for a file that is no submission to `lab`."""
    notebook = read_notebook(path)
    cells = [_Submitted(i, cell) for i, cell in enumerate(notebook.cells)]
    _check_lab(lab, notebook, path)
    released = list(zip(lab.cells, released_cells(lab), strict=True))
    flags = _match(cells, released)
    found = {cell.match for cell in cells if cell.match is not None}
    if len(found) < RECOGNISED * len(released):
        raise UnreadableError(
            f"{path.name}: only {len(found)} of the {len(released)} cells of {lab.id} were recognised; is it a submission for another lab?"
        )
    flags += [*_remarked(lab, cells, [node for _, node in released]), *_other_language(notebook)]
    return _repaired(lab, cells, [node.source for _, node in released], flags)


def released_cells(lab: Lab) -> tuple[nbformat.NotebookNode, ...]:
    """The cells of the notebook that students got. They must not be changed."""
    return _released(lab.id, lab.cells)


@lru_cache(maxsize=16)
def _released(lab_id: str, cells: tuple[Cell, ...]) -> tuple[nbformat.NotebookNode, ...]:
    return tuple(release_notebook(Lab(lab_id, Path(), cells, Settings("", 0, 0), ())).cells)


def _check_lab(lab: Lab, notebook: nbformat.NotebookNode, path: Path) -> None:
    stated = notebook.metadata.get("coursekit")
    other = stated.get("lab") if isinstance(stated, dict) else None
    if isinstance(other, str) and other != lab.id:
        raise UnreadableError(f"{path.name}: this notebook is {other}, expected {lab.id}; submit the notebook of {lab.id}")


# ── matching ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Submitted:
    """A submitted cell, and the index of the lab's cell that it was recognised as."""

    def __init__(self, index: int, cell: Any) -> None:
        self.index = index
        source = cell.get("source", "")
        self.source = source if isinstance(source, str) else ""
        self.kind = cell.get("cell_type")
        self.is_code = self.kind == "code"
        metadata = cell.get("metadata", {})
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        self.marked = {key: nbgrader[key] for key in _MARKED if key in nbgrader} if isinstance(nbgrader, dict) else {}
        self.ids = {str(i) for i in (grade_id, cell.get("id")) if i}
        self.match: int | None = None


def _match(cells: Sequence[_Submitted], released: Sequence[tuple[Cell, Any]]) -> list[Flag]:
    """Set `match` of every cell that can be recognised: by grade id or cell id, by content near its place, by place."""
    by_id = {cell.id: i for i, (cell, _) in enumerate(released)}
    for submitted in cells:
        submitted.match = next((by_id[i] for i in submitted.ids if i in by_id), None)
    found = {cell.match for cell in cells if cell.match is not None}
    recovered: list[str] = []
    # Exercises last: by then the cells round each are known, and one that was left blank passes for no other.
    for index, (cell, node) in sorted(enumerate(released), key=lambda item: item[1][0].role == "exercise"):
        if index in found:
            continue
        if (best := _most_similar(cells, index, cell, node.source)) is not None:
            best.match = index
            recovered.append(cell.grade_id)
    recovered += _match_by_place(cells, [cell for cell, _ in released])
    lost = tuple(grade_id for grade_id in recovered if grade_id)
    said = f"{len(lost)} cells had lost their ids and were recognised by content and place"
    flags = [Flag("recovered", lost, said)] if lost else []
    return flags + _settle_duplicates(cells, released)


def _most_similar(cells: Sequence[_Submitted], index: int, cell: Cell, released: str) -> _Submitted | None:
    """The unmatched cell between the matched neighbours of release cell `index` that looks most like it, if one does."""
    before = max((c.index for c in cells if c.match is not None and c.match < index), default=-1)
    after = min((c.index for c in cells if c.match is not None and c.match > index and c.index > before), default=len(cells))
    free = [c for c in cells if c.match is None and c.source.strip()]
    near = [c for c in free if before < c.index < after]
    best = max(near or free, key=lambda c: _similarity(c.source, cell, released), default=None)
    return best if best is not None and _similarity(best.source, cell, released) >= SIMILAR else None


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


def _similarity(submitted: str, cell: Cell, released: str) -> float:
    """0–100. What students fill in may be long, so an exercise is recognised by the lines around it: its `def` and docstring."""
    if cell.role != "exercise":
        return fuzz.ratio(submitted, released)
    frame = released.replace("# YOUR CODE HERE", "").replace("raise NotImplementedError()", "").strip()
    return max(fuzz.ratio(submitted, released), fuzz.partial_ratio(frame, submitted) if len(frame) >= 20 else 0.0)


def _settle_duplicates(cells: Sequence[_Submitted], released: Sequence[tuple[Cell, Any]]) -> list[Flag]:
    """Of several copies of one cell the last that was changed from the release keeps its identity; the others stay plain code."""
    flags = []
    for index, (cell, node) in enumerate(released):
        copies = [c for c in cells if c.match == index]
        if len(copies) < 2:
            continue
        kept = next((c for c in reversed(copies) if c.source.strip() != node.source.strip()), copies[-1])
        for copy in copies:
            if copy is not kept:
                copy.match = None
                if copy.source.strip() == node.source.strip() or cell.role in ("tests", "given"):
                    copy.is_code = False  # an untouched copy would only raise NotImplementedError, or repeat a test
        if cell.grade_id:
            said = f"cell {cell.grade_id} stands {len(copies)} times; the last edited copy was graded"
            flags.append(Flag("duplicated", (cell.grade_id,), said))
    return flags


def _remarked(lab: Lab, cells: Sequence[_Submitted], released: Sequence[Any]) -> list[Flag]:
    """A flag for cells whose notes about how they are marked are not the lab's, which count all the same."""
    edited = []
    for cell in cells:
        if cell.match is not None:
            own = released[cell.match].metadata.get("nbgrader", {})
            if any(cell.marked[key] != own.get(key, cell.marked[key]) for key in cell.marked):
                edited.append(lab.cells[cell.match].grade_id)
    said = f"points or roles of cells had been edited; the lab's count: {', '.join(edited)}"
    return [Flag("edited", tuple(edited), said)] if edited else []


def _other_language(notebook: nbformat.NotebookNode) -> list[Flag]:
    """A flag if the file says that it is in another language than Python."""
    said = [notebook.metadata.get(key) for key in ("kernelspec", "language_info")]
    named = [part.get(key) for part, key in zip(said, ("language", "name"), strict=True) if isinstance(part, dict)]
    other = [name for name in named if isinstance(name, str) and not name.lower().startswith(("python", "ipython"))]
    return [Flag("edited", (), f"the file says that it is in {other[0][:40]!r}; it was run as Python")] if other else []


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
    edited = tuple(
        lab.cells[i].grade_id
        for i, c in matched.items()
        if lab.cells[i].role in ("tests", "given") and c.source.strip() != released[i].strip()
    )
    if edited:
        said = f"read-only cells had been edited and were restored: {', '.join(edited)}"
        flags.append(Flag("edited", edited, said))
    exercises = {lab.cells[i].name: c.source for i, c in matched.items() if lab.cells[i].role == "exercise"}
    written = {lab.cells[i].name: c.source for i, c in matched.items() if lab.cells[i].role == "written"}
    lost = [cell.name for cell in lab.of("exercise") if cell.name not in exercises]
    unplaced = [c for c in cells if c.match is None and c.is_code and c.source.strip()]
    code = tuple(_running_order(lab, cells, matched))
    blank = frozenset(_blank(lab, cells, matched, released))
    return Submission(code, exercises, written, tuple(flags), needs_review=bool(lost and unplaced), blank=blank)


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
        yield from takewhile(lambda c: c.match is None and c.kind != "code", reversed(cells[: place.index]))


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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
