"""Run a notebook from outside: start a student process and an examiner, feed both, hold them to their limits, say what happened.

Knows processes and clocks; nothing of labs, marks or notebooks. What comes back from a student process is parsed as JSON and
checked for its shape, nothing more is believed.
"""

from __future__ import annotations

import itertools
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
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, Pipe
from typing import Literal

import psutil

from autograder.link import DONE, READY
from autograder.wire import pack, unpack

__all__ = ["FaultError", "Limits", "Outcome", "Step", "Surroundings", "run_cells", "run_steps"]

Status = Literal["ok", "error", "timeout", "memory", "crashed", "missing"]
OUTPUT_TAIL = 64 * 1024
GRACE_SECONDS = 3.0
MAX_FRAME = 2**30
START_SECONDS = 60.0
FIRST_UID, UIDS = 61_000, 4_000  # as which enclosed processes run where the grader is root: numbers that nobody has
_numbers = itertools.count()


class FaultError(Exception):
    """The machine, not the submission, is at fault: nothing can be said about the work, and it may be tried again."""


@dataclass(frozen=True)
class Limits:
    """What one run may use. A cell over its time is interrupted first; if it does not stop, its process is killed."""

    cell_seconds: float = 120
    notebook_seconds: float = 900
    memory_mb: int = 6000
    disk_mb: int = 1024
    processes: int = 512


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


