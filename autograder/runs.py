"""Run cells in a fresh student process, from outside: start it, feed it, hold it to its limits, read what happened.

Knows processes and clocks; nothing of labs, marks or notebooks. What comes back from a student process is parsed as JSON and
checked for its shape, nothing more is believed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Literal

import psutil

__all__ = ["Limits", "Outcome", "run_cells"]

Status = Literal["ok", "error", "timeout", "memory", "crashed", "missing"]
OUTPUT_TAIL = 64 * 1024
GRACE_SECONDS = 3.0


@dataclass(frozen=True)
class Limits:
    """What one run may use. A cell over its time is interrupted first; if it does not stop, its process is killed."""

    cell_seconds: float = 120
    notebook_seconds: float = 900
    memory_mb: int = 6000


@dataclass(frozen=True)
class Outcome:
    """What happened to one cell.

    line: the line of the cell (from 1) at which its error passed. value: what its last expression gave, if one plain number.
    """

    status: Status
    error: str = ""
    message: str = ""
    line: int = 0
    seconds: float = 0.0
    value: float | None = None


@dataclass
class _Process:
    """A student process and the two ends of it that we hold."""

    pid: int
    connection: Connection
    output: Connection
    tail: deque[bytes] = field(default_factory=deque)


class _WarmParent:
    """Our end of a warm parent, started when first needed and again should it ever die."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.control: socket.socket | None = None

    def request(self, message: dict[str, object], descriptors: Sequence[int] = ()) -> dict[str, int]:
        with self.lock:
            for attempt in (1, 2):
                control = self.control or self._start()
                try:
                    socket.send_fds(control, [json.dumps(message).encode()], descriptors)
                    if answer := control.recv(1 << 16):
                        return json.loads(answer)
                except OSError:
                    pass
                control.close()
                self.control = None
                if attempt == 1 and "release" in message:
                    return {}  # its children died with it
        raise RuntimeError("the warm parent of the student processes does not start; try `python -m autograder.warm 0`")

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", "autograder.warm", str(number)]
            subprocess.Popen(command, pass_fds=[number], stdin=subprocess.DEVNULL, start_new_session=True)
        self.control = ours
        return ours


_warm_parent = _WarmParent()


def run_cells(sources: Sequence[str], *, limits: Limits, env: Mapping[str, str]) -> list[Outcome]:
    """Run `sources` in order in one fresh process and return one outcome for each.

    Cells after one that crashed, was killed or ran the notebook out of time are "missing". An error in a cell does not stop
    the ones after it, as in a notebook run by nbgrader.
    """
    scratch = tempfile.mkdtemp(prefix="autograder-")
    try:
        child = _start(scratch, env, limits.memory_mb)
        try:
            return _feed(child, sources, limits)
        finally:
            _stop(child)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _start(scratch: str, env: Mapping[str, str], memory_mb: int) -> _Process:
    ours, theirs = Pipe()
    output, printed = Pipe(duplex=False)
    with theirs, printed:
        job = {"scratch": scratch, "env": dict(env), "memory_mb": memory_mb}
        pid = _warm_parent.request({"start": job}, [theirs.fileno(), printed.fileno()])["pid"]
    child = _Process(pid, ours, output)
    threading.Thread(target=_drain, args=(child,), daemon=True).start()
    return child


def _drain(child: _Process) -> None:
    """Keep the last part of what the process prints and throw the rest away, so that no amount of it can hurt."""
    kept = 0
    try:
        while chunk := os.read(child.output.fileno(), 1 << 16):
            child.tail.append(chunk)
            kept += len(chunk)
            while kept > OUTPUT_TAIL and len(child.tail) > 1:
                kept -= len(child.tail.popleft())
    except OSError:
        pass


def _feed(child: _Process, sources: Sequence[str], limits: Limits) -> list[Outcome]:
    deadline = time.monotonic() + limits.notebook_seconds
    outcomes: list[Outcome] = []
    for source in sources:
        left = deadline - time.monotonic()
        if left <= 0:
            outcomes.append(Outcome("timeout", message=f"the notebook ran longer than its {limits.notebook_seconds:g} seconds"))
            break
        outcome, alive = _run_one(child, source, min(limits.cell_seconds, left), limits.memory_mb)
        outcomes.append(outcome)
        if not alive:
            break
    reason = outcomes[-1].message if outcomes else ""
    return outcomes + [Outcome("missing", message=reason)] * (len(sources) - len(outcomes))


def _run_one(child: _Process, source: str, seconds: float, memory_mb: int) -> tuple[Outcome, bool]:
    """One cell: its outcome, and whether the process can take another."""
    started = time.monotonic()
    try:
        child.connection.send_bytes(json.dumps({"source": source}).encode())
    except OSError:
        return Outcome("crashed", message="the process had ended before this cell"), False
    verdict = _wait(child, started + seconds, memory_mb)
    if verdict == "late":
        _interrupt(child)
        interrupted = _wait(child, time.monotonic() + GRACE_SECONDS, memory_mb)
        late = Outcome("timeout", message=f"the cell ran longer than its {seconds:g} seconds and was stopped", seconds=seconds)
        if interrupted == "answer" and _read(child) is not None:
            return late, True
        return late, False
    if verdict == "memory":
        return Outcome("memory", message=f"the cell used more than {memory_mb} MB of memory", seconds=seconds), False
    answer = _read(child) if verdict == "answer" else None
    if answer is None:
        return Outcome("crashed", message=_last_words(child), seconds=time.monotonic() - started), False
    return answer, True


def _wait(child: _Process, deadline: float, memory_mb: int) -> Literal["answer", "late", "memory"]:
    while time.monotonic() < deadline:
        if child.connection.poll(min(0.25, max(0.0, deadline - time.monotonic()))):
            return "answer"
        if _resident_mb(child) > memory_mb:
            return "memory"
    return "late"


def _resident_mb(child: _Process) -> float:
    try:
        family = psutil.Process(child.pid)
        return sum(p.memory_info().rss for p in (family, *family.children(recursive=True))) / 2**20
    except psutil.Error:
        return 0.0


def _read(child: _Process) -> Outcome | None:
    """The outcome that the process sent, or None if it ended or sent something else."""
    try:
        answer = json.loads(child.connection.recv_bytes(1 << 20))
        error, seconds = answer["error"], float(answer["seconds"])
        if error is None:
            value = answer["value"]
            return Outcome("ok", seconds=seconds, value=None if value is None else float(value))
        name, message, line = str(error["name"]), str(error["message"]), int(error["line"])
        return Outcome("memory" if name == "MemoryError" else "error", name, message, line, seconds)
    except (OSError, EOFError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _last_words(child: _Process) -> str:
    time.sleep(0.05)  # the drain may still be reading
    said = b"".join(child.tail).decode(errors="replace").strip().splitlines()
    return "the Python process ended in this cell" + (f"; the last it said was: {said[-1][:200]}" if said else "")


def _interrupt(child: _Process) -> None:
    """What pressing the stop button does: KeyboardInterrupt in the running cell."""
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGINT)


def _stop(child: _Process) -> None:
    """End the process and everything it started, then let go of its number."""
    try:
        family = psutil.Process(child.pid).children(recursive=True)
    except psutil.Error:
        family = []
    for kill in (lambda: os.kill(child.pid, signal.SIGKILL), lambda: os.killpg(child.pid, signal.SIGKILL)):
        with suppress(ProcessLookupError, PermissionError):
            kill()
    for relative in family:
        with suppress(psutil.Error):
            relative.kill()
    _warm_parent.request({"release": child.pid})
    child.connection.close()
