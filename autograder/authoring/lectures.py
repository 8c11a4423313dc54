"""Lectures: read and check their plain-text sources, create the notebooks for students, and run them.

A lecture has no marks. Its source is `lectureNN_name.py` in jupytext's percent format. The first code
cell calls `coursekit.setup("lectureNN_name")`. One cell may have the values of a quick run in its
header: `# %% fast={"STEPS": 100}`. This module does not know labs, grading or the content of lectures.
"""

from __future__ import annotations

import ast
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.errors import LabError, LectureError
from autograder.labs.publication import Publication, find_publication
from autograder.notebooks.io import KERNEL
from autograder.notebooks.start import add_start, fingerprint
from autograder.sandbox.interpreters import command, without_python

__all__ = ["Lecture", "Run", "find_lectures", "lecture_notebook", "load_lecture", "run_lecture"]

_NAME = re.compile(r"lecture\d\d_[a-z][a-z0-9_]*")
_HEADERS = {"fast", "backend"}  # `backend="tensorflow"`: the cell runs on no other
_CELL_SECONDS = 600


@dataclass(frozen=True)
class Cell:
    """One cell of a lecture.

    Attributes:
        is_code: Whether it is a code cell.
        source: Text of the cell.
        id: Id of the notebook cell.
        fast: Variable that the cell assigns → its value in a quick run.
    """

    is_code: bool
    source: str
    id: str
    fast: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lecture:
    """One lecture.

    Attributes:
        id: Id such as "lecture01_neurons".
        path: Path of its source.
        cells: Cells, in order.
        publication: Where the course is published; None if it does not say so.
    """

    id: str
    path: Path
    cells: tuple[Cell, ...]
    publication: Publication | None = None


@dataclass(frozen=True)
class Run:
    """The result of one run of a lecture.

    Attributes:
        seconds: Duration in seconds, from the start of the kernel to its end.
        error: The first error and its cell; "" if there was none.
        notebook: The notebook with the outputs of all cells that ran.
    """

    seconds: float
    error: str
    notebook: nbformat.NotebookNode


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def find_lectures(root: Path) -> list[Path]:
    """Find the sources of lectures.

    Args:
        root: Folder that contains `source/`.

    Returns:
        Paths of the sources, sorted by name.
    """
    return sorted(Path(root).glob("source/lecture*.py"))


def load_lecture(path: Path | str) -> Lecture:
    """Read and check the source of one lecture.

    Args:
        path: Path of the source.

    Returns:
        The lecture.

    Raises:
        LectureError: Something is missing, misspelt or contradictory. The message names the file
            and the position.
    """
    path = Path(path)
    if not path.is_file():
        known = ", ".join(other.stem for other in find_lectures(path.parent.parent)) or "none"
        raise LectureError(f"{path}: no lecture here; lectures beside it: {known}")
    if not _NAME.fullmatch(path.stem):
        raise LectureError(f"{path}: expected a name such as lecture01_neurons.py, in lower case")
    cells: list[Cell] = []
    for number, raw in enumerate(jupytext.read(path, fmt="py:percent").cells, start=1):
        cells.append(_cell(raw, {cell.id for cell in cells}, f"{path}, cell {number}"))
    _check_setup(path, [cell for cell in cells if cell.is_code])
    if sum(bool(cell.fast) for cell in cells) > 1:
        raise LectureError(f"{path}: fast= stands in several headers; expected one cell that holds the whole budget")
    try:
        return Lecture(path.stem, path, tuple(cells), find_publication(path.parent))
    except LabError as error:
        raise LectureError(str(error)) from error


def _cell(raw: Any, seen: set[str], place: str) -> Cell:
    header = {key: value for key, value in raw.metadata.items() if key not in ("lines_to_next_cell", "cell_marker", "title")}
    is_code = raw.cell_type == "code"
    if raw.cell_type not in ("code", "markdown") or set(header) - (_HEADERS if is_code else set()):
        raise LectureError(
            f"{place}: a {raw.cell_type} cell with header {header}; expected Markdown, or code with at most fast= or backend="
        )
    if not raw.source.strip():
        raise LectureError(f"{place}: the cell is empty")
    fast = header.get("fast", {})
    if is_code:
        _check_fast(fast, _parsed(raw.source, place), place)
    return Cell(is_code, raw.source, _cell_id(raw, seen), fast)


