"""What an enclosed process is: which user, with which powers (none) and within which limits. Knows nothing of files."""

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


def has_powers(*capabilities: int) -> bool:
    """Whether this process has all of these capabilities."""
    with open("/proc/self/status") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    return all(mask >> capability & 1 for capability in capabilities)


def drop(uid: int) -> None:
    """Become user and group `uid`, of no other group (0: stay who we are), and give up every capability for good."""
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
    """No program that is run from here on, setuid or not, gives more than we have."""
    syscalls.prctl(PR_SET_NO_NEW_PRIVS, 1)


def limit(room: SandboxSpec, others: int) -> None:
    """Set the resource limits of `room`. others: threads of our user that are counted with ours but are not of the room."""
    megabyte = 1 << 20
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 1024)
    _lower(resource.RLIMIT_FSIZE, room.disk_mb * megabyte)
    _lower(resource.RLIMIT_NPROC, room.processes + others)
    if not os.path.exists(CUDA_DEVICE):
        _lower(resource.RLIMIT_AS, room.memory_mb * megabyte)
    if room.cpu_seconds:
        _lower(resource.RLIMIT_CPU, room.cpu_seconds)


def threads_of_user() -> int:
    """How many threads our user has on this machine, as far as /proc tells."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if os.stat(f"/proc/{pid}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{pid}/task"))
    return count


def _lower(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))
