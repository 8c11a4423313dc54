"""What the marks of a class are based on, besides the submissions: tests, lab, versions, secret.

It is kept with the verdicts, so that two gradings can be compared and a mark that moved has a reason.
It holds digests only, no text of a test. This module grades nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from autograder.grading.cache import digest, environment_facts
from autograder.grading.options import Options, course_secret
from autograder.labs.model import Lab

__all__ = ["Basis", "basis_of", "digests_of_tests"]


@dataclass(frozen=True)
class Basis:
    """What the marks of a class in one lab are based on.

    Attributes:
        when: When the class was graded, in UTC, as ISO 8601.
        tests: Test name → digest of its source. Its points stand in the verdicts.
        lab: Digest of the lab's other code, its limits and its support files.
        secret: Digest of the secret that held-out data are drawn from.
        sealed_only: Whether tests in the student process gave no points.
        versions: Name → version of what the notebooks ran with.
    """

    when: str
    tests: Mapping[str, str]
    lab: str
    secret: str
    sealed_only: bool
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        """Raise ValueError for a time that is none."""
        datetime.fromisoformat(self.when)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Basis:
        """Create it from the fields that `asdict` gave.

        Args:
            data: Fields as plain data.

        Returns:
            The basis.

        Raises:
            TypeError: A field is missing or unknown.
            ValueError: The time is none.
        """
        return cls(**data)


def basis_of(lab: Lab, options: Options) -> Basis:
    """Return what a class that is graded now is based on.

    Args:
        lab: The lab.
        options: Grading options.

    Returns:
        The basis.
    """
    # The text, the model answers and the solutions of a lab decide about no mark.
    own = [[cell.name, cell.source] for cell in lab.cells if cell.role in ("given", "code")]
    limits = [lab.settings.cell_seconds, lab.settings.notebook_seconds, lab.settings.memory_mb]
    rules = [lab.settings.files, lab.settings.unsealed, dict(lab.settings.fast), lab.settings.datasets]
    return Basis(
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
        digests_of_tests(lab),
        digest([own, limits, rules, lab.beside]),
        digest(course_secret(options)),
        options.sealed_only,
        environment_facts(),
    )


def digests_of_tests(lab: Lab) -> dict[str, str]:
    """Return a digest of each test of a lab.

    Args:
        lab: The lab.

    Returns:
        Test name → digest of its source.
    """
    return {cell.name: digest([cell.source, cell.exercise]) for cell in lab.of("tests")}