def _parsed(source: str, place: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise LectureError(f"{place}: not valid Python: {error.msg} in line {error.lineno}") from None


def _check_fast(fast: Any, code: ast.Module, place: str) -> None:
    """Check that the header names only variables that the cell assigns: other names would have no effect."""
    if not isinstance(fast, dict):
        raise LectureError(f'{place}: fast={fast!r}; expected variables and their reduced values, as in fast={{"STEPS": 100}}')
    assigned = {
        target.id
        for node in code.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if unknown := set(fast) - assigned:
        raise LectureError(
            f"{place}: fast= names {', '.join(sorted(unknown))}, and the cell assigns {', '.join(sorted(assigned)) or 'nothing'}"
        )


def _check_setup(path: Path, code: list[Cell]) -> None:
    wanted = f'coursekit.setup("{path.stem}")'
    calls = [ast.unparse(node) for node in ast.walk(ast.parse(code[0].source)) if isinstance(node, ast.Call)] if code else []
    if ast.unparse(ast.parse(wanted)) not in calls:
        raise LectureError(f"{path}: expected {wanted} in the first code cell")


def _cell_id(raw: Any, seen: set[str]) -> str:
    """Return a digest of the content, so that the id does not change when other cells are edited."""
    base = f"{'code' if raw.cell_type == 'code' else 'prose'}-{sha256(raw.source.encode()).hexdigest()[:10]}"
    number, result = 1, base
    while result in seen:
        number += 1
        result = f"{base}-{number}"
    return result


# ── notebooks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def lecture_notebook(lecture: Lecture, *, fast: bool = False) -> nbformat.NotebookNode:
    """Create the notebook for students, without outputs.

    Args:
        lecture: The lecture.
        fast: Whether to append the values of a quick run to the cell with `fast=` in its header.

    Returns:
        The notebook.
    """
    cells = []
    for cell in lecture.cells:
        node = new_code_cell(cell.source) if cell.is_code else new_markdown_cell(cell.source)
        if fast and cell.fast:
            node.source += "\n" + "\n".join(f"{name} = {value!r}" for name, value in cell.fast.items())
        node.id = cell.id
        cells.append(node)
    notebook = new_notebook(cells=cells, metadata={**KERNEL, "coursekit": {"lecture": lecture.id}})
    notebook.metadata["coursekit"]["release"] = fingerprint(notebook)
    if lecture.publication:
        add_start(notebook, lecture.publication, f"notebooks/lectures/{lecture.id}.ipynb")
    return notebook


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def run_lecture(lecture: Lecture, *, fast: bool = False, data: str = "", cell_seconds: float = _CELL_SECONDS) -> Run:
    """Run a lecture in a new kernel and a temporary folder.

    Args:
        lecture: The lecture.
        fast: Whether to use the values of a quick run.
        data: Kind of data sets: "real", "drawn", or "" for that of the environment.
        cell_seconds: Time limit per cell in seconds.

    Returns:
        The result. Errors in the lecture are returned in `error` and not raised; output on stderr,
        such as a warning, counts as an error.
    """
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook, error, at = lecture_notebook(lecture, fast=fast), "", [0]
    clean_environment = {**without_python(os.environ), **({"COURSEKIT_DATA": data} if data else {})}
    kernel = [*command("ipykernel.kernelapp", "launch_new_instance"), "-f", "{connection_file}"]

    class OurKernel(AsyncKernelManager):
        """A kernel of the current Python, whatever is installed as the kernel python3."""

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(**{**get_kernel_dict(), "argv": kernel})

    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix=f"{lecture.id}-", ignore_cleanup_errors=True) as scratch:
        client = NotebookClient(
            notebook,
            timeout=cell_seconds,
            kernel_manager_class=OurKernel,
            resources={"metadata": {"path": scratch}},
            on_cell_start=lambda cell, cell_index: at.__setitem__(0, cell_index),
        )
        try:
            client.execute(env=clean_environment)
        except CellExecutionError as raised:
            error = f"{raised.ename}: {raised.evalue}"
        except CellTimeoutError:
            error = f"took longer than {cell_seconds:g} seconds"
        except DeadKernelError:
            error = "the kernel died, perhaps for lack of memory"
    seconds = time.perf_counter() - started
    if error:
        error = _at(notebook, at[0], error)
    return Run(seconds, error or _first_on_stderr(notebook), notebook)


def _first_on_stderr(notebook: nbformat.NotebookNode) -> str:
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "stream" and output.name == "stderr":
                return _at(notebook, number, f"wrote to stderr: {output.text.strip()}")
    return ""


def _at(notebook: nbformat.NotebookNode, number: int, what: str) -> str:
    """Return `what` after the number of the cell (from 1, as in the source) and the first line of the cell."""
    return f"cell {number + 1} ({notebook.cells[number].source.strip().splitlines()[0]}): {what}"
