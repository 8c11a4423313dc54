"""What students may hand in to an nbgrader notebook: the reference, nothing, half of it, variations, mutants, known work.

All are made from the release that nbgrader itself writes. Knows notebooks and nbgrader's metadata; grades nothing.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import nbformat

from tests.foreign.mutants import renamed, some_mutants
from tests.foreign.topics import Known

__all__ = ["hand_in", "variants"]


def variants(
    right: nbformat.NotebookNode, blank: nbformat.NotebookNode, *, mutants: int, known: Sequence[Known] = ()
) -> dict[str, nbformat.NotebookNode]:
    """Submission's name → notebook. right, blank: the same notebook as its author wrote it and as students get it."""
    answers = {_grade_id(cell): _without_markers(cell.source) for cell in right.cells if _is_answer(cell)}
    code = {_grade_id(cell) for cell in right.cells if _is_answer(cell) and cell.cell_type == "code"}
    coded = {name: text for name, text in answers.items() if name in code}
    made = {
        "reference": filled(blank, answers),
        "release": blank,
        "half": filled(blank, dict(list(answers.items())[::2])),
        "renamed": filled(blank, answers | {name: renamed(text) for name, text in coded.items()}),
        "own_cells": _with_own_cells(filled(blank, answers)),
        "crlf": _with_line_ends(filled(blank, answers)),
    }
    for number, (name, mutant) in enumerate(some_mutants(coded, mutants), start=1):
        student = re.sub(r"\W+", "_", f"mutant{number:02d}_{name}_{mutant.kind}")
        made[student] = filled(blank, answers | {name: f"{mutant.source}\n# {name}, {mutant.what}"})
    for work in known:
        made[work.name] = with_known(blank, answers, work)
    return made


def with_known(blank: nbformat.NotebookNode, answers: Mapping[str, str], work: Known) -> nbformat.NotebookNode:
    """The notebook of a known submission. Cells that no exercise names are changed as well: students edit what is unlocked."""
    made = filled(blank, {**answers, **work.cells})
    places = {_grade_id(cell) or cell.get("id", ""): number for number, cell in enumerate(made.cells)}
    lost = {*work.cells, *work.own} - set(places)
    assert not lost, f"{work.name}: no cell {sorted(lost)}; there are {sorted(places)}"
    for name, text in sorted(work.own.items(), key=lambda item: -places[item[0]]):
        made.cells.insert(places[name], _own_cell(made, text))
    return made


def hand_in(course: Path, student: str, assignment: str, made: Mapping[str, nbformat.NotebookNode], files: Path) -> Path:
    """Write notebook's name → notebook as this student's submission, with copies of what lies in the folder `files`."""
    folder = course / "submitted" / student / assignment
    for path in sorted(files.rglob("*")):
        if path.is_file() and path.suffix != ".ipynb":
            target = folder / path.relative_to(files)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    folder.mkdir(parents=True, exist_ok=True)
    for name, notebook in made.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def filled(blank: nbformat.NotebookNode, answers: Mapping[str, str]) -> nbformat.NotebookNode:
    """The release with these cells written."""
    made = copy.deepcopy(blank)
    for cell in made.cells:
        name = _grade_id(cell) or cell.get("id", "")
        if name in answers:
            cell.source = answers[name]
    return made


def _with_own_cells(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    def cells() -> Iterator[nbformat.NotebookNode]:
        yield _own_cell(notebook, "import math, os, sys\nimport numpy as my_numpy")
        for number, cell in enumerate(notebook.cells):
            yield cell
            if number % 3 == 2:
                yield _own_cell(notebook, f"tried_{number} = my_numpy.arange({number}).sum()\nprint('so far', tried_{number})")

    notebook.cells = list(cells())
    return notebook


def _own_cell(notebook: nbformat.NotebookNode, source: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source)
    if notebook.nbformat_minor < 5:
        del cell["id"]  # older notebooks have none
    return cell


def _with_line_ends(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """As an editor on Windows may save it, with blanks at the end of lines."""
    for cell in notebook.cells:
        cell.source = cell.source.replace("\n", "\r\n") + "  "
    return notebook


def _is_answer(cell: nbformat.NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _grade_id(cell: nbformat.NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _without_markers(source: str) -> str:
    return "\n".join(line for line in source.split("\n") if not line.strip().startswith(("### BEGIN", "### END")))
