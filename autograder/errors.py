"""The exceptions of this package, in one tree under AutograderError."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # takes a second to load, and most files need none of it
    pass
if sys.version_info >= (3, 11):
    pass
else:
    pass

__all__ = [
    "AutograderError",
    "ClusterError",
    "CollectError",
    "HaltedError",
    "IsolationError",
    "LabError",
    "LectureError",
    "MachineError",
    "NoDataError",
    "NoGpuError",
    "PublishError",
    "RecordError",
    "ResultsError",
    "SecretError",
    "UnreadableError",
    "WorkerError",
]


class AutograderError(Exception):
    """Base class of the errors that this package raises on purpose. The message says what was expected, what came and what to do."""


class WorkerError(AutograderError):
    """The machine, not the submission, is at fault: nothing can be said about the work, and it may be tried again."""


class HaltedError(AutograderError):
    """Everything was ended from outside, by Ctrl-C: nothing can be said about the work."""


class MachineError(AutograderError):
    """What was asked for, or what a lab needs, and this machine does not have. The message says what is missing and what to do."""


class NoGpuError(MachineError):
    """GPU slots that were asked for on a machine without a GPU."""


class NoDataError(MachineError):
    """Data sets of a lab that cannot be had: nobody's work can be judged without them."""


class IsolationError(MachineError):
    """Walls that were asked for and that this machine does not have."""


class LabError(AutograderError):
    """A lab folder that cannot be used: the message names the file, what was expected and what came."""


class UnreadableError(AutograderError):
    """A file that is no notebook, or none of this lab. The message names the file, what came and what to do."""


class PublishError(AutograderError):
    """A course that cannot be published there; the message says why and what to do."""


class LectureError(AutograderError):
    """A lecture's source that cannot be used: the message names the file, what was expected and what came."""


class CollectError(AutograderError):
    """A folder in which no submission can be found; the message says what was expected there."""


class ClusterError(MachineError):
    """A cluster that cannot be used."""


class SecretError(AutograderError):
    """A secret that cannot be read or kept: the message names the file and what to do."""


class RecordError(AutograderError):
    """Verdicts that cannot be recorded at all: the message says what was expected, what came and what to do."""


class ResultsError(AutograderError):
    """Results that cannot be written; the message says where, why and what to do."""
