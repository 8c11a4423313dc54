"""The final marks of a class: what the tests gave, what people gave, and what lateness takes away.

This module reads verdicts, the gradebook, the roster and the record of what was collected; it grades
nothing and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from autograder.course.config import Course, LateRule
from autograder.course.records import CollectedFile, read_collected
from autograder.course.roster import Roster, Student, read_roster
from autograder.errors import CourseError, LabError
from autograder.grading.submissions.stamps import MAX_STAMP, parse_stamp
from autograder.grading.verdict import Verdict
from autograder.labs.model import PREFIX
from autograder.labs.source import load_lab
from autograder.reporting.by_hand import GradedCell, Sheet, read_sheets
from autograder.reporting.results import read_verdicts

__all__ = ["HandMark", "Mark", "days_late", "read_marks"]

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class HandMark:
    """A written question, or a test whose mark a person gave or has to give.

    Attributes:
        grade_id: nbgrader's id of the cell.
        points: Points, with extra credit; None if it is still to be marked.
        max_points: Points that the cell can give.
        comment: What a person wrote about it; for a test, about its exercise.
        again: Whether the answer or the test changed since it was marked, so that a person should
            look again.
        test: Name of the test; "" for a written question.
    """

    grade_id: str
    points: float | None
    max_points: float
    comment: str
    again: bool = False
    test: str = ""


@dataclass(frozen=True)
class Mark:
    """The mark of one student.

    Attributes:
        student: The student.
        verdict: Verdict on the submission; None if nothing was handed in.
        by_hand: Written questions, and tests whose marks people give.
        max_points: Points of the lab: tests and written questions.
        days_late: Number of started days after the due date and the grace time.
        penalty: Points lost to lateness.
        late: Whether it came late: by the due date of the course where both times are known, else as the
            learning platform says; None if nothing says it. Without a time of submission, this costs nothing.
        submitted: When it was handed in; None if that is not known.
        comments: Grade id of an exercise or a question → what a person wrote about it.
        unread_time: What stands in the `timestamp.txt` beside the submission, if it is no time; "" otherwise.
    """

    student: Student
    verdict: Verdict | None
    by_hand: tuple[HandMark, ...]
    max_points: float
    days_late: int
    penalty: float
    late: bool | None = None
    submitted: datetime | None = None
    comments: Mapping[str, str] = field(default_factory=dict)
    unread_time: str = ""

    @property
    def raw(self) -> float:
        """Points before the penalty: a person's mark comes before that of the test, and an answer without a mark counts 0."""
        given = [mark for mark in self.by_hand if mark.points is not None]
        replaced = {mark.test or mark.grade_id.removeprefix(PREFIX["tests"]) for mark in given}
        tests = self.verdict.tests if self.verdict else ()
        return sum(mark.points or 0.0 for mark in given) + sum(test.earned for test in tests if test.name not in replaced)

    @property
    def points(self) -> float:
        """Points of the student."""
        return max(0.0, self.raw - self.penalty)

    @property
    def lateness_unknown(self) -> bool:
        """Whether the learning platform calls it late and nothing says when it came, so that no rule for late work can act."""
        return bool(self.late) and self.submitted is None

    @property
    def complete(self) -> bool:
        """Whether it was graded and no person has to mark anything or look again."""
        graded = self.verdict is not None and self.verdict.status == "graded"
        return graded and not any(mark.points is None or mark.again for mark in self.by_hand)


def read_marks(course: Course, lab: str) -> list[Mark]:
    """Put together the marks of one lab.

    Args:
        course: The course.
        lab: Id of the lab.

    Returns:
        One mark per student of the roster, and per graded submission of somebody who is not on it;
        sorted by id. A student who handed in nothing has no verdict and 0 points.

    Raises:
        CourseError: Nothing was graded, or the roster, the gradebook or a record cannot be read.
    """
    verdicts = {verdict.submission: verdict for verdict in read_verdicts(course.graded(lab)) if verdict.lab == lab}
    roster = read_roster(course.roster_file) if course.roster_file.exists() else Roster(())
    sheets = read_sheets(course, lab)
    collected = {file.student: file for file in read_collected(course, lab)}
    cells = _Cells.of(course, lab, list(verdicts.values()), sheets)
    students = {**{name: Student(name) for name in verdicts}, **{student.id: student for student in roster.students}}
    due = course.labs[lab].due if lab in course.labs else None
    marks = []
    for name in sorted(students):
        file = collected.get(name)
        when, unread = (file.submitted, "") if file and file.submitted else _stamp(course, name, lab)
        sheet = sheets.get(name, Sheet())
        mark = _mark(students[name], verdicts.get(name), sheet, file, when, cells, due, course.late)
        marks.append(replace(mark, unread_time=unread))
    return marks


