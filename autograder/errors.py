"""The exceptions of this package, in one tree under AutograderError."""

from __future__ import annotations

__all__ = ["FaultError", "HaltedError", "IsolationError", "NoDataError", "NoGpuError", "SurroundingsError"]


class FaultError(Exception):
    """The machine, not the submission, is at fault: nothing can be said about the work, and it may be tried again."""


class HaltedError(Exception):
    """Everything was ended from outside, by Ctrl-C: nothing can be said about the work."""


class SurroundingsError(Exception):
    """What was asked for, or what a lab needs, and this machine does not have. The message says what is missing and what to do."""


class NoGpuError(SurroundingsError):
    """GPU slots that were asked for on a machine without a GPU."""


class NoDataError(SurroundingsError):
    """Data sets of a lab that cannot be had: nobody's work can be judged without them."""


class IsolationError(SurroundingsError):
    """Walls that were asked for and that this machine does not have."""
