"""The card of a hand-in: what is answered, which visible checks pass, what is missing. Knows nothing of how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit._cards import Card, Link, Section
from coursekit.submission import notebook as nb
from coursekit.submission.notebook import Notebook

if TYPE_CHECKING:
    from coursekit._outline import Outline

__all__ = ["Report", "stored_errors", "unwritten"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a hand-in holds.

    Attributes:
        outline: The lab.
        path: The file that was written.
        receipt: The receipt in the file.
        student: Who hands in, how that is known, and how to change it.
        saved: From which saved state of the notebook it was made; "" if that needs no word.
        copy: That the notebook is itself a copy to hand in; "" if it is not.
        words: Grade id of each written question that is answered → the first words of the answer.
        todo: What to do with the file.
        answered: Number of the answers that are written, and of all answers.
        open: Grade ids of the answers that are not written.
        checks: Grade id of each visible check → "" if it passes, its error if not, None if it did not run.
        points: Grade id of each visible check → the points of its test.
        ran_fresh: Whether the checks ran in a new process.
        explained: Grade ids of the checks whose failure a warning explains.
        warnings: What the student should look at.
        notes: What was repaired or left out.
    """

    outline: Outline
    path: Path
    receipt: dict[str, str]
    student: str
    saved: str = ""
    copy: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    todo: tuple[str, ...] = ()
    answered: tuple[int, int]
    open: tuple[str, ...]
    checks: dict[str, str | None]
    points: dict[str, float]
    ran_fresh: bool
    explained: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def card(self) -> Card:
        """Return the card."""
        passed = [name for name, error in self.checks.items() if error == ""]
        points, most = sum(self.points[name] for name in passed), sum(self.points.values())
        where = (
            "in a fresh run from top to bottom" if self.ran_fresh else "by the outputs in the notebook, which was not run again"
        )
        facts = (
            *([self.saved] if self.saved else []),
            f"{self.answered[0]} of {self.answered[1]} answers are written",
            f"{len(passed)} of {len(self.checks)} visible checks pass, {where}",
            f"the tests of these checks give {points:g} of {most:g} points, if their hidden parts pass too; written answers add to it",
        )
        # A check of an answer that is not written has nothing to add.
        asked = {name: error for name, error in self.checks.items() if not self._is_open(name) and name not in self.explained}
        failing = tuple(self._link(name, _first_line(error)) for name, error in asked.items() if error)
        waiting = tuple(dict.fromkeys(self._link(name) for name, error in asked.items() if error is None))
        whole = len(passed) == len(self.checks) and not (self.open or self.warnings)
        return Card(
            f"{'Ready to hand in' if whole else 'Can be handed in, but is not complete'}: {self.path.name}",
            "good" if whole else "open",
            (
                Section("", facts),
                Section("Look at this first", (*([self.copy] if self.copy else []), *self.warnings)),
                Section("Not written yet", tuple(map(self._link, self.open))),
                Section("How your answers in words begin", tuple(self._link(*said) for said in self.words.items())),
                Section("Checks that fail", _first_of(failing)),
                Section("Checks that did not run", _first_of(waiting)),
                Section("What was changed in the file", self.notes),
                Section("Whose work this is", (self.student,)),
                Section("Next", self.todo),
                Section("Receipt", (f"{self.receipt['answers'][:16]} · {self.receipt['student']} · {self.receipt['time']}",)),
            ),
        )

    def _is_open(self, name: str) -> bool:
        """Return whether a check belongs to an answer that is not written."""
        owner = self.outline.owner(name)
        return owner is not None and owner.name in self.open

    def _link(self, name: str, said: str = "") -> Link:
        """Return a line that leads to the exercise or question of an answer or a check."""
        from coursekit._outline import anchor

        owner = self.outline.owner(name)
        text, place = (name, "") if owner is None else (owner.label, anchor(owner.place))
        return Link.about(text, place, said) if said else Link(text, place)


def unwritten(notebook: Notebook) -> list[str]:
    """Return the grade ids of answers that are empty, or as they were handed out."""
    cells = [cell for cell in nb.cells(notebook) if nb.is_answer(cell)]
    return [nb.grade_id(cell) for cell in cells if not nb.essence(cell) or not nb.was_changed(cell)]


def stored_errors(notebook: Notebook) -> dict[int, str]:
    """Return how the code cells that ran ended by their stored outputs: index → "" for well, else the error."""
    return {
        index: _stored(cell)
        for index, cell in enumerate(nb.cells(notebook))
        if cell["cell_type"] == "code" and cell.get("execution_count") is not None
    }


def _stored(cell: nb.Cell) -> str:
    failed = [
        output for output in cell.get("outputs") or [] if isinstance(output, dict) and output.get("output_type") == "error"
    ]
    return f"{failed[0].get('ename')}: {failed[0].get('evalue')}" if failed else ""


def _first_of(lines: tuple[Link, ...], most: int = 8) -> tuple[str | Link, ...]:
    """Return the first lines, and how many there are more: what is above often explains what is below."""
    return lines if len(lines) <= most else (*lines[:most], f"and {len(lines) - most} more")


def _first_line(error: str) -> str:
    """Return the first line of an error. The name of coursekit's own error says nothing to a student."""
    return error.removeprefix("Mistake: ").strip().split("\n")[0].removesuffix(":")
