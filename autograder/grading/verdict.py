"""The result of grading one submission, as plain data.

Knows nothing of how it was found or where it will be kept; everything downstream (records, pages, tables) reads only this.
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
    """One test: `earned` of `points`, how it ended, and a message fit for the student ("" when it passed).

    sealed: it ran in the examiner; one that is not had to run where the student's code could reach it. note: what such a test
    said, for the instructor only: the student's code may have put the hidden test into it.
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
    """Something that was repaired or looked odd in a submission: its kind, the grade ids concerned, and a sentence about it.

    "outdated" is what came from an older release of the lab: nobody did anything wrong.
    """

    kind: Literal["recovered", "duplicated", "moved", "missing", "edited", "outdated", "suspicious", "stopped", "unsealed"]
    cells: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Written:
    """A written question, waiting for a mark by hand; `answered` is false where nothing was written into the cell or beside it."""

    name: str
    points: float
    answered: bool


@dataclass(frozen=True)
class Verdict:
    """The graded result of one submission.

    status: "graded"; "needs review" when some of the work could not be matched to its exercises, so that a person must look
    before the marks count; "unreadable" when the file is no notebook of this lab (then `tests` is empty and `message` says why).
    isolation: level of the walls that the notebook ran behind, "" where nothing was run.
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

    @property
    def earned(self) -> float:
        return sum(test.earned for test in self.tests)

    @property
    def unsealed(self) -> float:
        """The part of `earned` that rests on tests which the student's code could reach."""
        return sum(test.earned for test in self.tests if not test.sealed)

    @property
    def to_mark(self) -> int:
        """Answers that wait for a mark by hand."""
        return sum(item.answered for item in self.written)

    @property
    def points(self) -> float:
        """Points that tests can give; written questions are not among them."""
        return sum(test.points for test in self.tests)

    def __post_init__(self) -> None:
        """Raise ValueError for a figure that is no number, which JSON could not hold."""
        figures = [self.seconds, self.cpu_seconds, *(n for test in self.tests for n in (test.points, test.earned))]
        if not all(map(math.isfinite, figures)):
            raise ValueError(f"a verdict holds finite numbers only, not {figures}")

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """The verdict that `asdict` or `to_json` wrote. Raises TypeError for unknown or missing fields."""
        fields = dict(data)
        fields["tests"] = tuple(TestResult(**test) for test in fields.get("tests", ()))
        fields["written"] = tuple(Written(**item) for item in fields.get("written", ()))
        fields["flags"] = tuple(Flag(**{**flag, "cells": tuple(flag["cells"])}) for flag in fields.get("flags", ()))
        return cls(**fields)
