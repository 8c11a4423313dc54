"""What Canvas and Moodle do with a file of marks, after their documented rules. Independent of the code that writes the files.

Both raise ValueError for a file that the platform refuses.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

NO, SKIPPED = ("no", "nein", "non"), ("", "-")


def read_rows(data: bytes) -> list[list[str]]:
    text = data.decode("utf-8-sig")
    separator = ";" if text.split("\n", 1)[0].count(";") > text.split("\n", 1)[0].count(",") else ","
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row]


def value(text: str) -> float:
    return float(text.replace(",", "."))


@dataclass
class Canvas:
    """A course in Canvas: user id → (SIS id, login), and assignment id → user id → score or "EX"."""

    users: Mapping[str, tuple[str, str]]
    scores: dict[str, dict[str, float | str]]

    def upload(self, data: bytes) -> dict[tuple[str, str], float]:
        """Import a gradebook; what the page of changes lists. ValueError for a column that would make a new assignment."""
        header, *rows = read_rows(data)
        if len(header) <= 3 or "Student" not in header[0] or header[1] != "ID" or "Section" not in header:
            raise ValueError("not the order of columns that Canvas takes")
        columns = {}
        for at, title in enumerate(header[header.index("Section") + 1 :], start=header.index("Section") + 1):
            points = next((row[at] for row in rows if row[0].startswith("    Points Possible")), "")
            if points == "(read only)":
                continue
            numbered = re.search(r"\((\d+)\)$", title)
            if not numbered or numbered[1] not in self.scores:
                raise ValueError(f"would make a new assignment {title!r}")
            columns[at] = numbered[1]
        changes = {}
        for row in rows:
            user = row[1] if row[1] in self.users else self._by_login(row[header.index("SIS Login ID")])
            if not user:
                continue
            for at, assignment in columns.items():
                new, old = row[at], self.scores[assignment].get(user)
                if new in SKIPPED or new.upper() in ("EX", "N/A"):
                    continue
                if old is None or old == "EX" or round(value(new), 2) != round(float(old), 2):
                    changes[assignment, user] = self.scores[assignment][user] = round(value(new), 2)
        return changes

    def _by_login(self, login: str) -> str:
        return next((user for user, (_, own) in self.users.items() if login and own == login), "")


@dataclass
class Moodle:
    """An assignment in Moodle: participant number → (grade or None, time of the last change); its maximum; locked participants."""

    grades: dict[str, tuple[float | None, str]]
    maximum: float
    locked: frozenset[str] = frozenset()

    def upload(self, data: bytes, columns: tuple[int, int, int]) -> tuple[dict[str, float], list[str]]:
        """Import a worksheet with its columns for participant, grade and last change; what was changed, and who was skipped."""
        _, *rows = read_rows(data)
        changed, skipped = {}, []
        for row in rows:
            participant, grade, modified = (row[at] for at in columns)
            number = re.search(r"\d+$", participant)
            if not number or number[0] not in self.grades:
                raise ValueError(f"unknown participant {participant!r}")
            old, when = self.grades[number[0]]
            if grade in SKIPPED or (old is not None and value(grade) == old):
                continue
            if number[0] in self.locked or not 0 <= value(grade) <= self.maximum or modified != when:
                skipped.append(number[0])
                continue
            changed[number[0]] = value(grade)
            self.grades[number[0]] = (value(grade), when)
        return changed, skipped
