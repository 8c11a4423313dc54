"""Explain one mark to the instructor: what each test got and said, what people gave, and what lateness took.

It shows hidden tests and notes that students must not see. This module reads marks, labs and
submissions; only `replayed` runs something: the submission, once more.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from autograder.course.config import Course
from autograder.errors import CourseError, UnreadableError
from autograder.grading.options import options_behind
from autograder.grading.replay import ReplayedTest, replay
from autograder.grading.secret import find_secret
from autograder.grading.submissions.reading import read_submission
from autograder.grading.verdict import TestResult
from autograder.labs.model import PREFIX, Lab
from autograder.reporting.marks import HandMark, Mark, read_marks

__all__ = ["ExplainedTest", "Explanation", "explain_mark", "replayed", "show_code"]


@dataclass(frozen=True)
class ExplainedTest:
    """A test of one submission.

    Attributes:
        result: What the test gave and said.
        by_hand: What a person gave instead, or has to give; None if the test decides.
        replayed: What it got and said when it ran again; None if it did not.
    """

    result: TestResult
    by_hand: HandMark | None = None
    replayed: ReplayedTest | None = None

    @property
    def same(self) -> bool:
        """Whether it gave the same points when it ran again."""
        return self.replayed is None or abs(self.replayed.result.earned - self.result.earned) < 1e-9

    @property
    def points(self) -> float:
        """Points that count."""
        return self.result.earned if self.by_hand is None or self.by_hand.points is None else self.by_hand.points


@dataclass(frozen=True)
class Explanation:
    """The mark of one student in detail.

    Attributes:
        mark: The mark.
        tests: The tests, in the order of the lab.
        questions: Marks of written questions.
        code: "test" and "answer" → source of the one test that was asked for, with its hidden
            part, and of the student's cell; empty if no test was asked for.
        changed: Whether the submission that ran again is another than the one that was graded.
    """

    mark: Mark
    tests: tuple[ExplainedTest, ...]
    questions: tuple[HandMark, ...]
    code: Mapping[str, str] = field(default_factory=dict)
    changed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        mark, verdict = self.mark, self.mark.verdict
        return {
            "student": mark.student.id,
            "name": mark.student.name,
            "status": verdict.status if verdict else None,
            "message": verdict.message if verdict else "",
            "points": mark.points,
            "max_points": mark.max_points,
            "raw": mark.raw,
            "penalty": mark.penalty,
            "days_late": mark.days_late,
            "late": mark.late,
            "submitted": mark.submitted.isoformat() if mark.submitted else None,
            "unread_time": mark.unread_time,
            "complete": mark.complete,
            "flags": [asdict(flag) for flag in verdict.flags] if verdict else [],
            "tests": [
                {
                    **asdict(test.result),
                    "counts": test.points,
                    "by_hand": asdict(test.by_hand) if test.by_hand else None,
                    **({"replayed": asdict(test.replayed)} if test.replayed else {}),
                }
                for test in self.tests
            ],
            "questions": [asdict(question) for question in self.questions],
            "comments": dict(mark.comments),
            "code": dict(self.code),
            "changed": self.changed,
        }


def explain_mark(course: Course, lab: str, student: str, test: str = "") -> Explanation:
    """Explain the mark of one student.

    Args:
        course: The course.
        lab: Id of the lab.
        student: Id of the student.
        test: Name of a test, to explain it alone; "" for all.

    Returns:
        The explanation, without code.

    Raises:
        CourseError: Nothing was graded, or there is no such student or test.
    """
    marks = {mark.student.id: mark for mark in read_marks(course, lab)}
    if student not in marks:
        raise CourseError(
            f"{student!r}: no student of that id on the roster or among the submissions to {lab}{_near(student, marks)}"
        )
    mark = marks[student]
    results = mark.verdict.tests if mark.verdict else ()
    names = [result.name for result in results]
    questions = {hand.grade_id: hand for hand in mark.by_hand if not hand.test}
    question = next((name for name in (test, PREFIX["written"] + test) if name in questions), "")
    if test and test not in names and not question:
        there = ", ".join([*names, *questions]) or "none"
        raise CourseError(f"{test!r}: no test of that name was run for {student}; there are: {there}")
    given = {hand.test: hand for hand in mark.by_hand if hand.test}
    chosen = tuple(ExplainedTest(result, given.get(result.name)) for result in results if test in ("", result.name))
    asked = tuple(hand for name, hand in questions.items() if name == question and test not in names)
    return Explanation(mark, chosen, asked if test else tuple(questions.values()))


def show_code(course: Course, lab: Lab, student: str, test: str) -> dict[str, str]:
    """Read the source of a test, and the cell that it marks; or a question of the lab that a person marks, and its answer.

    Args:
        course: The course.
        lab: The lab.
        student: Id of the student.
        test: Name of the test or the question.

    Returns:
        "test" → its source with its hidden part, or "question" → the cell of the lab; "answer" → the
        student's cell, or why it cannot be shown.
    """
    cell = lab.tests.get(test)
    question = next((cell for cell in lab.by_hand if test in (cell.grade_id, cell.name)), None) if cell is None else None
    shown = cell or question
    if shown is None:
        return {}
    path = course.submitted() / student / lab.id / f"{lab.id}.ipynb"
    try:
        work = read_submission(lab, path, look=False)
        texts = {**work.exercises, **work.written}
        answer = texts.get(shown.name if question else shown.exercise, "(the cell was not found in the submission)")
    except UnreadableError as error:
        answer = f"({error})"
    return {"question" if question else "test": shown.source, "answer": answer}


def replayed(course: Course, lab: Lab, found: Explanation) -> Explanation:
    """Run the submission again with the settings of its verdict, and add what its tests got and said.

    Args:
        course: The course.
        lab: The lab, with its tests as they are now.
        found: The explanation, with the tests to run.

    Returns:
        The explanation with the tests that ran.

    Raises:
        CourseError: There is nothing to run, or the notebook cannot be read.
        SecretError: The secret of the course cannot be read.
        MachineError: This machine lacks what the lab needs.
        WorkerError: The run failed because of the machine.
    """
    student, verdict = found.mark.student.id, found.mark.verdict
    if verdict is None or not found.tests:
        raise CourseError(f"{student}: no test was run, so there is nothing to replay")
    secret = find_secret(course.graded(lab.id) / "kept", course.folder)
    path = course.submitted() / student / lab.id / f"{lab.id}.ipynb"
    one = found.tests[0].result.name if len(found.tests) == 1 else ""
    if one and one not in lab.tests:
        raise CourseError(f"{one!r}: {lab.id} has no test of that name any more; it has {', '.join(lab.tests)}")
    again = replay(lab, path, student, replace(options_behind(verdict), secret=secret), one)
    if not again.tests:
        raise CourseError(f"{student}: {again.verdict.message}")
    changed = bool(verdict.work) and verdict.work != again.verdict.work
    tests = tuple(replace(test, replayed=again.tests.get(test.result.name)) for test in found.tests)
    return replace(found, tests=tests, changed=changed)


def _near(student: str, marks: Mapping[str, Mark]) -> str:
    """Return a hint at the students whose id or name is like the text."""
    names: dict[str, list[str]] = {}  # several students may have one name
    for mark in marks.values():
        for name in {mark.student.id, mark.student.name, *mark.student.name.split()}:
            names.setdefault(_plain(name), []).append(mark.student.id)
    close = difflib.get_close_matches(_plain(student), names, n=3)
    near = dict.fromkeys(student_id for name in close for student_id in names[name])
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _plain(name: str) -> str:
    """Return a name in lower case and without accents, as somebody may type it."""
    return "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
