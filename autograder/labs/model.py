"""A lab as data: the cells of `lab.py`, the settings of `lab.toml` and the known answers of `answers/`.

Knows the plain-text formats and nothing of notebooks, of running code or of marks given.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    pass
else:
    pass

__all__ = ["Answer", "Cell", "Figure", "Lab", "Settings", "Trial"]

ROLES = ("given", "exercise", "tests", "written")
PREFIX = {"given": "given_", "exercise": "", "tests": "test_", "written": "written_"}
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Cell:
    """One cell of a lab. `role` is "prose", "code" or one of ROLES; `name` is empty for prose and plain code.

    stub: what the release has in place of the solution, where the course says so itself.
    """

    role: str
    source: str
    name: str = ""
    points: float = 0
    exercise: str = ""  # for tests: the exercise that they mark
    parameters: bool = False
    trains: bool = False
    id: str = ""
    nbgrader: tuple[tuple[str, Any], ...] = ()  # the metadata of a cell that came from an nbgrader notebook
    stub: str = ""

    @property
    def grade_id(self) -> str:
        """nbgrader's id of this cell, "" for a cell that nbgrader need not know."""
        if self.nbgrader:
            return str(dict(self.nbgrader)["grade_id"])
        return PREFIX[self.role] + self.name if self.name else ""

    @property
    def is_code(self) -> bool:
        return self.role not in ("prose", "written")

    @property
    def hidden(self) -> range:
        """Line numbers (from 1) between the hidden-test markers; empty if there are none."""
        lines = [line.strip() for line in self.source.splitlines()]
        if BEGIN_HIDDEN not in lines:
            return range(0)
        return range(lines.index(BEGIN_HIDDEN) + 2, lines.index(END_HIDDEN) + 1)


@dataclass(frozen=True)
class Answer:
    """One known answer to one exercise: the source of the whole exercise cell and the marks that it must get."""

    exercise: str
    name: str
    right: bool
    source: str
    marks: Mapping[str, float]
    hint: str = ""

    @property
    def label(self) -> str:
        return f"{self.exercise}: {'right' if self.right else 'wrong'}.{self.name}"


@dataclass(frozen=True)
class Figure:
    """A number that the prose states and a run produces; `bands` maps "real", "drawn", "fast_real", "fast_drawn" to (low, high)."""

    name: str
    prose: tuple[str, ...]
    value: str
    bands: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Settings:
    """What `lab.toml` says.

    files: tests and exercises pass files to each other. unsealed: tests that need what cannot leave the student's process.
    right_answers, wrong_answers: how many known answers there should be, so that none gets lost; 0 says nothing.
    """

    title: str
    reading_minutes: int
    running_seconds: int
    datasets: tuple[str, ...] = ()
    cell_seconds: float = 120
    notebook_seconds: float = 900
    memory_mb: int = 6000
    files: bool = False
    unsealed: tuple[str, ...] = ()
    right_answers: int = 0
    wrong_answers: int = 0
    fast: Mapping[str, Any] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    sourced: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """What running the instructor's own solution of an nbgrader notebook showed.

    needs: test that runs in the student's process → the earlier tests that have to run there before it.
    broken: test → why it does not accept the solution here. cause: the first cell of the solution that failed, and why.
    below: the tests that end in a number below 0 for the solution.
    """

    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    below: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lab:
    """One lab: `id` such as "lab02_mlp", its cells in order, its settings and its known answers.

    part_of: the nbgrader assignment that it is a notebook of, if that has another name. beside: (relative name, absolute path)
    of the files that its notebook finds beside it. trial: what is known of a notebook that was not written for this engine.
    """

    id: str
    folder: Path
    cells: tuple[Cell, ...]
    settings: Settings
    answers: tuple[Answer, ...]
    part_of: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    trial: Trial = Trial()

    @property
    def assignment(self) -> str:
        """nbgrader's name of the assignment."""
        return self.part_of or self.id

    @property
    def foreign(self) -> bool:
        """Whether it was made of an nbgrader notebook, which was not written for tests in another process."""
        return bool(self.part_of)

    @cached_property
    def by_hand(self) -> list[Cell]:
        """The cells that a person marks: written questions, and in some nbgrader notebooks code."""
        return [cell for cell in self.cells if cell.role == "written" or (cell.role == "exercise" and cell.points)]

    def of(self, role: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.role == role]

    @cached_property
    def tests(self) -> dict[str, Cell]:
        """The test cells by name, in order."""
        return {cell.name: cell for cell in self.of("tests")}

    @property
    def points(self) -> float:
        """Points in all, written questions included."""
        return sum(cell.points for cell in self.cells)

    def with_exercises(self, sources: Mapping[str, str]) -> Lab:
        """This lab with some exercise cells replaced: exercise name → source."""
        cells = tuple(replace(c, source=sources.get(c.name, c.source)) if c.role == "exercise" else c for c in self.cells)
        return replace(self, cells=cells)


# ── lab.py ───────────────────────────────────────────────────────────────────────────────────────────────────────────


# ── lab.toml ─────────────────────────────────────────────────────────────────────────────────────────────────────────


# ── answers/*.toml ───────────────────────────────────────────────────────────────────────────────────────────────────
