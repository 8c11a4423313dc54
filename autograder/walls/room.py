"""What one enclosed process may see and use, as plain data. Knows nothing of how walls are built."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

__all__ = ["Level", "Room", "default_readable"]

Level = Literal["full", "process"]

SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/nsswitch.conf"),
    *("/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/fonts"),
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls", "/etc/pki/ca-trust", "/etc/ca-certificates"),
)


@dataclass(frozen=True)
class Room:
    """What one enclosed process may see and use.

    scratch: absolute path of an empty folder, the only place where it may write (with /tmp and /dev/shm at level "full",
    which share the quota). readable: absolute files and folders that it may read; those that do not exist are passed over.
    disk_mb: quota of the scratch folder at level "full"; at both levels the largest size of one file.
    memory_mb: address space of each process; not limited where there is a CUDA device, which reserves far more than it uses.
    processes: processes and threads that may exist at once, of this room alone (of the user, if rooms share one number).
    cpu_seconds: processor time of each process, 0 for no limit.
    uid: when root, the user and group number to become, distinct for rooms that run side by side; 0 keeps the number, with
    which the kernel does not count processes. Ignored when not root.

    Raises ValueError for a path that is not absolute, or that is the root of the file system.
    """

    scratch: str
    readable: tuple[str, ...]
    disk_mb: int = 1024
    memory_mb: int = 6000
    processes: int = 512
    cpu_seconds: int = 0
    uid: int = 0

    def __post_init__(self) -> None:
        for path in (self.scratch, *self.readable):
            if not os.path.isabs(path) or os.path.realpath(path) == "/":
                raise ValueError(
                    f"a room is made of absolute paths below /, not {path!r}; give the folder that is needed itself"
                )


def default_readable() -> tuple[str, ...]:
    """What Python, its packages and `coursekit` need to be imported: nothing of the home, of the checkout or of the course."""
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    if site.ENABLE_USER_SITE:
        python.append(site.getusersitepackages())
    coursekit = find_spec("coursekit")
    packages = list(coursekit.submodule_search_locations or ()) if coursekit else []
    wanted = dict.fromkeys(os.path.abspath(path) for path in (*SYSTEM, *python, *packages))
    return tuple(path for path in wanted if os.path.exists(path))
