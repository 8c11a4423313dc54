"""Run the steps of a notebook: cells in a student process, tests in an examiner, both under limits.

Only the examiner decides how a test ended; nothing that a student process sends is taken as the
result of a test. Knows steps, clocks and the messages of the two processes; nothing of marks or of
where a notebook comes from.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from autograder.errors import WorkerError
from autograder.execution.channel import EndedError, Frame, LateError
from autograder.execution.clock import PATIENCE, Clock
from autograder.execution.limits import Environment, Limits
from autograder.execution.process import Halt, NoAnswerError, Process, plain
from autograder.execution.steps import Kept, Outcome, Step
from autograder.sandbox import cgroups
from autograder.worker.frames import DONE, MESSAGE_CHARS, SPENT, pack, peek, unpack

__all__ = ["MAX_KEPT", "ContendedError", "Reexaminer", "run_cells", "run_steps", "run_with_retries"]

GRACE_SECONDS = 3.0  # time that an interrupted cell has to stop
# Bytes of a frame that says how a cell ended, the only kind that the grader parses. A message of
# MESSAGE_CHARS characters fits.
MAX_OUTCOME = 64 * 1024
MAX_KEPT = 64 * 2**20  # bytes of cached values per notebook; they are held in memory until it has run
MAX_LINE = 1_000_000
Answer = Callable[[Frame, Process, Clock], None]


class ContendedError(Exception):
    """A limit was exceeded while others used the processor or the memory.

    The notebook must be run again alone.
    """


def run_cells(sources: Sequence[str], *, limits: Limits, env: Mapping[str, str]) -> list[Outcome]:
    """Run cells in order in one new student process without a sandbox.

    Args:
        sources: The code of the cells.
        limits: What the process may use.
        env: Environment variables to set.

    Returns:
        One outcome per cell.

    Raises:
        WorkerError: If the process cannot be started.
    """
    return run_steps([Step(source) for source in sources], limits=limits, environment=Environment(env))


def run_steps(
    steps: Sequence[Step], *, limits: Limits, environment: Environment, kept: Kept | None = None, halt: Halt | None = None
) -> list[Outcome]:
    """Run the steps of one notebook in order.

    An error in a cell does not stop the cells after it, as in nbgrader. The steps after one that
    crashed, was killed or exceeded the time of the notebook are not run.

    Args:
        steps: The steps.
        limits: What the run may use.
        environment: The environment of its processes.
        kept: Filled with the student's values that each test got, so that `Reexaminer` can run the
            test again; None to discard them.
        halt: Switch that may end the run.

    Returns:
        One outcome per step, with status "missing" for steps that were not run.

    Raises:
        WorkerError: If a process cannot be started.
        HaltedError: If `halt` was called.
    """
    run = _Run(limits, environment, kept, halt)
    try:
        return run.all(steps)
    finally:
        run.close()


def run_with_retries(
    steps: Sequence[Step],
    *,
    limits: Limits,
    environment: Environment,
    halt: Halt | None = None,
    contended: Literal["again", "raise", "believe"] = "again",
) -> tuple[list[Outcome], Kept]:
    """Run the steps, and repeat the run if the machine may be the cause of the result.

    A WorkerError is retried twice. A crash is retried once, because a process killed from outside
    or by the OOM killer looks the same.

    Args:
        steps: The steps.
        limits: What the run may use.
        environment: The environment of its processes.
        halt: Switch that may end the run.
        contended: What to do if a limit was exceeded while others used the processor or the memory:
            "again" retries once, "raise" raises ContendedError, "believe" accepts the outcome
            because the grader runs nothing else at the same time.

    Returns:
        One outcome per step, and the values that the tests got.

    Raises:
        WorkerError: If a process cannot be started three times in a row.
        ContendedError: With `contended` "raise".
        HaltedError: If `halt` was called.
    """
    for attempt in (1, 2, 3):
        kept: Kept = {}
        try:
            outcomes = run_steps(steps, limits=limits, environment=environment, kept=kept, halt=halt)
        except WorkerError:
            if attempt == 3:
                raise
            continue
        doubtful = any(outcome.contended for outcome in outcomes)
        if doubtful and contended == "raise":
            raise ContendedError("a limit was exceeded while others used the processor or the memory; run it again, alone")
        crashed = any(outcome.status == "crashed" for outcome in outcomes)
        if attempt > 1 or not (crashed or (doubtful and contended == "again")):
            break
    return outcomes, kept


class Reexaminer:
    """Runs tests again on cached values, without a student process. Call `close` when done.

    Args:
        limits: What the examiner may use.
        environment: The environment of the examiner.
    """

    def __init__(self, limits: Limits, environment: Environment) -> None:
        self.limits = limits
        self._group = cgroups.make(environment.memory_mb or None) if environment.level != "open" else None
        self._tests = _Tests(limits, environment, self._group)
        self._calling: set[str] = set()  # sources of tests that call functions of the student

    def test(self, given: Sequence[str], step: Step, values: bytes) -> Outcome | None:
        """Run a test on cached values.

        Args:
            given: Sources of the lab's cells that the examiner runs before the test.
            step: The test.
            values: An entry of `Kept`.

        Returns:
            The outcome, or None if the test has to be run with the student process: it calls a
            function, asks for other names, or exceeded a limit while the machine was busy.
        """
        names, frame = _Kept.read(values)
        if step.source in self._calling or not set(step.names) <= names:
            return None

        def answer(question: Frame, examiner: Process, clock: Clock) -> None:
            kind, _ = peek(question.head[1:])
            if kind != "get":
                raise _CallsError
            with suppress(EndedError, LateError):  # sending then raises as well
                question.read()
            examiner.send(frame, clock)

        try:
            outcome = self._tests.run(step, given, self.limits.cell_seconds, answer)
        except _CallsError:
            self._tests.dismiss()
            self._calling.add(step.source)
            return None
        return None if outcome.contended else outcome

    def close(self) -> None:
        """End the examiner and delete its group."""
        self._tests.dismiss()
        if self._group:
            self._group.remove()


class _CallsError(Exception):
    """A test calls a function, so cached values do not suffice."""


class _Kept:
    """The format of cached values: the names that were asked for, then the frame (not parsed)."""

    @staticmethod
    def write(names: Sequence[str], frame: bytes) -> bytes:
        return b"".join([" ".join(names).encode(), b"\0", frame])

    @staticmethod
    def read(values: bytes) -> tuple[frozenset[str], bytes]:
        names, _, frame = values.partition(b"\0")
        return frozenset(names.decode(errors="replace").split()), frame


class _Run:
    """One student process and the examiner for its tests."""

    def __init__(self, limits: Limits, environment: Environment, kept: Kept | None, halt: Halt | None) -> None:
        self.limits, self.kept, self.halt = limits, kept, halt or Halt()
        self.group = cgroups.make(environment.memory_mb or None) if environment.level != "open" else None
        self.alive = True
        try:
            self.student = Process("student", limits, environment, self.group, self.halt)
        except BaseException:
            if self.group:
                self.group.remove()
            raise
        self.tests = _Tests(limits, environment, self.group, self.halt, self.student)
        # Ends the process whatever it does with its time; reads from it then end too.
        self.last_resort = threading.Timer(PATIENCE * limits.notebook_seconds + 10 * GRACE_SECONDS, self.student.kill)
        self.last_resort.daemon = True
        self.last_resort.start()

    def all(self, steps: Sequence[Step]) -> list[Outcome]:
        """Run the steps and return one outcome per step."""
        used, whole = 0.0, Clock(self.limits.notebook_seconds, self.student)
        outcomes: list[Outcome] = []
        given: list[str] = []
        for index, step in enumerate(steps):
            left = min(self.limits.notebook_seconds - used, PATIENCE * self.limits.notebook_seconds - whole.elapsed)
            if left <= 0:
                message = f"the notebook ran longer than its {self.limits.notebook_seconds:g} seconds"
                outcomes.append(Outcome("timeout", message=message, contended=used < self.limits.notebook_seconds))
                break
            seconds = min(self.limits.cell_seconds, left)
            if step.kind == "test":
                outcome, took = self._test(index, step, given, seconds)
            else:
                outcome, took = self._cell(step, seconds)
            outcomes.append(outcome)
            used += took
            if step.kind == "given":
                given.append(step.lab_source)
            self.halt.check()  # an outcome that Ctrl-C caused is discarded
            if not self.alive:
                break
        reason = outcomes[-1].message if outcomes else ""
        return outcomes + [Outcome("missing", message=reason)] * (len(steps) - len(outcomes))

    def close(self) -> None:
        """End both processes and delete the group."""
        self.last_resort.cancel()
        self.student.stop()
        self.tests.dismiss()
        if self.group:
            self.group.remove()

    def _cell(self, step: Step, seconds: float) -> tuple[Outcome, float]:
        """Run a cell: its outcome, and how much of the notebook's time it took."""
        clock = Clock(seconds, self.student)
        try:
            request = {"do": "run", "source": step.source, "course": step.course, "names": list(step.names)}
            self.student.send(pack(request), clock)
            outcome = _outcome(self.student.receive(clock, MAX_OUTCOME), clock)
            if outcome is None:
                raise NoAnswerError(self.student, "ended")
        except NoAnswerError as end:
            outcome = self._ended(end, clock, f"the cell ran longer than its {seconds:g} seconds and was stopped", "the cell")
        return outcome, clock.counted

    def _test(self, index: int, step: Step, given: Sequence[str], seconds: float) -> tuple[Outcome, float]:
        """Run a test: its outcome, and how much of the notebook's time it took."""
        cpu_seconds, calls = 0.0, 0

        def answer(question: Frame, examiner: Process, clock: Clock) -> None:
            """Forward the examiner's request to the student process, and the response back."""
            nonlocal cpu_seconds, calls
            calls += 1
            kind, _ = peek(question.head[1:])
            self.student.pass_on(question, examiner, clock, skip=1)
            response = self.student.frame(clock)
            cpu_seconds += peek(response.head)[1]
            # This process never holds more than MAX_KEPT bytes. A test without cached values needs
            # a whole run to be run again.
            most = MAX_KEPT - sum(map(len, self.kept.values())) if kind == "get" and self.kept is not None else 0
            frame = examiner.pass_on(response, self.student, clock, most=most)
            if frame is not None and self.kept is not None and kind == "get":
                self.kept[index] = _Kept.write(step.names, frame)

        clock, before = Clock(seconds), self.tests.used
        try:
            outcome = self.tests.run(step, given, seconds, answer)
        except NoAnswerError as end:
            late = f"your code ran longer than the {seconds:g} seconds of this test and was stopped"
            outcome = self._ended(end, self.tests.clock, late, "your code")
            self.tests.dismiss()
        return replace(outcome, cpu=_plausible_cpu(cpu_seconds, clock.elapsed), calls=calls), self.tests.used - before

    def _ended(self, end: NoAnswerError, clock: Clock, late: str, subject: str) -> Outcome:
        """The outcome if the student process gave no answer.

        late: message for a timeout. subject: what used too much memory.
        """
        contended, seconds = clock.contended, clock.elapsed
        self.halt.check()
        if end.how in ("late", "stuck"):
            self.alive = end.how == "late" and self._interrupt()
            return Outcome("timeout", message=late, seconds=seconds, contended=contended)
        self.alive = False
        if end.how == "memory" or self.student.out_of_memory:
            message = f"{subject} used more than {self.limits.memory_mb} MB of memory"
            return Outcome("memory", message=message, seconds=seconds, contended=self.student.squeezed)
        return Outcome("crashed", message=self.student.last_words(), seconds=seconds)

    def _interrupt(self) -> bool:
        """Interrupt the student process.

        Return whether it stopped and can go on with the next cell.
        """
        self.student.interrupt()
        clock = Clock(GRACE_SECONDS, self.student)
        try:
            while True:
                frame = self.student.frame(clock)
                for _ in frame.pieces():
                    pass
                if peek(frame.head)[0] in ("ran", "answer"):
                    return True
        except (NoAnswerError, EndedError, LateError):
            return False


