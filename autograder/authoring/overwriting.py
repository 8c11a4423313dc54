"""Find checks that overwrite a name of the notebook: a student who runs the check then stops in a given cell below.

Grading runs checks apart, so only a student's kernel shows it. Looks at text alone: runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.grading.dependencies import names
from autograder.labs.model import Cell, Lab

__all__ = ["overwritten_names"]


def overwritten_names(lab: Lab) -> Iterator[str]:
    """Find names that the visible part of a check binds anew although a later cell needs what they held.

    Args:
        lab: The lab.

    Yields:
        Sentences that describe the problems.
    """
    for place, test in enumerate(lab.cells):
        if test.role != "tests":
            continue
        for name in sorted(_bound(_shown(test))):
            own = any(cell.is_code and cell.role != "tests" and name in _bound(cell.source) for cell in lab.cells[:place])
            if own and (needed := _next_reader(lab.cells[place + 1 :], name)):
                yield f"tests {test.name}: `{name}` is bound anew, but cell {needed} needs what it held: choose another name"


def _next_reader(cells: tuple[Cell, ...], name: str) -> str:
    """Return the first cell, tests aside, that reads a name before a cell binds it; "" if there is none."""
    for cell in cells:
        if cell.is_code and cell.role != "tests":
            if name in names(cell.source).reads:
                return cell.id
            if name in _bound(cell.source):
                return ""
    return ""


def _bound(source: str) -> frozenset[str]:
    found = names(source)
    return found.assigns | found.changes


def _shown(test: Cell) -> str:
    """Return the visible part of a test."""
    lines = enumerate(test.source.splitlines(), start=1)
    return "\n".join(line for number, line in lines if number not in test.hidden)
