"""Read an nbgrader source notebook as a lab: its cells, its support files, and the settings in nbgrader_config.py.

This module knows nbgrader's metadata, markers and settings, and labs. It runs no cells, except that
nbgrader has to run the solution to write the tests of a notebook with AUTOTEST.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.nbgraderformat import MetadataValidator, SchemaTooNewError, ValidationError
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions, InstantiateTests
from traitlets.config import Config, ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from autograder.errors import LabError, UnreadableError
from autograder.labs.model import Cell, Lab
from autograder.labs.source import read_toml, settings_from
from autograder.notebooks.io import read_notebook

__all__ = ["read_assignment", "siblings"]

MAX_BESIDE = 256 * 2**20  # bytes of all support files of a notebook
FOLDERS_ABOVE = 2  # from COURSE/source/ASSIGNMENT up to COURSE, which contains nbgrader_config.py and autotests.yml
PYTHON = ("python", "ipython")
# Languages of kernels, for older notebooks whose metadata name no language.
LANGUAGES = {
    "ir": "R",
    "bash": "Bash",
    "octave": "Octave",
    "matlab": "MATLAB",
    "sas": "SAS",
    "xcpp": "C++",
    "ijavascript": "JavaScript",
}


def read_assignment(path: Path) -> Lab:
    """Read an nbgrader source notebook as a lab.

    Metadata older than schema 3 is upgraded, and the course's own markers are replaced by
    nbgrader's. The other files in its folder, except notebooks, become support files, which are
    placed next to the student's notebook too. `<notebook>.toml` in the same folder may contain
    settings as in `lab.toml`.

    Args:
        path: Path of the source notebook.

    Returns:
        The lab.

    Raises:
        LabError: The file is not a usable source notebook. The message names the cell and the
            problem.
    """
    path = Path(path).absolute()
    try:
        notebook = MetadataValidator().upgrade_notebook_metadata(read_notebook(path))
        MetadataValidator().validate_nb(notebook)
    except (UnreadableError, ValidationError, SchemaTooNewError) as error:
        raise LabError(f"{path}: not an nbgrader notebook: {error}") from error
    _check_language(notebook, path)
    config = _config(path.parent)
    notebook = _with_tests(notebook, path, config)
    cells = _cells(notebook, path, _Markers.of(config))
    if not any(cell.role == "tests" or cell.points for cell in cells):
        raise LabError(f"{path}: no cell of it is marked; expected the source notebook of an nbgrader assignment")
    sidecar = path.with_suffix(".toml")
    own = read_toml(sidecar) if sidecar.is_file() else {}
    settings = settings_from({"title": path.stem, "reading_minutes": 0, "running_seconds": 0, **own}, sidecar)
    folder = path.parent
    return Lab(path.stem, folder, cells, settings, (), part_of=folder.name, beside=_beside(folder, sidecar))


def siblings(lab: Lab) -> list[Lab]:
    """Read the other notebooks of an nbgrader assignment.

    Args:
        lab: A lab from an nbgrader notebook.

    Returns:
        The other source notebooks in its folder that have marked cells; empty for a lab of this
        course.
    """
    found = []
    for path in sorted(lab.folder.glob("*.ipynb")) if lab.part_of else ():
        with suppress(LabError):
            found += [read_assignment(path)] if path.stem != lab.id else []
    return found


def _check_language(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Raise LabError for a notebook in another language than Python."""
    kernel, facts = (notebook.metadata.get(key) or {} for key in ("kernelspec", "language_info"))
    name = str(kernel.get("name", ""))
    language = str(kernel.get("language") or facts.get("name") or LANGUAGES.get(name.lower(), "python"))
    if not language.lower().startswith(PYTHON):
        raise LabError(
            f"{path}: its kernel {name or language!r} runs {language}, and this grader runs Python only; "
            "grade this notebook with `nbgrader autograde`"
        )


# ── settings in nbgrader_config.py ───────────────────────────────────────────────────────────────────────────────────


def _config(folder: Path) -> Config:
    """Load the settings of the course as nbgrader does; those closest to the assignment take precedence."""
    config = Config()
    for place in reversed([folder, *folder.parents[:FOLDERS_ABOVE]]):
        for loader in (JSONFileConfigLoader, PyFileConfigLoader):
            name = "nbgrader_config" + (".py" if loader is PyFileConfigLoader else ".json")
            try:
                config.merge(loader(name, str(place)).load_config())
            except ConfigFileNotFound:
                pass
            except Exception as error:
                raise LabError(f"{place / name}: it stops with {type(error).__name__}: {error}") from error
    return config


