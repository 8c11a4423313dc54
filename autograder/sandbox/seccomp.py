"""A seccomp filter: the kernel refuses system calls that could bypass the sandbox.

No notebook needs these calls. The filter refuses new namespaces (in one, a process could mount
again), io_uring (which makes system calls that the filter does not see), memory that no limit
counts (memfd, System V), the key rings (which users share), tracing of the kernel, and all socket
families except those that the caller names (some, such as the one for a virtual machine's host,
belong to no network namespace). Knows nothing of sandbox specs.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct
from collections.abc import Iterable

from autograder.sandbox.syscalls import syscall, syscall_number

__all__ = ["LOCAL_FAMILIES", "refuse"]

LOCAL_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)  # 16: netlink, which lists interfaces
NEW_NAMESPACES = 0x7E020000  # in the flags of clone
# These fail as if the kernel did not have them, so that libraries fall back to other calls.
MISSING = ("clone3", "io_uring_setup", "memfd_create", "memfd_secret", "shmget", "userfaultfd")
FORBIDDEN = ("unshare", "setns", "add_key", "request_key", "keyctl", "bpf", "perf_event_open")

LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000  # numbers from here on belong to the x32 table, which the filter does not know
SET_FILTER, WITHOUT_SLOW_SPECULATION_GUARD = 1, 4


def refuse(families: Iterable[int]) -> None:
    """Install the filter for this process and its children.

    Args:
        families: Socket families (`socket.AF_…`) that stay allowed.

    Raises:
        OSError: If the kernel or the machine does not support it.
    """
    program = _program(families)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    syscall("seccomp", SET_FILTER, WITHOUT_SLOW_SPECULATION_GUARD, ctypes.create_string_buffer(header, len(header)))


def _program(families: Iterable[int]) -> bytes:
    """The filter as a BPF program."""
    number = syscall_number
    allowed = list(families)
    steps = [
        *_load(MACHINE),
        _instruction(JUMP_EQUAL, MACHINES[platform.machine()], skip_if_so=1),
        _return(KILL),
        *_load(NUMBER),
        _instruction(JUMP_AT_LEAST, X32, skip_if_not=1),
        _return(ERROR | errno.ENOSYS),
    ]
    for name in MISSING:
        steps += _when(number(name), [_return(ERROR | errno.ENOSYS)])
    for name in FORBIDDEN:
        steps += _when(number(name), [_return(ERROR | errno.EPERM)])
    any_namespace = _instruction(JUMP_ANY_BIT, NEW_NAMESPACES, skip_if_not=1)
    steps += _when(number("clone"), [*_load(FIRST_ARGUMENT), any_namespace, _return(ERROR | errno.EPERM), _return(ALLOW)])
    accepted = [instruction for family in allowed for instruction in _when(family, [_return(ALLOW)])]
    steps += _when(number("socket"), [*_load(FIRST_ARGUMENT), *accepted, _return(ERROR | errno.EACCES)])
    return b"".join([*steps, _return(ALLOW)])


def _load(offset: int) -> list[bytes]:
    return [_instruction(LOAD, offset)]


def _when(value: int, body: list[bytes]) -> list[bytes]:
    """Instructions that run `body` if the value that was loaded last equals `value`."""
    return [_instruction(JUMP_EQUAL, value, skip_if_not=len(body)), *body]


def _return(value: int) -> bytes:
    return _instruction(RETURN, value)


def _instruction(code: int, value: int, skip_if_so: int = 0, skip_if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, skip_if_so, skip_if_not, value)
