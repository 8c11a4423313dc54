"""Landlock: a process gives up, for itself and all it starts, every file that it did not name. Needs no power at all.

Used where namespaces cannot be had. Knows nothing of rooms.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from autograder.sandbox.syscalls import syscall

__all__ = ["restrict", "version"]

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READ = EXECUTE | READ_FILE | READ_DIR
USE = WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
FOR_FILES = EXECUTE | USE
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # bits known to each version; the last serves for later ones
BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
CREATE_VERSION = 1
RULE_PATH_BENEATH = 1


def version() -> int:
    """The kernel's Landlock version, 0 if it has none."""
    try:
        return syscall("landlock_create_ruleset", None, 0, CREATE_VERSION)
    except OSError:
        return 0


def restrict(*, read: Iterable[str], write: Iterable[str], use: Iterable[str], names: Iterable[str] = ()) -> bool:
    """Allow these files and folders only: to read and run, to do anything in, to use as devices; of `names` and all below them no
    more than to list folders. Paths may be missing.

    From version 4 of Landlock TCP is closed too, from 6 abstract sockets and signals to anybody outside. Returns whether the
    kernel has Landlock; raises OSError where it has but refuses. The process must have given up gaining privileges.
    """
    have = version()
    if not have:
        return False
    rights = (1 << FILE_RIGHTS[min(have, max(FILE_RIGHTS))]) - 1
    wanted = (rights, BIND_AND_CONNECT_TCP if have >= 4 else 0, ABSTRACT_SOCKETS_AND_SIGNALS if have >= 6 else 0)
    handled = (ctypes.c_uint64 * 3)(*wanted)
    size = 24 if have >= 6 else 16 if have >= 4 else 8
    ruleset = syscall("landlock_create_ruleset", ctypes.byref(handled), size, 0)
    for paths, allowed in ((read, READ), (names, READ_DIR), (write, rights), (use, USE)):
        for path in paths:
            _allow(ruleset, path, allowed & rights)
    syscall("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)
    return True


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        allowed &= FOR_FILES
    syscall("landlock_add_rule", ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", allowed, parent), 0)
    os.close(parent)
