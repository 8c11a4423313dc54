"""What a feedback page says, as plain data.

It is made of the verdict, the marks by hand and the student's own cells. This module knows no HTML,
and takes nothing of a lab but its title and the names of its exercises and questions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import TestResult
from autograder.labs.model import Lab
from autograder.reporting.feedback.figures import Figure, figures_of
from autograder.reporting.marks import HandMark, Mark
from coursekit._errors import usual_cause

__all__ = ["Page", "Result", "Section", "page_of"]

_WORDS = {
    "failed": "not passed",
    "error": "stopped with an error",
    "timeout": "took too long",
    "memory": "needed too much memory",
    "crashed": "ended the process",
    "missing": "not reached",
}
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")
_STOPPED = re.compile(
    r"your code stopped with |the test could not go on with what your code gave it: |your cell for `\w+` did not run to its end"
)
_STUB = "raise NotImplementedError()"


@dataclass(frozen=True)
class Result:
    """One test, or the mark of a question.

    Attributes:
        name: Name of the test; "" for a question.
        kind: "passed", "partly", "missed" or "waits".
        word: The kind in words.
        points: Points that the student got; None if they are still to be given.
        max_points: Points that there are.
        message: What the test says, and what to try next.
        by_hand: Whether a person gave the points.
    """

    name: str
    kind: str
    word: str
    points: float | None
    max_points: float
    message: str = ""
    by_hand: bool = False


@dataclass(frozen=True)
class Section:
    """An exercise or a question.

    Attributes:
        name: Its name.
        question: Whether it is a written question.
        results: Its tests, or its mark.
        comment: What a person wrote about it.
        text: The student's own text.
        failing: Number of the line, from 1, at which the problem lies; 0 if that is not known.
        figures: The student's figures.
    """

    name: str
    question: bool
    results: tuple[Result, ...]
    comment: str = ""
    text: str = ""
    failing: int = 0
    figures: tuple[Figure, ...] = ()

    @property
    def points(self) -> float:
        """Points of the section so far."""
        return sum(result.points or 0.0 for result in self.results)

    @property
    def max_points(self) -> float:
        """Points that there are."""
        return sum(result.max_points for result in self.results)

    @property
    def kind(self) -> str:
        """ "passed", "partly", "missed" or "waits", for the whole section."""
        kinds = {result.kind for result in self.results}
        return "waits" if "waits" in kinds else kinds.pop() if len(kinds) == 1 else "partly"


@dataclass(frozen=True)
class Page:
    """A feedback page.

    Attributes:
        title: Title of the lab.
        student: Name of the student.
        mark: The mark.
        notes: Sentences about the whole submission.
        sections: Exercises and questions, in the order of the lab.
    """

    title: str
    student: str
    mark: Mark
    notes: tuple[str, ...]
    sections: tuple[Section, ...]


def page_of(mark: Mark, lab: Lab, work: Submission | None) -> Page:
    """Put a page together.

    Args:
        mark: Mark of a student who handed in something.
        lab: The lab.
        work: The submission with its cells; None if it cannot be read.

    Returns:
        What the page says.
    """
    pictures = figures_of(work.cells, work.exercises) if work else {}
    sections = tuple(_sections(mark, lab, work, pictures))
    return Page(lab.settings.title or lab.id, mark.student.name, mark, tuple(_notes(mark)), sections)


def _notes(mark: Mark) -> Iterator[str]:
    verdict = mark.verdict
    if verdict is None:
        return
    if verdict.status == "unreadable":
        yield f"Your file could not be graded: {verdict.message}"
    elif verdict.status == "needs review":
        yield "Your instructor has to look at your submission before its mark counts."
    elif not mark.complete:
        yield "This mark is not final: a person has not marked everything yet."
    if mark.penalty:
        days = "1 day" if mark.days_late == 1 else f"{mark.days_late} days"
        yield f"Handed in {days} late: {mark.penalty:.4g} of your {mark.raw:.4g} points are lost."
    elif mark.lateness_unknown:
        yield "Handed in late. Your instructor decides what that costs; so far it costs nothing."
    elif mark.days_late or mark.late:
        yield "Handed in late. No points are lost."
    if verdict.reduced_budget:
        yield "Your notebook ran with a shorter training than in the lab."


def _sections(mark: Mark, lab: Lab, work: Submission | None, pictures: Mapping[str, tuple[Figure, ...]]) -> Iterator[Section]:
    verdict = mark.verdict
    tests = verdict.tests if verdict else ()
    given = {hand.test or hand.grade_id: hand for hand in mark.by_hand}
    for cell in lab.cells:
        if cell.role == "exercise":
            mine = [test for test in tests if test.exercise == cell.name]
            results = [_tested(test, given.get(test.name)) for test in mine]
            text = work.exercises.get(cell.name, "") if work else ""
        elif cell.role == "written":
            text = work.written.get(cell.name, "") if work else ""
            results, mine = [], []
        else:
            continue
        if cell.grade_id in given:  # a question, or in some notebooks an exercise, that a person marks
            results.append(_marked(given[cell.grade_id]))
        if results:
            yield Section(
                cell.name,
                cell.role == "written",
                tuple(results),
                mark.comments.get(cell.grade_id, ""),
                text,
                _failing_line(text, mine),
                pictures.get(cell.name, ()),
            )


def _tested(test: TestResult, hand: HandMark | None) -> Result:
    if test.status == "passed":
        kind, word = "passed", "passed"
    elif 0 < test.earned < test.points:
        kind, word = "partly", "partly passed"
    else:
        kind, word = "missed", _WORDS[test.status]
    result = Result(test.name, kind, word, test.earned, test.points, _advised(test.message))
    return _given(result, hand) if hand else result


def _advised(message: str) -> str:
    """Add what usually causes an error to a message that names only the error. It depends on nothing but the message."""
    cause = usual_cause(message) if _STOPPED.match(message) else ""
    return f"{message.rstrip('.')}. {cause}" if cause else message


def _marked(hand: HandMark) -> Result:
    return _given(Result("", "waits", "", None, hand.max_points), hand)


def _given(result: Result, hand: HandMark) -> Result:
    """Return the result with the points that a person gave, or that it waits for them."""
    if hand.points is None:
        return replace(result, kind="waits", word="waits for a mark by hand", points=None)
    kind = "passed" if hand.points >= hand.max_points else "partly" if hand.points > 0 else "missed"
    return replace(result, kind=kind, word="marked by hand", points=hand.points, by_hand=True)


def _failing_line(text: str, tests: Sequence[TestResult]) -> int:
    """Return the line that a message is about, where the message and the student's text alone say which it is."""
    said = [test.message for test in tests if test.status != "passed"]
    if not said or not text:
        return 0
    lines = text.splitlines()
    if any(_STUB in message for message in said):
        return next((number for number, line in enumerate(lines, start=1) if line.strip() == _STUB), 0)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        broken = any("SyntaxError" in message or "IndentationError" in message or "TabError" in message for message in said)
        return error.lineno or 0 if broken else 0
    except (ValueError, RecursionError, MemoryError):
        return 0
    missing = {found[1] for message in said if (found := _NOT_DEFINED.search(message))}
    uses = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in missing]
    return min(uses, default=0)
