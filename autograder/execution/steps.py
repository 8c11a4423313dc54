"""What is run and how it ended: steps and outcomes, as plain data.

Knows nothing of processes, labs or marks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

__all__ = ["Kept", "Outcome", "Step"]

Status = Literal["ok", "error", "timeout", "memory", "crashed", "missing"]
Kept = dict[int, bytes]  # number of a test's step → the names that it asked for and the frame with their values, see _Kept


@dataclass(frozen=True)
class Outcome:
    """What happened to one cell.

    line: the line of the cell (from 1) at which its error passed. value: what its last expression gave, if one plain number.
    cpu: processor seconds that the student's code took, in a cell or in the functions that a test called; only its own process
    can say. contended: a limit was hit that might not have been on an idle machine. calls: questions of the test to the student
    process. odd: the number is shown as something else, such as np.float64(1.0). stderr: a cell that ran to its end wrote there.
    Raises ValueError for figures that are none.
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

    def __post_init__(self) -> None:
        if not (0 <= self.seconds < math.inf and 0 <= self.cpu < math.inf):
            raise ValueError(f"no durations: {self.seconds} and {self.cpu} seconds")


@dataclass(frozen=True)
class Step:
    """One thing to run: a "cell" in the student process; a "given" cell, of which the examiner runs the lab's own text for itself as
    well; or a "test", which the examiner runs on the values of `names` in the student process.

    restore: code of the lab that the student process runs before it gives the values: the lab's own functions among them, as the
    lab has them.
    course: what the student process does about the names of the course: "remember" those that this cell makes; "restore" all that
    were remembered, except `names`, before this cell.
    """

    source: str
    kind: Literal["cell", "given", "test"] = "cell"
    lab_source: str = ""
    names: tuple[str, ...] = ()
    restore: str = ""
    course: Literal["", "remember", "restore"] = ""
