"""Match the people of a download with the students of the roster, and refuse where more than one could be meant.

The platform's own id comes first, then login, e-mail and name; what the instructor wrote into
`mapping.csv` comes before all. This module knows people; it knows no files of theirs.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.collecting.sources.pieces import Person
from autograder.course.roster import Roster, Student

__all__ = ["SKIP", "Match", "match_people"]

SKIP = "-"  # in mapping.csv: nobody of the class
# What may be a login: these columns of the roster, and the id.
_LOGINS = ("id", "login", "github", "sis_id")
# Column that a platform speaks of → columns of the roster that may hold it.
_COLUMNS = {"login": _LOGINS, "id": _LOGINS, "sid": ("id", "sis_id", "login"), "canvas_id": ("canvas_id",)}


@dataclass(frozen=True)
class Match:
    """Who a person is.

    Attributes:
        student: The student; None if nobody or more than one could be meant.
        certainty: 3 if an id, an address or the instructor says so, 2 if it is a login that was found
            in a name of a file, 1 if it is only a name.
        before: What stands before the login in the name of the file.
        skipped: Whether the instructor said that it is nobody of the class.
        reason: Why there is no student; "" if there is one.
        candidates: The students who could be meant.
    """

    student: Student | None
    certainty: int = 0
    before: str = ""
    skipped: bool = False
    reason: str = ""
    candidates: tuple[Student, ...] = ()


def match_people(people: Iterable[Person], roster: Roster, mapping: Mapping[str, str]) -> dict[Person, Match]:
    """Match people of one kind of download.

    Args:
        people: The people.
        roster: The students of the class.
        mapping: What the instructor wrote: `Person.who` → id of the student, or SKIP.

    Returns:
        Person → who it is. Two people whose names fit one student are both refused.
    """
    known = _Known(roster)
    matches = {person: known.match(person, mapping.get(person.who, "")) for person in people}
    return _without_rivals(_with_one_prefix(matches))


def _with_one_prefix(matches: Mapping[Person, Match]) -> dict[Person, Match]:
    """Refuse logins before which something else stands than before most: `lab02-mary-ann` is not ann among `lab02-…`."""
    counts = Counter(match.before for match in matches.values() if match.certainty == 2)
    usual = max(counts, key=lambda before: (counts[before], -len(before)), default="")
    reason = f"a login of the roster stands at its end, but not after {usual!r} as in the others"
    return {
        person: Match(None, reason=reason, candidates=(match.student,))
        if match.student and match.certainty == 2 and match.before != usual
        else match
        for person, match in matches.items()
    }


def _without_rivals(matches: Mapping[Person, Match]) -> dict[Person, Match]:
    """Refuse people who only seem to be a student whom somebody else is, or seems to be."""
    claims: dict[str, dict[str, int]] = defaultdict(dict)
    for person, match in matches.items():
        if match.student:
            claims[match.student.id][person.who] = match.certainty
    return {person: _unless_rivalled(match, claims) for person, match in matches.items()}


def _unless_rivalled(match: Match, claims: Mapping[str, Mapping[str, int]]) -> Match:
    if not match.student or match.certainty == 3 or len(claims[match.student.id]) == 1:
        return match
    ranks = sorted(claims[match.student.id].values())
    if match.certainty == ranks[-1] > ranks[-2]:
        return match
    return Match(None, reason="it fits a student whom somebody else in the download fits too", candidates=(match.student,))


class _Known:
    """The students of the roster by everything that they are called."""

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.by_id: dict[tuple[str, str], list[Student]] = defaultdict(list)
        self.by_email: dict[str, list[Student]] = defaultdict(list)
        self.by_name: dict[str, list[Student]] = defaultdict(list)
        for student in roster.students:
            for column, value in {**student.lms_ids, "id": student.id}.items():
                self.by_id[column, folded(value)].append(student)
            if student.email:
                self.by_email[folded(student.email)].append(student)
            for name in {squashed(student.name), squashed(student.sortable_name)} - {""}:
                self.by_name[name].append(student)

    def match(self, person: Person, told: str) -> Match:
        if told == SKIP:
            return Match(None, skipped=True)
        if told:
            student = self.roster.get(told)
            if student is None:
                return Match(None, reason=f"mapping.csv says {told!r}, who is not in the roster")
            return Match(student, certainty=3)
        sure = self._by_ids(person)
        if len(sure) == 1:
            return Match(sure[0], certainty=3)
        if sure:
            return Match(None, reason="its ids are those of different students", candidates=tuple(sure))
        named = self.by_name.get(squashed(person.name), []) if person.name else []
        if len(named) == 1 and not self._first(_LOGINS, person.who):
            if other := _contradiction(person, named[0]):
                return Match(None, reason=f"a student of this name has another {other}", candidates=tuple(named))
            return Match(named[0], certainty=1)
        for login in person.logins:
            if len(hit := self._first(_LOGINS, login)) == 1:
                return Match(hit[0], certainty=2, before="" if person.who.startswith(login) else person.who[: -len(login)])
        if named:
            return Match(None, reason=f"{len(named)} students have this name", candidates=tuple(named))
        return Match(None, reason="nobody in the roster has this name, address or id")

    def _by_ids(self, person: Person) -> list[Student]:
        """Return the students whom the ids or the address name, each once."""
        found: list[Student] = []
        for column, value in person.ids:
            found += self._first(_COLUMNS.get(column, (column,)), value)
        if person.email:
            found += self.by_email.get(folded(person.email), []) or self._first(("id", "login"), person.email)
        return list({student.id: student for student in found}.values())

    def _first(self, columns: Iterable[str], value: str) -> list[Student]:
        """Return the students of the first column in which somebody has the value."""
        return next((hit for column in columns if (hit := self.by_id.get((column, folded(value)), []))), [])


def _contradiction(person: Person, student: Student) -> str:
    """Return the column of the roster that says that a student of this name is somebody else; "" if none does."""
    known = student.lms_ids
    return next((column for column, value in person.ids if folded(known.get(column, value)) != folded(value)), "")


def folded(text: str) -> str:
    """Return a text without what differs between systems: form of the letters, case and spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def squashed(name: str) -> str:
    """Return the letters, marks and digits of a name, as platforms leave them; of a name without any, the name."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in plain if c.isalnum() or unicodedata.category(c)[0] == "M") or folded(name)
