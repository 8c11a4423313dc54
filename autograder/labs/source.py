"""Read a lab from its folder: `lab.py`, `lab.toml` and `answers/`.

This module knows the plain-text formats; it does not know .ipynb files and runs no code.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from autograder.errors import LabError
from autograder.labs.model import (
    BEGIN_HIDDEN,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_SOLUTION,
    ROLES,
    Answer,
    Cell,
    Figure,
    Lab,
    Settings,
)
from autograder.labs.publication import find_publication
from autograder.labs.toml import read_toml

__all__ = ["find_labs", "load_lab", "read_toml", "settings_from"]


def find_labs(root: Path) -> list[Path]:
    """Find the labs in a folder.

    Args:
        root: Folder that contains the folders of the labs.

    Returns:
        Every folder in `root` that contains a `lab.py`, sorted by name.
    """
    return sorted(path.parent for path in Path(root).glob("*/lab.py"))


def load_lab(folder: Path | str, *, read: Callable[[Path], Iterable[Any]] | None = None) -> Lab:
    """Read and check one lab.

    Args:
        folder: Folder of the lab.
        read: Reads `lab.py`, by default with jupytext: returns its cells, each with `metadata`,
            `source` and `cell_type`.

    Returns:
        The lab.

    Raises:
        LabError: Something is missing, misspelt or contradictory. The message names the file and
            the position.
    """
    folder = Path(folder)
    source = folder / "lab.py"
    if not source.is_file():
        if not folder.parent.is_dir():
            raise LabError(f"{folder.parent}: no such folder; say with --labs where the folders of the labs lie")
        near = folder.parent
        known = ", ".join(path.name for path in find_labs(near)) or "none"
        raise LabError(f"{folder}: no lab here (expected {source}); labs beside it: {known}")
    cells = _cells(source, read or _jupytext)
    lab = Lab(folder.name, folder, cells, _settings(folder / "lab.toml"), ())
    answers, equivalent = _answers(lab)
    return replace(lab, answers=tuple(answers), equivalent=equivalent, publication=find_publication(folder))


def _jupytext(path: Path) -> Iterable[Any]:
    import jupytext  # slow to import, and not needed by processes that receive a lab

    return jupytext.read(path, fmt="py:percent").cells


def _cells(path: Path, read: Callable[[Path], Iterable[Any]]) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    seen: set[str] = set()
    exercise = ""
    for number, raw in enumerate(read(path), start=1):
        cell = _cell(raw, f"{path}, cell {number}")
        if cell.role == "exercise":
            exercise = cell.name
        if cell.role == "tests":
            if not exercise:
                raise LabError(f"{path}, cell {number}: tests before the first exercise")
            cell = replace(cell, exercise=exercise)
        if cell.grade_id and cell.grade_id in seen:
            raise LabError(f'{path}, cell {number}: {cell.role}="{cell.name}" is used a second time')
        cell = replace(cell, id=_cell_id(cell, seen))
        seen.add(cell.id)
        cells.append(cell)
    return tuple(cells)


def _cell(raw: Any, place: str) -> Cell:
    header = {key: value for key, value in raw.metadata.items() if key != "lines_to_next_cell"}
    roles = [role for role in ROLES if role in header]
    unknown = set(header) - {*ROLES, "points", "parameters", "trains", "title", "cell_marker"}
    if unknown or len(roles) > 1:
        raise LabError(f"{place}: header {header} not understood; expected one of {ROLES} with points=, trains= or parameters=")
    role = roles[0] if roles else "prose" if raw.cell_type == "markdown" else "code"
    points = header.get("points", 0)
    if (role in ("tests", "written")) != (points > 0):
        raise LabError(f"{place}: tests and written questions need points= above 0, other cells none; the header is {header}")
    if (role in ("prose", "written")) != (raw.cell_type == "markdown"):
        raise LabError(f'{place}: written="…" needs [markdown] in its header and the other roles must not have it')
    name = str(header.get(role, ""))
    if name and not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise LabError(f'{place}: {role}="{name}" should be lower-case letters, digits and _')
    if role == "exercise" and not raw.source.count(BEGIN_SOLUTION) == raw.source.count(END_SOLUTION) == 1:
        raise LabError(f"{place}: an exercise needs exactly one {BEGIN_SOLUTION} … {END_SOLUTION}")
    if role == "tests" and raw.source.count(BEGIN_HIDDEN) != raw.source.count(END_HIDDEN):
        raise LabError(f"{place}: {BEGIN_HIDDEN} without {END_HIDDEN}")
    source = f"{_title(name, points)}\n{raw.source}" if role == "tests" else raw.source
    return Cell(role, source, name, points, parameters=bool(header.get("parameters")), trains=bool(header.get("trains")))


def _title(name: str, points: float) -> str:
    """Return the line that a folded test shows in Colab and JupyterLab.

    It belongs to the cell from here on, so that everyone who names a line of a test counts the same lines.
    """
    return f"# @title Check: {name} · {points:g} {'point' if points == 1 else 'points'}"


def _cell_id(cell: Cell, seen: set[str]) -> str:
    """Return the grade id or a digest of the content, so that the id does not change when other cells are edited."""
    base = cell.grade_id or f"{cell.role}-{sha256(cell.source.encode()).hexdigest()[:10]}"
    number, result = 1, base
    while result in seen:
        number += 1
        result = f"{base}-{number}"
    return result


def _settings(path: Path) -> Settings:
    return settings_from(read_toml(path), path)


def settings_from(table: dict[str, Any], path: Path) -> Settings:
    """Convert the content of a `lab.toml` into settings.

    Args:
        table: Content of the file. The sections for limits, reduced budget and figures are removed
            from it.
        path: Path of the file, for messages.

    Returns:
        The settings.

    Raises:
        LabError: A key is missing or unknown, or a figure is not complete.
    """
    limits, fast = table.pop("limits", {}), table.pop("fast", {}).get("parameters", {})
    figures = tuple(_figure(name, entry, path) for name, entry in table.pop("figures", {}).items())
    try:
        lists = {name: tuple(table.get(name, ())) for name in ("datasets", "unsealed")}
        return Settings(**{**table, **lists}, **limits, fast=fast, figures=figures)
    except TypeError as error:
        raise LabError(f"{path}: {str(error).removeprefix('Settings.__init__() ')}") from error


def _figure(name: str, entry: dict[str, Any], path: Path) -> Figure:
    entry = dict(entry)
    try:
        prose, value = tuple(entry.pop("prose")), entry.pop("value")
        bands = {key: (float(band["low"]), float(band["high"])) for key, band in entry.items()}
    except (KeyError, TypeError) as error:
        raise LabError(f"{path}: [figures.{name}] needs prose, value and bands with low and high ({error})") from error
    unknown = set(bands) - {"real", "drawn", "fast_real", "fast_drawn"}
    if unknown:
        raise LabError(f"{path}: [figures.{name}] has unknown bands {sorted(unknown)}")
    return Figure(name, prose, value, bands)


def _answers(lab: Lab) -> tuple[list[Answer], dict[str, dict[str, str]]]:
    """Return the known answers, and for each exercise the equivalent mutants: id → reason."""
    exercises = {cell.name: cell for cell in lab.of("exercise")}
    answers: list[Answer] = []
    equivalent: dict[str, dict[str, str]] = {}
    for path in sorted((lab.folder / "answers").glob("*.toml")):
        if path.stem not in exercises:
            raise LabError(f"{path}: no such exercise in {lab.id}; expected one of {', '.join(exercises)}")
        for kind, entries in read_toml(path).items():
            if kind == "equivalent":
                equivalent[path.stem] = _equivalent(entries, path)
                continue
            if kind not in ("right", "wrong"):
                raise LabError(f"{path}: [{kind}…] should be [right.NAME], [wrong.NAME] or [equivalent]")
            answers += [_answer(lab, exercises[path.stem], kind, name, entry, path) for name, entry in entries.items()]
    return answers, equivalent


def _equivalent(entries: dict[str, Any], path: Path) -> dict[str, str]:
    for mutant, reason in entries.items():
        if not isinstance(reason, str) or not reason.strip():
            raise LabError(f"{path}: [equivalent] {mutant!r} needs the reason why this mutant is as right as the reference")
    return entries


def _answer(lab: Lab, exercise: Cell, kind: str, name: str, entry: dict[str, Any], path: Path) -> Answer:
    place = f"{path}: [{kind}.{name}]"
    unknown = set(entry) - {"code", "cell", "marks", "hint"}
    if unknown or ("code" in entry) == ("cell" in entry):
        raise LabError(f"{place} needs marks and exactly one of code and cell, and may have hint; it has {sorted(entry)}")
    marks = entry.get("marks", {})
    own = {test.name for test in lab.tests.values() if test.exercise == exercise.name}
    if missing := own - set(marks):
        raise LabError(f"{place}: marks are missing for {', '.join(sorted(missing))}")
    for test, points in marks.items():
        if test not in lab.tests or points not in (0, lab.tests[test].points):
            raise LabError(f"{place}: marks.{test} = {points}, but a test gives 0 or all of its points")
    if (kind == "right") != all(points > 0 for points in marks.values()):
        raise LabError(f"{place}: a right answer gets every point, a wrong one loses some; the marks are {marks}")
    source = (
        textwrap.dedent(entry["cell"]).strip("\n") if "cell" in entry else _replace_solution(exercise.source, entry["code"])
    )
    return Answer(exercise.name, name, kind == "right", source, marks, entry.get("hint", ""))


def _replace_solution(source: str, code: str) -> str:
    """Replace the solution and its markers in an exercise cell by `code`, at the same indentation."""
    before, rest = source.split(BEGIN_SOLUTION)
    after = rest.split(END_SOLUTION)[1]
    indent = before[before.rfind("\n") + 1 :]
    body = textwrap.indent(textwrap.dedent(code).strip("\n"), indent)
    return before.removesuffix(indent) + body + after
