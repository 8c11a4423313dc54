"""What the commands that give marks back share: the marks of a class, and lists of sentences.

What a function needs beyond the terminal is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from autograder.errors import CourseError
from autograder.reporting.terminal import say

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.reporting.marks import Mark

__all__ = ["DryRun", "Json", "marks_of", "say_list", "unknown_times"]

SHOWN = 40  # lines of a kind
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]


def marks_of(course: Course, lab: str) -> list[Mark]:
    """The marks of a lab, of which there is at least one."""
    from autograder.reporting.marks import read_marks

    marks = read_marks(course, lab)
    if not marks:
        raise CourseError(
            f"{course.graded(lab)}: no submission was graded, and the roster is empty; there is nothing to give back"
        )
    return marks


def unknown_times(course: Course, lab: str, marks: list[Mark]) -> list[str]:
    """Sentences about work from which the rule of the course takes nothing, because nobody knows when it came."""
    if not course.late.percent_per_day or lab not in course.labs or course.labs[lab].due is None:
        return []
    notes = []
    for mark in marks:
        path = course.submitted() / mark.student.id / lab / "timestamp.txt"
        cure = "so nothing is taken off; write the time, such as `2026-11-26 09:30+01:00`, into"
        if mark.verdict is None:
            continue
        if mark.unread_time:
            notes.append(
                f"{mark.student.id}: {mark.unread_time!r} in timestamp.txt is no time, {cure} {path} and run this again"
            )
        elif mark.lateness_unknown:
            notes.append(f"{mark.student.id}: late, but the platform gives no time, {cure} {path} and run this again")
    return notes


def say_list(template: str, rows: list[tuple[str, ...]] | tuple[tuple[str, ...], ...]) -> None:
    """Print a line per row, at most SHOWN of them."""
    for row in rows[:SHOWN]:
        say(template, *row)
    if len(rows) > SHOWN:
        say("  … and {} more; --json lists all", len(rows) - SHOWN)
