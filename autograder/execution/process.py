"""Processes in which notebooks and tests run, seen from outside: start one behind its walls, talk to it, watch it, end it.

What a process sends is bounded in size and in time; a process that does not keep to that counts as ended.
Knows processes, clocks and frames of bytes; nothing of cells, tests or marks.
"""

from __future__ import annotations

import itertools
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import psutil

from autograder.errors import HaltedError, WorkerError
from autograder.execution.channel import MAX_FRAME, Channel, EndedError, Frame, LateError
from autograder.execution.clock import Clock, Thread, delays
from autograder.execution.forkserver_client import SCRATCH, fork_server
from autograder.execution.limits import Environment, Limits
from autograder.execution.signals import Target
from autograder.sandbox import cgroups
from autograder.sandbox.interpreters import DOWNLOADS
from autograder.worker.frames import READY

__all__ = ["Halt", "NoAnswerError", "Process", "plain"]

Role = Literal["student", "examiner"]
OUTPUT_TAIL = 64 * 1024
START_SECONDS = 60.0
DEATH_SECONDS = 2.0  # until a process that was killed has ended
LOOK_SECONDS, LOOKS = 0.25, 8
# How readily the kernel ends a process when memory is short, from 0 to 1000: a student's before its examiner, and never us.
FIRST_TO_GO = {"student": 1000, "examiner": 500}
FIRST_UID, UIDS = 61_000, 4_000  # as which enclosed processes run where the grader is root: numbers that nobody has
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1"}
_numbers = itertools.count(37 * os.getpid())  # another grader on this machine counts from elsewhere


class NoAnswerError(Exception):
    """A process gave no answer.

    how: "late" if its time is over and it may be interrupted; "stuck" if that is so within a frame, after which nothing can be
    said to it; "memory" if it used too much; "ended" if it has gone or sent what is no frame.
    """

    def __init__(self, process: Process, how: Literal["late", "stuck", "memory", "ended"]) -> None:
        super().__init__(how)
        self.process, self.how = process, how


class Halt:
    """Ends at once all processes that were started under it, and lets none start any more."""

    def __init__(self) -> None:
        self.called = False
        self._lock = threading.Lock()
        self._running: set[Process] = set()

    def call(self) -> None:
        with self._lock:
            self.called, running = True, list(self._running)
        fork_server.give_up()
        for process in running:
            process.kill()

    def check(self) -> None:
        """Raise HaltedError if it was called."""
        if self.called:
            raise HaltedError("stopped")

    def add(self, process: Process) -> None:
        with self._lock:
            self._running.add(process)
        self.check()

    def remove(self, process: Process) -> None:
        with self._lock:
            self._running.discard(process)


