"""What a class report says, as plain data.

It is made of marks, their statistics and pieces of the students' code. This module knows no HTML and
opens no files: `Answers` brings the code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from markupsafe import Markup

from autograder.analysis.items import Item
from autograder.analysis.messages import Cluster
from autograder.analysis.statistics import Statistics, statistics_of
from autograder.reporting.marks import Mark
from autograder.reporting.pages import data_notice

__all__ = ["Answers", "ClassReport", "Mistake", "Section", "TestPart", "report_of"]

MISTAKES = 5  # clusters that are shown of a test
EXAMPLES = 3  # answers that are shown of a cluster
TRIES = 6  # submissions that are opened to find them


class Answers(Protocol):
    """Where the students' code comes from."""

    def code(self, student: str, exercise: str) -> str:
        """Return what a student wrote for an exercise; "" if it cannot be shown."""

    def opened(self, student: str) -> bool:
        """Say whether this submission was read already, so that its code costs nothing."""


@dataclass(frozen=True)
class Mistake:
    """Wrong answers with one message.

    Attributes:
        message: The message.
        count: Number of students.
        examples: Answers of some of them, all different.
    """

    message: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class TestPart:
    """A test with its commonest wrong answers.

    Attributes:
        item: Its statistics.
        mistakes: The commonest wrong answers.
        others: Number of wrong answers with other messages.
    """

    __test__ = False  # not a pytest class

    item: Item
    mistakes: tuple[Mistake, ...]
    others: int


@dataclass(frozen=True)
class Section:
    """A further part of the page, which another module made.

    Attributes:
        title: Its heading.
        html: Its content, with headings from h3 on.
    """

    title: str
    html: Markup


@dataclass(frozen=True)
class ClassReport:
    """A class report.

    Attributes:
        lab: Id of the lab.
        title: Title of the lab.
        notice: Sentences about the data behind the marks.
        marks: Marks of the class.
        statistics: Statistics of the tests.
        tests: Each test with its commonest wrong answers.
        notes: Sentences about what could not be shown.
    """

    lab: str
    title: str
    notice: str
    marks: tuple[Mark, ...]
    statistics: Statistics
    tests: tuple[TestPart, ...]
    notes: tuple[str, ...] = ()

    @property
    def handed_in(self) -> int:
        """Number of students who handed in something."""
        return sum(mark.verdict is not None for mark in self.marks)

    @property
    def complete(self) -> int:
        """Number of final marks."""
        return sum(mark.complete for mark in self.marks)

    @property
    def flawless(self) -> bool:
        """Whether everybody who handed in got all points by tests."""
        return bool(self.tests) and all(part.item.full == part.item.students for part in self.tests)

    @property
    def passed_by_all(self) -> tuple[Item, ...]:
        """Tests that everyone who attempted them passes, as far as that means anything."""
        return tuple(item for item in self.statistics.items if any(finding.kind == "everyone" for finding in item.findings))

    @property
    def missed(self) -> tuple[TestPart, ...]:
        """Tests to which there are wrong answers."""
        return tuple(part for part in self.tests if part.mistakes)

    @property
    def spotless(self) -> tuple[TestPart, ...]:
        """Tests to which there is no wrong answer."""
        return tuple(part for part in self.tests if not part.mistakes)


def report_of(marks: Sequence[Mark], lab: str, title: str, answers: Answers, notes: Sequence[str] = ()) -> ClassReport:
    """Put a report together.

    Args:
        marks: Marks of a class.
        lab: Id of the lab.
        title: Title of the lab.
        answers: Where the students' code comes from.
        notes: Sentences about what cannot be shown.

    Returns:
        The report.
    """
    verdicts = [mark.verdict for mark in marks if mark.verdict]
    found = statistics_of(verdicts)
    parts = tuple(_part(item, found.clusters.get(item.name, ()), answers) for item in found.items)
    return ClassReport(lab, title or lab, data_notice(verdicts), tuple(marks), found, parts, tuple(notes))


def _part(item: Item, clusters: Sequence[Cluster], answers: Answers) -> TestPart:
    shown = clusters[:MISTAKES]
    mistakes = tuple(
        Mistake(cluster.message, cluster.count, tuple(_examples(cluster, item.exercise, answers))) for cluster in shown
    )
    return TestPart(item, mistakes, sum(cluster.count for cluster in clusters[MISTAKES:]))


def _examples(cluster: Cluster, exercise: str, answers: Answers) -> Iterator[str]:
    """Yield different answers, from submissions that are open already where there are any."""
    seen: set[str] = set()
    order = sorted(cluster.students, key=lambda student: (not answers.opened(student), student))
    for student in order[:TRIES]:
        code = answers.code(student, exercise).strip("\n")
        if code.strip() and code not in seen:
            seen.add(code)
            yield code
        if len(seen) == EXAMPLES:
            return
