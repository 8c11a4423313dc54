"""The processes in which notebooks and tests run, as the grader sees them.

The grader starts a process in its sandbox, exchanges frames with it, watches it and ends it. What a
process sends is limited in size and time; a process that exceeds these limits counts as ended.
Knows processes, clocks and frames; nothing of cells, tests or marks.
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
OUTPUT_TAIL = 64 * 1024  # bytes of printed output that are kept
START_SECONDS = 60.0  # time that a process has to start
DEATH_SECONDS = 2.0  # how long to wait for the end of a killed process
POLL_SECONDS = 0.25  # interval at which the memory of a process is checked while the grader waits for it
FAMILY_CHECK = 8  # at every eighth check, the memory of its descendants is counted too
# When memory is short, the kernel kills processes with a high value (0 to 1000) first: the student
# process before its examiner.
OOM_SCORE_ADJ = {"student": 1000, "examiner": 500}
FIRST_UID, UIDS = 61_000, 4_000  # user IDs of sandboxed processes if the grader is root: IDs that no account has
ON_CPU = {"CUDA_VISIBLE_DEVICES": "-1"}
_numbers = itertools.count(37 * os.getpid())  # another grader on this machine starts at another number


class NoAnswerError(Exception):
    """A process gave no answer.

    Attributes:
        process: The process.
        how: "late" if it exceeded its time and can be interrupted; "stuck" if it did so in the
            middle of a frame, after which no more frames can be exchanged; "memory" if it used too
            much memory; "ended" if it is gone or sent something that is no frame.
    """

    def __init__(self, process: Process, how: Literal["late", "stuck", "memory", "ended"]) -> None:
        super().__init__(how)
        self.process, self.how = process, how


class Halt:
    """A switch that ends all processes that were started with it, and prevents new ones.

    Attributes:
        called: Whether `call` was called.
    """

    def __init__(self) -> None:
        self.called = False
        self._lock = threading.Lock()
        self._running: set[Process] = set()

    def call(self) -> None:
        """Kill all running processes. From now on, `check` raises HaltedError."""
        with self._lock:
            self.called, running = True, list(self._running)
        fork_server.give_up()
        for process in running:
            process.kill()

    def check(self) -> None:
        """Raise HaltedError if `call` was called."""
        if self.called:
            raise HaltedError("stopped")

    def add(self, process: Process) -> None:
        """Register a running process. Raises HaltedError."""
        with self._lock:
            self._running.add(process)
        self.check()

    def remove(self, process: Process) -> None:
        """Unregister a process."""
        with self._lock:
            self._running.discard(process)


class Process:
    """A student process or an examiner, seen from the grader.

    Args:
        role: "student" or "examiner".
        limits: What the process may use.
        environment: The environment of the process, including the level of its sandbox.
        group: Control group of the submission, in which the process gets a group of its own; None
            for no group.
        halt: Switch that may end the process.

    Attributes:
        scratch: Its scratch folder, which is removed by `stop`.
        channel: The grader's end of the socket to the process.

    Raises:
        WorkerError: If the process does not start.
        HaltedError: If `halt` was called.
    """

    def __init__(
        self, role: Role, limits: Limits, environment: Environment, group: cgroups.Group | None = None, halt: Halt | None = None
    ) -> None:
        self._halt = halt or Halt()
        self._halt.check()
        # The limit that is enforced here, and that of the process itself. They differ if the
        # notebook shares the machine's memory.
        self._enforced_mb, self._limit_mb = limits.memory_mb, limits.memory_mb
        if environment.memory_mb and (group is None or group.memory is None):
            self._enforced_mb = min(limits.memory_mb, environment.memory_mb)
        self.scratch = tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-")
        # Limits the process and its descendants together; files in the scratch folder are memory
        # too.
        self._group = group.part(limits.memory_mb + limits.disk_mb) if group else None
        ours, theirs = socket.socketpair()
        output_read, output_write = os.pipe()
        pid_read, pid_write = os.pipe()
        self.channel, self._tail = Channel(ours), deque[bytes]()
        self._lock = threading.RLock()
        self._target: Target | None = None
        self._child: Target | None = None
        self._memory_checks, self._reserved = 0, 0
        threading.Thread(target=self._drain, args=[output_read], daemon=True).start()
        try:
            try:
                job: dict[str, object] = {"start": self._job(role, limits, environment)}
                child = fork_server.request(job, [theirs.fileno(), output_write, pid_write], self._halt.check)["child"]
            finally:
                theirs.close()
                os.close(output_write)
                os.close(pid_write)
            self._attach(role, _read_pid(pid_read) or child, child)
            self._halt.add(self)
            clock = Clock(START_SECONDS, self)
            if private := _private_variables(role, environment):
                self.send(json.dumps(private).encode(), clock)
            if self.receive(clock, len(READY)) != READY:
                raise NoAnswerError(self, "ended")
        except (NoAnswerError, ProcessLookupError) as error:
            reason = self.last_words()
            self.stop()
            self._halt.check()
            raise WorkerError(f"a process for the {role} could not be started: {reason}") from error
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
        """Forward a frame from another process to this one, piece by piece.

        Args:
            frame: The frame that `source` is sending.
            source: The process that sends it.
            clock: The time limit.
            skip: Number of bytes to leave out at the beginning.
            most: Maximum size in bytes of a frame that is returned.

        Returns:
            What was sent, or None if the frame is longer than `most`.

        Raises:
            NoAnswerError: For either of the two processes.
        """
        copy: list[bytes] | None = [] if frame.size <= most else None
        try:
            self.channel.begin(frame.size - skip, clock)
            pieces = frame.pieces(skip)
            while piece := self._next(pieces, source):
                self.channel.write(piece, clock)
                if copy is not None:
                    copy.append(piece)
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None
        return None if copy is None else b"".join(copy)

    def frame(self, clock: Clock, most: int = MAX_FRAME) -> Frame:
        """Return the next frame of at most `most` bytes as soon as it begins.

        Raises NoAnswerError.
        """
        self._await(clock)
        try:
            return self.channel.frame(clock, most)
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None

    def receive(self, clock: Clock, most: int = MAX_FRAME) -> bytes:
        """Return the next frame of at most `most` bytes as bytes. Raises NoAnswerError."""
        frame = self.frame(clock, most)
        try:
            return frame.read()
        except (EndedError, LateError) as error:
            raise self._no_answer(error) from None

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel killed it or one of its descendants for lack of memory."""
        return self._group is not None and self._group.killed

    @property
    def squeezed(self) -> bool:
        """Whether it may have run out of memory below its own limit, because others used the rest."""
        if self._group is None or self._group.memory is None:
            return self._enforced_mb < self._limit_mb
        return self._group.killed and not self._group.full

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the running cell, as the stop button of a notebook does."""
        with self._lock:
            if self._target:
                self._target.send(signal.SIGINT)

    def last_words(self) -> str:
        """Return a sentence that the process ended, with the last line that it printed."""
        time.sleep(0.05)  # the thread that reads the output may not have finished
        lines = b"".join(self._tail).decode(errors="replace").strip().splitlines()
        return "the Python process ended in this cell" + (
            f"; its last line of output was: {plain(lines[-1], 200)}" if lines else ""
        )

    def stop(self) -> None:
        """Kill the process and its descendants, release its ID and remove its scratch folder."""
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
        """Kill the process and its descendants. IDs alone are not used, so no other process is hit."""
        with self._lock:
            if self._target is None or self._child is None:
                return
            family = self._target.family()
            self._target.send(signal.SIGKILL)
            if self._target is self._child:  # no watcher reaps it, so its ID is still reserved
                self._target.kill_group()
            self._child.send(signal.SIGKILL)
            for relative in family:
                with suppress(psutil.Error):
                    relative.kill()

    def waits(self, *, all_of_it: bool) -> dict[Thread, float]:
        """Seconds that its threads have waited for a processor. See clock.Watched."""
        target = self._target
        if target is None:
            return {}
        numbers = [target.pid]
        if all_of_it:
            members = self._group.processes if self._group else None
            numbers += [one.pid for one in target.family()] if members is None else members
        return delays(dict.fromkeys(numbers))

    def cpu_seconds(self) -> float:
        """Processor seconds that the process and its ended child processes have used so far."""
        target = self._target
        try:
            times = target.facts.cpu_times() if target else None
            return float(times.user + times.system + times.children_user + times.children_system) if times else 0.0
        except psutil.Error:
            return 0.0

    def _attach(self, role: Role, pid: int, child: int) -> None:
        """Open the process, and the fork server's child: its watcher, or the process itself."""
        self._reserved = child
        self._child = Target(child)
        self._target = Target(pid, parent=child) if pid != child else self._child
        if self._group:
            self._group.add(pid)  # before it runs any code of a student
        with suppress(OSError):
            Path(f"/proc/{pid}/oom_score_adj").write_text(str(OOM_SCORE_ADJ[role]))

    def _await(self, clock: Clock) -> None:
        """Wait until something can be received, and check the memory of the process meanwhile."""
        try:
            while (left := clock.left()) > 0:
                if self.channel.poll(min(POLL_SECONDS, left)):
                    return
                if self._resident_mb() > self._enforced_mb:
                    raise NoAnswerError(self, "memory")
        except EndedError as error:
            raise self._no_answer(error) from None
        raise NoAnswerError(self, "late")

    @staticmethod
    def _next(pieces: Iterator[bytes], source: Process) -> bytes:
        """The next piece that `source` sends, b"" at the end."""
        try:
            return next(pieces, b"")
        except (EndedError, LateError) as error:
            raise source._no_answer(error) from None

    def _no_answer(self, error: EndedError | LateError) -> NoAnswerError:
        """The error to raise for an error of the channel.

        Raises HaltedError if the process was halted.
        """
        self._halt.check()
        return NoAnswerError(self, "ended" if isinstance(error, EndedError) else "stuck")

    def _job(self, role: Role, limits: Limits, environment: Environment) -> dict[str, object]:
        """The job for the fork server: see `worker.forkserver`."""
        spec = {
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
            "private_env": bool(_private_variables(role, environment)),
            "level": environment.level,
            "spec": spec,
        }

    def _drain(self, output: int) -> None:
        """Read what the process prints, and keep only the end of it to save memory."""
        size = 0
        with open(output, "rb", buffering=0) as stream, suppress(OSError):
            while chunk := stream.read(1 << 16):
                self._tail.append(chunk)
                size += len(chunk)
                while size > OUTPUT_TAIL and len(self._tail) > 1:
                    size -= len(self._tail.popleft())

    def _resident_mb(self) -> float:
        """Memory of the process in MB, at every FAMILY_CHECK-th call with that of its descendants."""
        self._memory_checks += 1
        target = self._target
        if target is None:
            return 0.0
        try:
            family = [target.facts, *(target.family() if self._memory_checks % FAMILY_CHECK == 0 else ())]
            return sum(one.memory_info().rss for one in family) / 2**20
        except psutil.Error:
            return 0.0


