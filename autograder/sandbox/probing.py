"""Test which restrictions of the sandbox work on this machine.

For each restriction, a sandboxed process tries what a hostile process would try. All tests run in a
separate Python process, so the caller's threads and memory have no influence.
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
    """Test in a child process which restrictions of the sandbox work on this machine.

    Returns:
        For each restriction its name and "" if it works, otherwise the reason why it does not:

        - "files", "processes", "network", "quota", "privileges": required for level "full".
        - "memory", "process count": limits of level "full".
        - "landlock" (files), "seccomp" (sockets): what level "process" has beyond limits.
        - "memory together": a limit for all processes of a sandbox together, at both levels if the
          kernel allows it.

    Raises:
        RuntimeError: If the child process fails.
    """
    line = command("autograder.sandbox.probing", "report")
    ended = subprocess.run(line, env=clean_environment(), capture_output=True, text=True, timeout=120)
    if ended.returncode:
        raise RuntimeError(f"the probe of the sandbox exited with status {ended.returncode}: {ended.stderr.strip()[-500:]}")
    return MappingProxyType({**json.loads(ended.stdout), "memory together": cgroups.reason()})


def strongest() -> Level:
    """Return the highest level that works on this machine."""
    return "full" if not any(probe()[name] for name in ESSENTIAL) else "process"


def report() -> None:
    """Print the result of `try_all` as JSON. The probe's child process calls this."""
    print(json.dumps(try_all()))


def try_all() -> dict[str, str]:
    """Test all restrictions in this process, which must have one thread because it forks.

    Returns:
        The result of `probe` without "memory together".
    """
    if sys.platform != "linux":
        return dict.fromkeys(_ATTEMPTS, f"the sandbox needs Linux, this is {sys.platform}")
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
        os.chmod(folder, 0o755)
        secret = Path(folder, "secret")
        secret.write_text("out of sight")
        port = server.getsockname()[1]
        return {name: _attempt(level, attack, secret, port) for name, (level, attack) in _ATTEMPTS.items()}


Attack = Callable[[Path, int], str]


def _attempt(level: Level, attack: Attack, secret: Path, port: int) -> str:
    """Run `attack` in a new sandbox and return its result: "" if the attack failed."""
    with tempfile.TemporaryDirectory() as scratch:
        spec = SandboxSpec(scratch, default_readable(), disk_mb=4, memory_mb=1024, processes=8, cpu_seconds=20, uid=_uid(level))
        read, write = os.pipe()
        pid = os.fork()
        if not pid:
            _run_attack(write, lambda: enter(spec, level, lambda _: None), lambda: attack(secret, port))
        os.close(write)
        with os.fdopen(read) as file:
            message = file.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return message if code == 0 else message or f"the sandboxed process ended with {code}"


def _uid(level: Level) -> int:
    return UID if level == "full" else 0


def _run_attack(descriptor: int, enter_sandbox: Callable[[], None], attack: Callable[[], str]) -> None:
    """Enter the sandbox, attack, write the result to the descriptor, and exit."""
    try:
        enter_sandbox()
        os.write(descriptor, attack().encode())
        os._exit(0)
    except BaseException as error:
        os.write(descriptor, (str(error) or type(error).__name__).encode())
        os._exit(1)


def _read_outside(secret: Path, port: int) -> str:
    with suppress(OSError):
        return f"a file outside the sandbox was read: {secret.read_text()}"
    with suppress(OSError):
        Path("/probe").touch()
        return "a file was created outside the scratch folder"
    Path("inside").write_text("allowed")
    return ""


def _see_processes(secret: Path, port: int) -> str:
    seen = {name for name in os.listdir("/proc") if name.isdigit()}
    return "" if seen == {"1"} else f"{len(seen)} processes are visible, not only those of the sandbox"


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
        return "a namespace could be created in the sandbox"
    with suppress(OSError):
        syscalls.unmount("/proc")
        return "a mount could be undone"
    return ""


def _allocate(secret: Path, port: int) -> str:
    if os.path.exists(privileges.CUDA_DEVICE):
        return "CUDA reserves more addresses than memory, so they are not limited here; limit memory with a control group"
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
    return f"{children} processes were started under a limit of 8; run as an ordinary user, or limit them with a control group"


def _read_by_landlock(secret: Path, port: int) -> str:
    with suppress(PermissionError):
        secret.read_text()
        return "the kernel has no Landlock: access to files is not restricted at level 'process'"
    return _read_outside(secret, port)


def _open_socket(secret: Path, port: int) -> str:
    with suppress(PermissionError), socket.socket():
        return "the kernel has no seccomp for this machine: access to the network is not restricted at level 'process'"
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