def days_late(submitted: datetime | None, due: datetime | None, grace_minutes: float = 0.0) -> int:
    """Count the started days between the end of the grace time and a submission.

    Args:
        submitted: When it was handed in; None if that is not known.
        due: When it was due; None if it is never late.
        grace_minutes: Minutes after the due date in which work is still on time.

    Returns:
        The number of days; 0 if one of the times is not known.
    """
    if submitted is None or due is None:
        return 0
    # In UTC: a day in which the clocks change is no shorter or longer than another.
    after = submitted.astimezone(timezone.utc) - due.astimezone(timezone.utc) - timedelta(minutes=grace_minutes)
    return max(0, math.ceil(after / _DAY))


def _stamp(course: Course, student: str, lab: str) -> tuple[datetime | None, str]:
    """Return the time in the file beside a submission, which nbgrader's exchange or an instructor wrote; else what stands there."""
    try:
        with (course.submitted() / student / lab / "timestamp.txt").open("rb") as file:
            text = file.read(MAX_STAMP).decode(errors="replace").strip()
    except OSError:
        return None, ""
    try:
        return parse_stamp(text), ""
    except (ValueError, OverflowError):
        return None, text


# ── one student ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Cells:
    """What a lab marks.

    Attributes:
        tests: Grade id of a test → (name, exercise, points).
        written: Grade id of a written question → (name, points).
    """

    tests: Mapping[str, tuple[str, str, float]]
    written: Mapping[str, tuple[str, float]]

    @property
    def points(self) -> float:
        return sum(points for _, _, points in self.tests.values()) + sum(points for _, points in self.written.values())

    @classmethod
    def of(cls, course: Course, lab: str, verdicts: Sequence[Verdict], sheets: Mapping[str, Sheet]) -> _Cells:
        """Take them from a verdict with tests; where no submission could be read, from the lab."""
        verdict = next((verdict for verdict in verdicts if verdict.tests), None)
        if verdict is None:
            return cls._of_lab(course, lab)
        recorded = {name for sheet in sheets.values() for name in sheet.cells}
        # In a notebook of another course, a test is named after its cell.
        foreign = recorded and not recorded >= {PREFIX["tests"] + test.name for test in verdict.tests}
        before = {"tests": "", "written": ""} if foreign else PREFIX
        return cls(
            {before["tests"] + test.name: (test.name, test.exercise, test.points) for test in verdict.tests},
            {before["written"] + question.name: (question.name, question.points) for question in verdict.written},
        )

    @classmethod
    def _of_lab(cls, course: Course, lab: str) -> _Cells:
        try:
            loaded = load_lab(course.labs_folder / lab)
        except LabError as error:
            raise CourseError(f"{lab}: no submission could be read, so its points are not known: {error}") from error
        return cls(
            {cell.grade_id: (cell.name, cell.exercise, cell.points) for cell in loaded.of("tests")},
            {cell.grade_id: (cell.name, cell.points) for cell in loaded.by_hand},
        )


def _mark(
    student: Student,
    verdict: Verdict | None,
    sheet: Sheet,
    collected: CollectedFile | None,
    submitted: datetime | None,
    cells: _Cells,
    due: datetime | None,
    rule: LateRule,
) -> Mark:
    hands = tuple(_by_hand(verdict, sheet, cells)) if verdict else ()
    days = days_late(submitted, due.astimezone(timezone.utc) + sheet.extension if due else None, rule.grace_minutes)
    late = collected.late if collected else None
    mark = Mark(
        student,
        verdict,
        hands,
        cells.points,
        days,
        0.0,
        days > 0 if submitted and due else late,
        submitted,
        sheet.comments,
    )
    lost = min(rule.percent_per_day * days, rule.max_percent) / 100
    return replace(mark, penalty=max(0.0, mark.raw * lost))


def _by_hand(verdict: Verdict, sheet: Sheet, cells: _Cells) -> Iterator[HandMark]:
    for grade_id, (name, exercise, points) in cells.tests.items():
        cell = sheet.cells.get(grade_id)
        if cell and (cell.manual is not None or cell.extra or cell.waits):
            earned = next((test.earned for test in verdict.tests if test.name == name), 0.0)
            yield _hand_mark(grade_id, cell, earned, points, sheet.comments.get(exercise, ""), name)
    answered = {question.name for question in verdict.written if question.answered}
    for grade_id, (name, points) in cells.written.items():
        unread = name in answered or not verdict.tests
        cell = sheet.cells.get(grade_id, GradedCell(None if unread else 0.0, None, 0.0, unread))
        yield _hand_mark(grade_id, cell, cell.auto or 0.0, points, sheet.comments.get(grade_id, ""))


def _hand_mark(grade_id: str, cell: GradedCell, auto: float, points: float, comment: str, test: str = "") -> HandMark:
    waits = cell.waits and cell.manual is None
    given = None if waits else (auto if cell.manual is None else cell.manual) + cell.extra
    return HandMark(grade_id, given, points, comment, cell.waits and not waits, test)
