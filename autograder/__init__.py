"""Release, collect, grade and report the labs of a course. Instructors and CI use it; students never need it.

The names below are what a script needs; everything else may change. They are loaded on first use, so `import autograder` is fast.

Example:
    >>> from autograder import Options, find_submissions, grade_class, load_lab
    >>> lab = load_lab("labs/lab02_mlp")
    >>> verdicts = grade_class(lab, find_submissions("submitted", lab.id), Options(fast=True))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.api import grade
    from autograder.errors import (
        AutograderError,
        ClusterError,
        CollectError,
        CourseError,
        ExportError,
        GradescopeError,
        HaltedError,
        IsolationError,
        LabError,
        LectureError,
        MachineError,
        NoDataError,
        NoGpuError,
        NotLinuxError,
        PublishError,
        RecordError,
        ResultsError,
        SandboxError,
        SecretError,
        UnreadableError,
        WorkerError,
    )
    from autograder.grading.batch import grade_class
    from autograder.grading.options import Options
    from autograder.grading.submissions.collect import find_submissions
    from autograder.grading.verdict import Flag, TestResult, Verdict
    from autograder.labs import load_lab
    from autograder.reporting.gradebook import Recorder, record

    __version__: str

_MODULES = {
    "autograder.api": ("grade",),
    "autograder.errors": (
        "AutograderError",
        "ClusterError",
        "CollectError",
        "CourseError",
        "ExportError",
        "GradescopeError",
        "HaltedError",
        "IsolationError",
        "LabError",
        "LectureError",
        "MachineError",
        "NoDataError",
        "NoGpuError",
        "NotLinuxError",
        "PublishError",
        "RecordError",
        "ResultsError",
        "SandboxError",
        "SecretError",
        "UnreadableError",
        "WorkerError",
    ),
    "autograder.grading.batch": ("grade_class",),
    "autograder.grading.options": ("Options",),
    "autograder.grading.submissions.collect": ("find_submissions",),
    "autograder.grading.verdict": ("Flag", "TestResult", "Verdict"),
    "autograder.labs": ("load_lab",),
    "autograder.reporting.gradebook": ("Recorder", "record"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "AutograderError",
    "ClusterError",
    "CollectError",
    "CourseError",
    "ExportError",
    "Flag",
    "GradescopeError",
    "HaltedError",
    "IsolationError",
    "LabError",
    "LectureError",
    "MachineError",
    "NoDataError",
    "NoGpuError",
    "NotLinuxError",
    "Options",
    "PublishError",
    "RecordError",
    "Recorder",
    "ResultsError",
    "SandboxError",
    "SecretError",
    "TestResult",
    "UnreadableError",
    "Verdict",
    "WorkerError",
    "__version__",
    "find_submissions",
    "grade",
    "grade_class",
    "load_lab",
    "record",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use."""
    if name == "__version__":
        from importlib.metadata import version

        return version("coursekit")
    if name not in _HOME:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
