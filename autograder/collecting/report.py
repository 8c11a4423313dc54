"""What a run of `collect` found, in numbers and in one line for each thing that needs a person. It prints nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from autograder.collecting.plan import Planned

__all__ = ["COUNTED", "CollectReport", "Line"]

COUNTED = ("found", "matched", "unmatched", "twice", "wrong lab", "no notebook", "unreadable", "repaired", "late")


@dataclass(frozen=True)
class Line:
    """One thing to say.

    Attributes:
        kind: What it is about, such as "unmatched" or "repaired".
        who: The student's id, or the platform's name for somebody, or a file.
        said: What was found, and what to do.
        needs_person: Whether somebody has to do something about it.
        name: The student's name in the roster; "" where `who` is no student.
    """

    kind: str
    who: str
    said: str
    needs_person: bool = True
    name: str = ""


@dataclass(frozen=True)
class CollectReport:
    """The result of a run.

    Attributes:
        lab: Id of the lab.
        kinds: Download → its kind.
        counts: How many people there are of each of COUNTED.
        submissions: What was done, or would be done, for each student.
        lines: What is to be said; first what needs a person.
        added: How many people were added to `mapping.csv`.
    """

    lab: str
    kinds: dict[str, str]
    counts: Counter[str]
    submissions: tuple[Planned, ...]
    lines: tuple[Line, ...]
    added: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing needs a person."""
        return not any(line.needs_person for line in self.lines)

    def states(self) -> Counter[str]:
        """Return how many submissions are new, newer, same and older."""
        return Counter(planned.state for planned in self.submissions)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data for JSON."""
        return {
            "lab": self.lab,
            "downloads": self.kinds,
            "counts": {name: self.counts[name] for name in COUNTED},
            "submissions": [_row(planned) for planned in self.submissions],
            "lines": [asdict(line) for line in self.lines],
            "added_to_mapping": self.added,
        }


def _row(planned: Planned) -> dict[str, Any]:
    record = planned.record
    when = record.submitted.isoformat() if record.submitted else None
    kept = {name: getattr(record, name) for name in ("student", "source", "archive", "entry", "late", "attempt", "sha256")}
    return {**kept, "state": planned.state, "submitted": when, "files": sorted(planned.helpers)}
