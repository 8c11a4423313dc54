"""The reduced budget of a lab: values that a parameter cell gets for quick runs. Pure text: runs nothing."""

from __future__ import annotations

from autograder.labs.model import Lab

__all__ = ["reduced_parameters", "with_budget"]


def reduced_parameters(lab: Lab) -> str:
    """Return code that sets the lab's parameters to the values of the reduced budget."""
    return "\n".join(f"{name} = {value!r}" for name, value in lab.settings.fast.items())


def with_budget(lab: Lab, source: str, grade_id: str, *, fast: bool) -> str:
    """Return the source of a cell as it will run.

    Args:
        lab: The lab.
        source: Source of the cell.
        grade_id: Grade id of the cell.
        fast: Whether to append the values of the reduced budget to a parameter cell.

    Returns:
        The source to run.
    """
    reduced = fast and any(cell.parameters and cell.grade_id == grade_id for cell in lab.of("given"))
    return f"{source}\n{reduced_parameters(lab)}" if reduced else source
