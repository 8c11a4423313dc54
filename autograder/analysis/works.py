"""One student's work as the comparison of a class sees it: the code of each exercise, and what its tests said.

This module knows sources and messages; it reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.analysis.messages import plain
from autograder.grading.messages import is_blank
from autograder.grading.verdict import Verdict

__all__ = ["Work", "mistakes_of"]


@dataclass(frozen=True)
class Work:
    """One work.

    Attributes:
        name: Its name: of the submission, or of a work of an earlier year.
        cells: Exercise name → sources of the cells with the student's code, in order.
        mistakes: Exercise name → what its failed tests said, without numbers.
        earlier: Whether it is of an earlier year.
        sha256: Of its file; "" where nothing was written into it, so that an equal file says nothing.
    """

    name: str
    cells: Mapping[str, tuple[str, ...]]
    mistakes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    earlier: bool = False
    sha256: str = ""


def mistakes_of(verdict: Verdict) -> dict[str, frozenset[str]]:
    """Return what the failed tests of each exercise said.

    Args:
        verdict: Verdict on a submission.

    Returns:
        Exercise name → messages, with `#` for numbers, which differ from student to student. An
        answer that is not there is no mistake.
    """
    found: dict[str, frozenset[str]] = {}
    for test in verdict.tests:
        if test.status != "passed" and not is_blank(test) and (said := plain(test.note or test.message)):
            found[test.exercise] = found.get(test.exercise, frozenset()) | {said}
    return found
