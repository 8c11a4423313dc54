"""Compute the points of a test from its outcomes in up to three runs.

A test may run in the examiner, alone in the student process, or with the whole notebook in one
process. For an nbgrader notebook, the last of these is what stock nbgrader would have done. It never
adds points: if its result differs, a person has to look, and the lower mark counts until then. This
module knows outcomes and points; it does not know notebooks or processes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from autograder.execution.steps import Outcome

__all__ = ["OWN_WORDS", "Opinion", "cannot_cross", "credit", "opinion", "tries_inside"]

_REFUSED = re.compile(r"\bexpected a Keras model\b|\bcannot be handed to another process\b")
_MISSING_NAME = re.compile(r"^name '(\w+)' is not defined")
# Replaces the message of a test that the student's code could reach, because it may contain the text of a hidden test.
_DOUBTED = Outcome(
    "error", "Mistake", "in one process with the rest of your notebook this test does not pass: a person will look at it"
)
_WHY_WROTE = "something, perhaps a warning, was written to stderr during this test, for which stock nbgrader gives nothing"
_WROTE = Outcome("error", "Mistake", f"{_WHY_WROTE}: a person will look at it")
OWN_WORDS = (_DOUBTED.message, _WROTE.message)  # messages that contain no text of a test
_UNHEARD = ("missing", "crashed", "memory")  # statuses of a test without a result


@dataclass(frozen=True)
class Opinion:
    """The result of a test.

    Attributes:
        outcome: The outcome that counts.
        sealed: Whether it comes from the examiner.
        earned: Points that the student earned.
        review: Reason why a person has to look; "" if nobody has to.
    """

    outcome: Outcome
    sealed: bool
    earned: float
    review: str = ""


def opinion(
    name: str,
    points: float,
    examined: Outcome | None,
    alone: Outcome | None = None,
    together: Outcome | None = None,
    *,
    stock: bool = False,
    below: bool = False,
) -> Opinion:
    """Decide on the result of a test. At least one of `examined` and `alone` must be given.

    Args:
        name: Name of the test.
        points: Points that the test can give.
        examined: Outcome in the examiner; None if the test has to run in the student process.
        alone: Outcome alone in the student process; None if it did not run there.
        together: Outcome with the whole notebook in one process; None if it did not run there.
        stock: Whether to read marks as stock nbgrader does.
        below: Whether to accept a negative number without a review, because the test gives one
            for the solution too.

    Returns:
        The result.
    """
    first = alone if alone is not None else examined
    assert first is not None
    sealed = alone is None
    earned = credit(first, points, stock=stock)
    if together is None or not points:
        return Opinion(first, sealed, earned, _odd(name, first, points, stock, below))
    other = credit(together, points, stock=stock)
    if together.stderr and min(earned, other) > 0:  # only this run counts: Python shows some warnings only once per process
        review = f"`{name}` gives {min(earned, other):g} of {points:g} points, but {_WHY_WROTE}"
        return Opinion(_WROTE, sealed, 0.0, review)
    if sealed and earned == other and cannot_cross(first):
        return Opinion(together, False, other)  # its message is about the student's code, not about this grader
    if math.isclose(earned, other):
        return Opinion(first, sealed, earned, _odd(name, first, points, stock, below))
    here = "apart from the student's other code" if sealed else "without the other tests"
    there = f"{_said(together, other)} with the whole notebook in one process"
    review = f"`{name}` gives {earned:g} of {points:g} points {here}, and {there}"
    return Opinion(first if earned < other else _DOUBTED, sealed, min(earned, other), review)


def tries_inside(examined: Outcome, points: float, defined: Collection[str]) -> bool:
    """Return whether a test may have failed only because the examiner lacks something that the student process has.

    Args:
        examined: Outcome in the examiner.
        points: Points that the test can give.
        defined: Names that the tests of the lab define.

    Returns:
        Whether the test should run in the student process too.
    """
    if not points or examined.status == "ok":
        return False
    missing = _MISSING_NAME.match(examined.message) if examined.error == "NameError" else None
    return cannot_cross(examined) or (missing is not None and missing.group(1) in defined)


def cannot_cross(outcome: Outcome) -> bool:
    """Return whether a test ended because a value cannot be sent from the student process.

    Args:
        outcome: Outcome of the test.

    Returns:
        Whether this is the reason.
    """
    return outcome.error in ("CannotCross", "NotPlain") or (
        outcome.status == "error" and bool(_REFUSED.search(outcome.message))
    )


def credit(outcome: Outcome, points: float, *, stock: bool = False) -> float:
    """Compute the points that a test gives.

    A test that ran to its end gives all points or, as in nbgrader, the number of its last
    expression, limited to the range from 0 to `points`.

    Args:
        outcome: Outcome of the test.
        points: Points that the test can give.
        stock: Whether a negative number gives all points, as in stock nbgrader.

    Returns:
        The points.
    """
    if outcome.status != "ok" or (outcome.value is not None and math.isnan(outcome.value)):
        return 0.0
    if outcome.value is None or (stock and outcome.value < 0):
        return points
    return min(max(outcome.value, 0.0), points)


def _odd(name: str, outcome: Outcome, points: float, stock: bool, below: bool) -> str:
    """Return a reason to review a number that nbgrader would read as a different mark or that is outside the range; or ""."""
    value = outcome.value
    if not stock or not points or outcome.status != "ok" or value is None or value == points:
        return ""
    if (0 <= value < points and not outcome.odd) or (below and value < 0):
        return ""
    if outcome.odd:
        return f"`{name}` ends in the NumPy number {value:g}, which stock nbgrader takes for all points: write float(…) there"
    return f"`{name}` ends in {value:g}, which is no mark between 0 and {points:g}"


def _said(outcome: Outcome, earned: float) -> str:
    return f"was not reached ({outcome.status})" if outcome.status in _UNHEARD else f"{earned:g}"
