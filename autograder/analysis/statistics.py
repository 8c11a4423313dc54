"""All statistics of a class and its tests.

This module knows verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.analysis.distribution import Distribution, distribution_of
from autograder.analysis.items import Item, items_of
from autograder.analysis.messages import Cluster, clusters_of
from autograder.analysis.reliability import Reliability, reliability_of
from autograder.analysis.resources import Resources, resources_of
from autograder.analysis.scores import scores_of
from autograder.grading.verdict import Verdict

__all__ = ["Statistics", "statistics_of"]


@dataclass(frozen=True)
class Statistics:
    """The statistics of a class.

    Attributes:
        submissions: Number of submissions.
        unreadable: Number of submissions that could not be read; they are in no other number.
        distribution: Distribution of the points by tests; None if nothing ran.
        reliability: Reliability of these points.
        items: Statistics of each test.
        clusters: Name of a test → its wrong answers, the commonest first.
        resources: Time and limits; None if nothing ran.
    """

    submissions: int
    unreadable: int
    distribution: Distribution | None
    reliability: Reliability
    items: tuple[Item, ...]
    clusters: Mapping[str, tuple[Cluster, ...]]
    resources: Resources | None

    @property
    def suspects(self) -> tuple[Item, ...]:
        """Tests that may be wrong."""
        return tuple(item for item in self.items if item.suspect)


def statistics_of(verdicts: Sequence[Verdict]) -> Statistics:
    """Compute all statistics.

    Args:
        verdicts: Verdicts on submissions to one lab.

    Returns:
        The statistics.
    """
    scores = scores_of(verdicts)
    return Statistics(
        len(verdicts),
        len(verdicts) - len(scores.students),
        distribution_of(scores.totals.tolist(), scores.points),
        reliability_of(scores),
        items_of(scores),
        clusters_of(verdicts),
        resources_of(verdicts),
    )
