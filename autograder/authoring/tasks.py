"""Cells of a lab to run in one process, for a proof: the whole lab, or only what some tests need.

Knows labs and which cells need which; nothing of what is to be proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.execution.limits import Environment
from autograder.execution.steps import Outcome
from autograder.grading.dependencies import required_cells
from autograder.grading.job import with_budget
from autograder.grading.options import Options
from autograder.labs.model import Lab

__all__ = ["ASIDE", "Task", "code_of", "sliced", "trains"]

ASIDE = -1  # index of a cell that the lab does not know; it runs in the student process


@dataclass(frozen=True)
class Task:
    """Cells to run in one process: (index in the lab, source); `judge` turns their outcomes into problems.

    examined: its tests run in the examiner, however few of the others do. redrawn: tests that run again after all cells, in the
    student process: what they draw at random is drawn anew each time.
    """

    check: str
    cells: Sequence[tuple[int, str]]
    environment: Environment
    judge: Callable[[Sequence[tuple[int, Outcome]]], Iterable[str]]
    examined: bool = False
    redrawn: Sequence[tuple[int, str]] = ()


def code_of(lab: Lab, options: Options) -> list[tuple[int, str]]:
    """The code cells of a lab: (index, source)."""
    return [
        (index, with_budget(lab, cell.source, cell.grade_id, fast=options.fast))
        for index, cell in enumerate(lab.cells)
        if cell.is_code
    ]


def sliced(lab: Lab, cells: Sequence[tuple[int, str]], targets: Sequence[int]) -> list[tuple[int, str]]:
    """The cells that `targets` (lab indices) need. Other test cells are left out: nothing may depend on one."""
    kept = [(i, source) for i, source in cells if lab.cells[i].role != "tests" or i in targets]
    position = {i: place for place, (i, _) in enumerate(kept)}
    setup = [position[i] for i, cell in enumerate(lab.cells) if cell.role == "given" and cell.name == "setup"]
    places = required_cells([source for _, source in kept], [position[i] for i in targets], setup)
    return [kept[place] for place in places]


def trains(lab: Lab, cells: Sequence[tuple[int, str]], targets: Sequence[int]) -> bool:
    """Whether any cell that `targets` need trains for more than a second."""
    return any(lab.cells[i].trains for i, _ in sliced(lab, cells, targets))
