"""The points of a class as a table: a row per student, a column per test.

A student who left an exercise blank did not attempt its tests: there the table holds 0 points, and
`attempted` is False.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.grading.messages import is_blank
from autograder.grading.verdict import TestResult, Verdict

__all__ = ["ScoredTest", "Scores", "scores_of"]


@dataclass(frozen=True)
class ScoredTest:
    """A column of the table.

    Attributes:
        name: Name of the test.
        exercise: Name of the exercise that it marks.
        points: Points that it can give.
    """

    name: str
    exercise: str
    points: float


@dataclass(frozen=True, eq=False)
class Scores:
    """The points of a class.

    Attributes:
        students: Names of the submissions, in the order of the rows.
        tests: The tests, in the order of the columns.
        earned: Points, (students, tests).
        attempted: Whether the student wrote an answer, (students, tests).
    """

    students: tuple[str, ...]
    tests: tuple[ScoredTest, ...]
    earned: NDArray[np.float64]
    attempted: NDArray[np.bool_]

    @property
    def totals(self) -> NDArray[np.float64]:
        """Points of each student, (students,)."""
        return self.earned.sum(axis=1)

    @property
    def points(self) -> float:
        """Points that the tests can give."""
        return sum(test.points for test in self.tests)


def scores_of(verdicts: Sequence[Verdict]) -> Scores:
    """Make the table.

    Args:
        verdicts: Verdicts on submissions to one lab. Those without tests are left out, because
            their submissions could not be read.

    Returns:
        The table. A test that a verdict does not hold counts as not attempted.
    """
    ran = [verdict for verdict in verdicts if verdict.tests]
    tests = tuple({test.name: ScoredTest(test.name, test.exercise, test.points) for v in ran for test in v.tests}.values())
    column = {test.name: i for i, test in enumerate(tests)}
    earned = np.zeros((len(ran), len(tests)))
    attempted = np.zeros(earned.shape, dtype=bool)
    for row, verdict in enumerate(ran):
        for result in verdict.tests:
            earned[row, column[result.name]] = result.earned
            attempted[row, column[result.name]] = _attempted(result)
    return Scores(tuple(verdict.submission for verdict in ran), tests, earned, attempted)


def _attempted(result: TestResult) -> bool:
    return result.earned > 0 or result.status == "passed" or not is_blank(result)
