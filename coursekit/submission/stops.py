"""Why cells stopped when a notebook ran: names that a cell above overwrote, and else the first cell that is to be read.

Knows nothing of how they ran.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from coursekit._overwritten import cause, find_overwritten, imported, is_consequence, is_used
from coursekit.submission import notebook as nb
from coursekit.submission.notebook import Cell, Notebook

__all__ = ["Stops", "about_stops", "cell_named"]


@dataclass(frozen=True)
class Stops:
    """What is said about cells that stopped.

    Attributes:
        warnings: Sentences for the student.
        explained: Indices of the cells that stopped because a name was overwritten, which a sentence says.
    """

    warnings: tuple[str, ...] = ()
    explained: frozenset[int] = frozenset()


def about_stops(notebook: Notebook, errors: Mapping[int, str], called: Callable[[str], str] = str) -> Stops:
    """Say why cells stopped. Answers and checks that stop for a reason of their own have lines of their own on the card.

    Args:
        notebook: The notebook.
        errors: Index of each code cell that ran → its error, "" if it has none.
        called: Gives what a student calls the cell with a grade id.
    """
    cells = nb.cells(notebook)
    said, explained = _overwritten(cells, errors, called)
    stopped = [
        (cell, errors[index])
        for index, cell in enumerate(cells)
        if errors.get(index) and index not in explained and not nb.is_test(cell) and not nb.is_answer(cell)
    ]
    if stopped:
        (first, error), more = stopped[0], len(stopped) - 1
        others = f", and {more} more" if more else ""
        said.append(
            f"When the notebook ran, {cell_named(first, called)} stopped with {error.splitlines()[0]}{others}: is an answer above "
            "it complete?"
        )
    return Stops(tuple(said), explained)


def _overwritten(
    cells: list[Cell], errors: Mapping[int, str], called: Callable[[str], str]
) -> tuple[list[str], frozenset[int]]:
    """Return the message about overwritten names, if cells stopped because of them, and the indices of these cells."""
    code = [index for index, cell in enumerate(cells) if cell["cell_type"] == "code"]
    texts = {index: nb.source(cells[index]) for index in code}
    names = {name for index in code if nb.is_locked(cells[index]) for name in imported(texts[index])}
    found = find_overwritten([texts[index] for index in code], names)
    if not found:
        return [], frozenset()
    begin = code[found[0].cell]
    explained = frozenset(index for index in code if index >= begin and is_consequence(errors.get(index) or ""))
    needed = "\n".join(texts[index] for index in code if index in explained or nb.is_answer(cells[index]))
    found = [one for one in found if is_used(one.name, needed)]
    if not found or not explained:
        return [], frozenset()
    return [cause(found, lambda place: cell_named(cells[code[place]], called), len(explained))], explained


def cell_named(cell: Cell, called: Callable[[str], str]) -> str:
    """Return how to call a cell: by what it is for, or by its first line."""
    if nb.grade_id(cell):
        return called(nb.grade_id(cell))
    lines = nb.source(cell).strip().splitlines() or [""]
    return f"the cell that begins with `{lines[0][:40]}`"