@dataclass(frozen=True)
class Surroundings:
    """What the processes of one run find around them.

    env: variables to set. level: of the walls; "open" is none at all, for the course's own code. readable: what a student
    process may read beside Python and coursekit; examiner: what an examiner may. files: both keep copies of the same files.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    level: Literal["full", "process", "open"] = "open"
    readable: tuple[str, ...] = ()
    examiner: tuple[str, ...] = ()
    files: bool = False


@dataclass(frozen=True)
class Step:
    """One thing to run: a "cell" in the student process; a "given" cell, of which the examiner runs the lab's own text for itself as
    well; or a "test", which the examiner runs on the values of `names` in the student process.
    """

    source: str
    kind: Literal["cell", "given", "test"] = "cell"
    lab_source: str = ""
    names: tuple[str, ...] = ()


@dataclass
class _Process:
    """A student process or an examiner, and the two ends of it that we hold.

    child: the number under which the warm parent knows it, that of its watcher if it has one.
    """

    pid: int
    child: int
    connection: Connection
    output: Connection
    scratch: str
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
    """Run `sources` in order in one fresh student process and return one outcome for each."""
    return run_steps([Step(source) for source in sources], limits=limits, around=Surroundings(env))


def run_steps(steps: Sequence[Step], *, limits: Limits, around: Surroundings) -> list[Outcome]:
    """Run the steps of one notebook in order and return one outcome for each.

    Steps after one that
    crashed, was killed or ran the notebook out of time are "missing". An error in a cell does not stop the ones after it, as in
    a notebook run by nbgrader.
    """
    run = _Run(limits, around)
    try:
        return run.all(steps)
    finally:
        run.close()


class _Run:
    """One student process and, from the first test on, one examiner."""

    def __init__(self, limits: Limits, around: Surroundings) -> None:
        self.limits, self.around = limits, around
        self.student = self._start("student")
        self.examiner: _Process | None = None
        self.given: list[str] = []  # what the examiner has to run before its next test

    def all(self, steps: Sequence[Step]) -> list[Outcome]:
        deadline = time.monotonic() + self.limits.notebook_seconds
        outcomes: list[Outcome] = []
        seen: list[str] = []
        for step in steps:
            left = deadline - time.monotonic()
            if left <= 0:
                said = f"the notebook ran longer than its {self.limits.notebook_seconds:g} seconds"
                outcomes.append(Outcome("timeout", message=said))
                break
            seconds = min(self.limits.cell_seconds, left)
            if step.kind == "test":
                outcome, alive = self._test(step, seconds, seen)
            else:
                outcome, alive = self._cell(step.source, seconds)
            if step.kind == "given":
                seen.append(step.lab_source)
                self.given.append(step.lab_source)
            outcomes.append(outcome)
            if not alive:
                break
        reason = outcomes[-1].message if outcomes else ""
        return outcomes + [Outcome("missing", message=reason)] * (len(steps) - len(outcomes))

    def close(self) -> None:
        for process in (self.student, self.examiner):
            if process is not None:
                _stop(process)

    def _start(self, role: Literal["student", "examiner"]) -> _Process:
        around, limits = self.around, self.limits
        scratch = tempfile.mkdtemp(prefix="autograder-")
        ours, theirs = Pipe()
        output, printed = Pipe(duplex=False)
        with theirs, printed:
            job = {
                "role": role,
                "files": around.files,
                "env": dict(around.env),
                "level": around.level,
                "room": {
                    "scratch": scratch,
                    "readable": around.readable if role == "student" else around.examiner,
                    "disk_mb": limits.disk_mb,
                    "memory_mb": limits.memory_mb,
                    "processes": limits.processes,
                    "uid": FIRST_UID + next(_numbers) % UIDS,
                },
            }
            answer = _warm_parent.request({"start": job}, [theirs.fileno(), printed.fileno()])
        process = _Process(answer["pid"], answer["child"], ours, output, scratch)
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        if not process.connection.poll(START_SECONDS) or _receive(process) != READY:
            said = _last_words(process)
            _stop(process)
            raise FaultError(f"a process for the {role} could not be started: {said}")
        return process

    # ── cells ──

    def _cell(self, source: str, seconds: float) -> tuple[Outcome, bool]:
        """One cell of the student process: its outcome, and whether the process can take another."""
        started = time.monotonic()
        student, memory_mb = self.student, self.limits.memory_mb
        if not _send(student, pack({"do": "run", "source": source})):
            return Outcome("crashed", message="the process had ended before this cell"), False
        verdict = _wait(student, started + seconds, memory_mb)
        if verdict == "late":
            late = Outcome(
                "timeout", message=f"the cell ran longer than its {seconds:g} seconds and was stopped", seconds=seconds
            )
            return late, self._calm()
        if verdict == "memory":
            return Outcome("memory", message=f"the cell used more than {memory_mb} MB of memory", seconds=seconds), False
        answer = _outcome(_receive(student)) if verdict == "answer" else None
        if answer is None:
            return Outcome("crashed", message=_last_words(student), seconds=time.monotonic() - started), False
        return answer, True

    def _calm(self) -> bool:
        """Interrupt the student process; whether it came to rest."""
        _interrupt(self.student)
        until = time.monotonic() + GRACE_SECONDS
        while _wait(self.student, until, self.limits.memory_mb) == "answer":
            frame = _receive(self.student)
            if frame is None:
                return False
            with suppress(ValueError):
                if unpack(frame)[0].get("do") in ("ran", "answer"):
                    return True
        return False

    # ── tests ──

    def _test(self, step: Step, seconds: float, seen: Sequence[str]) -> tuple[Outcome, bool]:
        """One test: its outcome, and whether the student process can take another cell."""
        if self.examiner is None:
            self.examiner = self._start("examiner")
            self.given = list(seen)
        started = time.monotonic()
        for source in self.given:
            outcome, _ = self._examine({"do": "given", "source": source}, time.monotonic() + self.limits.cell_seconds)
            if outcome.status in ("timeout", "memory", "crashed"):
                self._dismiss()
                return Outcome("crashed", message=f"a cell of the lab itself did not run: {outcome.message}"), True
        self.given = []
        request = {"do": "test", "source": step.source, "names": list(step.names)}
        outcome, alive = self._examine(request, time.monotonic() + seconds)
        return replace(outcome, seconds=time.monotonic() - started), alive

    def _examine(self, request: Mapping[str, object], deadline: float) -> tuple[Outcome, bool]:
        """Have the examiner do something, passing on what it and the student process say to each other."""
        examiner, memory_mb = self.examiner, self.limits.memory_mb
        assert examiner is not None
        _send(examiner, pack(request))
        seconds = deadline - time.monotonic()
        while True:
            verdict = _wait(examiner, deadline, memory_mb)
            frame = _receive(examiner) if verdict == "answer" else None
            if frame is None:
                self._dismiss()
                if verdict == "late":
                    return Outcome("timeout", message=f"the test ran longer than its {seconds:g} seconds and was stopped"), True
                if verdict == "memory":
                    return Outcome(
                        "memory", message=f"the test needed more than {memory_mb} MB of memory with your values"
                    ), True
                return Outcome("crashed", message="the test could not be run with your values: its process ended"), True
            if frame[:1] == DONE:
                outcome = _outcome(frame[1:])
                assert outcome is not None
                return outcome, True
            outcome, alive = self._pass_on(frame[1:], deadline, seconds)
            if outcome is not None:
                self._dismiss()
                return outcome, alive

    def _pass_on(self, frame: bytes, deadline: float, seconds: float) -> tuple[Outcome | None, bool]:
        """One question to the student process and its answer; an outcome only if there is no answer."""
        student, memory_mb = self.student, self.limits.memory_mb
        if not _send(student, frame):
            return Outcome("crashed", message=_last_words(student)), False
        verdict = _wait(student, deadline, memory_mb)
        if verdict == "late":
            said = f"your code ran longer than the {seconds:g} seconds of this test and was stopped"
            return Outcome("timeout", message=said, seconds=seconds), self._calm()
        if verdict == "memory":
            return Outcome("memory", message=f"your code used more than {memory_mb} MB of memory"), False
        answer = _receive(student)
        if answer is None:
            return Outcome("crashed", message=_last_words(student)), False
        assert self.examiner is not None
        _send(self.examiner, answer)
        return None, True

    def _dismiss(self) -> None:
        """End the examiner; the next test gets a fresh one."""
        if self.examiner is not None:
            _stop(self.examiner)
        self.examiner = None


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


def _send(process: _Process, frame: bytes) -> bool:
    """Whether the process took the frame."""
    try:
        process.connection.send_bytes(frame)
        return True
    except OSError:
        return False


def _receive(process: _Process) -> bytes | None:
    """The frame that the process sent, None if it ended or sent more than may be."""
    try:
        return process.connection.recv_bytes(MAX_FRAME)
    except (OSError, EOFError):
        return None


def _outcome(frame: bytes | None) -> Outcome | None:
    """The outcome that a frame says, None for anything else."""
    try:
        answer, _ = unpack(frame or b"")
        error, seconds = answer["error"], float(answer["seconds"])
        if error is None:
            value = answer["value"]
            return Outcome("ok", seconds=seconds, value=None if value is None else float(value))
        name, message, line = str(error["name"]), str(error["message"]), int(error["line"])
        return Outcome("memory" if name == "MemoryError" else "error", name, message, line, seconds)
    except (ValueError, TypeError, KeyError):
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
    if child.child != child.pid:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(child.child, signal.SIGKILL)
    for relative in family:
        with suppress(psutil.Error):
            relative.kill()
    _warm_parent.request({"release": child.child})
    child.connection.close()
    shutil.rmtree(child.scratch, ignore_errors=True)
