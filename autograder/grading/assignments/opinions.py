"""What counts of a test that ran in more than one way: in the examiner, alone in the student's process, with the whole notebook.

In a notebook that was not written for this engine, the whole notebook in one process is what stock nbgrader would have done. It
never gives a point here: where it says something else, a person is asked, and the lower mark stands until then. Knows outcomes
and points; nothing of notebooks or processes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from autograder.execution.steps import Outcome

__all__ = ["OWN_WORDS", "Opinion", "cannot_cross", "credit", "opinion", "tries_inside"]

_REFUSED = re.compile(r"\bexpected a Keras model\b|\bmay not cross\b|\bcannot leave\b")
_MISSING_NAME = re.compile(r"^name '(\w+)' is not defined")
# In the place of what a test says where the student's code could reach it: that may be the text of a hidden test.
_DOUBTED = Outcome(
    "error", "Mistake", "in one process with the rest of your notebook this test does not hold: it will be looked at"
)
_WHY_WROTE = "something, perhaps a warning, was written to stderr during this test, for which stock nbgrader gives nothing"
_WROTE = Outcome("error", "Mistake", f"{_WHY_WROTE}: it will be looked at")
OWN_WORDS = (_DOUBTED.message, _WROTE.message)  # which hold nothing of a test
_UNHEARD = ("missing", "crashed", "memory")  # how a test ends of which nothing can be said


@dataclass(frozen=True)
class Opinion:
    """What counts. review: a sentence for the person who has to look, "" if nobody has to."""

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
    """What counts of a test. examined is None for one that has to run in the student's process, the others where it did not run so.

    stock: read marks as stock nbgrader does. below: nobody need be asked about a number below 0, as the solution has one, too.
    """
    first = alone if alone is not None else examined
    assert first is not None
    sealed = alone is None
    earned = credit(first, points, stock=stock)
    if together is None or not points:
        return Opinion(first, sealed, earned, _odd(name, first, points, stock, below))
    other = credit(together, points, stock=stock)
    if together.stderr and min(earned, other) > 0:  # elsewhere a warning may be shown that Python shows only once
        review = f"`{name}` gives {min(earned, other):g} of {points:g} points, but {_WHY_WROTE}"
        return Opinion(_WROTE, sealed, 0.0, review)
    if sealed and earned == other and cannot_cross(first):
        return Opinion(together, False, other)  # whose message speaks of the student's code, not of this engine
    if math.isclose(earned, other):
        return Opinion(first, sealed, earned, _odd(name, first, points, stock, below))
    here = "apart from the student's other code" if sealed else "without the other tests"
    there = f"{_said(together, other)} with the whole notebook in one process"
    review = f"`{name}` gives {earned:g} of {points:g} points {here}, and {there}"
    return Opinion(first if earned < other else _DOUBTED, sealed, min(earned, other), review)


def tries_inside(examined: Outcome, points: float, defined: Collection[str]) -> bool:
    """Whether a test may fail in the examiner only for what the examiner lacks. defined: the names that tests of the lab define."""
    if not points or examined.status == "ok":
        return False
    missing = _MISSING_NAME.match(examined.message) if examined.error == "NameError" else None
    return cannot_cross(examined) or (missing is not None and missing.group(1) in defined)


def cannot_cross(outcome: Outcome) -> bool:
    """Whether a test ended because a value may not leave the student's process."""
    return outcome.error in ("CannotCross", "NotPlain") or (
        outcome.status == "error" and bool(_REFUSED.search(outcome.message))
    )


def credit(outcome: Outcome, points: float, *, stock: bool = False) -> float:
    """What a test that ran to its end gives: all points or, as in nbgrader, as many as the value of its last expression says.

    stock: a negative number gives all points, as nbgrader has it.
    """
    if outcome.status != "ok" or (outcome.value is not None and math.isnan(outcome.value)):
        return 0.0
    if outcome.value is None or (stock and outcome.value < 0):
        return points
    return min(max(outcome.value, 0.0), points)


def _odd(name: str, outcome: Outcome, points: float, stock: bool, below: bool) -> str:
    """A sentence about a number that nbgrader would not take for this mark, or with which it gives more than was meant."""
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
