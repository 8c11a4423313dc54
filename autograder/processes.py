"""Processes in which notebooks and tests run, seen from outside: start one behind its walls, talk to it, watch it, end it.

Knows processes, clocks and frames of bytes; nothing of cells, tests or marks.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Literal

import psutil

from autograder.link import READY
from autograder.walls import cgroups

__all__ = ["FaultError", "Limits", "Process", "Surroundings", "plain", "wake"]

Role = Literal["student", "examiner"]
OUTPUT_TAIL = 64 * 1024
MAX_FRAME = 2**30
START_SECONDS = 60.0
STALL_SECONDS = 20.0  # without a byte, in the middle of a frame
PATIENCE, BUSY = 3.0, 0.8  # see Process.wait
LOOKS = 8
SCRATCH, OLD_SECONDS = "autograder-", 3600.0  # see _sweep
FIRST_UID, UIDS = 61_000, 4_000  # as which enclosed processes run where the grader is root: numbers that nobody has
# Variables of ours that our processes get; the others may hold passwords or say where the course lies.
SETTINGS = ("COURSEKIT_", "KERAS_", "TF_", "XLA_", "CUDA_", "NVIDIA_", "OMP_", "MKL_", "OPENBLAS_", "PYTHON", "LC_", "LD_")
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1"}
PLAIN_SETTINGS = ("PATH", "LANG", "LANGUAGE", "TZ", "VIRTUAL_ENV")
_numbers = itertools.count(37 * os.getpid())  # another grader on this machine counts from elsewhere


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
class Surroundings:
    """What the processes of one run find around them.

    env: variables to set. level: of the walls; "open" is none at all, for the course's own code. readable: what a student
    process may read beside Python and coursekit; examiner: what an examiner may. files: both keep copies of the same files.
    beside: (relative name, absolute path) of files that both find in their current folder, as copies of their own.
    gpu: the number of the GPU that a student process may use, "" for none; an examiner always works on the CPU.
    threads: with how many one operation of TensorFlow computes; 0 means one a core. one_random: tests and a student's functions draw
    from the same global random numbers, as in one process.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    level: Literal["full", "process", "open"] = "open"
    readable: tuple[str, ...] = ()
    examiner: tuple[str, ...] = ()
    files: bool = False
    beside: tuple[tuple[str, str], ...] = ()
    gpu: str = ""
    threads: int = 0
    one_random: bool = False


class Process:
    """One forked process, and the ends of its pipes that we hold. Raises FaultError if it does not start."""

    def __init__(self, role: Role, limits: Limits, around: Surroundings) -> None:
        self.memory_mb = limits.memory_mb
        self.scratch = tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")
        # What a student's processes may hold together; files in the scratch folder are memory too.
        self._group = cgroups.make(limits.memory_mb + limits.disk_mb) if around.level != "open" else None
        self.connection, theirs = Pipe()
        self._output, printed = Pipe(duplex=False)
        self._tail: deque[bytes] = deque()
        with theirs, printed:
            answer = _warm_parent.request({"start": self._job(role, limits, around)}, [theirs.fileno(), printed.fileno()])
        # child is the number under which the warm parent knows the process: that of its watcher if it has one.
        self.pid, self._child = answer["pid"], answer["child"]
        if self._group:
            self._group.add(self.pid)  # before it runs anything of a student
        self._facts, self._looks = psutil.Process(self.pid), 0
        _never_stall(self.connection)
        threading.Thread(target=self._drain, daemon=True).start()
        if self.wait(time.monotonic() + START_SECONDS) != "answer" or self.receive() != READY:
            said = self.last_words()
            self.stop()
            raise FaultError(f"a process for the {role} could not be started: {said}")

    def send(self, frame: bytes) -> bool:
        """Whether the process took the frame."""
        try:
            self.connection.send_bytes(frame)
            return True
        except OSError:
            return False

    def receive(self) -> bytes | None:
        """The frame that the process sends, None if it ended, stalled or sent more than may be."""
        try:
            return self.connection.recv_bytes(MAX_FRAME)
        except (OSError, EOFError):
            return None

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel ended a process of it for lack of memory."""
        return self._group is not None and self._group.killed

    def wait(self, deadline: float) -> Literal["answer", "late", "memory"]:
        """Wait until there is something to receive, the time is over, or the process uses too much memory.

        On a busy machine a process waits for its turn; that is not its fault. So one that got little of the processor until the
        deadline has up to PATIENCE times as long.
        """
        started, busy = time.monotonic(), self._cpu_seconds()
        last = started + PATIENCE * (deadline - started)
        while (now := time.monotonic()) < deadline or (now < last and self._cpu_seconds() - busy < BUSY * (deadline - started)):
            if self.connection.poll(0.25 if now >= deadline else min(0.25, deadline - now)):
                return "answer"
            if self._resident_mb() > self.memory_mb:
                return "memory"
        return "late"

    def interrupt(self) -> None:
        """What pressing the stop button does: KeyboardInterrupt in the running cell."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)

    def last_words(self) -> str:
        """A sentence that the process ended, with the last line that it printed."""
        time.sleep(0.05)  # the drain may still be reading
        said = b"".join(self._tail).decode(errors="replace").strip().splitlines()
        return "the Python process ended in this cell" + (f"; the last it said was: {plain(said[-1], 200)}" if said else "")

    def stop(self) -> None:
        """End the process and everything it started, then let go of its number and of its scratch folder."""
        self.kill()
        _warm_parent.request({"release": self._child})
        self.connection.close()
        if self._group:
            self._group.remove()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def kill(self) -> None:
        """End the process and everything it started."""
        try:
            family = psutil.Process(self.pid).children(recursive=True)
        except psutil.Error:
            family = []
        kills = [lambda: os.kill(self.pid, signal.SIGKILL), lambda: os.killpg(self.pid, signal.SIGKILL)]
        if self._child != self.pid:
            kills.append(lambda: os.kill(self._child, signal.SIGKILL))
        for kill in kills:
            with suppress(ProcessLookupError, PermissionError):
                kill()
        for relative in family:
            with suppress(psutil.Error):
                relative.kill()

    def _job(self, role: Role, limits: Limits, around: Surroundings) -> dict[str, object]:
        room = {
            "scratch": self.scratch,
            "readable": (*(around.readable if role == "student" else around.examiner), *(path for _, path in around.beside)),
            "disk_mb": limits.disk_mb,
            "memory_mb": limits.memory_mb,
            "processes": limits.processes,
            "uid": FIRST_UID + next(_numbers) % UIDS if around.level == "full" or _open_to_all() else 0,
        }
        threads = {"TF_NUM_INTRAOP_THREADS": str(around.threads)} if around.threads else {}
        return {
            "role": role,
            "files": around.files,
            "beside": around.beside,
            "env": {**around.env, **threads, **(_on_gpu(around.gpu) if around.gpu and role == "student" else ON_CPU)},
            "level": around.level,
            "room": room,
        }

    def _drain(self) -> None:
        """Keep the last part of what the process prints and throw the rest away, so that no amount of it can hurt."""
        kept = 0
        try:
            while chunk := os.read(self._output.fileno(), 1 << 16):
                self._tail.append(chunk)
                kept += len(chunk)
                while kept > OUTPUT_TAIL and len(self._tail) > 1:
                    kept -= len(self._tail.popleft())
        except OSError:
            pass

    def _cpu_seconds(self) -> float:
        """Processor seconds that the process has used so far, with those of programs that it ran to their end."""
        try:
            times = self._facts.cpu_times()
            return float(times.user + times.system + times.children_user + times.children_system)
        except psutil.Error:
            return 0.0

    def _resident_mb(self) -> float:
        """Memory of the process, and now and then of all that it started, for which the whole machine has to be searched."""
        self._looks += 1
        try:
            family = [self._facts, *(self._facts.children(recursive=True) if self._looks % LOOKS == 0 else ())]
            return sum(p.memory_info().rss for p in family) / 2**20
        except psutil.Error:
            return 0.0


