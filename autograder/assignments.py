"""Any nbgrader assignment as a lab: its source notebook, read as one, and which of its tests can be sealed.

Such a notebook was not written for an examiner in another process. So the instructor's own solution is graded first: a test
that fails there on values that crossed the wire, and holds inside the student process, will run inside it. Knows nbgrader's
metadata, labs and verdicts; nothing of processes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.nbgraderformat import MetadataValidator, SchemaTooNewError, ValidationError

from autograder.build import source_notebook, write_notebook
from autograder.grading import grade
from autograder.intake import UnreadableError, read_notebook
from autograder.keep import Keep
from autograder.labs import Cell, Lab, LabError, read_toml, settings_from
from autograder.surroundings import Options
from autograder.verdict import TestResult

__all__ = ["Assignment", "load_assignment", "read_assignment", "siblings"]

MAX_BESIDE = 256 * 2**20  # bytes of the files beside a notebook


@dataclass(frozen=True)
class Assignment:
    """A lab made of an nbgrader notebook. unsealed: test → why it runs inside the student process.

    broken: test → what it says of the instructor's own solution, which it does not accept.
    """

    lab: Lab
    unsealed: dict[str, str]
    broken: dict[str, str]


def load_assignment(path: Path | str, options: Options | None = None, *, keep: Keep | None = None) -> Assignment:
    """Read an nbgrader source notebook, and grade the solution in it to see which tests must run inside the student process.

    Raises LabError as `read_assignment` does, SurroundingsError and FaultError as `grade` does.
    """
    lab, options = read_assignment(Path(path)), replace(options or Options(), sealed_only=False)
    stated = lab.settings.unsealed
    refused = _failing(lab, options, keep)
    if not refused:
        return Assignment(lab, dict.fromkeys(stated, "the settings beside the notebook say so"), {})
    opened = _with_unsealed(lab, (*stated, *refused))
    broken = _failing(opened, options, keep)
    unsealed = {name: why for name, why in refused.items() if name not in broken}
    return Assignment(_with_unsealed(lab, (*stated, *unsealed)), unsealed, broken)


def read_assignment(path: Path) -> Lab:
    """An nbgrader source notebook as a lab; metadata older than schema 3 is upgraded.

    Files beside it, other notebooks aside, are found beside the student's notebook too. Settings as in lab.toml may stand in
    `<notebook>.toml` beside it. Raises LabError for a file that is no such notebook, naming the cell and what is wrong.
    """
    path = Path(path).absolute()
    try:
        notebook = MetadataValidator().upgrade_notebook_metadata(read_notebook(path))
        MetadataValidator().validate_nb(notebook)
    except (UnreadableError, ValidationError, SchemaTooNewError) as error:
        raise LabError(f"{path}: not an nbgrader notebook: {error}") from error
    cells = _cells(notebook, path)
    if not any(cell.role == "tests" or cell.points for cell in cells):
        raise LabError(f"{path}: no cell of it is marked; expected the source notebook of an nbgrader assignment")
    sidecar = path.with_suffix(".toml")
    own = read_toml(sidecar) if sidecar.is_file() else {}
    settings = settings_from({"title": path.stem, "reading_minutes": 0, "running_seconds": 0, **own}, sidecar)
    folder = path.parent
    return Lab(path.stem, folder, cells, settings, (), part_of=folder.name, beside=_beside(folder, sidecar))


def siblings(lab: Lab) -> list[Lab]:
    """The other marked notebooks of the nbgrader assignment that a lab is a notebook of."""
    found = []
    for path in sorted(lab.folder.glob("*.ipynb")) if lab.part_of else ():
        with suppress(LabError):
            found += [read_assignment(path)] if path.stem != lab.id else []
    return found


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(notebook: nbformat.NotebookNode, path: Path) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    exercise = ""
    ids: set[str] = set()
    for number, node in enumerate(notebook.cells, start=1):
        if "AUTOTEST" in node.source and node.cell_type == "code":
            raise LabError(
                f"{path}, cell {number}: AUTOTEST stands for tests that nbgrader still has to write; "
                "give the notebook that `nbgrader generate_assignment --create` made from it"
            )
        cell = _cell(node, exercise)
        if cell.role == "exercise":
            exercise = cell.name
        base = cell.grade_id or node.get("id") or f"{cell.role}-{blake2b(cell.source.encode(), digest_size=5).hexdigest()}"
        fresh = next(name for name in (base, *(f"{base}-{i}" for i in range(2, len(notebook.cells) + 2))) if name not in ids)
        ids.add(fresh)
        cells.append(replace(cell, id=fresh))
    return tuple(cells)


def _cell(node: nbformat.NotebookNode, exercise: str) -> Cell:
    facts: dict[str, Any] = dict(node.metadata.get("nbgrader", {}))
    code = node.cell_type == "code"
    if not facts.get("grade_id"):
        return Cell("code" if code else "prose", node.source)
    facts.pop("checksum", None)
    graded, solution = bool(facts.get("grade")), bool(facts.get("solution"))
    points = float(facts.get("points", 0)) if graded or facts.get("task") else 0.0
    name, noted = str(facts["grade_id"]), tuple(sorted(facts.items()))
    if not code:
        written = facts.get("task") or (graded and solution)
        return Cell("written" if written else "prose", node.source, name, points if written else 0.0, nbgrader=noted)
    if graded and not solution:
        return Cell("tests", node.source, name, points, exercise, nbgrader=noted)
    if solution:
        return Cell("exercise", node.source, name, points, nbgrader=noted)
    return Cell("given" if facts.get("locked") else "code", node.source, name, nbgrader=noted)


def _beside(folder: Path, sidecar: Path) -> tuple[tuple[str, str], ...]:
    """The files of an assignment, notebooks and hidden ones aside. Raises LabError if they are too large to be copied for everybody."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        shown = not any(part.startswith((".", "__pycache__")) for part in inside.parts)
        if (
            shown
            and path.is_file()
            and path.suffix != ".ipynb"
            and path != sidecar
            and path.resolve().is_relative_to(folder.resolve())
        ):
            found.append((str(inside), str(path.resolve())))
    if (size := sum(Path(path).stat().st_size for _, path in found)) > MAX_BESIDE:
        raise LabError(
            f"{folder}: {size >> 20} MB of files lie beside the notebook, at most {MAX_BESIDE >> 20} MB are copied for each student"
        )
    return tuple(found)


# ── which tests can be sealed ────────────────────────────────────────────────────────────────────────────────────────


def _with_unsealed(lab: Lab, tests: Sequence[str]) -> Lab:
    """The lab with these tests in the student process."""
    return replace(lab, settings=replace(lab.settings, unsealed=tuple(dict.fromkeys(tests))))


def _failing(lab: Lab, options: Options, keep: Keep | None) -> dict[str, str]:
    """Test → message, of those that do not give the solution in the notebook itself all points."""
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        path = Path(folder) / f"{lab.id}.ipynb"
        write_notebook(source_notebook(lab), path)
        verdict = grade(lab, path, options, keep=keep)
    if verdict.status == "unreadable":
        raise LabError(f"{lab.folder / lab.id}.ipynb: {verdict.message}")
    return {test.name: test.message for test in verdict.tests if _fails(test)}


def _fails(test: TestResult) -> bool:
    return test.earned < test.points
