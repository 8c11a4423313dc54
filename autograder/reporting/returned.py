"""What was given back of a lab, to tell later which pages and files are older than the marks.

`graded/LAB/returned.json` holds, for each file that goes back to a learning platform and for the pages,
a digest of each student's mark. This module knows marks; it does not know pages and platforms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from autograder.course.config import Course
from autograder.files import write_text
from autograder.reporting.marks import Mark

__all__ = ["PAGES", "note_returned", "outdated"]

PAGES = "pages"
_Record = dict[str, dict[str, str]]  # name of a file, or PAGES → student → digest


def note_returned(course: Course, lab: str, names: Iterable[str], marks: Iterable[Mark], *, whole: bool = True) -> None:
    """Note what was given back.

    Args:
        course: The course.
        lab: Id of the lab.
        names: Names of the files in `feedback/` that were written, or PAGES.
        marks: The marks that they hold.
        whole: Whether they hold no other marks; if not, what was noted of other students stays.

    Raises:
        OSError: The record cannot be written.
    """
    record = _read(course, lab)
    digests = {mark.student.id: _digest(mark) for mark in marks if mark.verdict is not None}
    for name in names:
        record[name] = digests if whole else {**record.get(name, {}), **digests}
    write_text(_file(course, lab), json.dumps(record, indent=1, sort_keys=True) + "\n")


def outdated(course: Course, lab: str, marks: Iterable[Mark]) -> list[str]:
    """Find what was given back before a mark, a comment or a message changed.

    Args:
        course: The course.
        lab: Id of the lab.
        marks: The marks as they are now.

    Returns:
        Names of files, and PAGES. What was written without a note is not among them.
    """
    now = {mark.student.id: _digest(mark) for mark in marks if mark.verdict is not None}
    return sorted(name for name, noted in _read(course, lab).items() if noted != now)


def _digest(mark: Mark) -> str:
    """Return a text that changes with whatever a page or a table shows of a mark."""
    tests = [(test.name, test.earned, test.status, test.message) for test in mark.verdict.tests] if mark.verdict else []
    hands = [(hand.grade_id, hand.points, hand.comment, hand.again) for hand in mark.by_hand]
    shown = (f"{mark.points:.6g}", f"{mark.max_points:g}", mark.complete, mark.days_late, mark.late, tests, hands)
    return blake2b(json.dumps([*shown, sorted(mark.comments.items())]).encode(), digest_size=8).hexdigest()


def _file(course: Course, lab: str) -> Path:
    return course.graded(lab) / "returned.json"


def _read(course: Course, lab: str) -> _Record:
    """Return the record; empty if there is none, or a damaged one: then nothing is known to be older."""
    try:
        record = json.loads(_file(course, lab).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {name: noted for name, noted in record.items() if isinstance(noted, dict)}
