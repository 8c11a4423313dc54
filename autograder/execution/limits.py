"""The limits and the environment of a run, as plain data.

Knows nothing of labs or of how limits are enforced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Environment", "Limits"]


@dataclass(frozen=True)
class Limits:
    """What one run may use.

    A cell that exceeds its time is interrupted first; if it does not stop, its process is killed.

    Attributes:
        cell_seconds: Time per cell and per test.
        notebook_seconds: Time for all steps of the notebook together.
        memory_mb: Memory per process in MB.
        disk_mb: Size of each scratch folder in MB; at level "process", of one file.
        processes: Number of processes and threads that may exist at once.
    """

    cell_seconds: float = 120
    notebook_seconds: float = 900
    memory_mb: int = 6000
    disk_mb: int = 1024
    processes: int = 512


@dataclass(frozen=True)
class Environment:
    """The environment of the processes of one run.

    Attributes:
        env: Environment variables to set.
        level: Level of the sandbox, "full" or "process"; "open" means no sandbox, for the course's
            own code.
        readable: Paths that the student process may read in addition to Python and coursekit.
        examiner: Paths that the examiner may read in addition to Python and coursekit.
        files: Whether changes to files in the current folder are copied between student process and
            examiner.
        beside: (relative name, absolute path) of files that are copied into the current folder of
            both processes.
        handed_in: (relative name, absolute path) of files that are copied into the current folder
            of the student process only.
        gpu: Number of the GPU that the student process may use, "" for none. The examiner always
            uses the CPU.
        threads: Number of threads for one TensorFlow operation; 0 means one per core.
        memory_mb: Memory in MB that the processes of one notebook may hold together, because other
            notebooks run at the same time; 0 means what their limits allow.
        private: Further variables, for examiners and for processes without a sandbox only. They are
            sent to that process directly and never through the fork server, in whose memory the
            next student process might find them.
        shared_arguments: Whether changes that a student's function makes to its arguments are made
            in the test's own objects, as in one process.
        one_random: Whether tests and the student's functions use the same global random number
            generators, as in one process.
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
