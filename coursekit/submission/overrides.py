"""Numbers of the lab, such as EPOCHS, that a cell of the student's own replaces. Knows nothing of running."""

from __future__ import annotations

from coursekit.submission import notebook as nb
from coursekit.submission.notebook import Notebook
from coursekit.submission.stops import cell_named

__all__ = ["about_overrides"]


def about_overrides(notebook: Notebook, release: Notebook | None) -> list[str]:
    """Say which cells of the student's own give a number in capitals another value than the lab does.

    Args:
        notebook: The notebook.
        release: The notebook of the same lab as it was handed out; None if it is not known.
    """
    if release is None:
        return []
    given = {name for cell in nb.cells(release) if _is_code(cell) and nb.is_locked(cell) for name in _numbers(cell)}
    handed_out = {nb.essence(cell) for cell in nb.cells(release)}
    said = []
    for cell in nb.cells(notebook):
        if not _is_code(cell) or nb.grade_id(cell) or nb.essence(cell) in handed_out:
            continue
        if changed := sorted(given & _numbers(cell)):
            names = ", ".join(f"`{name}`" for name in changed)
            said.append(
                f"A cell of your own, {cell_named(cell, str)}, sets {names} anew. Your notebook is marked with that: delete the cell if "
                "you only tried it."
            )
    return said


def _is_code(cell: nb.Cell) -> bool:
    return bool(cell["cell_type"] == "code")


def _numbers(cell: nb.Cell) -> set[str]:
    """Return the names in capitals that a cell assigns."""
    return {name for name in nb.names_made(nb.source(cell)) if name.isupper()}
