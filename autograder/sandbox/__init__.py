"""Walls round a process that runs what a student wrote: files, network, processes, memory, disk.

Built by system calls in a process already forked, so that it keeps what its parent had imported. `probe` tries each wall for
real on this machine. Knows nothing of notebooks, labs or grading.
"""

from __future__ import annotations

from autograder.sandbox.entry import enter
from autograder.sandbox.probing import probe, strongest
from autograder.sandbox.spec import Level, SandboxSpec, default_readable, grader_files
from autograder.sandbox.syscalls import SandboxError

__all__ = ["Level", "SandboxError", "SandboxSpec", "default_readable", "enter", "grader_files", "probe", "strongest"]
