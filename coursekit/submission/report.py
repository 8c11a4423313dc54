"""The card of a hand-in: what is answered, which visible checks pass, what is missing. Knows nothing of how it was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from coursekit._cards import Card, Section
from coursekit.submission import notebook as nb
from coursekit.submission.notebook import Notebook

__all__ = ["Report", "check_results", "unwritten"]


@dataclass(frozen=True)
class Report:
    """What a hand-in holds.

    Attributes:
        lab: Id of the lab.
        path: The file that was written.
        receipt: The receipt in the file.
        answered: Number of the answers that are written, and of all answers.
        open: Grade ids of the answers that are not written.
        checks: Grade id of each visible check → "" if it passes, its error if not, None if it did not run.
        points: Grade id of each visible check → the points of its test.
        ran_fresh: Whether the checks ran in a new process.
        warnings: What the student should look at.
        notes: What was repaired or left out.
    """

    lab: str
    path: Path
    receipt: dict[str, str]
    answered: tuple[int, int]
    open: tuple[str, ...]
    checks: dict[str, str | None]
    points: dict[str, float]
    ran_fresh: bool
    warnings: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    def card(self) -> Card:
        """Return the card."""
        passed = [name for name, error in self.checks.items() if error == ""]
        points, most = sum(self.points[name] for name in passed), sum(self.points.values())
        where = (
            "in a fresh run from top to bottom" if self.ran_fresh else "by the outputs in the notebook, which was not run again"
        )
        facts = (
            f"{self.answered[0]} of {self.answered[1]} answers are written",
            f"{len(passed)} of {len(self.checks)} visible checks pass, {where}",
            f"the tests of these checks give {points:g} of {most:g} points, if their hidden parts pass too; written answers add to it",
        )
        failing = tuple(f"{name}: {_first_line(error)}" for name, error in self.checks.items() if error)
        waiting = tuple(name for name, error in self.checks.items() if error is None)
        whole = not (self.open or failing or waiting or self.warnings)
        return Card(
            f"{'Ready to hand in' if whole else 'Can be handed in, but is not complete'}: {self.path.name}",
            "good" if whole else "open",
            (
                Section("", facts),
                Section("Look at this first", self.warnings),
                Section("Not written yet", self.open),
                Section("Checks that fail", _first_of(failing)),
                Section("Checks that did not run", _first_of(waiting)),
                Section("What was changed in the file", self.notes),
                Section(
                    "Next",
                    ("hand in this file where your course collects them; every submit() writes a new one, the last counts",),
                ),
                Section("Receipt", (f"{self.receipt['answers'][:16]} · {self.receipt['student']} · {self.receipt['time']}",)),
            ),
        )


def unwritten(notebook: Notebook) -> list[str]:
    """Return the grade ids of answers that are empty, or as they were handed out."""
    cells = [cell for cell in nb.cells(notebook) if nb.is_answer(cell)]
    return [nb.grade_id(cell) for cell in cells if not nb.essence(cell) or not nb.was_changed(cell)]


def check_results(notebook: Notebook, errors: dict[int, str] | None) -> dict[str, str | None]:
    """Return how each visible check ended: "" if it passes, its error if not, None if it did not run.

    Args:
        notebook: The notebook.
        errors: Index of each cell that ran → its error; None to go by the outputs in the notebook.
    """
    tests = [(index, cell) for index, cell in enumerate(nb.cells(notebook)) if nb.is_test(cell)]
    if errors is not None:
        return {nb.grade_id(cell): errors.get(index) for index, cell in tests}
    return {nb.grade_id(cell): _stored(cell) for _, cell in tests}


def _stored(cell: nb.Cell) -> str | None:
    """Return how a check ended by its stored outputs."""
    if cell.get("execution_count") is None:
        return None
    failed = [
        output for output in cell.get("outputs") or [] if isinstance(output, dict) and output.get("output_type") == "error"
    ]
    return f"{failed[0].get('ename')}: {failed[0].get('evalue')}" if failed else ""


def _first_of(lines: tuple[str, ...], most: int = 8) -> tuple[str, ...]:
    """Return the first lines, and how many there are more: what is above often explains what is below."""
    return lines if len(lines) <= most else (*lines[:most], f"and {len(lines) - most} more")


def _first_line(error: str) -> str:
    """Return the first line of an error. The name of coursekit's own error says nothing to a student."""
    return error.removeprefix("Mistake: ").strip().split("\n")[0].removesuffix(":")
