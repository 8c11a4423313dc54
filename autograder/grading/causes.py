"""Why a name is missing: an earlier cell that should have made it stopped, and only what followed from that was to be seen.

Looks at how cells ended and at the names that they would have made; runs nothing and gives no marks.
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
    """A cell that stopped before it made `name`. own: the student made that cell. after: the lab's cell above it, "" for none."""

    name: str
    own: bool
    after: str
    error: str

    @property
    def place(self) -> str:
        whose = "own cell" if self.own else "cell"
        return f"{whose} after `{self.after}`" if self.after else f"{whose} at the top of the notebook"

    def __str__(self) -> str:
        """For the student."""
        return f"your {self.place} stopped with {self.error}, so `{self.name}` is missing"


def causes(lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]) -> dict[int, Cause]:
    """Place in `code` of what failed for want of a name → the cell that stopped before it could make that name.

    code: (index of the lab's cell, -1 for the student's own; source), as in a Submission, with the outcome of each.
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
    """A flag for each of the student's own cells that took something along when it stopped."""
    said = dict.fromkeys(f"the student's {cause.place} stopped with {cause.error}" for cause in found.values() if cause.own)
    return [Flag("stopped", (), message) for message in said]


def _stopped(
    lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]
) -> Iterator[tuple[int, tuple[bool, str, str]]]:
    """(place, (whether it is the student's own, the named cell above it, its error)) of plain cells that did not end well."""
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
