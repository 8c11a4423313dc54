"""Go into a room: from a freshly forked process to one with every wall of its level round it. Fails closed.

Knows the order in which walls must go up; how each is made is in the modules beside.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from autograder.sandbox import filesystem, landlock, privileges, seccomp, syscalls
from autograder.sandbox.spec import Level, SandboxSpec, without_hidden
from autograder.sandbox.syscalls import SandboxError, step

__all__ = ["enter"]

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
OWN_SYSTEM = syscalls.CLONE_NEWNS | syscalls.CLONE_NEWNET | syscalls.CLONE_NEWIPC | syscalls.CLONE_NEWUTS
PROC_FILES = (
    "cpuinfo",
    "meminfo",
    "stat",
    "filesystems",
    "version",
    "self",
    "driver/nvidia",
    "sys/vm",
    "sys/kernel/cap_last_cap",
)


def enter(room: SandboxSpec, level: Level, before: Callable[[int], None]) -> None:
    """Put up the walls of `level` round this process, which must be freshly forked and have one thread.

    On return we are the enclosed process, in `room.scratch`, leader of our own session, and die with our parent. Descriptors
    stay open: close those that lead to something outside, above all folders.

    "full": own user (when not root), mount, pid, network, ipc and uts namespaces. This process goes on as a watcher outside
    and never returns: it calls `before` with the number of the enclosed process as seen from outside, lets that go on only
    then, and exits as it does (128 + n if signal n ended it). Killing either ends the room and everything in it.
    `before` must start no process. The scratch is a disk in memory that is gone afterwards; nothing appears in the folder
    outside.

    "process": resource limits, no gain of privileges, and what the kernel has of Landlock (files, TCP) and seccomp
    (sockets). `before(os.getpid())` is called first. Files are closed only where `probe()["landlock"]` is "". A daemon is
    inherited by this process while it lives but is not ended with it.

    Raises SandboxError if a wall cannot be put up; nothing enclosed has run by then. At level "full" also in the enclosed
    process, which should then exit. An exception of `before` ends the room and is passed on.
    """
    if level == "full":
        _enter_full(room, before)
    elif level == "process":
        _enter_process(room, before)
    else:
        raise ValueError(f"level must be 'full' or 'process', not {level!r}")


def _enter_full(room: SandboxSpec, before: Callable[[int], None]) -> None:
    with step("own process tree"):
        gate, key = os.pipe()
        uid = room.uid
        if not privileges.has_powers(*privileges.TO_BUILD):
            _own_user()
            uid = 0
        syscalls.unshare(syscalls.CLONE_NEWPID)
        pid = os.fork()
    if pid:
        os.close(gate)
        _watch(pid, key, before)
    os.close(key)
    if not os.read(gate, 1):
        os._exit(1)
    with step("own network, ipc and mounts"):
        syscalls.unshare(OWN_SYSTEM)
        syscalls.set_hostname("localhost")
    with step("own file system"):
        filesystem.move_in(room, uid)
    _settle(room, uid, others=0)
    with step("system calls"):
        seccomp.refuse(seccomp.LOCAL_FAMILIES)
    _check_watched(gate)


def _enter_process(room: SandboxSpec, before: Callable[[int], None]) -> None:
    before(os.getpid())
    parent = os.getppid()
    uid = room.uid if privileges.has_powers(*privileges.TO_CHANGE_USER) else 0
    with step("scratch"):
        if uid:
            os.chown(room.scratch, uid, uid)
        os.chdir(room.scratch)
        syscalls.prctl(PR_SET_CHILD_SUBREAPER, 1)
    _settle(room, uid, others=0 if uid else privileges.threads_of_user())
    with step("landlock"):
        proc = [f"/proc/{name}" for name in PROC_FILES]
        readable, listed = without_hidden(room.readable, room.hidden)
        landlock.restrict(read=[*readable, *proc], names=listed, write=[room.scratch], use=filesystem.device_files())
    with suppress(OSError):  # an old kernel or an uncommon machine: `probe` says so
        seccomp.refuse(())
    if os.getppid() != parent:
        os._exit(1)


def _own_user() -> None:
    """A user namespace in which we are who we were, and may build."""
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _watch(pid: int, key: int, before: Callable[[int], None]) -> NoReturn:
    """Let the enclosed process in, wait for it, and exit as it did. The key is kept: that it is closed tells of our death."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        syscalls.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        before(pid)
        os.write(key, b"1")
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    os.closerange(0, key)
    os.closerange(key + 1, os.sysconf("SC_OPEN_MAX"))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _settle(room: SandboxSpec, uid: int, others: int) -> None:
    """What both levels have in common. A change of user forgets the signal at the parent's death, so that comes last."""
    with step("own session"):
        if os.getsid(0) != os.getpid():
            os.setsid()
    there = [path for path in room.readable if os.path.exists(path)]
    with step("limits and privileges"):
        privileges.limit(room, others)
        privileges.drop(uid)
        privileges.forbid_gain()
        syscalls.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if hidden := [path for path in there if not os.access(path, os.R_OK)]:
        raise SandboxError(
            f"user {os.getuid()} may not read {', '.join(hidden)}: open them to all users, or give the room uid=0"
        )


def _check_watched(gate: int) -> None:
    """End if the watcher has died before its death could reach us."""
    poll = select.poll()
    poll.register(gate, 0)
    if poll.poll(0):
        os._exit(1)
    os.close(gate)
