"""Convert a lab to notebooks: the nbgrader source with solutions and hidden tests, and the release for students.

nbgrader's own preprocessors create the release, so `nbgrader generate_assignment` on the source gives
the same cells. This module does not know grading.
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

from autograder.labs.budget import reduced_parameters
from autograder.labs.model import Cell, Lab
from autograder.notebooks.io import KERNEL, write_notebook
from autograder.notebooks.start import add_start, fingerprint

# A test's code is folded in JupyterLab and Colab, which show its first line, the title.
_FOLDED: dict[str, Any] = {"jupyter": {"source_hidden": True}, "cellView": "form"}

__all__ = ["build", "course_notebooks", "is_stale", "release_notebook", "source_notebook"]


def source_notebook(lab: Lab, *, fast: bool = False) -> nbformat.NotebookNode:
    """Create the instructor's notebook.

    Args:
        lab: The lab.
        fast: Whether to write the reduced budget into it.

    Returns:
        The notebook with solutions, hidden tests and nbgrader metadata (schema 3).
    """
    return _with_start(lab, _whole(lab, fast=fast))


def _whole(lab: Lab, *, fast: bool) -> nbformat.NotebookNode:
    """Create the notebook with solutions, hidden tests and metadata, and without a start."""
    cells = []
    for cell in lab.cells:
        node = new_code_cell(cell.source) if cell.is_code else new_markdown_cell(cell.source)
        if fast and cell.parameters:
            node.source += "\n" + reduced_parameters(lab)
        node.id = cell.id
        node.metadata = nbformat.from_dict(_metadata(cell))
        cells.append(node)
    return new_notebook(cells=cells, metadata={**KERNEL, "coursekit": {"lab": lab.id, "seconds": lab.settings.running_seconds}})


def _with_start(lab: Lab, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Add the start for Colab if the course says where it is published."""
    if lab.publication:
        add_start(notebook, lab.publication, f"notebooks/labs/{lab.id}.ipynb")
    return notebook


def release_notebook(lab: Lab, *, fast: bool = False) -> nbformat.NotebookNode:
    """Create the notebook for students.

    Args:
        lab: The lab.
        fast: Whether to write the reduced budget into it.

    Returns:
        The notebook without solutions, hidden tests and outputs, and with locked tests and given
        cells. Its metadata contain a digest of its cells, by which releases are told apart.
    """
    notebook = _whole(lab, fast=fast)
    resources: dict[str, Any] = {}
    clear = ClearSolutions(**_stubs(lab))
    for step in (LockCells(), clear, ClearOutput(), ClearHiddenTests(), ClearMarkScheme()):
        notebook, resources = step.preprocess(notebook, resources)
    notebook.metadata["coursekit"]["release"] = fingerprint(notebook)
    notebook, _ = ComputeChecksums().preprocess(_with_start(lab, notebook), resources)
    return notebook


def build(lab: Lab, course: Path, *, fast: bool = False) -> tuple[Path, Path]:
    """Write `source/<lab>/<lab>.ipynb` and `release/<lab>/<lab>.ipynb` into an nbgrader course.

    Args:
        lab: The lab.
        course: Folder of the course.
        fast: Whether to write the reduced budget into the notebooks.

    Returns:
        The paths of the source and of the release.

    Raises:
        OSError: A file cannot be written.
    """
    notebooks = course_notebooks(lab, course, fast=fast)
    for path, notebook in notebooks.items():
        write_notebook(notebook, path)
    source, release = notebooks
    return source, release


def course_notebooks(lab: Lab, course: Path, *, fast: bool = False) -> dict[Path, nbformat.NotebookNode]:
    """Create the notebooks of a lab that belong into an nbgrader course, and write none.

    Args:
        lab: The lab.
        course: Folder of the course.
        fast: Whether to write the reduced budget into the notebooks.

    Returns:
        Path → notebook, of the source and then of the release.
    """
    made = {"source": source_notebook(lab, fast=fast), "release": release_notebook(lab, fast=fast)}
    return {Path(course) / step / lab.id / f"{lab.id}.ipynb": notebook for step, notebook in made.items()}


def is_stale(made: nbformat.NotebookNode, path: Path) -> list[str]:
    """Check whether a notebook on disk differs from what its source builds now.

    Args:
        made: The notebook that the source builds.
        path: Path of the notebook on disk.

    Returns:
        Sentences that describe the problem; empty if the notebook is up to date.
    """
    if not path.is_file():
        return [f"{path}: missing; run `autograder build {path.stem}`"]
    if path.read_text(encoding="utf-8") != nbformat.writes(made) + "\n":
        return [f"{path}: differs from what its source builds; run `autograder build {path.stem}` and commit it"]
    return []


def _stubs(lab: Lab) -> dict[str, Any]:
    """Return the course's own texts in place of solutions; nbgrader has one text for code and one for prose."""
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
    return {"nbgrader": fields, **(_FOLDED if cell.role == "tests" else {})}
