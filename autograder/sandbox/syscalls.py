"""The system calls that build a sandbox, as Python functions that raise OSError. Linux only.

`step` turns such an error into a `SandboxError`, which says what was being built and what to do.
Knows nothing of sandbox specs.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from autograder.errors import SandboxError

__all__ = [
    "SandboxError",
    "mount",
    "pivot_root",
    "prctl",
    "prctl_if_known",
    "seal_mount",
    "set_capabilities",
    "set_hostname",
    "step",
    "syscall",
    "syscall_number",
    "unmount",
    "unshare",
]

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1, 0x2, 0x4, 0x8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 0x2
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
CAPABILITY_VERSION = 0x20080522
AT_FDCWD, AT_RECURSIVE = -100, 0x8000

# (number on x86_64, number on aarch64). They differ only for the older calls.
NUMBERS = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clone": (56, 220),
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount_setattr": (442, 442),
    "perf_event_open": (298, 241),
    "pivot_root": (155, 41),
    "request_key": (249, 218),
    "seccomp": (317, 277),
    "setns": (308, 268),
    "shmget": (29, 194),
    "socket": (41, 198),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}


@contextmanager
def step(name: str) -> Iterator[None]:
    """Convert an OSError in the body into a SandboxError.

    Args:
        name: The step, which begins the message.

    Raises:
        SandboxError: If the body raises OSError.
    """
    try:
        yield
    except OSError as error:
        raise SandboxError(f"{name}: {error}. {_advice(error.errno)}") from error


def _advice(number: int | None) -> str:
    if number in (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS):
        return (
            "The sandbox needs root or user namespaces: check `sysctl user.max_user_namespaces "
            "kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns`; "
            "start a container with --privileged; or grade at level 'process'"
        )
    if number in (errno.ENOSYS, errno.EINVAL):
        return "Level 'full' needs Linux 5.14 or later on x86_64 or aarch64; or grade at level 'process'"
    return "Check the paths in the sandbox spec"


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount `source` at `target`; `kind` is the filesystem type. See mount(2)."""
    _call("mount", source, target, kind, flags, options)


def unmount(target: str) -> None:
    """Detach the mount at `target` at once; the kernel removes it when nothing uses it any more."""
    _call("umount2", target, MNT_DETACH)


def seal_mount(target: str, flags: int, *, recursive: bool) -> None:
    """Restrict an existing mount.

    Args:
        target: Where the mount is.
        flags: MS_RDONLY, MS_NOSUID, MS_NODEV and MS_NOEXEC to add.
        recursive: Whether to restrict the mounts below `target` as well.
    """
    attributes = (ctypes.c_uint64 * 4)(flags)
    size = ctypes.sizeof(attributes)
    syscall("mount_setattr", AT_FDCWD, target, AT_RECURSIVE if recursive else 0, ctypes.byref(attributes), size)


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root filesystem and move the current one to `old`. See pivot_root(2)."""
    syscall("pivot_root", new, old)


def unshare(flags: int) -> None:
    """Move this process into new namespaces; `flags` are CLONE_NEW… constants. See unshare(2)."""
    _call("unshare", flags)


def set_hostname(name: str) -> None:
    """Set the host name of this UTS namespace."""
    _call("sethostname", name, len(name))


def set_capabilities(effective: int = 0) -> None:
    """Set the effective and permitted capabilities of this process, and clear the inheritable ones.

    Args:
        effective: Bit mask of capabilities; 0 gives up all of them.
    """
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    low, high = effective & 0xFFFFFFFF, effective >> 32
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    _call("capset", header, data)


def prctl(option: int, *arguments: int) -> int:
    """Call prctl(2), with zeros for the arguments that are left out."""
    return _call("prctl", option, *arguments, *[0] * (4 - len(arguments)))


def prctl_if_known(option: int, *arguments: int) -> int | None:
    """Call `prctl`. Return None if the kernel does not know the option or the argument."""
    try:
        return prctl(option, *arguments)
    except OSError as error:
        if error.errno == errno.EINVAL:
            return None
        raise


def syscall(name: str, *arguments: object) -> int:
    """Make a system call that the C library has no function for.

    Args:
        name: A key of `NUMBERS`.
        *arguments: Integers, strings (passed as file names), ctypes values or None.

    Returns:
        The result of the call.

    Raises:
        OSError: If the call fails, or with ENOSYS on an unsupported machine.
    """
    return _call("syscall", syscall_number(name), *arguments)


def syscall_number(name: str) -> int:
    """Return the number of a system call on this machine.

    Args:
        name: A key of `NUMBERS`.

    Raises:
        OSError: With ENOSYS if this is not Linux on x86_64 or aarch64.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in ("x86_64", "aarch64"):
        raise OSError(errno.ENOSYS, f"no system call table for {sys.platform} on {machine}")
    return NUMBERS[name][machine == "aarch64"]


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(function: str, *arguments: object) -> int:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, f"{function}: this is {sys.platform}, not Linux")
    result: int = getattr(_libc(), function)(*map(_as_c, arguments))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")
    return result


def _as_c(value: object) -> object:
    if isinstance(value, str):
        return ctypes.c_char_p(os.fsencode(value))
    return ctypes.c_long(value) if isinstance(value, int) else value
