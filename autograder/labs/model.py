"""A lab as plain data: the cells of `lab.py`, the settings of `lab.toml` and the known answers of `answers/`.

This module does not know notebooks or marks, and runs no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.labs.publication import Publication

__all__ = ["Answer", "Cell", "Figure", "Lab", "Settings", "Trial"]

ROLES = ("given", "exercise", "tests", "written")
PREFIX = {"given": "given_", "exercise": "", "tests": "test_", "written": "written_"}
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


@dataclass(frozen=True)
class Cell:
    """One cell of a lab.

    Attributes:
        role: "prose", "code" or one of ROLES.
        source: Text of the cell.
        name: Name of the cell; "" for prose and plain code.
        points: Points of a test or a written question; in nbgrader notebooks also of a manually
            graded answer.
        exercise: For tests, the exercise that they mark.
        parameters: Whether the cell sets the parameters that the reduced budget replaces.
        trains: Whether the cell trains a network.
        id: Id of the notebook cell.
        nbgrader: nbgrader metadata of a cell from an nbgrader notebook.
        stub: Text that replaces the solution in the release, if the course sets its own.
    """

    role: str
    source: str
    name: str = ""
    points: float = 0
    exercise: str = ""
    parameters: bool = False
    trains: bool = False
    id: str = ""
    nbgrader: tuple[tuple[str, Any], ...] = ()
    stub: str = ""

    @property
    def grade_id(self) -> str:
        """nbgrader's id of this cell; "" for a cell without one."""
        if self.nbgrader:
            return str(dict(self.nbgrader)["grade_id"])
        return PREFIX[self.role] + self.name if self.name else ""

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell of the notebook."""
        return self.role not in ("prose", "written")

    @property
    def hidden(self) -> range:
        """Numbers (from 1) of the lines between the markers of hidden tests; empty without markers."""
        lines = [line.strip() for line in self.source.splitlines()]
        if BEGIN_HIDDEN not in lines:
            return range(0)
        return range(lines.index(BEGIN_HIDDEN) + 2, lines.index(END_HIDDEN) + 1)


@dataclass(frozen=True)
class Answer:
    """One known answer to one exercise.

    Attributes:
        exercise: Name of the exercise.
        name: Name of the answer.
        right: Whether the answer is right and gets every point.
        source: Source of the whole exercise cell.
        marks: Test name → points that the test must give.
        hint: Text that the message of some test must contain; "" if there is none.
    """

    exercise: str
    name: str
    right: bool
    source: str
    marks: Mapping[str, float]
    hint: str = ""

    @property
    def label(self) -> str:
        """Description of the answer for messages."""
        return f"{self.exercise}: {'right' if self.right else 'wrong'}.{self.name}"


@dataclass(frozen=True)
class Figure:
    """A number that the prose states and that a run of the lab produces.

    Attributes:
        name: Name of the figure.
        prose: Pieces of the prose that state the number.
        value: Expression that computes the number after the lab has run.
        bands: "real", "drawn", "fast_real" or "fast_drawn" → (lowest, highest) accepted value for
            this kind of data and budget.
    """

    name: str
    prose: tuple[str, ...]
    value: str
    bands: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Settings:
    """The settings in `lab.toml`.

    Attributes:
        title: Title of the lab.
        reading_minutes: Time to read the lab in minutes.
        running_seconds: Time to run the lab in seconds.
        datasets: Names of the data sets that the lab loads.
        cell_seconds: Time limit per cell in seconds.
        notebook_seconds: Time limit for the whole notebook in seconds.
        memory_mb: Memory limit in MB.
        files: Whether tests and exercises exchange files.
        unsealed: Names of the tests that must run in the student process.
        right_answers: Expected number of right known answers; 0 if it is not checked.
        wrong_answers: Expected number of wrong known answers; 0 if it is not checked.
        fast: Parameter name → value in the reduced budget.
        figures: Numbers in the prose that a run produces.
        facts: Piece of the prose with a number → Python expression that computes the number.
        sourced: Piece of the prose with a number → source of the number.
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
    """What the trial runs of the instructor's own solution of an nbgrader notebook showed.

    Attributes:
        needs: Test that runs in the student process → earlier tests that must run there before it.
        broken: Test name → why the test does not pass for the solution.
        cause: The first cell of the solution that failed, and why.
        below: Tests that end in a negative number for the solution.
    """

    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    cause: str = ""
    below: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lab:
    """One lab.

    Attributes:
        id: Id such as "lab02_mlp".
        folder: Folder of the lab.
        cells: Cells, in order.
        settings: Settings of `lab.toml`.
        answers: Known answers to the exercises.
        part_of: Name of the nbgrader assignment that the notebook belongs to; "" for a lab of this
            course.
        beside: (relative name, absolute path) of the support files that are placed next to the
            notebook.
        trial: Results of the trial runs of an nbgrader notebook.
        equivalent: Exercise name → id of a mutant of its reference solution → why that mutant is as
            right as the reference.
        publication: Where the course is published; None for a lab of a course that does not say so.
    """

    id: str
    folder: Path
    cells: tuple[Cell, ...]
    settings: Settings
    answers: tuple[Answer, ...]
    part_of: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    trial: Trial = Trial()
    equivalent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    publication: Publication | None = None

    @property
    def assignment(self) -> str:
        """Name of the nbgrader assignment."""
        return self.part_of or self.id

    @property
    def foreign(self) -> bool:
        """Whether it comes from an nbgrader notebook, which was not written for tests in a separate process."""
        return bool(self.part_of)

    @cached_property
    def by_hand(self) -> list[Cell]:
        """Cells that a person marks: written questions, and in some nbgrader notebooks code."""
        return [cell for cell in self.cells if cell.role == "written" or (cell.role == "exercise" and cell.points)]

    def of(self, role: str) -> list[Cell]:
        """Return the cells with a role, in order."""
        return [cell for cell in self.cells if cell.role == role]

    @cached_property
    def tests(self) -> dict[str, Cell]:
        """Test name → test cell, in order."""
        return {cell.name: cell for cell in self.of("tests")}

    @property
    def points(self) -> float:
        """Total number of points, including written questions."""
        return sum(cell.points for cell in self.cells)

    def with_exercises(self, sources: Mapping[str, str]) -> Lab:
        """Return this lab with some exercise cells replaced; `sources` maps exercise name → source."""
        cells = tuple(replace(c, source=sources.get(c.name, c.source)) if c.role == "exercise" else c for c in self.cells)
        return replace(self, cells=cells)
