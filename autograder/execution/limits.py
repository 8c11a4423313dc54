"""What a run may use, and what its processes find around them, as plain data.

Knows nothing of labs or of how limits are enforced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Environment", "Limits"]


@dataclass(frozen=True)
class Limits:
    """What one run may use. A cell over its time is interrupted first; if it does not stop, its process is killed."""

    cell_seconds: float = 120
    notebook_seconds: float = 900
    memory_mb: int = 6000
    disk_mb: int = 1024
    processes: int = 512


@dataclass(frozen=True)
class Environment:
    """What the processes of one run find around them.

    env: variables to set. level: of the walls; "open" is none at all, for the course's own code. readable: what a student
    process may read beside Python and coursekit; examiner: what an examiner may. files: both keep copies of the same files.
    beside: (relative name, absolute path) of files that both find in their current folder, as copies of their own; handed_in:
    of such that a student process finds beside them, and no examiner.
    gpu: the number of the GPU that a student process may use, "" for none; an examiner always works on the CPU.
    threads: with how many one operation of TensorFlow computes; 0 means one a core. memory_mb: what the processes of one notebook
    may hold together because others run beside it; 0 means as much as their limits say.
    private: more variables, for examiners and for processes without walls only. They go to that process itself and never through
    the warm parent, in whose memory the next student process might find them.
    shared_arguments: what a student's function changes in its arguments is changed in the test's own objects, as in one process.
    one_random: tests and a student's functions draw from the same global random numbers, as in one process.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    level: Literal["full", "process", "open"] = "open"
    readable: tuple[str, ...] = ()
    examiner: tuple[str, ...] = ()
    files: bool = False
    beside: tuple[tuple[str, str], ...] = ()
    handed_in: tuple[tuple[str, str], ...] = ()
    gpu: str = ""
    threads: int = 0
    memory_mb: int = 0
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    shared_arguments: bool = False
    one_random: bool = False
