"""Grading options: what the person who grades a class can choose, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

from autograder.grading.secret import new_secret

if TYPE_CHECKING:
    from autograder.grading.verdict import Verdict

__all__ = ["Options", "course_secret", "options_behind"]


@dataclass(frozen=True)
class Options:
    """Grading options.

    Attributes:
        data: Kind of data sets: "real", "drawn" (synthetic), or "" for real data if it can be
            obtained and synthetic data otherwise.
        fast: Use the reduced budget of the lab.
        seed: Random seed, which the set-up cell of the notebook sets.
        cell_seconds: Time limit per cell in seconds; 0 means the limit of the lab.
        isolation: Isolation level: "full", "process", or "" for the strongest level that this
            machine supports.
        sealed_only: Give no points for tests that must run in the student process.
        gpu_slots: Number of student processes that may use a GPU at the same time, spread over
            all GPUs; 0 runs all notebooks on the CPU.
        secret: Secret from which the sealed splits are drawn; "" draws a new secret once per
            process (see `secret.find_secret`).
        accept_broken: If some tests of an nbgrader notebook fail for the instructor's own
            solution, grade with the remaining tests. Otherwise no submission is run.
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
    """Return the secret that is used for grading.

    Args:
        options: Grading options.

    Returns:
        `options.secret`, or a secret that is drawn once per process if that is empty.
    """
    return options.secret or _drawn_secret()


def options_behind(verdict: Verdict) -> Options:
    """Return the options that a submission was graded with, as far as its verdict notes them.

    Args:
        verdict: The verdict.

    Returns:
        The options, without the secret.
    """
    data = "" if verdict.data_source == "none" else verdict.data_source
    level: Literal["process", ""] = "process" if verdict.isolation == "process" else ""
    return Options(data, verdict.reduced_budget, verdict.seed, isolation=level)


@cache
def _drawn_secret() -> str:
    return new_secret()
