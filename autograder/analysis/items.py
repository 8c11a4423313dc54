"""Statistics of each test: how many pass it, and whether strong students pass it more often than weak ones.

A number that would say little is not given: `Correlation.reason` says why. What a person should look
at is a `Finding`, in words. This module knows tables of points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.analysis.scores import Scores

__all__ = ["FEW", "Correlation", "Finding", "Item", "items_of"]

FEW = 20  # with fewer students only counts are given
MANY = 100  # from here on a correlation needs no interval
EASY = 0.95  # a test with a higher facility cannot tell students apart
LOW = 0.1  # correlation below which a test hardly tells strong from weak students
FLAGGED = 5  # students who must have tried before "nobody" and "everyone" mean anything
RESAMPLES = 2000
SEED = 20

_NOTHING = 1e-9  # a smaller spread of points is rounding


@dataclass(frozen=True)
class Correlation:
    """The correlation of a test with the sum of the other tests, among the students who attempted it.

    Attributes:
        value: Pearson's r; None if it is not given.
        low: Lower end of its bootstrap 95 % interval; None if there is no interval.
        high: Upper end.
        reason: Why `value` is not given; "" if it is.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """Something about a test that a person should know.

    Attributes:
        kind: "strong fail", "nobody", "weak" or "everyone".
        text: It, in a sentence.
        fault: Whether the test may be wrong.
    """

    kind: str
    text: str
    fault: bool = False


@dataclass(frozen=True)
class Item:
    """The statistics of one test.

    Attributes:
        name: Name of the test.
        exercise: Name of the exercise that it marks.
        points: Points that it can give.
        students: Number of students.
        attempted: Number of students who wrote an answer.
        full: Number of students with all points.
        partial: Number of students with some of the points.
        zero: Number of students who wrote an answer and got no points.
        blank: Number of students who wrote no answer.
        facility: Mean points of all students as a part of `points`, where no answer counts 0;
            None with fewer than FEW students.
        correlation: Its correlation with the other tests.
        findings: What a person should know.
    """

    name: str
    exercise: str
    points: float
    students: int
    attempted: int
    full: int
    partial: int
    zero: int
    blank: int
    facility: float | None
    correlation: Correlation
    findings: tuple[Finding, ...] = ()

    @property
    def suspect(self) -> bool:
        """Whether the test may be wrong."""
        return any(finding.fault for finding in self.findings)


def items_of(scores: Scores) -> tuple[Item, ...]:
    """Compute the statistics of all tests.

    Args:
        scores: Points of a class.

    Returns:
        One item per test, in the order of the lab.
    """
    return tuple(_item(scores, column) for column in range(len(scores.tests)))


def _item(scores: Scores, column: int) -> Item:
    test, earned, tried = scores.tests[column], scores.earned[:, column], scores.attempted[:, column]
    n = len(earned)
    passed = tried & (earned >= test.points - _NOTHING)
    partial = tried & ~passed & (earned > _NOTHING)
    facility = float(earned.mean() / test.points) if n >= FEW and test.points > 0 else None
    x, rest = earned[tried], np.delete(scores.earned, column, axis=1).sum(axis=1)[tried]
    correlation = _correlation(x, rest, others=len(scores.tests) - 1)
    return Item(
        test.name,
        test.exercise,
        test.points,
        students=n,
        attempted=int(tried.sum()),
        full=int(passed.sum()),
        partial=int(partial.sum()),
        zero=int((tried & ~passed & ~partial).sum()),
        blank=int((~tried).sum()),
        facility=facility,
        correlation=correlation,
        findings=tuple(_findings(passed[tried], rest, facility, correlation)),
    )


# ── correlation ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _correlation(x: NDArray[np.float64], rest: NDArray[np.float64], others: int) -> Correlation:
    if not others:
        return Correlation(reason="the lab has no other test")
    if len(x) < FEW:
        return Correlation(reason=f"fewer than {FEW} students attempted it")
    if np.ptp(x) < _NOTHING:
        return Correlation(reason="all who attempted it have the same points")
    if np.ptp(rest) < _NOTHING:
        return Correlation(reason="all who attempted it have the same points in the other tests")
    value = float(_pearson(x[None], rest[None])[0])
    return Correlation(value, *_interval(x, rest)) if len(x) < MANY else Correlation(value)


def _pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate the rows of two tables; NaN where a row does not vary."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    spread = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    products = (x * y).sum(axis=1)
    defined = spread > _NOTHING
    return np.clip(np.divide(products, spread, out=np.full(len(x), np.nan), where=defined), -1, 1)


def _interval(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Return the 2.5 % and 97.5 % points of the correlation over students drawn with replacement."""
    drawn = np.random.default_rng(SEED).integers(0, len(x), (RESAMPLES, len(x)))
    found = _pearson(x[drawn], y[drawn])
    found = found[np.isfinite(found)]
    if len(found) < RESAMPLES / 2:  # hardly anybody differs from the others
        return None, None
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


# ── findings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _findings(
    passed: NDArray[np.bool_], rest: NDArray[np.float64], facility: float | None, correlation: Correlation
) -> Iterator[Finding]:
    """Judge a test by those who attempted it."""
    if len(passed) < FLAGGED:
        return
    if passed.all():
        yield Finding("everyone", "Everyone who attempted it passes.")
        return
    if not passed.any():
        yield Finding("nobody", "Nobody passes: check the test.", fault=True)
    r = correlation.value
    if r is None or facility is None or facility > EASY:
        return
    if r < 0:
        unsure = correlation.high is not None and correlation.high >= 0
        said = (
            "strong students pass it no more often than weak ones, which may be chance" if unsure else "strong students fail it"
        )
        yield Finding("strong fail", f"Possible fault of the test: {said}. {_quarters(passed, rest)}", fault=True)
    elif r < LOW:
        yield Finding("weak", f"It hardly tells strong from weak students. {_quarters(passed, rest)}")


def _quarters(passed: NDArray[np.bool_], rest: NDArray[np.float64]) -> str:
    """Say how many of the best and of the weakest quarter in the other tests pass."""
    order, size = np.argsort(rest, kind="stable"), len(rest) // 4
    upper, lower = passed[order[-size:]].sum(), passed[order[:size]].sum()
    return f"By the other tests, {upper} of the best {size} pass and {lower} of the weakest {size}."