class _Tests:
    """The examiner of a run.

    It is started for the first test, and replaced after a test that changed objects of the lab's
    cells. The `answer` callback of `run` answers the examiner's requests in place of the student
    process.

    student: its time counts as time of the test, together with the examiner's.
    """

    def __init__(
        self,
        limits: Limits,
        environment: Environment,
        group: cgroups.Group | None,
        halt: Halt | None = None,
        student: Process | None = None,
    ) -> None:
        self.limits, self.environment, self.group, self.halt, self.student = limits, environment, group, halt, student
        self.examiner: Process | None = None
        self.done: list[str] = []  # given cells that this examiner has run
        self.clock = Clock(0.0)  # of the last request to the examiner
        self.used = 0.0  # seconds of the notebook's time so far

    def run(self, step: Step, given: Sequence[str], seconds: float, answer: Answer) -> Outcome:
        """Run a test, and before it the given cells that this examiner has not run yet.

        Raises NoAnswerError if the student process gives no answer.
        """
        if self.examiner is not None and self.done != list(given[: len(self.done)]):
            self.dismiss()
        if self.examiner is None:
            self.examiner, self.done = Process("examiner", self.limits, self.environment, self.group, self.halt), []
        for source in given[len(self.done) :]:
            outcome = self._ask({"do": "given", "source": source}, self.limits.cell_seconds, answer)
            if outcome.status in ("timeout", "memory", "crashed"):
                return replace(outcome, status="crashed", message=f"a cell of the lab itself did not run: {outcome.message}")
            self.done.append(source)
        request = {
            "do": "test",
            "source": step.source,
            "names": list(step.names),
            "restore": step.restore,
            "random": self.environment.one_random,
            "draws": step.draws,
            "watched": step.watched,
        }
        return self._ask(request, seconds, answer)

    def dismiss(self) -> None:
        """End the examiner. The next test starts a new one."""
        if self.examiner is not None:
            self.examiner.stop()
        self.examiner = None

    def _ask(self, request: Mapping[str, object], seconds: float, answer: Answer) -> Outcome:
        """Send a request to the examiner and return its outcome."""
        examiner = self.examiner
        assert examiner is not None
        self.clock = Clock(seconds, examiner, *([self.student] if self.student else []))
        try:
            outcome, spent = _conversation(examiner, request, self.clock, answer)
        except NoAnswerError as end:
            if end.process is not examiner:
                raise
            outcome, spent = _no_answer(end, self.clock, self.limits.memory_mb), True
        finally:
            self.used += self.clock.counted
        if spent:  # the next test must get the lab's objects unchanged
            self.dismiss()
        return outcome


