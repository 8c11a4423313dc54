"""How far the sum of the tests can be trusted: Cronbach's α and the standard error of measurement.

This module knows tables of points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.analysis.items import FEW
from autograder.analysis.scores import Scores

__all__ = ["Reliability", "reliability_of"]


@dataclass(frozen=True)
class Reliability:
    """The reliability of the sum of the tests. An answer that is not there counts 0 points.

    Attributes:
        alpha: Cronbach's α; None if it is not given.
        error: Standard error of measurement, in points; None if it is not given.
        reason: Why they are not given; "" if they are.
    """

    alpha: float | None = None
    error: float | None = None
    reason: str = ""


def reliability_of(scores: Scores) -> Reliability:
    """Compute α = k/(k−1)·(1 − Σs²ᵢ/s²ₜ), with sample variances, and the error s·√(1−α).

    Args:
        scores: Points of a class.

    Returns:
        The reliability.
    """
    n, k = scores.earned.shape
    if n < FEW:
        return Reliability(reason=f"fewer than {FEW} students")
    if k < 2:
        return Reliability(reason="the lab has fewer than two tests")
    if np.ptp(scores.totals) < 1e-9:
        return Reliability(reason="all students have the same points")
    total = scores.totals.var(ddof=1)
    alpha = float(k / (k - 1) * (1 - scores.earned.var(axis=0, ddof=1).sum() / total))
    return Reliability(alpha, float(np.sqrt(total * max(0.0, 1 - alpha))))
