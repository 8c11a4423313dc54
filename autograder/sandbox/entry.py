"""Enter a sandbox: turn a freshly forked process into one with all restrictions of a level.

At level `full`, every failure ends the process. At level `process`, what the kernel lacks is left out, and
`probe` names it. This module defines the order of the steps; the other modules of the package implement
them.
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


def enter(spec: SandboxSpec, level: Level, before: Callable[[int], None]) -> None:
    """Enter a sandbox. This process must be freshly forked and have one thread.

    When the call returns, the current process is sandboxed: it is in `spec.scratch`, leads its own
    session, and is killed when its parent dies. Open descriptors stay open: close those that give
    access to something outside, above all folders.

    At level "full" the sandboxed process is a child in its own user (if not root), mount, pid,
    network, ipc and uts namespaces. The calling process stays outside as a watcher and never
    returns: it calls `before`, lets the sandboxed process continue only then, and exits with the
    same status (128 + n if signal n ended it). Killing either process ends the sandbox and
    everything in it. The scratch folder is an in-memory disk that is gone afterwards; nothing
    appears in the folder outside.

    At level "process" the current process gets resource limits, can gain no privileges, and is
    restricted by Landlock (files, TCP) and seccomp (sockets) as far as the kernel supports them.
    Files are restricted only if `probe()["landlock"]` is "". The process adopts daemons that its
    descendants start, but they are not killed when it ends.

    Args:
        spec: What the sandbox contains.
        level: "full" or "process".
        before: Called with the process ID of the sandboxed process, as seen from outside, before
            that process runs anything. At level "full" it is called in the watcher and must start
            no process. If it raises, the sandbox is ended and the exception is passed on.

    Raises:
        SandboxError: If a restriction cannot be set up. No sandboxed code has run by then. At level
            "full" the error may be raised in the sandboxed process, which should then exit.
        ValueError: If `level` is unknown.
    """
    if level == "full":
        _enter_full(spec, before)
    elif level == "process":
        _enter_process(spec, before)
    else:
        raise ValueError(f"level must be 'full' or 'process', not {level!r}")


def _enter_full(spec: SandboxSpec, before: Callable[[int], None]) -> None:
    """Fork into new namespaces: the parent becomes the watcher, the child returns sandboxed."""
    with step("own process tree"):
        start_read, start_write = os.pipe()
        uid = spec.uid
        if not privileges.has_powers(*privileges.TO_BUILD):
            _new_user_namespace()
            uid = 0
        syscalls.unshare(syscalls.CLONE_NEWPID)
        pid = os.fork()
    if pid:
        os.close(start_read)
        _watch(pid, start_write, before)
    os.close(start_write)
    if not os.read(start_read, 1):
        os._exit(1)
    with step("own network, ipc and mounts"):
        syscalls.unshare(OWN_SYSTEM)
        syscalls.set_hostname("localhost")
    with step("own filesystem"):
        filesystem.enter(spec, uid)
    _restrict_process(spec, uid, others=0)
    with step("system calls"):
        seccomp.refuse(seccomp.LOCAL_FAMILIES)
    _check_watcher(start_read)


def _enter_process(spec: SandboxSpec, before: Callable[[int], None]) -> None:
    """Restrict the current process without namespaces."""
    before(os.getpid())
    parent = os.getppid()
    uid = spec.uid if privileges.has_powers(*privileges.TO_CHANGE_USER) else 0
    with step("scratch"):
        if uid:
            os.chown(spec.scratch, uid, uid)
        os.chdir(spec.scratch)
        syscalls.prctl(PR_SET_CHILD_SUBREAPER, 1)
    _restrict_process(spec, uid, others=0 if uid else privileges.threads_of_user())
    with step("landlock"):
        proc = [f"/proc/{name}" for name in PROC_FILES]
        readable, listed = without_hidden(spec.readable, spec.hidden)
        landlock.restrict(read=[*readable, *proc], names=listed, write=[spec.scratch], use=filesystem.device_files())
    with suppress(OSError):  # not available on an old kernel or an uncommon machine: `probe` reports it
        seccomp.refuse(())
    if os.getppid() != parent:
        os._exit(1)


def _new_user_namespace() -> None:
    """Create a user namespace with the same user and group, and all capabilities in it."""
    uid, gid = os.getuid(), os.getgid()
    syscalls.unshare(syscalls.CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _watch(pid: int, start_write: int, before: Callable[[int], None]) -> NoReturn:
    """Let the sandboxed process continue, wait for it, and exit with its status.

    The pipe stays open: the child notices that it closes when this process dies.
    """
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        syscalls.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        before(pid)
        os.write(start_write, b"1")
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise
    os.closerange(0, start_write)
    os.closerange(start_write + 1, os.sysconf("SC_OPEN_MAX"))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _restrict_process(spec: SandboxSpec, uid: int, others: int) -> None:
    """Set what both levels have in common: session, limits and privileges.

    The signal at the parent's death is requested last, because a change of user cancels it.
    """
    with step("own session"):
        if os.getsid(0) != os.getpid():
            os.setsid()
    existing = [path for path in spec.readable if os.path.exists(path)]
    with step("limits and privileges"):
        privileges.limit(spec, others)
        privileges.drop(uid)
        privileges.forbid_gain()
        syscalls.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if unreadable := [path for path in existing if not os.access(path, os.R_OK)]:
        raise SandboxError(
            f"user {os.getuid()} may not read {', '.join(unreadable)}: make them readable for all users, "
            "or set uid=0 in the sandbox spec"
        )


def _check_watcher(start_read: int) -> None:
    """Exit if the watcher died before this process had asked for a signal at its death."""
    poll = select.poll()
    poll.register(start_read, 0)
    if poll.poll(0):
        os._exit(1)
    os.close(start_read)
