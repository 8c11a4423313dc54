"""Messages for students about tests that did not pass: what the check said, or where the problem began.

This module knows the outcomes of cells and tests; it does not know processes or how marks are
computed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from autograder.execution.steps import Outcome
from autograder.grading.dependencies import names
from autograder.grading.opinions import OWN_WORDS
from autograder.grading.verdict import TestResult
from autograder.labs.model import Cell
from autograder.worker.quotes import one_line
from autograder.worker.refusals import NotPlain, is_limit

__all__ = ["CHECKED", "KILLED", "causes", "explain", "guarded", "is_blank", "partly"]

KILLED = ("timeout", "memory", "crashed")
CHECKED = ("Mistake", "AssertionError")  # errors that the test itself raises when a check fails
CHECK_CHARS = 1000  # characters of the message of a check, which may quote a student's values
# How a line begins that shows what happened and names no cause; `coursekit.check` and `explain` write them.
_NOT_ITS_CODE = "the test could not go on with what your code gave it"
_FACTS = re.compile(
    rf"your code stopped with|{_NOT_ITS_CODE}|the check could not go on|the only difference is|the largest of \d|the shape is"
    r"|there are \d|got (?!\[?['\"])"  # a text that came may be a lab's own words for what happened
)
_NOT_DEFINED = re.compile(r"name '(\w+)' is not defined")
_CONTRACT = "numbers, text, lists, dictionaries, arrays, networks of Keras's own layers, and functions of these"
STUB = "raise NotImplementedError()"
BLANK = "nothing is written here yet"
# For tests that ran in the student process: a message from there may contain the text of the hidden test.
_INSIDE = {
    "timeout": "this test ran in your own process and took longer than allowed",
    "memory": "this test ran in your own process and needed more memory than allowed",
    "crashed": "this test ran in your own process, which ended before the test did",
    "missing": "this test was to run in your own process and was not reached",
}
_INSIDE_FAILED = "this test ran in your own process and did not pass"


def explain(
    outcome: Outcome, test: Cell, exercise: Outcome | None, source: str = STUB, *, blank: bool = True, foreign: bool = False
) -> str:
    """Explain to the student why a test did not pass.

    Args:
        outcome: Outcome of the test.
        test: The test cell.
        exercise: Outcome of the cell of the exercise; None if it was not found.
        source: Source of the cell of the exercise.
        blank: Whether the cell of the exercise is unchanged since the release.
        foreign: Whether the test comes from an nbgrader notebook that was not written for this
            grader.

    Returns:
        The message. Messages of errors in the student's code are shortened, see `one_line`.
    """
    if exercise is None:
        return _not_found(test)
    if "NotImplementedError" in (exercise.error, outcome.error):
        if blank:
            return BLANK
        if STUB in map(str.strip, source.splitlines()):
            return f"the line `{STUB}` still stands in your cell for `{test.exercise}` and was reached: delete it"
    if exercise.status in KILLED:
        return f"your cell for `{test.exercise}`: {exercise.message}"
    if outcome.error in CHECKED:
        said = outcome.message or "a check of this test failed"
        return said if len(said) <= CHECK_CHARS else f"{said[: CHECK_CHARS - 1]}…"
    if outcome.status in ("timeout", "memory", "crashed", "missing"):
        return outcome.message
    if is_limit(outcome.error):
        if outcome.error == NotPlain.__name__ and not foreign:
            return f"{outcome.message}: the tests of this lab look at {_CONTRACT}"
        return f"{outcome.message}: that is a limit of the grader, not a mistake of yours, and a person will look at it"
    if exercise.status != "ok":
        said = one_line(exercise.message)
        return f"your cell for `{test.exercise}` did not run to its end: {exercise.error[:60]}: {said}"
    lacking = _NOT_DEFINED.match(outcome.message) if outcome.error == "NameError" and not outcome.elsewhere else None
    if lacking:
        near = get_close_matches(lacking[1], sorted(names(source).assigns), n=1)
        misspelt = f"; your cell for `{test.exercise}` defines `{near[0]}`" if near else ""
        return f"the test needs `{lacking[1]}`, which your notebook does not define{misspelt}"
    said = f"{outcome.error[:60]}: {one_line(outcome.message)}"
    return f"your code stopped with {said}" if outcome.elsewhere else f"{_NOT_ITS_CODE}: {said}"


def causes(message: str) -> list[str]:
    """Return the lines of a message that may name a cause.

    The others only show what came and what was expected, or repeat an error of Python or a package.

    Args:
        message: Message of a test that did not pass.

    Returns:
        The lines.
    """
    return [line for line in message.splitlines() if not _FACTS.match(line)]


def guarded(result: TestResult, test: Cell, released: str) -> TestResult:
    """Remove messages that could reveal a hidden test.

    The message of a test that ran in the student process is kept if it is a message of the grader
    or stands in the released test. Any other message moves to the note for the instructor.

    Args:
        result: Result of the test.
        test: The test cell.
        released: Source of the released test, without its hidden part.

    Returns:
        The result as the student may see it.
    """
    told = result.message
    ours = (BLANK, _not_found(test), partly(result.earned, result.points), *OWN_WORDS)
    if result.sealed or not told or told in ours or told in released:
        return result
    return replace(result, message=_INSIDE.get(result.status, _INSIDE_FAILED), note=told)


def partly(earned: float, points: float) -> str:
    """Return the message for a test that gave only some of its points.

    Args:
        earned: Points that the student earned.
        points: Points that the test can give.

    Returns:
        The message for the student.
    """
    return f"partly right: {earned:g} of {points:g} points"


def is_blank(result: TestResult) -> bool:
    """Say whether a test did not pass because the student wrote no answer.

    Args:
        result: Result of the test.

    Returns:
        Whether the cell of the exercise is unchanged since the release, or not there.
    """
    return result.message in (BLANK, _missing(result.exercise))


def _not_found(test: Cell) -> str:
    return _missing(test.exercise)


def _missing(exercise: str) -> str:
    return f"your cell for `{exercise}` was not found in the notebook"