def _conversation(examiner: Process, request: Mapping[str, object], clock: Clock, answer: Answer) -> tuple[Outcome, bool]:
    """Send a request to the examiner and answer its requests until it sends an outcome.

    Returns the outcome, and whether the examiner must not be used for another test. Raises
    NoAnswerError.
    """
    examiner.send(pack(request), clock)
    while (frame := examiner.frame(clock)).head[:1] not in (DONE, SPENT):
        answer(frame, examiner, clock)
    outcome = None
    if frame.size <= MAX_OUTCOME:
        with suppress(EndedError, LateError):
            outcome = _outcome(frame.read()[1:], clock)
    if outcome is None:
        raise NoAnswerError(examiner, "ended")
    return outcome, frame.head[:1] == SPENT


def _no_answer(end: NoAnswerError, clock: Clock, memory_mb: int) -> Outcome:
    """The outcome if the examiner gave no answer."""
    if end.how in ("late", "stuck"):
        message = f"the test ran longer than its {clock.seconds:g} seconds and was stopped"
        return Outcome("timeout", message=message, seconds=clock.elapsed, contended=clock.contended)
    if end.how == "memory" or end.process.out_of_memory:
        message = f"the test needed more than {memory_mb} MB of memory with your values"
        return Outcome("memory", message=message, seconds=clock.elapsed, contended=end.process.squeezed)
    return Outcome("crashed", message="the test could not be run with your values: its process ended", seconds=clock.elapsed)


