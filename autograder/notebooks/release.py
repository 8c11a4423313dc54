"""From a lab to notebooks: the nbgrader source (solutions and hidden tests inside) and the release that students open.

nbgrader's own preprocessors strip and lock the release, so that `nbgrader generate_assignment` on the source gives the same
cells. Knows nothing of grading.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)

from autograder.labs.model import Cell, Lab
from autograder.notebooks.io import KERNEL, write_notebook

__all__ = ["build", "is_stale", "release_notebook", "source_notebook", "with_budget"]


def source_notebook(lab: Lab, *, fast: bool = False) -> nbformat.NotebookNode:
    """The instructor's notebook with full nbgrader metadata (schema 3). `fast` writes the reduced budget into it."""
    cells = []
    for cell in lab.cells:
        node = new_code_cell(cell.source) if cell.is_code else new_markdown_cell(cell.source)
        if fast and cell.parameters:
            node.source += "\n" + reduced_parameters(lab)
        node.id = cell.id
        node.metadata = nbformat.from_dict(_metadata(cell))
        cells.append(node)
    return new_notebook(cells=cells, metadata={**KERNEL, "coursekit": {"lab": lab.id}})


def release_notebook(lab: Lab, *, fast: bool = False) -> nbformat.NotebookNode:
    """What students get: solutions and hidden tests stripped, tests and given cells locked, no outputs."""
    notebook = source_notebook(lab, fast=fast)
    resources: dict[str, Any] = {}
    clear = ClearSolutions(**_stubs(lab))
    for step in (LockCells(), clear, ClearOutput(), ClearHiddenTests(), ClearMarkScheme(), ComputeChecksums()):
        notebook, resources = step.preprocess(notebook, resources)
    return notebook


def build(lab: Lab, course: Path, *, fast: bool = False) -> tuple[Path, Path]:
    """Write `source/<lab>/<lab>.ipynb` and `release/<lab>/<lab>.ipynb` into the nbgrader course folder; return both paths."""
    written = []
    for step, notebook in (("source", source_notebook(lab, fast=fast)), ("release", release_notebook(lab, fast=fast))):
        path = Path(course) / step / lab.id / f"{lab.id}.ipynb"
        write_notebook(notebook, path)
        written.append(path)
    return written[0], written[1]


def is_stale(made: nbformat.NotebookNode, path: Path) -> list[str]:
    """Sentences that say whether the notebook on disk is the one that its source makes now; an empty list is good news."""
    if not path.is_file():
        return [f"{path}: missing; run `autograder build {path.stem}`"]
    if path.read_text(encoding="utf-8") != nbformat.writes(made) + "\n":
        return [f"{path}: differs from what its source builds; run `autograder build {path.stem}` and commit it"]
    return []


def reduced_parameters(lab: Lab) -> str:
    """Code that gives the lab's parameters the values of the reduced budget."""
    return "\n".join(f"{name} = {value!r}" for name, value in lab.settings.fast.items())


def _stubs(lab: Lab) -> dict[str, Any]:
    """What stands in place of solutions, where the course says so itself; nbgrader has one text for code and one for prose."""
    own = {cell.is_code: cell.stub for cell in lab.cells if cell.stub}
    code = {"code_stub": {"python": own[True]}} if True in own else {}
    return {**code, **({"text_stub": own[False]} if False in own else {})}


def _metadata(cell: Cell) -> dict[str, Any]:
    if cell.nbgrader:
        return {"nbgrader": dict(cell.nbgrader)}
    if not cell.grade_id:
        return {}
    fields: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": cell.grade_id,
        "grade": cell.role in ("tests", "written"),
        "solution": cell.role in ("exercise", "written"),
        "locked": cell.role in ("tests", "given"),
        "task": False,
    }
    if fields["grade"]:
        fields["points"] = cell.points
    return {"nbgrader": fields}


def with_budget(lab: Lab, source: str, grade_id: str, *, fast: bool) -> str:
    """The cell as it will run: with `fast`, a parameter cell is followed by the reduced values."""
    reduced = fast and any(cell.parameters and cell.grade_id == grade_id for cell in lab.of("given"))
    return f"{source}\n{reduced_parameters(lab)}" if reduced else source
