"""Which walls hold on this machine: each is tried for real, by a process in a room that does what a hostile one would do.

All of it happens in a Python process of its own, so that the caller's threads and memory play no part.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from autograder.sandbox import cgroups, privileges, syscalls
from autograder.sandbox.entry import enter
from autograder.sandbox.interpreters import clean_environment, command
from autograder.sandbox.spec import Level, SandboxSpec, default_readable

__all__ = ["probe", "report", "strongest", "try_all"]

UID = 64_999
MEGABYTE = 1 << 20
ESSENTIAL = ("files", "processes", "network", "quota", "privileges")


@lru_cache(maxsize=1)
def probe() -> Mapping[str, str]:
    """Which walls hold on this machine, each tried for real in a child: its name, with "" if it holds, else the reason why not.

    "files", "processes", "network", "quota", "privileges": what level "full" stands on. "memory" and "process count": its
    limits. "landlock" (files) and "seccomp" (sockets): what level "process" has beyond limits. "memory together": a limit for all
    processes of a room, which either level has where the kernel lets us.
    """
    line = command("autograder.sandbox.probing", "report")
    ended = subprocess.run(line, env=clean_environment(), capture_output=True, text=True, timeout=120)
    if ended.returncode:
        raise RuntimeError(f"the probe of the walls ended with {ended.returncode}: {ended.stderr.strip()[-500:]}")
    return MappingProxyType({**json.loads(ended.stdout), "memory together": cgroups.reason()})


def strongest() -> Level:
    """The highest level that this machine can hold."""
    return "full" if not any(probe()[name] for name in ESSENTIAL) else "process"


def report() -> None:
    """Print what `try_all` returns as JSON: what the probe's own process does."""
    print(json.dumps(try_all()))


def try_all() -> dict[str, str]:
    """What `probe` returns, tried here and now. Forks, so the calling process must have one thread."""
    if sys.platform != "linux":
        return dict.fromkeys(_ATTEMPTS, f"walls need Linux, this is {sys.platform}")
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(folder, 0o755)
        secret = Path(folder, "secret")
        secret.write_text("out of sight")
        port = server.getsockname()[1]
        return {name: _attempt(level, attack, secret, port) for name, (level, attack) in _ATTEMPTS.items()}


Attack = Callable[[Path, int], str]


def _attempt(level: Level, attack: Attack, secret: Path, port: int) -> str:
    """Run `attack` in a new room and return what it says: "" if the wall held."""
    with tempfile.TemporaryDirectory() as scratch:
        room = SandboxSpec(scratch, default_readable(), disk_mb=4, memory_mb=1024, processes=8, cpu_seconds=20, uid=_uid(level))
        result, report = os.pipe()
        pid = os.fork()
        if not pid:
            _report(report, lambda: enter(room, level, lambda _: None), lambda: attack(secret, port))
        os.close(report)
        with os.fdopen(result) as file:
            said = file.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return said if code == 0 else said or f"the process in the room ended with {code}"


def _uid(level: Level) -> int:
    return UID if level == "full" else 0


def _report(descriptor: int, go_in: Callable[[], None], attack: Callable[[], str]) -> None:
    try:
        go_in()
        os.write(descriptor, attack().encode())
        os._exit(0)
    except BaseException as error:
        os.write(descriptor, (str(error) or type(error).__name__).encode())
        os._exit(1)


def _read_outside(secret: Path, port: int) -> str:
    with suppress(OSError):
        return f"a file outside the room was read: {secret.read_text()}"
    with suppress(OSError):
        Path("/probe").touch()
        return "a file was made outside the scratch"
    Path("inside").write_text("allowed")
    return ""


def _see_processes(secret: Path, port: int) -> str:
    seen = {name for name in os.listdir("/proc") if name.isdigit()}
    return "" if seen == {"1"} else f"{len(seen)} processes are in sight, not only the room's own"


def _connect(secret: Path, port: int) -> str:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return "a port of this machine was reached"
    return ""


def _fill_disk(secret: Path, port: int) -> str:
    try:
        for number in range(8):
            Path(f"big{number}").write_bytes(bytes(MEGABYTE))
    except OSError:
        return ""
    return "8 MB were written under a quota of 4 MB"


def _regain(secret: Path, port: int) -> str:
    for capability in range(41):
        if privileges.has_powers(capability):
            return f"capability {capability} is left"
    with suppress(OSError):
        syscalls.unshare(syscalls.CLONE_NEWUSER)
        return "a namespace could be made inside"
    with suppress(OSError):
        syscalls.unmount("/proc")
        return "a mount could be undone"
    return ""


def _allocate(secret: Path, port: int) -> str:
    if os.path.exists(privileges.CUDA_DEVICE):
        return "CUDA needs more addresses than memory, so they are not limited here; limit memory by a control group"
    try:
        bytearray(2048 * MEGABYTE)
    except MemoryError:
        return ""
    return "2048 MB were allocated under a limit of 1024 MB"


def _multiply(secret: Path, port: int) -> str:
    wait, release = os.pipe()
    children = 0
    try:
        for _ in range(16):
            if not os.fork():
                os.close(release)
                os.read(wait, 1)
                os._exit(0)
            children += 1
    except BlockingIOError:
        return ""
    finally:
        os.close(release)
    return f"{children} processes were started under a limit of 8; run as an ordinary user, or limit them by a control group"


def _read_by_landlock(secret: Path, port: int) -> str:
    with suppress(PermissionError):
        secret.read_text()
        return "the kernel has no Landlock: files are not closed at level 'process'"
    return _read_outside(secret, port)


def _open_socket(secret: Path, port: int) -> str:
    with suppress(PermissionError), socket.socket():
        return "the kernel has no seccomp for this machine: the network is not closed at level 'process'"
    return ""


_ATTEMPTS: dict[str, tuple[Level, Attack]] = {
    "files": ("full", _read_outside),
    "processes": ("full", _see_processes),
    "network": ("full", _connect),
    "quota": ("full", _fill_disk),
    "privileges": ("full", _regain),
    "memory": ("full", _allocate),
    "process count": ("full", _multiply),
    "landlock": ("process", _read_by_landlock),
    "seccomp": ("process", _open_socket),
}
