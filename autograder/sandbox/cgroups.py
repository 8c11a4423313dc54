"""Control groups: limit the memory of each submission, and give all submissions equal CPU shares.

A control group limits the memory of all processes of one submission together. Resource limits
(rlimits) count each process alone, and without a group sixty processes get sixty CPU shares. All
groups have the same CPU weight, regardless of how many processes they contain. There is no fixed
CPU maximum, because it would leave processors idle: what one group does not use, the others get.
This works with both versions of control groups, as root or where a part of the tree is delegated to
the current user, and is skipped elsewhere. Knows process IDs, and nothing of what processes run.
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

__all__ = ["Group", "make", "memory_bytes", "processors", "reason", "sweep"]

NAME = "autograder-"
PATIENCE_SECONDS = 2.0  # how long `remove` waits for the kernel to release killed processes
FULL = 0.98  # a group that has reached this part of its limit has used it up
# The names of the same file in version 2 and version 1 of control groups: the memory limit, and the
# peak.
LIMITS = ("memory.max", "memory.limit_in_bytes")
PEAKS = ("memory.peak", "memory.max_usage_in_bytes")
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """A control group. A process that is added is counted together with everything that it starts.

    Attributes:
        memory: Folder of the group, None if memory cannot be limited.
        processor: Folder of the group in the separate CPU tree of version 1, otherwise None.
        own: Folders that `remove` deletes.
    """

    memory: Path | None
    processor: Path | None = None
    own: tuple[Path, ...] = ()

    def part(self, megabytes: int) -> Group:
        """Create a group within this one.

        Args:
            megabytes: Memory limit of the new group in MB. Its CPU share is that of the whole
                group.
        """
        folder = _new(self.memory, f"part-{next(_numbers)}", megabytes)
        return Group(folder or self.memory, self.processor, (folder,) if folder else ())

    def add(self, pid: int) -> None:
        """Add the process `pid`. A process that has already ended is ignored."""
        for folder in filter(None, (self.processor, self.memory)):
            with suppress(ProcessLookupError, FileNotFoundError):
                (folder / "cgroup.procs").write_text(str(pid))

    @property
    def processes(self) -> list[int] | None:
        """The IDs of its processes, None if unknown."""
        with suppress(OSError, ValueError):
            return [int(line) for line in (self.memory / "cgroup.procs").read_text().split()] if self.memory else None
        return None

    @property
    def killed(self) -> bool:
        """Whether the kernel killed one of its processes for lack of memory."""
        for name in ("memory.events", "memory.oom_control") if self.memory else ():
            with suppress(OSError):
                found = re.search(r"^oom_kill (\d+)$", (self.memory / name).read_text(), re.MULTILINE)  # type: ignore[operator]
                return bool(found and int(found[1]))
        return False

    @property
    def full(self) -> bool:
        """Whether it has reached its memory limit at some time; True if unknown."""
        limit, peak = _number(self.memory, LIMITS), _number(self.memory, PEAKS)
        return limit is None or peak is None or peak >= FULL * limit

    def remove(self) -> None:
        """Delete the group, once its processes have ended."""
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
    """Create a group.

    Args:
        megabytes: Memory limit in MB, which includes files in memory; None for no limit.

    Returns:
        The group, or None if this process may create no groups.
    """
    name = f"{NAME}{os.getpid()}-{next(_numbers)}"
    memory = _new(_home("memory"), name, megabytes)
    processor = _new(home, name) if (home := _home("cpu")) != _home("memory") else None
    if memory is None and processor is None:
        return None
    with suppress(OSError):  # version 2 requires this before `Group.part` can set limits
        if memory is not None and _divided(memory.parent):
            (memory / "cgroup.subtree_control").write_text("+memory")
    return Group(memory, processor, tuple(filter(None, (memory, processor))))


def memory_bytes() -> int:
    """Return how many bytes of memory this process and everything that it starts may hold.

    Returns:
        The memory of the machine, or less if a control group of this process limits it.
    """
    homes = [home for home, _ in _places("memory")]
    limits = [_number(folder, LIMITS) for home in homes for folder in (home, *home.parents)]
    return min(psutil.virtual_memory().total, *(limit for limit in limits if limit is not None), sys.maxsize)


def processors() -> float:
    """Return how many processors this process and everything that it starts may use together.

    Returns:
        The processors of the machine, or less if a control group of this process limits their time;
        0.5 is half the time of one.
    """
    homes = [home for home, _ in _places("cpu")]
    shares = [_share(folder) for home in homes for folder in (home, *home.parents)]
    return min(float(os.cpu_count() or 1), *(share for share in shares if share is not None), float(sys.maxsize))


def _share(folder: Path) -> float | None:
    """Return the part of a processor's time that a group may use; None if it has no limit."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = " ".join((folder / name).read_text() for name in names).split()
            if quota != "max" and int(quota) > 0:
                return int(quota) / int(period)
    return None


def reason() -> str:
    """Return why memory cannot be limited by a group on this machine, "" if it can."""
    group = make(64)
    memory = group is not None and group.memory is not None
    if group is not None:
        group.remove()
    return "" if memory else "this user may not create memory control groups: run as root, or as a service with Delegate=yes"


def sweep() -> None:
    """Delete the groups of graders that were killed."""
    for home in filter(None, {_home("memory"), _home("cpu")}):
        for folder in home.glob(f"{NAME}*-*"):
            owner = folder.name.removeprefix(NAME).split("-")[0]
            if owner.isdecimal() and not Path("/proc", owner).exists():
                for group in (*folder.glob("part-*"), folder):
                    with suppress(OSError):
                        group.rmdir()  # the kernel refuses this while a process is in the group


def _new(home: Path | None, name: str, megabytes: int | None = None) -> Path | None:
    """The folder of a new group in `home`, None if the group or its limit cannot be set."""
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
    """The group of this process, if new groups can be created in it for this controller."""
    home = _current_group(controller)
    return home if home is not None and os.access(home, os.W_OK) else None


def _current_group(controller: str) -> Path | None:
    """The group of this process, if the controller is active in it and in groups within it."""
    for home, version in _places(controller):
        if controller in _divided(home) if version == 2 else (home / "cgroup.procs").exists():
            return home
    return None


def _places(controller: str) -> Iterator[tuple[Path, int]]:
    """Paths at which the group of this process may be found, with the version of their tree."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return
    own = {name: path for _, names, path in (line.split(":", 2) for line in lines) for name in names.split(",")}
    for _, root, kind, options, *_ in mounts:
        name = controller if kind == "cgroup" and controller in options.split(",") else "" if kind == "cgroup2" else None
        if name in own:
            # In a container the path is often that of the host, while the group is mounted as the
            # root.
            for home in (Path(root + own[name]), Path(root)):
                yield home, 1 if name else 2


def _number(folder: Path | None, names: tuple[str, ...]) -> int | None:
    """The number in the first of these files that exists, None if there is none or it says "max"."""
    if folder is None:
        return None
    for name in names:
        with suppress(OSError, ValueError):
            return int((folder / name).read_text())
    return None


def _divided(home: Path) -> list[str]:
    """The controllers that are active in the groups within `home`."""
    try:
        return (home / "cgroup.subtree_control").read_text().split()
    except OSError:
        return []
