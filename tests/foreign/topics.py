"""The notebooks in `course/`, written in the manner of other courses, and what students handed in to them.

Each folder of `course/` is one assignment with one notebook: `notebook.py`, its cells; `files/`, what lies beside it;
`nbgrader_config.py`, where it has settings of its own; `submissions.toml`, known submissions; `marks.csv`, what stock nbgrader
gives them. Knows notebooks and nbgrader's metadata; grades nothing.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.labs.source import read_toml
from autograder.notebooks.io import KERNEL

__all__ = ["COURSE", "Known", "Topic", "notebook", "read_marks", "topics", "write_source"]

COURSE = Path(__file__).parent / "course"

# Header of a cell in notebook.py → nbgrader's grade, solution, locked, task.
_ROLES = {
    "solution": (False, True, False, False),  # what students write
    "tests": (True, False, True, False),  # marked by what it does when it runs
    "manual": (True, True, False, False),  # written by students, in words or code, and marked by a person
    "task": (False, False, True, True),  # a task that students answer in cells of their own, marked by a person
    "locked": (False, False, True, False),
}


@dataclass(frozen=True)
class Known:
    """A known submission. cells: grade id → the whole cell as the student wrote it; all other cells are as in the source.

    own: grade id → code of an own cell in front of it. files: what was handed in beside the notebook.
    """

    name: str
    cells: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Topic:
    name: str
    folder: Path
    known: tuple[Known, ...]


def topics(course: Path = COURSE) -> list[Topic]:
    """Every topic under a folder, in order of name, or the one that the folder itself is."""
    return [_topic(path.parent) for path in sorted([*course.glob("notebook.py"), *course.glob("*/notebook.py")])]


def write_source(topic: Topic, course: Path) -> Path:
    """Write the topic as `source/<topic>` of an nbgrader course; return the path of its notebook."""
    folder = course / "source" / topic.name
    beside = topic.folder / "files"
    if beside.is_dir():
        shutil.copytree(beside, folder, dirs_exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if (settings := topic.folder / "nbgrader_config.py").is_file():
        shutil.copy(settings, course)
    path = folder / f"{topic.name}.ipynb"
    nbformat.write(notebook(topic), path)
    return path


def notebook(topic: Topic) -> nbformat.NotebookNode:
    """The nbgrader source notebook that notebook.py describes."""
    cells = jupytext.read(topic.folder / "notebook.py", fmt="py:percent").cells
    return new_notebook(cells=[_cell(cell, number) for number, cell in enumerate(cells)], metadata=KERNEL)


def read_marks(topic: Topic) -> dict[tuple[str, str], float | None]:
    """(submission, grade id) → what stock nbgrader gave; None where it leaves the mark to a person."""
    with (topic.folder / "marks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (student, row["cell"]): None if mark == "by hand" else float(mark)
        for row in rows
        for student, mark in row.items()
        if student not in ("cell", "points")
    }


def _topic(folder: Path) -> Topic:
    path = folder / "submissions.toml"
    entries: dict[str, Any] = read_toml(path) if path.is_file() else {}
    known = []
    for name, entry in entries.items():
        unknown = set(entry) - {"cells", "own", "files"}
        assert not unknown, f"{path}: [{name}] has {sorted(unknown)}; expected cells, own or files"
        known.append(Known(name, **{key: {k: v.strip("\n") for k, v in table.items()} for key, table in entry.items()}))
    return Topic(folder.name, folder, tuple(known))


def _cell(raw: nbformat.NotebookNode, number: int) -> nbformat.NotebookNode:
    make = new_markdown_cell if raw.cell_type == "markdown" else new_code_cell
    role = next((role for role in _ROLES if role in raw.metadata), "")
    node = make(raw.source, id=str(raw.metadata.get(role, f"cell-{number}")).replace(" ", "-"))
    if role:
        grade, solution, locked, task = _ROLES[role]
        facts = {"schema_version": 3, "grade_id": raw.metadata[role], "grade": grade, "solution": solution}
        facts |= {"locked": locked, "task": task}
        if grade or task:
            facts["points"] = raw.metadata["points"]
        node.metadata["nbgrader"] = _of_schema(facts, raw.metadata.get("schema", 3))
    return node


def _of_schema(facts: dict[str, Any], version: int) -> dict[str, Any]:
    """The metadata as older versions of nbgrader wrote them: without `task` before schema 3."""
    if version < 3:
        facts = {key: value for key, value in facts.items() if key != "task"} | {"schema_version": version}
    return facts
