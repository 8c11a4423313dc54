"""The exceptions of this package. All are subclasses of AutograderError.

Each message says what was expected, what was found, and what to do.
"""

from __future__ import annotations

import sys

__all__ = [
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
]


class AutograderError(Exception):
    """Base class of all errors that this package raises deliberately."""


class WorkerError(AutograderError):
    """A run failed because of the machine, not because of the submission. It gives no result and can be repeated."""


class HaltedError(AutograderError):
    """A run was interrupted from outside, for instance by Ctrl-C. It gives no result."""


class MachineError(AutograderError):
    """This machine lacks something that was requested or that a lab needs."""


class NoGpuError(MachineError):
    """GPU slots were requested on a machine without a GPU."""


class NoDataError(MachineError):
    """The data sets of a lab cannot be loaded, so no submission to it can be graded."""


class IsolationError(MachineError):
    """This machine does not support the requested isolation level."""


class NotLinuxError(MachineError):
    """This machine runs another system than Linux, and submissions can be run on Linux only."""

    def __init__(self) -> None:
        here = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
        super().__init__(
            f"collecting and grading need Linux, and this is {here}: use a Linux machine, WSL 2 or a container; "
            "coursekit and the notebooks run here"
        )


class LabError(AutograderError):
    """A lab cannot be used. The message names the file and the position."""


class UnreadableError(AutograderError):
    """A file is not a notebook, or not a notebook of this lab."""


class PublishError(AutograderError):
    """A course cannot be published to the requested folder."""


class LectureError(AutograderError):
    """The source of a lecture cannot be used. The message names the file and the position."""


class CollectError(AutograderError):
    """No submission was found in a folder."""


class CourseError(AutograderError):
    """The folder of a course cannot be used. The message names the file and the place in it."""


class ExportError(AutograderError):
    """Marks cannot be written for a learning platform. The message says what its file lacks."""


class GradescopeError(AutograderError):
    """The grader cannot be packed for Gradescope, or cannot work in its container."""


class ClusterError(MachineError):
    """A Dask cluster cannot be used."""


class SecretError(AutograderError):
    """The secret of a course cannot be read or stored."""


class RecordError(AutograderError):
    """Verdicts cannot be recorded in the gradebook."""


class ResultsError(AutograderError):
    """The result files cannot be written."""


class SandboxError(AutograderError):
    """A part of the sandbox could not be set up.

    The message names the step, the error, and what to do.
    """
