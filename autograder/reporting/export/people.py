"""Whose row it is: the students of the course, by everything that a platform may call them.

This module knows students and what collect noted of them; it knows no files.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from autograder.course.records import CollectedFile
from autograder.reporting.marks import Mark

__all__ = ["People"]


class People:
    """The students of the course.

    Attributes:
        marks: Id of a student → mark.
        participants: Id of a student → the numbers that collect noted of them; only of who was collected
            from Moodle.
    """

    def __init__(self, marks: Sequence[Mark], collected: Sequence[CollectedFile] = ()) -> None:
        """Index the students.

        Args:
            marks: Marks, whose students are indexed.
            collected: What collect noted, with the ids that the platform gave them.
        """
        self.marks = {mark.student.id: mark for mark in marks}
        self.participants: dict[str, set[str]] = {}
        self._known: dict[tuple[str, str], set[str]] = {}
        for mark in marks:
            student = mark.student
            names = (f"{student.first_name} {student.last_name}", f"{student.last_name} {student.first_name}")
            known = {"id": student.id, "email": student.email, **student.lms_ids}
            for kind, value in (*known.items(), *(("name", name) for name in names)):
                self._note(kind, value, student.id)
        for file in collected:
            for kind, value in file.lms.items():
                if file.student in self.marks and kind in ("user", "participant"):
                    self._note({"user": "canvas_id"}.get(kind, kind), value, file.student)
                if file.student in self.marks and kind == "participant":
                    self.participants.setdefault(file.student, set()).add(value)

    def find(self, claims: Iterable[tuple[str, str]]) -> str | None:
        """Find the student that a row means.

        A number of the platform may happen to be another student's id in the course, so all that a
        row says must fit one student.

        Args:
            claims: (kind, value); kinds are "id", "email", "name", "participant" and the columns
                of the roster. A claim that fits nobody says nothing.

        Returns:
            Id of the only student whom all claims fit; None if there is none, or more than one.
        """
        fitting = [found for kind, value in claims if (found := self._known.get((kind, _plain(kind, value))))]
        common = set.intersection(*fitting) if fitting else set()
        return common.pop() if len(common) == 1 else None

    def _note(self, kind: str, value: str, student: str) -> None:
        if plain := _plain(kind, value):
            self._known.setdefault((kind, plain), set()).add(student)


def _plain(kind: str, value: str) -> str:
    """Return a value without what tells two spellings of it apart: case, spaces and, in a name, commas."""
    value = unicodedata.normalize("NFKC", value).casefold()
    return " ".join((value.replace(",", " ") if kind == "name" else value).split())
