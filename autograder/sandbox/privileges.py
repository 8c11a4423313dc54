"""User, capabilities and resource limits of a sandboxed process. Knows nothing of files."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

from autograder.sandbox import syscalls
from autograder.sandbox.spec import SandboxSpec

__all__ = ["TO_BUILD", "TO_CHANGE_USER", "drop", "forbid_gain", "has_powers", "limit", "threads_of_user"]

PR_SET_DUMPABLE, PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 23, 24, 38
CAP_CHOWN, CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_SYS_ADMIN = 0, 6, 7, 8, 21
TO_CHANGE_USER = (CAP_CHOWN, CAP_SETGID, CAP_SETUID)
TO_BUILD = (*TO_CHANGE_USER, CAP_SETPCAP, CAP_SYS_ADMIN)
CUDA_DEVICE = "/dev/nvidia0"
# MB of code of loaded libraries that the limit of memory holds: those of TensorFlow and JAX are below. PyTorch with CUDA maps 3800 MB, of
# which a grader without a GPU runs little. Code takes addresses but no memory that a notebook could fill.
COUNTED_CODE_MB = 1500


def has_powers(*capabilities: int) -> bool:
    """Return whether this process has all of these capabilities."""
    with open("/proc/self/status") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    return all(mask >> capability & 1 for capability in capabilities)


def drop(uid: int) -> None:
    """Change the user and give up all capabilities permanently.

    Args:
        uid: User and group ID to switch to, without supplementary groups; 0 keeps the current user.
    """
    if has_powers(CAP_SETPCAP):
        for capability in range(64):
            if syscalls.prctl_if_known(PR_CAPBSET_READ, capability) is None:
                break
            syscalls.prctl(PR_CAPBSET_DROP, capability)
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    syscalls.set_capabilities(0)
    syscalls.prctl(PR_SET_DUMPABLE, 1)  # a change of user hides the process's own /proc entries from itself


def forbid_gain() -> None:
    """Prevent this process and its children from gaining privileges, for example with setuid."""
    syscalls.prctl(PR_SET_NO_NEW_PRIVS, 1)


def limit(spec: SandboxSpec, others: int) -> None:
    """Set the resource limits of `spec` for this process and its children.

    Args:
        spec: The sandbox.
        others: Number of threads of the same user outside the sandbox. The kernel counts them
            together with those of the sandbox.
    """
    megabyte = 1 << 20
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 1024)
    _lower(resource.RLIMIT_FSIZE, spec.disk_mb * megabyte)
    _lower(resource.RLIMIT_NPROC, spec.processes + others)
    if not os.path.exists(CUDA_DEVICE):
        _lower(resource.RLIMIT_AS, spec.memory_mb * megabyte + max(0, _code_bytes() - COUNTED_CODE_MB * megabyte))
    if spec.cpu_seconds:
        _lower(resource.RLIMIT_CPU, spec.cpu_seconds)


def _code_bytes() -> int:
    """Return how many bytes of address space hold code and data of libraries that no process can write to; 0 if unknown."""
    with suppress(OSError, ValueError, IndexError):
        with open("/proc/self/statm") as file:
            pages = [int(number) for number in file.read().split()]
        return (pages[0] - pages[5]) * resource.getpagesize()
    return 0


def threads_of_user() -> int:
    """Return how many threads the current user has on this machine, as far as /proc shows them."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if os.stat(f"/proc/{pid}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{pid}/task"))
    return count


def _lower(resource_id: int, value: int) -> None:
    """Set a resource limit, at most to its current hard limit."""
    hard = resource.getrlimit(resource_id)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(resource_id, (value, value))
