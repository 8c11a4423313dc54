"""What a student is told about a test that did not pass: what the check said, or where the trouble began.

Knows how cells and tests ended; nothing of processes or of how marks are reached.
"""

from __future__ import annotations

from dataclasses import replace

from autograder.execution.steps import Outcome
from autograder.grading.assignments.opinions import OWN_WORDS
from autograder.grading.verdict import TestResult
from autograder.labs.model import Cell
from autograder.worker.quotes import one_line
from autograder.worker.refusals import NotPlain, is_limit

__all__ = ["CHECKED", "KILLED", "explain", "guarded", "partly"]

KILLED = ("timeout", "memory", "crashed")
CHECKED = ("Mistake", "AssertionError")  # errors that are the test's own verdict
CHECK_CHARS = 1000  # of what a check says, which may quote a student's values
_CONTRACT = "numbers, text, lists, dictionaries, arrays, networks of Keras's own layers, and functions of these"
STUB = "raise NotImplementedError()"
BLANK = "nothing is written here yet"
# For tests that ran where the student's code could read them: words of that process may be the hidden test itself.
_INSIDE = {
    "timeout": "this test ran in your own process and took longer than it may",
    "memory": "this test ran in your own process and needed more memory than it may",
    "crashed": "this test ran in your own process, which ended before the test did",
    "missing": "this test was to run in your own process and was not reached",
}
_INSIDE_FAILED = "this test ran in your own process and did not pass"


def explain(
    outcome: Outcome, test: Cell, exercise: Outcome | None, source: str = STUB, *, blank: bool = True, foreign: bool = False
) -> str:
    """The message for the student. What the student's own code says is kept short, see `one_line`.

    exercise: how the exercise's own cell ended, None if it was not found; source: what stands in it; blank: it is as released.
    foreign: the test was not written for this engine.
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
    return f"your code stopped with {outcome.error[:60]}: {one_line(outcome.message)}"


def guarded(result: TestResult, test: Cell, released: str) -> TestResult:
    """The result as the student may see it. Of a test that ran in the student's process only words that the student has anyway
    are told: those of the released test and our own. The others go into the note for the instructor.

    released: the test's text without its hidden part.
    """
    told = result.message
    ours = (BLANK, _not_found(test), partly(result.earned, result.points), *OWN_WORDS)
    if result.sealed or not told or told in ours or told in released:
        return result
    return replace(result, message=_INSIDE.get(result.status, _INSIDE_FAILED), note=told)


def partly(earned: float, points: float) -> str:
    """The message for a test that gave a part of its points."""
    return f"partly right: {earned:g} of {points:g} points"


def _not_found(test: Cell) -> str:
    return f"your cell for `{test.exercise}` was not found in the notebook"
