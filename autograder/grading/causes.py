"""Explain errors by an earlier cell: it stopped before it defined a name, or it gave a name of the lab another value.

This module looks at the outcomes of cells and at the names that they define. It runs nothing and
gives no marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.execution.steps import Outcome
from autograder.grading.dependencies import names
from autograder.grading.verdict import Flag
from autograder.labs.model import Lab
from autograder.printable import line

__all__ = ["Cause", "cause_flags", "causes"]

_MISSING = re.compile(r"name '(\w+)' is not defined")
# Errors of code that expects another value under a name.
_PUZZLED = ("AttributeError", "TypeError", "KeyError", "IndexError", "ValueError")


@dataclass(frozen=True)
class Cause:
    """An earlier cell because of which another one failed.

    Attributes:
        name: The name that is missing or has another value.
        own: Whether the student added the cell.
        place: Description of the cell's position in the notebook.
        error: The error with which the cell stopped; "" if it ran and gave `name` another value.
    """

    name: str
    own: bool
    place: str
    error: str = ""

    def __str__(self) -> str:
        """Return the sentence for the student."""
        if self.error:
            return f"your {self.place} stopped with {self.error}, so `{self.name}` is missing"
        return f"your {self.place} gives `{self.name}`, a name of the lab, another value: use a name of your own there"


def causes(lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]) -> dict[int, Cause]:
    """Find the earlier cells because of which cells failed.

    Args:
        lab: The lab.
        code: (index of the lab's cell, or -1 for the student's own; source) of each cell, as in
            `Submission`.
        outcomes: Outcome of each cell.

    Returns:
        Index in `code` of each failed cell → the cause. If a name is missing, it is the last cell
        above that stopped and would have defined the name. If code met a value that it did not
        expect, it is the student's last cell above that gave another value to a name of the lab
        that the code reads. Cells without such a cause are left out.
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
            found[place] = replace(makers[-1][1], name=name)
    return {**_rebound(lab, code, outcomes), **found}


def cause_flags(found: Mapping[int, Cause]) -> list[Flag]:
    """Create flags for the student's own cells whose errors made other cells fail.

    Args:
        found: Causes as `causes` returns them.

    Returns:
        One flag of kind "stopped" per cell.
    """
    said = dict.fromkeys(
        f"the student's {cause.place} stopped with {cause.error}" for cause in found.values() if cause.own and cause.error
    )
    return [Flag("stopped", (), message) for message in said]


def _stopped(lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]) -> Iterator[tuple[int, Cause]]:
    """Yield (index, cause without a name) of plain cells that failed."""
    places = _places(lab, code)
    for place, ((index, _), outcome) in enumerate(zip(code, outcomes, strict=True)):
        own = index < 0
        if (own or lab.cells[index].role == "code") and outcome.status not in ("ok", "missing"):
            error = f"{outcome.error}: {outcome.message}" if outcome.error else outcome.message
            yield place, Cause("", own, places[place], line(error.rstrip(": "), 200))


def _rebound(lab: Lab, code: Sequence[tuple[int, str]], outcomes: Sequence[Outcome]) -> dict[int, Cause]:
    """Return the causes of failed cells that read a name of the lab to which the student gave another value."""
    puzzled = [place for place, outcome in enumerate(outcomes) if outcome.error in _PUZZLED]
    if not puzzled:
        return {}
    places = _places(lab, code)
    taken: dict[str, tuple[int, Cause]] = {}  # name → the cell of the student that took it last
    makers: set[str] = set()
    found: dict[int, Cause] = {}
    exercises = {lab.cells[index].name: source for index, source in code if index >= 0 and lab.cells[index].role == "exercise"}
    for place, (index, source) in enumerate(code):
        cell = lab.cells[index] if index >= 0 else None
        if place in puzzled:
            about = exercises.get(cell.exercise, "") if cell is not None else ""
            reads = names(source).reads | names(about).reads | names(about).assigns
            if rebinders := sorted(taken[name] for name in reads & taken.keys()):
                found[place] = rebinders[-1][1]
        due = names(cell.source).assigns if cell is not None else frozenset[str]()
        if cell is not None and cell.role in ("given", "tests"):
            makers |= due
            taken = {name: took for name, took in taken.items() if name not in due}
            continue
        for name in (names(source).assigns & makers) - due:
            taken[name] = (place, Cause(name, cell is None, places[place]))
        makers |= due if cell is not None and cell.role == "code" else frozenset()
    return found


def _places(lab: Lab, code: Sequence[tuple[int, str]]) -> list[str]:
    """Return the description of each cell's position in the notebook."""
    described, above = [], ""
    for index, _ in code:
        cell = lab.cells[index] if index >= 0 else None
        if cell is not None and cell.role == "exercise":
            described.append(f"cell for `{cell.name}`")
        else:
            whose = "own cell" if cell is None else "cell"
            described.append(f"{whose} after `{above}`" if above else f"{whose} at the top of the notebook")
        above = cell.grade_id or above if cell is not None else above
    return described


def _made(source: str) -> frozenset[str]:
    said = names(source)
    return said.assigns | said.changes | said.imports