@dataclass(frozen=True)
class _Markers:
    """The markers of parts of cells that students do not receive, and the text that replaces a solution.

    Attributes:
        pairs: Kind of part in nbgrader's terms → (begin marker, end marker) in this course.
        strict: Kind of part → whether it may be used only in cells of its kind.
        code_stub: Text that replaces solutions in code; "" for nbgrader's default.
        text_stub: Text that replaces solutions in Markdown; "" for nbgrader's default.
    """

    pairs: dict[str, tuple[str, str]]
    strict: dict[str, bool]
    code_stub: str = ""
    text_stub: str = ""

    @classmethod
    def of(cls, config: Config) -> _Markers:
        """Return the markers of a course with these settings."""
        clear, hidden, marking = (kind(config=config) for kind in (ClearSolutions, ClearHiddenTests, ClearMarkScheme))
        plain = ClearSolutions()
        code = clear.code_stub.get("python", plain.code_stub["python"])
        return cls(
            {
                "SOLUTION": (clear.begin_solution_delimeter, clear.end_solution_delimeter),
                "HIDDEN TESTS": (hidden.begin_test_delimeter, hidden.end_test_delimeter),
                "MARK SCHEME": (marking.begin_mark_scheme_delimeter, marking.end_mark_scheme_delimeter),
            },
            {
                "SOLUTION": clear.enforce_metadata,
                "HIDDEN TESTS": hidden.enforce_metadata,
                "MARK SCHEME": marking.enforce_metadata,
            },
            code if code != plain.code_stub["python"] else "",
            clear.text_stub if clear.text_stub != plain.text_stub else "",
        )

    def normalise(self, source: str, kinds: Sequence[str], place: str) -> str:
        """Replace the course's markers in a cell by nbgrader's. Raises LabError if they do not match.

        `kinds` are the kinds of parts that this cell may contain.
        """
        for kind, (begin, end) in self.pairs.items():
            lines, opened = [], 0
            for number, line in enumerate(source.split("\n"), start=1):
                if begin in line:
                    if opened:
                        raise LabError(f"{place}, line {number}: {begin!r} a second time before {end!r}")
                    if kind not in kinds and self.strict[kind]:
                        raise LabError(f"{place}, line {number}: {begin!r} in a cell that is not marked as {_CELLS[kind]}")
                    opened = number
                    line = _indented(line, f"### BEGIN {kind}")
                elif end in line:
                    opened = 0
                    line = _indented(line, f"### END {kind}")
                lines.append(line)
            if opened:
                raise LabError(f"{place}, line {opened}: {begin!r} without {end!r} below it")
            source = "\n".join(lines)
        return source


_CELLS = {
    "SOLUTION": "a solution; choose `Autograded answer` or `Manually graded answer` for it",
    "HIDDEN TESTS": "tests; choose `Autograder tests` for it",
    "MARK SCHEME": "a task; choose `Manually graded task` for it",
}


def _indented(line: str, marker: str) -> str:
    return line[: len(line) - len(line.lstrip())] + marker


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cells(notebook: nbformat.NotebookNode, path: Path, markers: _Markers) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    exercise = ""
    ids: set[str] = set()
    for number, node in enumerate(notebook.cells, start=1):
        cell = _cell(node, exercise)
        source = markers.normalise(node.source, _parts(node), f"{path}, cell {number}")
        stub = {"exercise": markers.code_stub, "written": markers.text_stub}.get(cell.role, "")
        if cell.role == "exercise":
            exercise = cell.name
        base = cell.grade_id or node.get("id") or f"{cell.role}-{blake2b(cell.source.encode(), digest_size=5).hexdigest()}"
        fresh = next(name for name in (base, *(f"{base}-{i}" for i in range(2, len(notebook.cells) + 2))) if name not in ids)
        ids.add(fresh)
        cells.append(replace(cell, source=source, id=fresh, stub=stub))
    return tuple(cells)


def _parts(node: nbformat.NotebookNode) -> list[str]:
    """Return the kinds of parts that a cell may contain."""
    facts = node.metadata.get("nbgrader", {})
    kinds = {"solution": "SOLUTION", "grade": "HIDDEN TESTS", "task": "MARK SCHEME"}
    return [kind for key, kind in kinds.items() if facts.get(key)]


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
    """Return the files of an assignment, except notebooks and hidden files. Raises LabError if they are too large."""
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


# ── tests that nbgrader generates ────────────────────────────────────────────────────────────────────────────────────


def _with_tests(notebook: nbformat.NotebookNode, path: Path, config: Config) -> nbformat.NotebookNode:
    """Replace AUTOTEST comments by tests, which nbgrader generates from the solution and the course's templates."""
    word = InstantiateTests(config=config).autotest_delimiter
    first = next(_autotest_cells(notebook, word), 0)
    if not first:
        return notebook
    name = InstantiateTests(config=config).autotest_filename
    places = (place / name for place in (path.parent, *path.parent.parents[:FOLDERS_ABOVE]))
    templates = next((place for place in places if place.is_file()), None)
    if templates is None:
        raise LabError(
            f"{path}, cell {first}: {word} stands for tests that nbgrader still has to write, and {name} with their templates is "
            f"neither beside the notebook nor in the course's folder; put it there, or give the notebook that "
            "`nbgrader generate_assignment --create` made from it"
        )
    try:
        return nbformat.reads(_instantiated(nbformat.writes(notebook), str(templates), json.dumps(config)), as_version=4)
    except Exception as error:
        raise LabError(
            f"{path}, cell {first}: nbgrader could not write the tests for {word} from {templates} "
            f"({type(error).__name__}: {error}); run `nbgrader generate_assignment` on it to see where it stops"
        ) from error


def _autotest_cells(notebook: nbformat.NotebookNode, word: str) -> Iterator[int]:
    """Yield the numbers (from 1) of the code cells with a comment that requests tests."""
    for number, node in enumerate(notebook.cells, start=1):
        lines = (line.strip() for line in node.source.splitlines())
        if node.cell_type == "code" and any(line.startswith("#") and word in line for line in lines):
            yield number


@lru_cache(maxsize=16)  # it starts a kernel, and the notebooks of an assignment are read repeatedly
def _instantiated(text: str, templates: str, settings: str) -> str:
    config = Config(json.loads(settings))
    config.InstantiateTests.autotest_filename = templates
    notebook = nbformat.reads(text, as_version=4)
    notebook.metadata.setdefault("kernelspec", {}).setdefault("name", "python3")
    resources = {"metadata": {"path": str(Path(templates).parent)}}
    made, _ = InstantiateTests(config=config).preprocess(notebook, resources)
    return nbformat.writes(made)
