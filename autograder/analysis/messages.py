"""The commonest wrong answers to a test, told apart by the messages that they earned.

Two answers with the same mistake get different numbers in their messages, because each test draws
its data afresh. Their messages are compared without these numbers. This module knows verdicts; it
reads no submission.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.grading.messages import is_blank
from autograder.grading.verdict import TestResult, Verdict
from coursekit._words import uncoloured

__all__ = ["Cluster", "clusters_of", "plain"]

# Digits in a name such as W1 belong to the name.
_NUMBER = re.compile(r"(?<![\w.])[-−+]?(?:0x[0-9a-f]+|\d+\.?\d*(?:e[-+]?\d+)?|nan\b|inf\b)(?!\w)", re.IGNORECASE)
_VALUES = re.compile(r"(?:\barray)?[\[({](?:\s*(?:#|…|\.\.\.|True|False|None)[\s,;:]*)+[\])}]")


@dataclass(frozen=True)
class Cluster:
    """Wrong answers that earned the same message, but for its numbers.

    Attributes:
        message: The commonest of their messages.
        students: Names of their submissions, sorted.
    """

    message: str
    students: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of answers."""
        return len(self.students)


def clusters_of(verdicts: Sequence[Verdict]) -> Mapping[str, tuple[Cluster, ...]]:
    """Cluster the wrong answers of a class.

    Args:
        verdicts: Verdicts on submissions to one lab.

    Returns:
        Name of a test → its clusters, the largest first. An answer that is not there is no wrong
        answer.
    """
    found: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for verdict in verdicts:
        for result in verdict.tests:
            if result.status != "passed" and not is_blank(result):
                said = _said(result)
                found[result.name][plain(said)].append((verdict.submission, said))
    return {test: _sorted(clusters) for test, clusters in found.items()}


def plain(message: str) -> str:
    """Return what a message says, without what differs from student to student.

    Args:
        message: A message of a test.

    Returns:
        Its first line, with `#` for each number, list and array; the other lines hold values.
    """
    lines = uncoloured(message).strip().splitlines()
    text = _NUMBER.sub("#", " ".join(lines[0].split())) if lines else ""
    while (shorter := _VALUES.sub("#", text)) != text:
        text = shorter
    return text


def _said(result: TestResult) -> str:
    """Return what the test said; of an unsealed test, what only the instructor may read."""
    return uncoloured(result.note or result.message)


def _sorted(clusters: Mapping[str, Sequence[tuple[str, str]]]) -> tuple[Cluster, ...]:
    made = []
    for members in clusters.values():
        counted = Counter(message for _, message in members)
        commonest = min(counted, key=lambda message: (-counted[message], message))
        made.append(Cluster(commonest, tuple(sorted(student for student, _ in members))))
    return tuple(sorted(made, key=lambda cluster: (-cluster.count, cluster.message)))
