"""Landlock: a process gives up access to all files except those that it lists.

This holds for its children too. It needs no privileges, so it is used at level "process", which has
no namespaces. Knows nothing of sandbox specs.
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
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # number of rights that each version knows; the last holds for later ones
BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
CREATE_VERSION = 1
RULE_PATH_BENEATH = 1


def version() -> int:
    """Return the kernel's Landlock version, 0 if it has none."""
    try:
        return syscall("landlock_create_ruleset", None, 0, CREATE_VERSION)
    except OSError:
        return 0


def restrict(*, read: Iterable[str], write: Iterable[str], use: Iterable[str], names: Iterable[str] = ()) -> bool:
    """Restrict this process and its children to these files and folders.

    Paths that do not exist are ignored. From version 4 on, Landlock also denies TCP; from version 6
    on, abstract sockets and signals to processes outside. The process must have given up gaining
    privileges (`privileges.forbid_gain`).

    Args:
        read: Files and folders to read and execute.
        write: Files and folders with all rights.
        use: Device files to read and write.
        names: Folders that may be listed, with all folders below them, but not read.

    Returns:
        Whether the kernel has Landlock.

    Raises:
        OSError: If the kernel has Landlock but refuses.
    """
    found = version()
    if not found:
        return False
    rights = (1 << FILE_RIGHTS[min(found, max(FILE_RIGHTS))]) - 1
    denied = (rights, BIND_AND_CONNECT_TCP if found >= 4 else 0, ABSTRACT_SOCKETS_AND_SIGNALS if found >= 6 else 0)
    handled = (ctypes.c_uint64 * 3)(*denied)
    size = 24 if found >= 6 else 16 if found >= 4 else 8
    ruleset = syscall("landlock_create_ruleset", ctypes.byref(handled), size, 0)
    for paths, allowed in ((read, READ), (names, READ_DIR), (write, rights), (use, USE)):
        for path in paths:
            _allow(ruleset, path, allowed & rights)
    syscall("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)
    return True


def _allow(ruleset: int, path: str, allowed: int) -> None:
    """Add a rule for one path and everything below it."""
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):
        allowed &= FOR_FILES
    syscall("landlock_add_rule", ruleset, RULE_PATH_BENEATH, struct.pack("=Qi", allowed, parent), 0)
    os.close(parent)
