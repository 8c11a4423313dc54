"""How to grade: the choices of whoever grades a class, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from autograder.grading.secret import new_secret

__all__ = ["Options", "course_secret"]


@dataclass(frozen=True)
class Options:
    """How to grade.

    data: "real", "drawn" or "" (real if obtainable). fast: the lab's reduced budget. seed: set in the set-up cell.
    cell_seconds: limit for one cell; 0 means the lab's own. isolation: "full", "process", or "" for the strongest there is.
    sealed_only: give no points for tests that must run in the student's own process. gpu_slots: how many student processes may
    use a GPU at once, spread over all that there are; 0 means that notebooks run on the CPU.
    secret: from which sealed splits are drawn; "" for one that this process draws for itself (see `secret.find_secret`).
    accept_broken: where some tests of an nbgrader notebook do not accept the instructor's own solution, grade with the others;
    without it nobody's work is run.
    """

    data: str = ""
    fast: bool = False
    seed: int = 42
    cell_seconds: float = 0
    isolation: Literal["full", "process", ""] = ""
    sealed_only: bool = False
    gpu_slots: int = 0
    secret: str = field(default="", repr=False)
    accept_broken: bool = False


def course_secret(options: Options) -> str:
    """The secret that is graded with: the one given, or one that is drawn once in this process."""
    return options.secret or _drawn_secret()


@cache
def _drawn_secret() -> str:
    return new_secret()
