"""Release, collect, grade and report the labs of a course. Instructors and CI use it; students never need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.api import grade
    from autograder.grading.options import Options
    from autograder.grading.verdict import Verdict

__all__ = ["Options", "Verdict", "grade"]

_HOME = {
    "grade": "autograder.grading.job",
    "Options": "autograder.grading.environment",
    "Verdict": "autograder.grading.verdict",
}


def __getattr__(name: str) -> Any:
    """Public names are loaded when first used: `import autograder` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