@cache
def _open_to_all() -> bool:
    """Whether all users may read this Python.

    A Python in a private home folder is readable for its owner only, so that without namespaces no
    other user could run it.
    """
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    return all(folder.stat().st_mode & 0o001 for prefix in prefixes for folder in (prefix, *prefix.parents))


def _read_pid(descriptor: int) -> int:
    """The process ID that a new process writes into this pipe, 0 if it writes none in time."""
    with open(descriptor, "rb", buffering=0) as pipe:
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        return int(pipe.read(32) or 0) if poll.poll(1000 * START_SECONDS) else 0


def _private_variables(role: Role, environment: Environment) -> dict[str, str]:
    """Variables to send to the process directly: secrets, and download settings for course code."""
    if environment.level == "open":
        return {**{name: os.environ[name] for name in DOWNLOADS if name in os.environ}, **environment.private}
    return dict(environment.private) if role == "examiner" else {}


def plain(said: object, most: int) -> str:
    """Return text from a process in a form that every file and database can store.

    Args:
        said: The text, or any other value.
        most: Maximum number of characters.

    Returns:
        The text without lone surrogates and null characters.
    """
    return str(said)[:most].encode(errors="replace").decode().replace("\0", "�")


def _on_gpu(number: str) -> dict[str, str]:
    """Variables for a process that uses this GPU and reserves only the memory that it needs."""
    return {"CUDA_VISIBLE_DEVICES": number, "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
