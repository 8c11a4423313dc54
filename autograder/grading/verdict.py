"""The result of grading one submission, as plain data.

This module does not know how a verdict is computed or where it is stored. The gradebook, `report.html` and
`grades.csv` are made from verdicts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = ["Flag", "TestResult", "Verdict", "Written"]

TestStatus = Literal["passed", "failed", "error", "timeout", "memory", "crashed", "missing"]
VerdictStatus = Literal["graded", "needs review", "unreadable"]


@dataclass(frozen=True)
class TestResult:
    """The result of one test.

    Attributes:
        name: Name of the test.
        exercise: Name of the exercise that the test marks.
        points: Points that the test can give.
        earned: Points that the student earned.
        status: How the test ended.
        message: Message for the student; "" if the test passed.
        sealed: Whether the test ran in the examiner. A test that is not sealed ran in the student
            process, where the student's code could reach it.
        note: Message of an unsealed test, for the instructor only: the student's code may have
            put the text of the hidden test into it.
    """

    __test__ = False  # not a pytest class

    name: str
    exercise: str
    points: float
    earned: float
    status: TestStatus
    message: str = ""
    sealed: bool = True
    note: str = ""


@dataclass(frozen=True)
class Flag:
    """Something in a submission that was repaired or is unusual.

    Attributes:
        kind: Kind of the finding. "outdated" marks cells from an older release of the lab, which
            is nobody's mistake.
        cells: Grade ids of the cells concerned.
        message: A sentence that describes the finding.
    """

    kind: Literal["recovered", "duplicated", "moved", "missing", "edited", "outdated", "suspicious", "stopped", "unsealed"]
    cells: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Written:
    """A written question, which a person has to mark.

    Attributes:
        name: Name of the question.
        points: Points that the question can give.
        answered: Whether the student wrote anything into the cell or next to it.
    """

    name: str
    points: float
    answered: bool


@dataclass(frozen=True)
class Verdict:
    """The graded result of one submission.

    Attributes:
        submission: Name of the submission.
        lab: Id of the lab.
        status: "graded"; "needs review" if a person must look at the submission before the marks
            count, for instance because some cells could not be matched to their exercises; or
            "unreadable" if the file is not a notebook of this lab. Then `tests` is empty and
            `message` gives the reason.
        tests: Results of the tests, in the order of the lab.
        written: Written questions, which a person has to mark.
        message: Reason for a status other than "graded".
        flags: What was repaired in the submission or is unusual in it.
        isolation: Isolation level of the sandbox in which the notebook ran; "" if nothing was run.
        data_source: Kind of data sets: "real", "drawn", or "none" for a lab without data sets.
        reduced_budget: Whether the notebook ran with the reduced budget of the lab.
        seed: Random seed of the run.
        versions: Versions of Python and of the main packages.
        seconds: Duration in seconds.
        cpu_seconds: Processor time of the student's code in seconds.
        work: Digest of the code and files that were handed in; "" if they are not known.
    """

    submission: str
    lab: str
    status: VerdictStatus
    tests: tuple[TestResult, ...] = ()
    written: tuple[Written, ...] = ()
    message: str = ""
    flags: tuple[Flag, ...] = ()
    isolation: str = ""
    data_source: str = ""
    reduced_budget: bool = False
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    work: str = ""

    @property
    def earned(self) -> float:
        """Points that the student earned in tests."""
        return sum(test.earned for test in self.tests)

    @property
    def unsealed(self) -> float:
        """Points from unsealed tests, which the student's code could reach."""
        return sum(test.earned for test in self.tests if not test.sealed)

    @property
    def to_mark(self) -> int:
        """Number of answers that a person has to mark."""
        return sum(item.answered for item in self.written)

    @property
    def points(self) -> float:
        """Points that the tests can give, without the written questions."""
        return sum(test.points for test in self.tests)

    def __post_init__(self) -> None:
        """Raise ValueError for NaN and infinite numbers, which JSON cannot represent."""
        figures = [self.seconds, self.cpu_seconds, *(n for test in self.tests for n in (test.points, test.earned))]
        if not all(map(math.isfinite, figures)):
            raise ValueError(f"a verdict holds finite numbers only, not {figures}")

    def to_json(self) -> str:
        """Return the verdict as JSON text, which `from_dict` can read again after parsing."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Create a verdict from the fields that `asdict` or `to_json` wrote.

        Args:
            data: Fields of a verdict as plain data.

        Returns:
            The verdict.

        Raises:
            TypeError: A field is missing or unknown.
        """
        fields = dict(data)
        fields["tests"] = tuple(TestResult(**test) for test in fields.get("tests", ()))
        fields["written"] = tuple(Written(**item) for item in fields.get("written", ()))
        fields["flags"] = tuple(Flag(**{**flag, "cells": tuple(flag["cells"])}) for flag in fields.get("flags", ()))
        return cls(**fields)
