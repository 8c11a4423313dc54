"""What one enclosed process may see and use, as plain data. Knows nothing of how walls are built."""

from __future__ import annotations

import glob
import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import cache_from_source, find_spec
from typing import Literal

__all__ = ["Level", "SandboxSpec", "default_readable", "grader_files", "without_hidden"]

Level = Literal["full", "process"]

# What Python and other programs need of the folder that they were installed into. A course may lie beside it: in a container that
# works in /usr/src/app, or where the environment was made in the course's own folder.
PARTS = ("bin", "include", "lib", "lib32", "lib64", "libexec", "nvvm", "pyvenv.cfg", "sbin", "share", "ssl", "targets")
SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/nsswitch.conf"),
    *("/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/fonts"),
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls", "/etc/pki/ca-trust", "/etc/ca-certificates"),
)


@dataclass(frozen=True)
class SandboxSpec:
    """What one enclosed process may see and use.

    scratch: absolute path of an empty folder, the only place where it may write (with /tmp and /dev/shm at level "full",
    which share the quota). readable: absolute files and folders that it may read; those that do not exist are passed over.
    hidden: absolute files and folders below readable ones that it may not read all the same. At level "full" they are empty; at
    level "process" their names can still be listed.
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
    hidden: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for path in (self.scratch, *self.readable, *self.hidden):
            if not os.path.isabs(path) or os.path.realpath(path) == "/":
                raise ValueError(
                    f"a room is made of absolute paths below /, not {path!r}; give the folder that is needed itself"
                )


@cache
def default_readable() -> tuple[str, ...]:
    """What Python, its packages and `coursekit` need to be imported: nothing of the home, of the checkout or of the course.

    The grader itself may lie among the packages: see `grader_files`.
    """
    parts = [os.path.join(prefix, part) for prefix in _prefixes() for part in PARTS]
    python = [
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        *_package_folders(),
        *glob.glob("/usr/local/cuda*"),
    ]
    wanted = dict.fromkeys(os.path.abspath(path) for path in (*SYSTEM, *parts, *python, *_places("coursekit")))
    return tuple(path for path in wanted if os.path.exists(path))


@cache
def grader_files() -> tuple[str, ...]:
    """Where the grader's own files lie, compiled ones and other installations of it included, and what nbgrader exchanges."""
    own = _places("autograder")
    compiled = [os.path.dirname(cache_from_source(os.path.join(place, "__init__.py"))) for place in own]
    others = [os.path.join(folder, "autograder") for folder in _package_folders()]
    for prefix in _prefixes():
        others += glob.glob(f"{glob.escape(prefix)}/lib*/python*/*-packages/autograder")
        others.append(os.path.join(prefix, "share", "nbgrader"))
    found = [_on_disk(os.path.abspath(place)) for place in (*own, *compiled, *others)]
    return tuple(dict.fromkeys(place for place in found if place))


def without_hidden(readable: Iterable[str], hidden: Iterable[str]) -> tuple[list[str], list[str]]:
    """For walls that can only allow: the files and folders that together are all of `readable` but `hidden`, and the folders above
    hidden ones, of which no more than names may be read.
    """
    secret = frozenset(map(os.path.realpath, hidden))
    above = frozenset(folder for path in secret for folder in _parents(path))
    allowed: dict[str, None] = {}
    listed: dict[str, None] = {}
    rest = [os.path.realpath(path) for path in readable]
    while rest:
        path = rest.pop()
        if path in secret or secret.intersection(_parents(path)):
            continue
        if path not in above:
            allowed[path] = None
        elif path not in listed:
            listed[path] = None
            rest += [os.path.realpath(entry) if entry.is_symlink() else entry.path for entry in os.scandir(path)]
    return list(allowed), list(listed)


def _prefixes() -> list[str]:
    """The folders into which Python and other programs were installed."""
    return list(dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, "/usr", "/usr/local")))


def _places(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []


def _package_folders() -> list[str]:
    """The folders on sys.path that hold installed packages: of this environment, of the user, of environments that were added."""
    return [place for place in sys.path if os.path.basename(place) in ("site-packages", "dist-packages")]


def _on_disk(path: str) -> str:
    """The path, or the archive that it leads into, which can only be hidden whole; "" if there is nothing."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
        if os.path.isdir(path):
            return ""
    return path


def _parents(path: str) -> list[str]:
    """All folders that a real path lies in, the root left out."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]
