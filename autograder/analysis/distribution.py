"""The distribution of the points of a class.

This module knows numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Bin", "Distribution", "distribution_of"]

BINS = 10


@dataclass(frozen=True)
class Bin:
    """A bar of the histogram: from `low` to below `high`; the last bar holds `high` too.

    Attributes:
        low: Lowest points.
        high: Highest points.
        count: Number of students.
    """

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Distribution:
    """The distribution of points.

    Attributes:
        n: Number of students.
        points: Points that there are.
        mean: Mean.
        sd: Sample standard deviation; None for a single student.
        least: Lowest points.
        quartiles: Lower quartile, median and upper quartile.
        most: Highest points.
        bins: Histogram from 0 to `points`; points outside are in the nearest bar.
    """

    n: int
    points: float
    mean: float
    sd: float | None
    least: float
    quartiles: tuple[float, float, float]
    most: float
    bins: tuple[Bin, ...]


def distribution_of(totals: Sequence[float], points: float) -> Distribution | None:
    """Describe the points of a class.

    Args:
        totals: Points of each student.
        points: Points that there are.

    Returns:
        The distribution; None without students.
    """
    if not len(totals):
        return None
    x = np.asarray(totals, dtype=float)
    low, middle, high = (float(q) for q in np.quantile(x, [0.25, 0.5, 0.75]))
    sd = float(x.std(ddof=1)) if len(x) > 1 else None
    return Distribution(
        len(x), points, float(x.mean()), sd, float(x.min()), (low, middle, high), float(x.max()), _bins(x, points)
    )


def _bins(x: np.ndarray, points: float) -> tuple[Bin, ...]:
    if points <= 0:
        return ()
    edges = np.linspace(0, points, (BINS if points >= BINS else max(1, int(points))) + 1)
    counts, _ = np.histogram(np.clip(x, 0, points), edges)
    return tuple(Bin(float(low), float(high), int(n)) for low, high, n in zip(edges[:-1], edges[1:], counts, strict=True))
