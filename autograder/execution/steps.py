"""Steps to run and their outcomes, as plain data. Knows nothing of processes, labs or marks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["Kept", "Outcome", "Step"]

Status = Literal["ok", "error", "timeout", "memory", "crashed", "missing"]
# Cached values of a submission: index of a test's step → the names it asked for and the frame with
# their values. See runner._Kept.
Kept = dict[int, bytes]


@dataclass(frozen=True)
class Outcome:
    """What happened when one step ran.

    Attributes:
        status: "ok", "error" (an exception), "timeout", "memory", "crashed" (the process ended) or
            "missing" (not run, because an earlier step ended the run).
        error: Name of the exception class, "" if there was none.
        message: Message of the exception, or a sentence that explains the status.
        line: Line of the cell (from 1) at which the exception was raised or passed, 0 if unknown.
        seconds: How long the step took in wall-clock seconds, measured by the grader.
        value: Value of the last expression of the cell if it is a single number, otherwise None.
        cpu: Processor seconds that the student's code took, in a cell or in the functions that a
            test called. The student process reports it itself.
        contended: Whether a limit was exceeded that might not have been exceeded on an idle
            machine.
        calls: Number of requests from the test to the student process.
        odd: Whether `value` is displayed as something other than a number, such as np.float64(1.0).
        stderr: Whether a cell that ran to its end wrote to standard error.
        checks: What the checks of a test noted, as JSON, if the step asked for it (see
            `worker.watching`).
        elsewhere: Whether the exception of a test came from a function of the student's: one of the other
            process or, if the test ran in the student process, of another cell.

    Raises:
        ValueError: If `seconds` or `cpu` is negative or not finite.
    """

    status: Status
    error: str = ""
    message: str = ""
    line: int = 0
    seconds: float = 0.0
    value: float | None = None
    cpu: float = 0.0
    contended: bool = False
    calls: int = 0
    odd: bool = False
    stderr: bool = False
    checks: str = ""
    elsewhere: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.seconds < math.inf and 0 <= self.cpu < math.inf):
            raise ValueError(f"durations must be finite and at least 0, not {self.seconds} and {self.cpu} seconds")


@dataclass(frozen=True)
class Step:
    """One step of a run.

    Attributes:
        source: The code to run.
        kind: "cell" runs in the student process. "given" runs in the student process too, and the
            examiner runs `lab_source` for itself. "test" runs in the examiner, on values of the
            student process.
        lab_source: For "given": the lab's own text of the cell.
        names: For "test": the names whose values the examiner gets from the student process. For a
            cell with `course` "restore": the names that are not restored.
        restore: For "test": code of the lab that the student process runs before it sends the
            values, such as the lab's own functions.
        course: What the student process does about the names that the course defined: "remember"
            those that this cell defines, "restore" all remembered names before this cell, or "".
        draws: For "test": name of the lab and the test, which determines the random numbers that
            the test draws (see `worker.draws`).
        watched: For "test": whether its checks are noted in the outcome.
    """

    source: str
    kind: Literal["cell", "given", "test"] = "cell"
    lab_source: str = ""
    names: tuple[str, ...] = ()
    restore: str = ""
    course: Literal["", "remember", "restore"] = ""
    draws: str = ""
    watched: bool = False