def _plausible_cpu(cpu: float, seconds: float) -> float:
    """The processor seconds that a process reports, at most what the machine has in that time."""
    return min(cpu, seconds * (os.cpu_count() or 1))


def _outcome(frame: bytes, clock: Clock) -> Outcome | None:
    """The outcome that a frame describes, None for an invalid frame.

    The wall-clock time is measured here.
    """
    try:
        answer, _ = unpack(frame)
        error, seconds = answer["error"], clock.elapsed
        checks = plain(answer.get("checks", ""), MAX_OUTCOME)
        cpu = _plausible_cpu(answer["cpu"], seconds)
        if error is None:
            value = answer["value"]
            number = None if value is None else float(value)
            odd, stderr = (bool(answer.get(what)) for what in ("odd", "stderr"))
            return Outcome("ok", seconds=seconds, value=number, cpu=cpu, odd=odd, stderr=stderr, checks=checks)
        name, message = plain(error["name"], 100), plain(error["message"], MESSAGE_CHARS)
        line = min(max(int(error["line"]), 0), MAX_LINE)
        status: Literal["memory", "error"] = "memory" if name.endswith("MemoryError") else "error"
        elsewhere = bool(error.get("elsewhere"))
        return Outcome(status, name, message, line, seconds, cpu=cpu, checks=checks, elsewhere=elsewhere)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
