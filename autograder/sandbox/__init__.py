"""Sandbox a process with a student's code: restrict files, network, processes, memory and disk.

The sandbox is built with system calls in a process that is already forked, so the process keeps the
modules that its parent imported. `probe` tests each restriction on this machine. This package knows
nothing of notebooks, labs or grading.
"""

from __future__ import annotations

from autograder.sandbox.entry import enter
from autograder.sandbox.probing import probe, strongest
from autograder.sandbox.spec import Level, SandboxSpec, default_readable, grader_files
from autograder.sandbox.syscalls import SandboxError

__all__ = ["Level", "SandboxError", "SandboxSpec", "default_readable", "enter", "grader_files", "probe", "strongest"]
