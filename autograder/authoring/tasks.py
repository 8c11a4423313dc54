"""Tasks of a verification: cells of a lab to run in one process, either all cells or those that some tests need.

This module knows labs and the dependencies of their cells; it does not know what is verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from autograder.execution.limits import Environment
from autograder.execution.steps import Outcome
from autograder.grading.dependencies import required_cells
from autograder.grading.options import Options
from autograder.labs.budget import with_budget
from autograder.labs.model import Lab

__all__ = ["ASIDE", "Task", "code_of", "sliced", "trains"]

ASIDE = -1  # index of a cell that does not belong to the lab; it runs in the student process


@dataclass(frozen=True)
class Task:
    """Cells to run in one process.

    Attributes:
        check: Name of the check that the task belongs to.
        cells: (index in the lab, source) of each cell.
        environment: Environment of the processes.
        judge: Returns the problems in the outcomes; its argument contains (index in the lab,
            outcome) of each cell.
        examined: Whether the tests must run in the examiner, whatever `Effort.examined` is.
        redrawn: Tests that run again in the student process after all cells, with new random
            values each time.
    """

    check: str
    cells: Sequence[tuple[int, str]]
    environment: Environment
    judge: Callable[[Sequence[tuple[int, Outcome]]], Iterable[str]]
    examined: bool = False
    redrawn: Sequence[tuple[int, str]] = ()


def code_of(lab: Lab, options: Options) -> list[tuple[int, str]]:
    """Return the code cells of a lab.

    Args:
        lab: The lab.
        options: Grading options.

    Returns:
        (index in the lab, source) of each code cell.
    """
    return [
        (index, with_budget(lab, cell.source, cell.grade_id, fast=options.fast))
        for index, cell in enumerate(lab.cells)
        if cell.is_code
    ]


def sliced(lab: Lab, cells: Sequence[tuple[int, str]], targets: Sequence[int]) -> list[tuple[int, str]]:
    """Select the cells that some cells depend on. Other test cells are left out, because nothing may depend on them.

    Args:
        lab: The lab.
        cells: (index in the lab, source) of each cell.
        targets: Indices in the lab of the cells to run.

    Returns:
        The selected part of `cells`, with `targets` and the set-up cell.
    """
    kept = [(i, source) for i, source in cells if lab.cells[i].role != "tests" or i in targets]
    position = {i: place for place, (i, _) in enumerate(kept)}
    setup = [position[i] for i, cell in enumerate(lab.cells) if cell.role == "given" and cell.name == "setup"]
    places = required_cells([source for _, source in kept], [position[i] for i in targets], setup)
    return [kept[place] for place in places]


def trains(lab: Lab, cells: Sequence[tuple[int, str]], targets: Sequence[int]) -> bool:
    """Return whether any cell that some cells depend on trains for more than a second.

    Args:
        lab: The lab.
        cells: (index in the lab, source) of each cell.
        targets: Indices in the lab of the cells to run.

    Returns:
        Whether one of them is marked as `trains`.
    """
    return any(lab.cells[i].trains for i, _ in sliced(lab, cells, targets))
