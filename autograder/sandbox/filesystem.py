"""A new file system for one room: what is readable bound read-only, one small disk in memory to write on, nothing else.

Called in fresh mount and pid namespaces with the power to mount. Knows nothing of users, limits or networks.
"""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Iterable, Mapping

from autograder.sandbox.spec import SandboxSpec
from autograder.sandbox.syscalls import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    mount,
    pivot_root,
    seal_mount,
    unmount,
)

__all__ = ["DEVICES", "device_files", "move_in"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
FILES_PER_MB = 64
MAX_LINKS = 40


def move_in(room: SandboxSpec, uid: int) -> None:
    """Make a new root as `room` says, owned where it may write by `uid` (0: by us), and leave the old one for good."""
    links, folders = _survey(room.readable)
    hidden = [_resolve(path)[1] for path in room.hidden]
    scratch_links, scratch = _resolve(room.scratch)
    devices = device_files()
    umask = os.umask(0o022)
    _step_aside(scratch, room.disk_mb)
    _furnish(room.scratch, uid)
    _plug_in(devices)
    _share("/tmp", "/new/tmp", 0o1777)
    _share("/shm", "/new/dev/shm", 0o1777)
    for folder in folders:
        _bind(f"/old{folder}", f"/new{folder}", MS_RDONLY | MS_NOSUID | MS_NODEV)
    for path in hidden:
        _cover(f"/new{path}")
    _link({**links, **scratch_links})
    _share("/scratch", f"/new{scratch}", 0o700, uid)
    seal_mount("/new", MS_RDONLY, recursive=False)
    _leave()
    os.chdir(room.scratch)
    os.umask(umask)


def _step_aside(stage: str, disk_mb: int) -> None:
    """Stand on the room's disk, with the old root as /old, where every source can be named whatever is mounted, and /new.

    Of the disk only the folders that are shared with /new remain in the end: they have its quota in common.
    """
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    quota = f"mode=755,size={disk_mb}m,nr_inodes={disk_mb * FILES_PER_MB}"
    mount("disk", stage, "tmpfs", MS_NOSUID | MS_NODEV, quota)
    os.mkdir(f"{stage}/old")
    pivot_root(stage, f"{stage}/old")
    os.chdir("/")
    os.mkdir("/new")
    mount("root", "/new", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=16m,nr_inodes=16k")


def _leave() -> None:
    """Make /new the root, on which the old one then lies, and take that off with all that is mounted in it."""
    os.chdir("/new")
    pivot_root(".", ".")
    unmount(".")


def device_files() -> list[str]:
    """The devices that a room has: the harmless ones and, where there are any, those of CUDA."""
    return [*DEVICES, *sorted(glob.glob("/dev/nvidia*"))]


def _survey(paths: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The symbolic links on the way to `paths`, and the real files and folders to bind, none inside another."""
    links: dict[str, str] = {}
    real: list[str] = []
    for path in paths:
        if os.path.exists(path):
            found, end = _resolve(path)
            links.update(found)
            real.append(end)
    kept: list[str] = []
    for end in sorted(set(real)):
        if not any(end.startswith(f"{folder}/") for folder in kept):
            kept.append(end)
    return links, kept


def _resolve(path: str) -> tuple[dict[str, str], str]:
    """Follow `path` by hand. Returns each symbolic link passed with its text, and where it ends."""
    links: dict[str, str] = {}
    done, rest = "/", deque(path.split("/"))
    while rest and len(links) < MAX_LINKS:
        part = rest.popleft()
        if part in ("", "."):
            continue
        here = os.path.dirname(done) if part == ".." else os.path.join(done, part)
        if os.path.islink(here):
            target = os.readlink(here)
            links[here] = target
            rest.extendleft(reversed(target.split("/")))
            done = "/" if target.startswith("/") else done
        else:
            done = here
    return links, done


def _furnish(home: str, uid: int) -> None:
    """Name the one user that there is, for programs that ask, and show the processes of this pid namespace only.

    /proc is read-only: a process of user 0 owns the kernel's settings there, even without any power.
    """
    number = uid or os.getuid()
    group = uid or os.getgid()
    _write("/new/etc/passwd", f"student:x:{number}:{group}::{home}:/bin/sh\n")
    _write("/new/etc/group", f"student:x:{group}:\n")
    os.mkdir("/new/proc")
    mount("proc", "/new/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _plug_in(devices: Iterable[str]) -> None:
    os.makedirs("/new/dev/pts")
    for device in devices:
        _bind(f"/old{device}", f"/new{device}", MS_RDONLY | MS_NOSUID | MS_NOEXEC)
    mount("devpts", "/new/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"/new/dev/{name}")


def _link(links: Mapping[str, str]) -> None:
    for place, target in links.items():
        if not os.path.lexists(f"/new{place}"):
            os.makedirs(os.path.dirname(f"/new{place}"), exist_ok=True)
            os.symlink(target, f"/new{place}")


def _share(folder: str, target: str, mode: int, owner: int = 0) -> None:
    """Let `target` be a new folder of the disk."""
    os.mkdir(folder)
    os.chmod(folder, mode)
    if owner:
        os.chown(folder, owner, owner)
    os.makedirs(target, exist_ok=True)
    mount(folder, target, None, MS_BIND)


def _bind(source: str, target: str, flags: int) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        _write(target, "")
    mount(source, target, None, MS_BIND | MS_REC)
    seal_mount(target, flags, recursive=True)


def _cover(target: str) -> None:
    """Lay something empty over a file or folder, if it is in sight."""
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if os.path.isdir(target):
        mount("nothing", target, "tmpfs", MS_RDONLY | flags, "mode=555,size=4k,nr_inodes=2")
    elif os.path.exists(target):
        _write("/nothing", "")
        mount("/nothing", target, None, MS_BIND)
        seal_mount(target, MS_RDONLY | flags, recursive=False)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
