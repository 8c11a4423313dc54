"""Limits for all processes of one submission together, set from outside, where the kernel lets us: memory, and an equal share of
the processors.

The limits that a process carries itself count each process alone, and sixty processes without a group get sixty shares. Every group
weighs the same, however many processes are in it, and what one leaves idle the others use; so there is no fixed maximum, which would
leave processors idle. Works with both versions of control groups, as root or where a part of the tree is ours. Knows processes by
number and nothing of what they run.
"""

from __future__ import annotations

import itertools
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

__all__ = ["Group", "make", "memory_bytes", "reason", "sweep"]

NAME = "autograder-"
PATIENCE_SECONDS = 2.0  # until the kernel has let go of processes that were killed
FULL = 0.98  # of its limit, from which on a group has used it up
# The files that say the same in the two versions of control groups: a limit, and the most that was held.
LIMITS = ("memory.max", "memory.limit_in_bytes")
PEAKS = ("memory.peak", "memory.max_usage_in_bytes")
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """A control group: add a process, and all that it starts is counted with it.

    memory: its folder, None where memory cannot be divided. processor: its folder in the other tree that version 1 has for
    that. own: the folders that go with it.
    """

    memory: Path | None
    processor: Path | None = None
    own: tuple[Path, ...] = ()

    def part(self, megabytes: int) -> Group:
        """A group within this one, with a limit of its own for memory; its share of the processors is that of the whole."""
        folder = _new(self.memory, f"part-{next(_numbers)}", megabytes)
        return Group(folder or self.memory, self.processor, (folder,) if folder else ())

    def add(self, pid: int) -> None:
        """Count the process `pid` from here on. One that has ended already is passed over."""
        for folder in filter(None, (self.processor, self.memory)):
            with suppress(ProcessLookupError, FileNotFoundError):
                (folder / "cgroup.procs").write_text(str(pid))

    @property
    def processes(self) -> list[int] | None:
        """The numbers of its processes, None where that is not known."""
        with suppress(OSError, ValueError):
            return [int(line) for line in (self.memory / "cgroup.procs").read_text().split()] if self.memory else None
        return None

    @property
    def killed(self) -> bool:
        """Whether the kernel ended a process of it for lack of memory, its own or the machine's."""
        for name in ("memory.events", "memory.oom_control") if self.memory else ():
            with suppress(OSError):
                found = re.search(r"^oom_kill (\d+)$", (self.memory / name).read_text(), re.MULTILINE)  # type: ignore[operator]
                return bool(found and int(found[1]))
        return False

    @property
    def full(self) -> bool:
        """Whether it has held all the memory that it may, as far as that is known."""
        limit, peak = _number(self.memory, LIMITS), _number(self.memory, PEAKS)
        return limit is None or peak is None or peak >= FULL * limit

    def remove(self) -> None:
        """Take the group away, once its processes have ended."""
        until = time.monotonic() + PATIENCE_SECONDS
        for folder in self.own:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > until:
                        break
                    time.sleep(0.01)


def make(megabytes: int | None = None) -> Group | None:
    """A new group with room for so much memory, what files in memory take included; None where there are no groups for us."""
    name = f"{NAME}{os.getpid()}-{next(_numbers)}"
    memory = _new(_home("memory"), name, megabytes)
    processor = _new(home, name) if (home := _home("cpu")) != _home("memory") else None
    if memory is None and processor is None:
        return None
    with suppress(OSError):  # version 2, for its parts
        if memory is not None and _divided(memory.parent):
            (memory / "cgroup.subtree_control").write_text("+memory")
    return Group(memory, processor, tuple(filter(None, (memory, processor))))


def memory_bytes() -> int:
    """The memory that this process and all that it starts may hold: the machine's, or less where a group that we are in says so."""
    homes = [home for home, _ in _places("memory")]
    limits = [_number(folder, LIMITS) for home in homes for folder in (home, *home.parents)]
    return min(psutil.virtual_memory().total, *(limit for limit in limits if limit is not None), sys.maxsize)


def reason() -> str:
    """Why there is no limit of memory on this machine, "" if there is."""
    group = make(64)
    memory = group is not None and group.memory is not None
    if group is not None:
        group.remove()
    return "" if memory else "no memory control group is ours to divide: run as root, or as a service with Delegate=yes"


def sweep() -> None:
    """Take away the groups of graders that were killed."""
    for home in filter(None, {_home("memory"), _home("cpu")}):
        for folder in home.glob(f"{NAME}*-*"):
            owner = folder.name.removeprefix(NAME).split("-")[0]
            if owner.isdecimal() and not Path("/proc", owner).exists():
                for place in (*folder.glob("part-*"), folder):
                    with suppress(OSError):
                        place.rmdir()  # which the kernel refuses while a process is in it


def _new(home: Path | None, name: str, megabytes: int | None = None) -> Path | None:
    """A folder for a new group, None where it cannot be made or cannot have the limit."""
    if home is None:
        return None
    folder = home / name
    try:
        folder.mkdir()
        if megabytes is not None:
            limit = next((file for file in LIMITS if (folder / file).exists()), LIMITS[0])
            (folder / limit).write_text(str(megabytes << 20))
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        return None
    return folder


@cache
def _home(controller: str) -> Path | None:
    """The group in which ours can be made: that in which we are, if what the controller counts can be divided."""
    home = _place(controller)
    return home if home is not None and os.access(home, os.W_OK) else None


def _place(controller: str) -> Path | None:
    """The group in which we are, if the controller counts there and in groups within it."""
    for home, version in _places(controller):
        if controller in _divided(home) if version == 2 else (home / "cgroup.procs").exists():
            return home
    return None


def _places(controller: str) -> Iterator[tuple[Path, int]]:
    """Where our own group may be found, and the version of that tree."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return
    own = {name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}
    for _, place, kind, options, *_ in mounts:
        name = controller if kind == "cgroup" and controller in options.split(",") else "" if kind == "cgroup2" else None
        if name in own:
            # In a container the path is often that of the host, and the mount shows our group as its root.
            for home in (Path(place + own[name]), Path(place)):
                yield home, 1 if name else 2


def _number(folder: Path | None, names: tuple[str, ...]) -> int | None:
    """The number in the one of these files that is there, None without any ("max" is none too)."""
    if folder is None:
        return None
    for name in names:
        with suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None


def _divided(home: Path) -> list[str]:
    try:
        return (home / "cgroup.subtree_control").read_text().split()
    except OSError:
        return []
