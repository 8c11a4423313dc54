"""Explain NameErrors: an earlier cell that should have defined the name stopped with an error.

This module looks at the outcomes of cells and at the names that they define. It runs nothing and
gives no marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.execution.steps import Outcome
from autograder.grading.dependencies import names
from autograder.grading.verdict import Flag
from autograder.labs.model import Lab
from autograder.printable import line

__all__ = ["Cause", "cause_flags", "causes"]

_MISSING = re.compile(r"name '(\w+)' is not defined")


@dataclass(frozen=True)
class Cause:
    """A cell that stopped before it defined a name.

    Attributes:
        name: The missing name.
        own: Whether the student added the cell.
        after: Grade id of the lab's cell above it; "" if there is none.
        error: The error with which the cell stopped.
    """

    name: str
    own: bool
    after: str
    error: str

    @property
    def place(self) -> str:
        """Description of the cell's position in the notebook."""
        whose = "own cell" if self.own else "cell"
        return f"{whose} after `{self.after}`" if self.after else f"{whose} at the top of the notebook"

    def __str__(self) -> str:
        """Return the sentence for the student."""
        return f"your {self.place} stopped with {self.error}, so `{self.name}` is missing"


def causes(lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]) -> dict[int, Cause]:
    """Find the causes of missing names.

    Args:
        lab: The lab.
        code: (index of the lab's cell, or -1 for the student's own; source) of each cell, as in
            `Submission`.
        outcomes: Outcome of each cell.

    Returns:
        Index in `code` of each cell that failed because a name is missing → the last cell above it
        that stopped and would have defined the name. Cells without such a cause are left out.
    """
    wanting = {
        place: missing.group(1)
        for place, outcome in enumerate(outcomes)
        if outcome.error == "NameError" and (missing := _MISSING.search(outcome.message))
    }
    stopped = list(_stopped(lab, code, outcomes)) if wanting else []
    found = {}
    for place, name in wanting.items():
        makers = [(there, cause) for there, cause in stopped if there < place and name in _made(code[there][1])]
        if makers:
            _, (own, after, error) = makers[-1]
            found[place] = Cause(name, own, after, error)
    return found


def cause_flags(found: Mapping[int, Cause]) -> list[Flag]:
    """Create flags for the student's own cells whose errors made other cells fail.

    Args:
        found: Causes as `causes` returns them.

    Returns:
        One flag of kind "stopped" per cell.
    """
    said = dict.fromkeys(f"the student's {cause.place} stopped with {cause.error}" for cause in found.values() if cause.own)
    return [Flag("stopped", (), message) for message in said]


def _stopped(
    lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]
) -> Iterator[tuple[int, tuple[bool, str, str]]]:
    """Yield (index, (whether it is the student's own, the named cell above it, its error)) of plain cells that failed."""
    above = ""
    for place, ((index, _), outcome) in enumerate(zip(code, outcomes, strict=True)):
        cell = lab.cells[index] if index >= 0 else None
        if (cell is None or cell.role == "code") and outcome.status not in ("ok", "missing"):
            error = f"{outcome.error}: {outcome.message}" if outcome.error else outcome.message
            yield place, (cell is None, above, line(error.rstrip(": "), 200))
        above = cell.grade_id or above if cell is not None else above


def _made(source: str) -> frozenset[str]:
    said = names(source)
    return said.assigns | said.changes | said.imports