@cache
def _open_to_all() -> bool:
    """Whether any user may read this Python: below a private home only its owner may, and without namespaces that cannot change."""
    places = {Path(place).resolve() for place in (sys.prefix, sys.base_prefix)}
    return all(folder.stat().st_mode & 0o001 for place in places for folder in (place, *place.parents))


def plain(said: object, most: int) -> str:
    """At most so many characters of what a process says, such that every file and database can hold them."""
    return str(said)[:most].encode(errors="replace").decode().replace("\0", "�")


def _never_stall(connection: Connection) -> None:
    """Make reading and writing fail, in place of waiting for ever, when the other end stops in the middle of a frame."""
    seconds = struct.pack("ll", int(STALL_SECONDS), 0)
    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            end.setsockopt(socket.SOL_SOCKET, option, seconds)


def _on_gpu(number: str) -> dict[str, str]:
    """Variables for a process on this GPU, which takes of its memory only what it needs."""
    return {"CUDA_VISIBLE_DEVICES": number, "TF_FORCE_GPU_ALLOW_GROWTH": "true"}


def _sweep(folder: Path) -> None:
    """Remove the scratch folders of graders that were killed: those of dead processes that nobody has touched for an hour."""
    for path in folder.glob(f"{SCRATCH}*-*"):
        number = path.name.removeprefix(SCRATCH).split("-")[0]
        with suppress(OSError):
            facts = path.lstat()
            ours = stat.S_ISDIR(facts.st_mode) and os.getuid() in (0, facts.st_uid)
            left = number.isdecimal() and not psutil.pid_exists(int(number)) and time.time() - facts.st_mtime > OLD_SECONDS
            if ours and left:
                shutil.rmtree(path, ignore_errors=True)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in PLAIN_SETTINGS or name.startswith(SETTINGS)}


class _WarmParent:
    """Our end of a warm parent, started when first needed and again should it ever die."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.control: socket.socket | None = None

    def wake(self) -> None:
        """Start it now, without waiting for it: what it imports takes seconds in which other work can be done."""
        with self.lock:
            if self.control is None:
                self._start()

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
        _sweep(Path(tempfile.gettempdir()))
        cgroups.sweep()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", "autograder.warm", str(number)]
            subprocess.Popen(command, pass_fds=[number], env=_environment(), stdin=subprocess.DEVNULL, start_new_session=True)
        self.control = ours
        return ours


_warm_parent = _WarmParent()
wake = _warm_parent.wake
