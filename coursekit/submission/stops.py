"""Why cells stopped when a notebook ran: names that were overwritten or are missing, and else the first cell that is to be read.

Knows nothing of how they ran.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from coursekit._overwritten import cause, find_overwritten, imported, is_consequence, is_used
from coursekit.submission import notebook as nb
from coursekit.submission.notebook import Cell, Notebook

if TYPE_CHECKING:
    from coursekit._outline import Maker

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


def about_stops(
    notebook: Notebook,
    errors: Mapping[int, str],
    called: Callable[[str], str] = str,
    makers: Mapping[str, Maker] = MappingProxyType({}),
) -> Stops:
    """Say why cells stopped. Answers and checks that stop for a reason of their own have lines of their own on the card.

    Args:
        notebook: The notebook.
        errors: Index of each code cell that ran → its error, "" if it has none.
        called: Gives what a student calls the cell with a grade id.
        makers: Name of a variable → the cell of the lab as it is handed out that makes it.
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
        others = f", and {more} more cell{'s' * (more > 1)}" if more else ""
        text = error.splitlines()[0].strip().removesuffix(":")
        why = _lost(text, cells, makers) or (
            "they need an answer that is not written yet."
            if more and text == "NotImplementedError"
            else "it needs an answer that is not written yet."
            if text == "NotImplementedError"
            else "is an answer above it complete?"
        )
        said.append(f"When the notebook ran, {cell_named(first, called)} stopped with {text}{others}: {why}")
    return Stops(tuple(said), explained)


def _lost(error: str, cells: list[Cell], makers: Mapping[str, Maker]) -> str:
    """Say which cell is missing that makes the name that an error speaks of; "" if none is."""
    name = next(iter(re.findall(r"^NameError: name '(\w+)' is not defined", error)), "")
    code = [nb.source(cell) for cell in cells if cell["cell_type"] == "code"]
    if name not in makers or any(name in nb.names_made(text) for text in code):
        return ""
    return (
        f"`{name}` is made by {makers[name]}. Your notebook has lost that cell: open a new copy of the lab, and copy the cell "
        "back to its place."
    )


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
