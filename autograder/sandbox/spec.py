"""The specification of a sandbox, as plain data. Knows nothing of how a sandbox is built."""

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

# The parts of an installation folder that Python and other programs need. The whole folder is not
# readable, because the course may lie in it: in a container that works in /usr/src/app, or where
# the virtual environment is in the course's own folder.
PARTS = ("bin", "include", "lib", "lib32", "lib64", "libexec", "nvvm", "pyvenv.cfg", "sbin", "share", "ssl", "targets")
SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/nsswitch.conf"),
    *("/etc/localtime", "/etc/timezone", "/etc/mime.types", "/etc/fonts"),
    *("/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls", "/etc/pki/ca-trust", "/etc/ca-certificates"),
)


@dataclass(frozen=True)
class SandboxSpec:
    """What a sandboxed process may see and use.

    Attributes:
        scratch: Absolute path of an empty folder, the only place where the process may write. At
            level "full" it may also write to /tmp and /dev/shm, which share the quota.
        readable: Absolute paths of files and folders that the process may read. Paths that do not
            exist are ignored.
        disk_mb: Quota of the scratch folder in MB at level "full"; at both levels the maximum size
            of one file.
        memory_mb: Address space of each process in MB. Of the libraries that were loaded before, it holds
            up to `privileges.COUNTED_CODE_MB`, and what is beyond comes on top. Not limited on a machine with
            a CUDA device, because CUDA reserves far more address space than it uses.
        processes: Number of processes and threads that may exist at once in this sandbox (of the
            user, if several sandboxes run as the same user).
        cpu_seconds: Processor time of each process in seconds, 0 for no limit.
        uid: User and group ID to switch to when the grader runs as root. Sandboxes that run at the
            same time need different IDs. 0 keeps the current ID; the kernel does not limit the
            number of processes of root. Ignored when the grader does not run as root.
        hidden: Absolute paths of files and folders below readable ones that the process may not
            read. At level "full" they appear empty; at level "process" their names can still be
            listed.

    Raises:
        ValueError: If a path is not absolute or is the root of the filesystem.
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
                raise ValueError(f"a sandbox needs absolute paths below /, not {path!r}; name the folder that is needed")


@cache
def default_readable() -> tuple[str, ...]:
    """Return the paths that importing Python, its packages and `coursekit` requires.

    The grader itself may be among the installed packages: see `grader_files`.

    Returns:
        Existing absolute paths. None of them is the home folder, the checkout or the course.
    """
    parts = [os.path.join(prefix, part) for prefix in _prefixes() for part in PARTS]
    python = [
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        *_package_folders(),
        *glob.glob("/usr/local/cuda*"),
    ]
    wanted = dict.fromkeys(os.path.abspath(path) for path in (*SYSTEM, *parts, *python, *_package_paths("coursekit")))
    return tuple(path for path in wanted if os.path.exists(path))


@cache
def grader_files() -> tuple[str, ...]:
    """Return the paths of the grader's own files, which student processes may not read.

    Returns:
        Existing paths of this package, of its compiled files, of other installations of it, and of
        nbgrader's shared data (`share/nbgrader`).
    """
    own = _package_paths("autograder")
    compiled = [os.path.dirname(cache_from_source(os.path.join(path, "__init__.py"))) for path in own]
    others = [os.path.join(folder, "autograder") for folder in _package_folders()]
    for prefix in _prefixes():
        others += glob.glob(f"{glob.escape(prefix)}/lib*/python*/*-packages/autograder")
        others.append(os.path.join(prefix, "share", "nbgrader"))
    found = [_on_disk(os.path.abspath(path)) for path in (*own, *compiled, *others)]
    return tuple(dict.fromkeys(path for path in found if path))


def without_hidden(readable: Iterable[str], hidden: Iterable[str]) -> tuple[list[str], list[str]]:
    """Split `readable` into paths that leave out `hidden`.

    Landlock needs this, because it can only allow paths and cannot deny a path inside an allowed
    one.

    Args:
        readable: Paths that may be read.
        hidden: Paths below readable ones that may not be read.

    Returns:
        Two lists of real paths: the files and folders that together cover `readable` without
        `hidden`, and the folders that contain hidden ones, whose entries may only be listed.
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
    """The folders in which Python and other programs are installed."""
    return list(dict.fromkeys((sys.prefix, sys.base_prefix, sys.exec_prefix, "/usr", "/usr/local")))


def _package_paths(package: str) -> list[str]:
    """The folders of an importable package."""
    spec = find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []


def _package_folders() -> list[str]:
    """The folders on sys.path that contain installed packages."""
    return [path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")]


def _on_disk(path: str) -> str:
    """The path, or the archive that contains it; "" if neither exists."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
        if os.path.isdir(path):
            return ""
    return path


def _parents(path: str) -> list[str]:
    """All folders that contain a real path, without the root."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]