class Process:
    """One forked process, and our end of its channel. Raises WorkerError if it does not start, HaltedError.

    group: of its submission, in which it gets a part. halt: may end it.
    """

    def __init__(
        self, role: Role, limits: Limits, environment: Environment, group: cgroups.Group | None = None, halt: Halt | None = None
    ) -> None:
        self._halt = halt or Halt()
        self._halt.check()
        self._most_mb, self._own_mb = limits.memory_mb, limits.memory_mb
        if environment.memory_mb and (group is None or group.memory is None):
            self._most_mb = min(limits.memory_mb, environment.memory_mb)
        self.scratch = tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")
        # What a student's processes may hold together; files in the scratch folder are memory too.
        self._group = group.part(limits.memory_mb + limits.disk_mb) if group else None
        ours, theirs = socket.socketpair()
        read, printed = os.pipe()
        number, tell = os.pipe()
        self.channel, self._tail = Channel(ours), deque[bytes]()
        self._lock = threading.RLock()
        self._target: Target | None = None
        self._child: Target | None = None
        self._looks, self._reserved = 0, 0
        threading.Thread(target=self._drain, args=[read], daemon=True).start()
        try:
            try:
                job: dict[str, object] = {"start": self._job(role, limits, environment)}
                child = fork_server.request(job, [theirs.fileno(), printed, tell], self._halt.check)["child"]
            finally:
                theirs.close()
                os.close(printed)
                os.close(tell)
            self._hold(role, _number(number) or child, child)
            self._halt.add(self)
            clock = Clock(START_SECONDS, self)
            if told := _told(role, environment):
                self.send(json.dumps(told).encode(), clock)
            if self.receive(clock, len(READY)) != READY:
                raise NoAnswerError(self, "ended")
        except (NoAnswerError, ProcessLookupError) as error:
            said = self.last_words()
            self.stop()
            self._halt.check()
            raise WorkerError(f"a process for the {role} could not be started: {said}") from error
        except BaseException:
            self.stop()
            raise

    def send(self, frame: bytes, clock: Clock) -> None:
        """Send one frame. Raises NoAnswerError."""
        try:
            self.channel.send(frame, clock)
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None

    def pass_on(self, frame: Frame, source: Process, clock: Clock, *, skip: int = 0, most: int = 0) -> bytes | None:
        """Send what `source` is sending, without its first `skip` bytes, and return it if it is no longer than `most`.

        Raises NoAnswerError for either process.
        """
        kept: list[bytes] | None = [] if frame.size <= most else None
        try:
            self.channel.begin(frame.size - skip, clock)
            pieces = frame.pieces(skip)
            while piece := self._next(pieces, source):
                self.channel.write(piece, clock)
                if kept is not None:
                    kept.append(piece)
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None
        return None if kept is None else b"".join(kept)

    def frame(self, clock: Clock, most: int = MAX_FRAME) -> Frame:
        """What the process sends next, as soon as it begins. Raises NoAnswerError."""
        self._await(clock)
        try:
            return self.channel.frame(clock, most)
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None

    def receive(self, clock: Clock, most: int = MAX_FRAME) -> bytes:
        """The frame of at most so many bytes that the process sends next, whole. Raises NoAnswerError."""
        frame = self.frame(clock, most)
        try:
            return frame.read()
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel ended a process of it for lack of memory."""
        return self._group is not None and self._group.killed

    @property
    def squeezed(self) -> bool:
        """Whether it was out of memory while it held less than its limits allow, because others held the rest."""
        if self._group is None or self._group.memory is None:
            return self._most_mb < self._own_mb
        return self._group.killed and not self._group.full

    def interrupt(self) -> None:
        """What pressing the stop button does: KeyboardInterrupt in the running cell."""
        with self._lock:
            if self._target:
                self._target.send(signal.SIGINT)

    def last_words(self) -> str:
        """A sentence that the process ended, with the last line that it printed."""
        time.sleep(0.05)  # the drain may still be reading
        said = b"".join(self._tail).decode(errors="replace").strip().splitlines()
        return "the Python process ended in this cell" + (f"; the last it said was: {plain(said[-1], 200)}" if said else "")

    def stop(self) -> None:
        """End the process and everything it started, then let go of its number and of its scratch folder."""
        self._halt.remove(self)
        with self._lock:
            self.kill()
            for target in {one for one in (self._target, self._child) if one}:
                target.wait(DEATH_SECONDS)
                target.close()
            self._target = self._child = None
            reserved, self._reserved = self._reserved, 0
        if reserved:
            fork_server.request({"release": reserved})
        self.channel.close()
        if self._group:
            self._group.remove()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def kill(self) -> None:
        """End the process and everything it started. Nobody else is hit: whoever is signalled is known by more than a number."""
        with self._lock:
            if self._target is None or self._child is None:
                return
            family = self._target.family()
            self._target.send(signal.SIGKILL)
            if self._target is self._child:  # without a watcher, who would give its number free
                self._target.kill_group()
            self._child.send(signal.SIGKILL)
            for relative in family:
                with suppress(psutil.Error):
                    relative.kill()

    def waits(self, *, all_of_it: bool) -> dict[Thread, float]:
        """See clock.Watched."""
        target = self._target
        if target is None:
            return {}
        numbers = [target.pid]
        if all_of_it:
            members = self._group.processes if self._group else None
            numbers += [one.pid for one in target.family()] if members is None else members
        return delays(dict.fromkeys(numbers))

    def cpu_seconds(self) -> float:
        """Processor seconds that the process has used so far, with those of programs that it ran to their end."""
        target = self._target
        try:
            times = target.facts.cpu_times() if target else None
            return float(times.user + times.system + times.children_user + times.children_system) if times else 0.0
        except psutil.Error:
            return 0.0

    def _hold(self, role: Role, pid: int, child: int) -> None:
        """Take hold of the process and, if it has one, of its watcher: the child of the warm parent, which keeps its number."""
        self._reserved = child
        self._child = Target(child)
        self._target = Target(pid, parent=child) if pid != child else self._child
        if self._group:
            self._group.add(pid)  # before it runs anything of a student
        with suppress(OSError):
            Path(f"/proc/{pid}/oom_score_adj").write_text(str(FIRST_TO_GO[role]))

    def _await(self, clock: Clock) -> None:
        """Wait until something can be received."""
        try:
            while (left := clock.left()) > 0:
                if self.channel.poll(min(LOOK_SECONDS, left)):
                    return
                if self._resident_mb() > self._most_mb:
                    raise NoAnswerError(self, "memory")
        except EndedError as error:
            raise self._no_answer(error) from None
        raise NoAnswerError(self, "late")

    @staticmethod
    def _next(pieces: Iterator[bytes], source: Process) -> bytes:
        """The next piece that `source` sends, nothing at the end."""
        try:
            return next(pieces, b"")
        except (EndedError, LateError) as error:
            raise source._no_answer(error) from None

    def _no_answer(self, error: EndedError | LateError) -> NoAnswerError:
        self._halt.check()
        return NoAnswerError(self, "ended" if isinstance(error, EndedError) else "stuck")

    def _job(self, role: Role, limits: Limits, environment: Environment) -> dict[str, object]:
        room = {
            "scratch": self.scratch,
            "readable": (
                *(environment.readable if role == "student" else environment.examiner),
                *(path for _, path in environment.beside),
            ),
            "disk_mb": limits.disk_mb,
            "memory_mb": limits.memory_mb,
            "processes": limits.processes,
            "uid": FIRST_UID + next(_numbers) % UIDS if environment.level == "full" or _open_to_all() else 0,
        }
        threads = {"TF_NUM_INTRAOP_THREADS": str(environment.threads)} if environment.threads else {}
        return {
            "role": role,
            "files": environment.files,
            "shared_arguments": environment.shared_arguments,
            "beside": environment.beside,
            "handed_in": environment.handed_in if role == "student" else (),
            "env": {
                **environment.env,
                **threads,
                **(_on_gpu(environment.gpu) if environment.gpu and role == "student" else ON_CPU),
            },
            "told": bool(_told(role, environment)),
            "level": environment.level,
            "room": room,
        }

    def _drain(self, output: int) -> None:
        """Keep the last part of what the process prints and throw the rest away, so that no amount of it can hurt."""
        kept = 0
        with open(output, "rb", buffering=0) as printed, suppress(OSError):
            while chunk := printed.read(1 << 16):
                self._tail.append(chunk)
                kept += len(chunk)
                while kept > OUTPUT_TAIL and len(self._tail) > 1:
                    kept -= len(self._tail.popleft())

    def _resident_mb(self) -> float:
        """Memory of the process, and now and then of all that it started, for which the whole machine has to be searched."""
        self._looks += 1
        target = self._target
        if target is None:
            return 0.0
        try:
            family = [target.facts, *(target.family() if self._looks % LOOKS == 0 else ())]
            return sum(one.memory_info().rss for one in family) / 2**20
        except psutil.Error:
            return 0.0


@cache
def _open_to_all() -> bool:
    """Whether any user may read this Python: below a private home only its owner may, and without namespaces that cannot change."""
    places = {Path(place).resolve() for place in (sys.prefix, sys.base_prefix)}
    return all(folder.stat().st_mode & 0o001 for place in places for folder in (place, *place.parents))


def _number(told: int) -> int:
    """The number that a new process writes into this pipe, 0 if it ends without a word or says nothing in time."""
    with open(told, "rb", buffering=0) as pipe:
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        return int(pipe.read(32) or 0) if poll.poll(1000 * START_SECONDS) else 0


def _told(role: Role, environment: Environment) -> dict[str, str]:
    """Variables that go to the process itself: secrets of the course, and where the course's own code fetches data."""
    if environment.level == "open":
        return {**{name: os.environ[name] for name in DOWNLOADS if name in os.environ}, **environment.private}
    return dict(environment.private) if role == "examiner" else {}


def plain(said: object, most: int) -> str:
    """At most so many characters of what a process says, such that every file and database can hold them."""
    return str(said)[:most].encode(errors="replace").decode().replace("\0", "�")


def _on_gpu(number: str) -> dict[str, str]:
    """Variables for a process on this GPU, which takes of its memory only what it needs."""
    return {"CUDA_VISIBLE_DEVICES": number, "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
