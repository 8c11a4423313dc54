"""Time and memory that the submissions of a class took.

This module knows verdicts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autograder.grading.verdict import Verdict

__all__ = ["Exceeded", "Resources", "resources_of"]


@dataclass(frozen=True)
class Exceeded:
    """A test during which submissions reached a limit or ended their process.

    Attributes:
        test: Name of the test.
        timeout: Number of submissions that took too long.
        memory: Number of submissions that needed too much memory.
        crashed: Number of submissions that ended the process.
    """

    test: str
    timeout: int
    memory: int
    crashed: int


@dataclass(frozen=True)
class Resources:
    """Time and limits.

    Attributes:
        median: Median of the seconds that grading a submission took.
        high: Seconds that 95 % of the submissions stay below.
        most: Seconds of the slowest.
        processor: Median of the processor seconds of the students' code.
        exceeded: Tests at which limits were reached.
    """

    median: float
    high: float
    most: float
    processor: float
    exceeded: tuple[Exceeded, ...]


def resources_of(verdicts: Sequence[Verdict]) -> Resources | None:
    """Sum up time and limits.

    Args:
        verdicts: Verdicts on submissions to one lab.

    Returns:
        The summary; None if nothing ran.
    """
    ran = [verdict for verdict in verdicts if verdict.tests]
    if not ran:
        return None
    seconds = np.array([verdict.seconds for verdict in ran])
    median, high = (float(q) for q in np.quantile(seconds, [0.5, 0.95]))
    ends = Counter((test.name, test.status) for verdict in ran for test in verdict.tests)
    names = dict.fromkeys(test.name for verdict in ran for test in verdict.tests)
    rows = (Exceeded(name, ends[name, "timeout"], ends[name, "memory"], ends[name, "crashed"]) for name in names)
    exceeded = tuple(row for row in rows if row.timeout or row.memory or row.crashed)
    processor = float(np.median([verdict.cpu_seconds for verdict in ran]))
    return Resources(median, high, float(seconds.max()), processor, exceeded)
