"""Build the filesystem of a sandbox.

It contains the readable paths, bound read-only, and one small in-memory disk to write to.
Must be called in new mount and pid namespaces by a process that may mount. Knows nothing of users,
limits or networks.
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

__all__ = ["DEVICES", "device_files", "enter"]

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
DEVICE_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2", "ptmx": "pts/ptmx"}
FILES_PER_MB = 64
MAX_LINKS = 40


def enter(spec: SandboxSpec, uid: int) -> None:
    """Replace the root filesystem of this process with the one that `spec` describes.

    The old root is unmounted and cannot be reached again. The current folder is the scratch folder
    afterwards.

    Args:
        spec: The sandbox to build.
        uid: Owner of the scratch folder; 0 for the current user.
    """
    links, folders = _links_and_targets(spec.readable)
    hidden = [_resolve(path)[1] for path in spec.hidden]
    scratch_links, scratch = _resolve(spec.scratch)
    devices = device_files()
    umask = os.umask(0o022)
    _pivot_to_disk(scratch, spec.disk_mb)
    _add_users_and_proc(spec.scratch, uid)
    _bind_devices(devices)
    _share("/tmp", "/new/tmp", 0o1777)
    _share("/shm", "/new/dev/shm", 0o1777)
    for folder in folders:
        _bind(f"/old{folder}", f"/new{folder}", MS_RDONLY | MS_NOSUID | MS_NODEV)
    for path in hidden:
        _cover(f"/new{path}")
    _link({**links, **scratch_links})
    _share("/scratch", f"/new{scratch}", 0o700, uid)
    seal_mount("/new", MS_RDONLY, recursive=False)
    _pivot_to_new_root()
    os.chdir(spec.scratch)
    os.umask(umask)


def _pivot_to_disk(stage: str, disk_mb: int) -> None:
    """Make the sandbox's disk the root, with the old root at /old and the future root at /new.

    Every source can then be named below /old, whatever is mounted at /new. Only the folders of the
    disk that `_share` binds into /new remain reachable later; together they use the disk's quota.
    """
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    quota = f"mode=755,size={disk_mb}m,nr_inodes={disk_mb * FILES_PER_MB}"
    mount("disk", stage, "tmpfs", MS_NOSUID | MS_NODEV, quota)
    os.mkdir(f"{stage}/old")
    pivot_root(stage, f"{stage}/old")
    os.chdir("/")
    os.mkdir("/new")
    mount("root", "/new", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=16m,nr_inodes=16k")


def _pivot_to_new_root() -> None:
    """Make /new the root and unmount the old one, which pivot_root leaves stacked on it."""
    os.chdir("/new")
    pivot_root(".", ".")
    unmount(".")


def device_files() -> list[str]:
    """Return the device files of a sandbox: harmless ones, and those of CUDA if there are any."""
    return [*DEVICES, *sorted(glob.glob("/dev/nvidia*"))]


def _links_and_targets(paths: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The symbolic links on the way to `paths`, and the real paths to bind, none inside another."""
    links: dict[str, str] = {}
    real: list[str] = []
    for path in paths:
        if os.path.exists(path):
            found, end = _resolve(path)
            links.update(found)
            real.append(end)
    outermost: list[str] = []
    for end in sorted(set(real)):
        if not any(end.startswith(f"{folder}/") for folder in outermost):
            outermost.append(end)
    return links, outermost


def _resolve(path: str) -> tuple[dict[str, str], str]:
    """Each symbolic link on the way to `path` with its target, and the real path at the end."""
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


def _add_users_and_proc(home: str, uid: int) -> None:
    """Write /etc/passwd and /etc/group with one user, and mount /proc for this pid namespace.

    /proc is read-only, because user 0 owns the kernel's settings there, even without any
    capability.
    """
    number = uid or os.getuid()
    group = uid or os.getgid()
    _write("/new/etc/passwd", f"student:x:{number}:{group}::{home}:/bin/sh\n")
    _write("/new/etc/group", f"student:x:{group}:\n")
    os.mkdir("/new/proc")
    mount("proc", "/new/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _bind_devices(devices: Iterable[str]) -> None:
    """Fill /new/dev: device files, pseudo-terminals and the usual links."""
    os.makedirs("/new/dev/pts")
    for device in devices:
        _bind(f"/old{device}", f"/new{device}", MS_RDONLY | MS_NOSUID | MS_NOEXEC)
    mount("devpts", "/new/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    for name, target in DEVICE_LINKS.items():
        os.symlink(target, f"/new/dev/{name}")


def _link(links: Mapping[str, str]) -> None:
    """Recreate the symbolic links below /new."""
    for path, target in links.items():
        if not os.path.lexists(f"/new{path}"):
            os.makedirs(os.path.dirname(f"/new{path}"), exist_ok=True)
            os.symlink(target, f"/new{path}")


def _share(folder: str, target: str, mode: int, owner: int = 0) -> None:
    """Create `folder` on the disk and bind it at `target`."""
    os.mkdir(folder)
    os.chmod(folder, mode)
    if owner:
        os.chown(folder, owner, owner)
    os.makedirs(target, exist_ok=True)
    mount(folder, target, None, MS_BIND)


def _bind(source: str, target: str, flags: int) -> None:
    """Bind `source` and all mounts below it at `target`, with these mount flags."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        _write(target, "")
    mount(source, target, None, MS_BIND | MS_REC)
    seal_mount(target, flags, recursive=True)


def _cover(target: str) -> None:
    """Mount something empty over a file or folder, if it exists."""
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if os.path.isdir(target):
        mount("nothing", target, "tmpfs", MS_RDONLY | flags, "mode=555,size=4k,nr_inodes=2")
    elif os.path.exists(target):
        _write("/nothing", "")
        mount("/nothing", target, None, MS_BIND)
        seal_mount(target, MS_RDONLY | flags, recursive=False)


def _write(path: str, text: str) -> None:
    """Write a text file and create its folder."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
