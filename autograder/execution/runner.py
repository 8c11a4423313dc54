"""Run a notebook from outside: cells in a student process, tests in an examiner, both held to their limits; say what happened.

Knows steps, clocks and what the two processes say; nothing of marks or of where a notebook came from. What comes back from a
student process is never believed about marks: only the examiner says how a test ended.
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
from autograder.worker.frames import DONE, SPENT, pack, peek, unpack

__all__ = ["MAX_KEPT", "ContendedError", "Reexaminer", "run_cells", "run_steps", "run_with_retries"]

GRACE_SECONDS = 3.0
MESSAGE_CHARS = 4000
MAX_OUTCOME = 64 * 1024  # bytes of how a cell ended, which alone is parsed here: a message of so many characters fits into it
MAX_KEPT = 64 * 2**20  # bytes of values that are kept of one notebook, which are held in memory until it has run
MAX_LINE = 1_000_000
Answer = Callable[[Frame, Process, Clock], None]


class ContendedError(Exception):
    """A limit was hit while others had the processor or the memory: the notebook has to be run again, with none beside it."""


def run_cells(sources: Sequence[str], *, limits: Limits, env: Mapping[str, str]) -> list[Outcome]:
    """Run `sources` in order in one fresh student process without walls, and return one outcome for each."""
    return run_steps([Step(source) for source in sources], limits=limits, environment=Environment(env))


def run_steps(
    steps: Sequence[Step], *, limits: Limits, environment: Environment, kept: Kept | None = None, halt: Halt | None = None
) -> list[Outcome]:
    """Run the steps of one notebook in order and return one outcome for each.

    kept: takes the student's values that each test was given, with which `Reexaminer` can run it once more. Steps after one that
    crashed, was killed or ran the notebook out of time are "missing". An error in a cell does not stop the ones after it, as in
    a notebook run by nbgrader. Raises WorkerError when the machine is at fault, HaltedError when `halt` was called.
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
    """Run the steps until what comes out is the notebook's own doing. Returns how they ended and the values that tests were given.

    A fault of the machine is tried again twice, then raised: WorkerError. A crash is tried again once, because a process that
    somebody or a lack of memory killed looks the same. contended: what to do about a limit that was hit while others had the
    processor or the memory: try again once, raise ContendedError, or believe it because nothing of ours runs beside.
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
            raise ContendedError("a limit was hit while others had the processor or the memory; run it again, alone")
        crashed = any(outcome.status == "crashed" for outcome in outcomes)
        if attempt > 1 or not (crashed or (doubtful and contended == "again")):
            break
    return outcomes, kept


class Reexaminer:
    """Runs tests once more on values that were kept, without a student process. Close it when done."""

    def __init__(self, limits: Limits, environment: Environment) -> None:
        self.limits = limits
        self._group = cgroups.make(environment.memory_mb or None) if environment.level != "open" else None
        self._tests = _Tests(limits, environment, self._group)
        self._calling: set[str] = set()  # tests that turned out to call functions

    def test(self, given: Sequence[str], step: Step, values: bytes) -> Outcome | None:
        """How the test ends now, None if it needs the student process: it calls a function, wants other names, or was late.

        given: what the examiner runs before it.
        """
        names, frame = _Kept.read(values)
        if step.source in self._calling or not set(step.names) <= names:
            return None

        def answer(question: Frame, examiner: Process, clock: Clock) -> None:
            kind, _ = peek(question.head[1:])
            if kind != "get":
                raise _CallsError
            with suppress(EndedError, LateError):  # which sending then finds out
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
        self._tests.dismiss()
        if self._group:
            self._group.remove()


class _CallsError(Exception):
    """A test calls a function, so kept values do not suffice."""


class _Kept:
    """The bytes in which values are kept: the names that were asked for, then the frame, which nobody here reads."""

    @staticmethod
    def write(names: Sequence[str], frame: bytes) -> bytes:
        return b"".join([" ".join(names).encode(), b"\0", frame])

    @staticmethod
    def read(values: bytes) -> tuple[frozenset[str], bytes]:
        names, _, frame = values.partition(b"\0")
        return frozenset(names.decode(errors="replace").split()), frame


class _Run:
    """One student process, and the examiner of its tests."""

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
        # Whatever the process does with its time, this ends it: our reads then end too.
        self.last_resort = threading.Timer(PATIENCE * limits.notebook_seconds + 10 * GRACE_SECONDS, self.student.kill)
        self.last_resort.daemon = True
        self.last_resort.start()

    def all(self, steps: Sequence[Step]) -> list[Outcome]:
        used, whole = 0.0, Clock(self.limits.notebook_seconds, self.student)
        outcomes: list[Outcome] = []
        given: list[str] = []
        for place, step in enumerate(steps):
            left = min(self.limits.notebook_seconds - used, PATIENCE * self.limits.notebook_seconds - whole.elapsed)
            if left <= 0:
                said = f"the notebook ran longer than its {self.limits.notebook_seconds:g} seconds"
                outcomes.append(Outcome("timeout", message=said, contended=used < self.limits.notebook_seconds))
                break
            seconds = min(self.limits.cell_seconds, left)
            if step.kind == "test":
                outcome, took = self._test(place, step, given, seconds)
            else:
                outcome, took = self._cell(step, seconds)
            outcomes.append(outcome)
            used += took
            if step.kind == "given":
                given.append(step.lab_source)
            self.halt.check()  # before anything is believed of what Ctrl-C ended
            if not self.alive:
                break
        reason = outcomes[-1].message if outcomes else ""
        return outcomes + [Outcome("missing", message=reason)] * (len(steps) - len(outcomes))

    def close(self) -> None:
        self.last_resort.cancel()
        self.student.stop()
        self.tests.dismiss()
        if self.group:
            self.group.remove()

    def _cell(self, step: Step, seconds: float) -> tuple[Outcome, float]:
        """How a cell ends, and how much of the notebook's time it took."""
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

    def _test(self, place: int, step: Step, given: Sequence[str], seconds: float) -> tuple[Outcome, float]:
        busy, calls = 0.0, 0

        def answer(question: Frame, examiner: Process, clock: Clock) -> None:
            """Put the examiner's question to the student process, and give its answer back."""
            nonlocal busy, calls
            calls += 1
            asked, _ = peek(question.head[1:])
            self.student.pass_on(question, examiner, clock, skip=1)
            said = self.student.frame(clock)
            busy += peek(said.head)[1]
            # Not more than may be kept is held here at any time; a test whose values are not kept needs the whole notebook again.
            most = MAX_KEPT - sum(map(len, self.kept.values())) if asked == "get" and self.kept is not None else 0
            frame = examiner.pass_on(said, self.student, clock, most=most)
            if frame is not None and self.kept is not None and asked == "get":
                self.kept[place] = _Kept.write(step.names, frame)

        clock, before = Clock(seconds), self.tests.used
        try:
            outcome = self.tests.run(step, given, seconds, answer)
        except NoAnswerError as end:
            said = f"your code ran longer than the {seconds:g} seconds of this test and was stopped"
            outcome = self._ended(end, self.tests.clock, said, "your code")
            self.tests.dismiss()
        return replace(outcome, cpu=_believed(busy, clock.elapsed), calls=calls), self.tests.used - before

    def _ended(self, end: NoAnswerError, clock: Clock, late: str, who: str) -> Outcome:
        """What it means that the student process gave no answer: late, or who used too much memory, or a crash."""
        contended, seconds = clock.contended, clock.elapsed
        self.halt.check()
        if end.how in ("late", "stuck"):
            self.alive = end.how == "late" and self._calm()
            return Outcome("timeout", message=late, seconds=seconds, contended=contended)
        self.alive = False
        if end.how == "memory" or self.student.out_of_memory:
            said = f"{who} used more than {self.limits.memory_mb} MB of memory"
            return Outcome("memory", message=said, seconds=seconds, contended=self.student.squeezed)
        return Outcome("crashed", message=self.student.last_words(), seconds=seconds)

    def _calm(self) -> bool:
        """Interrupt the student process; whether it came to rest."""
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
    """An examiner, from the first test on; after a test that changed what the lab's cells made, a new one.

    `answer` speaks for the student process: it takes the examiner's question.

    student: whose time counts as that of the test, beside the examiner's.
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
        self.clock = Clock(0.0)  # of what the examiner was asked last
        self.used = 0.0  # seconds of the notebook's time so far

    def run(self, step: Step, given: Sequence[str], seconds: float, answer: Answer) -> Outcome:
        """How a test ends, after those of the given cells that have not been run. Raises NoAnswerError of the student process."""
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
        }
        return self._ask(request, seconds, answer)

    def dismiss(self) -> None:
        """End the examiner; the next test gets a fresh one."""
        if self.examiner is not None:
            self.examiner.stop()
        self.examiner = None

    def _ask(self, request: Mapping[str, object], seconds: float, answer: Answer) -> Outcome:
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
        if spent:  # the next test gets the lab's own objects as the lab makes them
            self.dismiss()
        return outcome


def _conversation(examiner: Process, request: Mapping[str, object], clock: Clock, answer: Answer) -> tuple[Outcome, bool]:
    """What the examiner says in the end, its questions answered meanwhile, and whether it is spent. Raises NoAnswerError."""
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
    """What it means that the examiner gave no answer."""
    if end.how in ("late", "stuck"):
        said = f"the test ran longer than its {clock.seconds:g} seconds and was stopped"
        return Outcome("timeout", message=said, seconds=clock.elapsed, contended=clock.contended)
    if end.how == "memory" or end.process.out_of_memory:
        said = f"the test needed more than {memory_mb} MB of memory with your values"
        return Outcome("memory", message=said, seconds=clock.elapsed, contended=end.process.squeezed)
    return Outcome("crashed", message="the test could not be run with your values: its process ended", seconds=clock.elapsed)


def _believed(cpu: float, seconds: float) -> float:
    """The processor seconds that a process says it took within so many seconds: not more than there were."""
    return min(cpu, seconds * (os.cpu_count() or 1))


def _outcome(frame: bytes, clock: Clock) -> Outcome | None:
    """The outcome that a short frame says, None for anything else. How long it took is what the clock here says."""
    try:
        answer, _ = unpack(frame)
        error, seconds = answer["error"], clock.elapsed
        cpu = _believed(answer["cpu"], seconds)
        if error is None:
            value = answer["value"]
            number = None if value is None else float(value)
            odd, stderr = (bool(answer.get(what)) for what in ("odd", "stderr"))
            return Outcome("ok", seconds=seconds, value=number, cpu=cpu, odd=odd, stderr=stderr)
        name, message = plain(error["name"], 100), plain(error["message"], MESSAGE_CHARS)
        line = min(max(int(error["line"]), 0), MAX_LINE)
        return Outcome("memory" if name.endswith("MemoryError") else "error", name, message, line, seconds, cpu=cpu)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
