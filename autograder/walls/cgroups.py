"""A limit for the memory that all processes of one room hold together, set from outside, where the kernel lets us.

The limits that a process carries itself count each process alone. Works with both versions of control groups, as root or where
a part of the tree is ours. Knows processes by number and nothing of what they run.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Group", "make", "reason", "sweep"]

NAME = "autograder-"
PATIENCE_SECONDS = 2.0  # until the kernel has let go of processes that were killed
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """A control group: add a process, and all that it starts is counted with it."""

    folder: Path

    def add(self, pid: int) -> None:
        """Count the process `pid` from here on. One that has ended already is passed over."""
        with suppress(ProcessLookupError, FileNotFoundError):
            (self.folder / "cgroup.procs").write_text(str(pid))

    @property
    def killed(self) -> bool:
        """Whether the kernel ended a process of it because its memory was used up."""
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError):
                found = re.search(r"^oom_kill (\d+)$", (self.folder / name).read_text(), re.MULTILINE)
                return bool(found and int(found[1]))
        return False

    def remove(self) -> None:
        """Take the group away, once its processes have ended."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self.folder.exists():
            try:
                self.folder.rmdir()
            except OSError:
                if time.monotonic() > until:
                    return
                time.sleep(0.01)


def make(megabytes: int) -> Group | None:
    """A new group with room for so much memory, what files in memory take included; None where there are no groups for us."""
    home = _home()
    if home is None:
        return None
    group = Group(home / f"{NAME}{os.getpid()}-{next(_numbers)}")
    try:
        group.folder.mkdir()
        (group.folder / _limit(home)).write_text(str(megabytes << 20))
    except OSError:
        with suppress(OSError):
            group.folder.rmdir()
        return None
    return group


def reason() -> str:
    """Why there is no such limit on this machine, "" if there is."""
    group = make(64)
    if group is None:
        return "no memory control group is ours to divide: run as root, or as a service with Delegate=yes"
    group.remove()
    return ""


def sweep() -> None:
    """Take away the groups of graders that were killed."""
    home = _home()
    for folder in home.glob(f"{NAME}*-*") if home else ():
        owner = folder.name.removeprefix(NAME).split("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            with suppress(OSError):
                folder.rmdir()  # which the kernel refuses while a process is in it


@cache
def _home() -> Path | None:
    """The group in which ours can be made: that in which we are, if its memory can be divided."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return None
    own = {name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}
    for _, place, kind, options, *_ in mounts:
        name = "memory" if kind == "cgroup" and "memory" in options.split(",") else "" if kind == "cgroup2" else None
        if name is None or name not in own:
            continue
        # In a container the path is often that of the host, and the mount shows our group as its root.
        for home in (Path(place + own[name]), Path(place)):
            if "memory" in _divided(home) if name == "" else (home / "memory.limit_in_bytes").exists():
                return home if os.access(home, os.W_OK) else None
    return None


def _limit(home: Path) -> str:
    """The file of a group in which its limit stands."""
    return "memory.max" if (home / "cgroup.controllers").exists() else "memory.limit_in_bytes"


def _divided(home: Path) -> list[str]:
    try:
        return (home / "cgroup.subtree_control").read_text().split()
    except OSError:
        return []
