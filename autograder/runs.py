"""Run a notebook from outside: cells in a student process, tests in an examiner, both held to their limits; say what happened.

Knows steps, clocks and what the two processes say; nothing of marks or of where a notebook came from. What comes back from a
student process is never believed about marks: only the examiner says how a test ended.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from autograder.link import DONE
from autograder.processes import PATIENCE, FaultError, Limits, Process, Surroundings, plain
from autograder.wire import pack, unpack

__all__ = ["Again", "Kept", "Outcome", "Step", "run_cells", "run_steps", "settle"]

Status = Literal["ok", "error", "timeout", "memory", "crashed", "missing"]
Kept = dict[int, bytes]  # number of a test's step → the frame with the student's values that it was given
GRACE_SECONDS = 3.0
MESSAGE_CHARS = 4000


@dataclass(frozen=True)
class Outcome:
    """What happened to one cell.

    line: the line of the cell (from 1) at which its error passed. value: what its last expression gave, if one plain number.
    cpu: processor seconds that the student's code took, in a cell or in the functions that a test called; only its own process
    can say. calls: questions of the test to the student process. odd: the number is shown as something else, such as
    np.float64(1.0).
    """

    status: Status
    error: str = ""
    message: str = ""
    line: int = 0
    seconds: float = 0.0
    value: float | None = None
    cpu: float = 0.0
    calls: int = 0
    odd: bool = False


@dataclass(frozen=True)
class Step:
    """One thing to run: a "cell" in the student process; a "given" cell, of which the examiner runs the lab's own text for itself as
    well; or a "test", which the examiner runs on the values of `names` in the student process.

    course: what the student process does about the names of the course: "remember" those that this cell makes; "restore" all that
    were remembered, except `names`, before this cell.
    """

    source: str
    kind: Literal["cell", "given", "test"] = "cell"
    lab_source: str = ""
    names: tuple[str, ...] = ()
    course: Literal["", "remember", "restore"] = ""


def run_cells(sources: Sequence[str], *, limits: Limits, env: Mapping[str, str]) -> list[Outcome]:
    """Run `sources` in order in one fresh student process without walls, and return one outcome for each."""
    return run_steps([Step(source) for source in sources], limits=limits, around=Surroundings(env))


def run_steps(steps: Sequence[Step], *, limits: Limits, around: Surroundings, kept: Kept | None = None) -> list[Outcome]:
    """Run the steps of one notebook in order and return one outcome for each.

    kept: takes the student's values that each test was given, with which `Again` can run it once more. Steps after one that
    crashed, was killed or ran the notebook out of time are "missing". An error in a cell does not stop the ones after it, as in
    a notebook run by nbgrader. Raises FaultError when the machine is at fault.
    """
    run = _Run(limits, around, kept)
    try:
        return run.all(steps)
    finally:
        run.close()


def settle(steps: Sequence[Step], *, limits: Limits, around: Surroundings) -> tuple[list[Outcome], Kept]:
    """Run the steps until what comes out is the notebook's own doing. Returns how they ended and the values that tests were given.

    A fault of the machine is tried again twice, then raised: FaultError. A process that crashed is believed when it does so again:
    one that somebody or a lack of memory killed looks the same.
    """
    for attempt in (1, 2, 3):
        kept: Kept = {}
        try:
            outcomes = run_steps(steps, limits=limits, around=around, kept=kept)
        except FaultError:
            if attempt == 3:
                raise
            continue
        if attempt > 1 or not any(outcome.status == "crashed" for outcome in outcomes):
            break
    return outcomes, kept


class Again:
    """Runs tests once more on values that were kept, without a student process. Close it when done."""

    def __init__(self, limits: Limits, around: Surroundings) -> None:
        self.limits = limits
        self._tests = _Tests(limits, around)
        self._calling: set[str] = set()  # tests that turned out to call functions

    def test(self, given: Sequence[str], step: Step, values: bytes) -> Outcome | None:
        """How the test ends now, None if it needs the student process: it calls a function, or wants other names.

        given: what the examiner runs before it.
        """
        if step.source in self._calling or not set(step.names) <= _named(values):
            return None

        def answer(question: bytes, deadline: float, seconds: float) -> tuple[bytes | None, Outcome | None]:
            asked, _ = unpack(question)
            return (values, None) if asked["do"] == "get" else (None, Outcome("missing"))

        outcome = self._tests.run(step, given, self.limits.cell_seconds, answer)
        if outcome.status == "missing":
            self._calling.add(step.source)
            return None
        return outcome

    def close(self) -> None:
        self._tests.dismiss()


class _Run:
    """One student process, and the examiner of its tests."""

    def __init__(self, limits: Limits, around: Surroundings, kept: Kept | None) -> None:
        self.limits, self.kept = limits, kept
        self.tests = _Tests(limits, around)
        self.alive = True
        self.student = Process("student", limits, around)
        # Whatever the process does with its time, this ends it: our reads then end too.
        self.last_resort = threading.Timer(PATIENCE * limits.notebook_seconds + 10 * GRACE_SECONDS, self.student.kill)
        self.last_resort.daemon = True
        self.last_resort.start()

    def all(self, steps: Sequence[Step]) -> list[Outcome]:
        deadline = time.monotonic() + self.limits.notebook_seconds
        outcomes: list[Outcome] = []
        given: list[str] = []
        for place, step in enumerate(steps):
            left = deadline - time.monotonic()
            if left <= 0:
                said = f"the notebook ran longer than its {self.limits.notebook_seconds:g} seconds"
                outcomes.append(Outcome("timeout", message=said))
                break
            seconds = min(self.limits.cell_seconds, left)
            if step.kind == "test":
                outcomes.append(self._test(place, step, given, seconds))
            else:
                outcomes.append(self._cell(step, seconds))
            if step.kind == "given":
                given.append(step.lab_source)
            if not self.alive:
                break
        reason = outcomes[-1].message if outcomes else ""
        return outcomes + [Outcome("missing", message=reason)] * (len(steps) - len(outcomes))

    def close(self) -> None:
        self.last_resort.cancel()
        self.student.stop()
        self.tests.dismiss()

    def _cell(self, step: Step, seconds: float) -> Outcome:
        started = time.monotonic()
        request = {"do": "run", "source": step.source, "course": step.course, "names": list(step.names)}
        if not self.student.send(pack(request)):
            self.alive = False
            return Outcome("crashed", message="the process had ended before this cell")
        verdict = self.student.wait(started + seconds)
        if verdict == "late":
            self.alive = self._calm()
            return Outcome(
                "timeout", message=f"the cell ran longer than its {seconds:g} seconds and was stopped", seconds=seconds
            )
        answer = _outcome(self.student.receive()) if verdict == "answer" else None
        if answer is not None:
            return answer
        self.alive = False
        if verdict == "memory" or self.student.out_of_memory:
            return Outcome("memory", message=f"the cell used more than {self.limits.memory_mb} MB of memory", seconds=seconds)
        return Outcome("crashed", message=self.student.last_words(), seconds=time.monotonic() - started)

    def _test(self, place: int, step: Step, given: Sequence[str], seconds: float) -> Outcome:
        busy, calls = 0.0, 0

        def answer(question: bytes, deadline: float, seconds: float) -> tuple[bytes | None, Outcome | None]:
            nonlocal busy, calls
            calls += 1
            got, outcome = self._answer(question, deadline, seconds)
            if got is not None:
                busy += _cpu_seconds(got)
                if self.kept is not None and unpack(question)[0].get("do") == "get":
                    self.kept[place] = got
            return got, outcome

        return replace(self.tests.run(step, given, seconds, answer), cpu=busy, calls=calls)

    def _answer(self, question: bytes, deadline: float, seconds: float) -> tuple[bytes | None, Outcome | None]:
        """What the student process answers to the examiner; an outcome only if there is no answer."""
        if not self.student.send(question):
            self.alive = False
            return None, Outcome("crashed", message=self.student.last_words())
        verdict = self.student.wait(deadline)
        if verdict == "late":
            self.alive = self._calm()
            said = f"your code ran longer than the {seconds:g} seconds of this test and was stopped"
            return None, Outcome("timeout", message=said, seconds=seconds)
        answer = self.student.receive() if verdict == "answer" else None
        if answer is not None:
            return answer, None
        self.alive = False
        if verdict == "memory" or self.student.out_of_memory:
            return None, Outcome("memory", message=f"your code used more than {self.limits.memory_mb} MB of memory")
        return None, Outcome("crashed", message=self.student.last_words())

    def _calm(self) -> bool:
        """Interrupt the student process; whether it came to rest."""
        self.student.interrupt()
        until = time.monotonic() + GRACE_SECONDS
        while self.student.wait(until) == "answer":
            frame = self.student.receive()
            if frame is None:
                return False
            with suppress(ValueError):
                if unpack(frame)[0].get("do") in ("ran", "answer"):
                    return True
        return False


class _Tests:
    """An examiner, from the first test on. `answer` speaks for the student process: question, deadline, seconds → answer or end."""

    def __init__(self, limits: Limits, around: Surroundings) -> None:
        self.limits, self.around = limits, around
        self.examiner: Process | None = None
        self.done: list[str] = []  # given cells that this examiner has run

    def run(self, step: Step, given: Sequence[str], seconds: float, answer: Callable[..., Any]) -> Outcome:
        """How a test ends, after those of the given cells that have not been run."""
        if self.examiner is not None and self.done != list(given[: len(self.done)]):
            self.dismiss()
        if self.examiner is None:
            self.examiner, self.done = Process("examiner", self.limits, self.around), []
        started = time.monotonic()
        for source in given[len(self.done) :]:
            outcome = self._ask({"do": "given", "source": source}, time.monotonic() + self.limits.cell_seconds, answer)
            if outcome.status in ("timeout", "memory", "crashed"):
                return Outcome("crashed", message=f"a cell of the lab itself did not run: {outcome.message}")
            self.done.append(source)
        request = {"do": "test", "source": step.source, "names": list(step.names), "random": self.around.one_random}
        outcome = self._ask(request, time.monotonic() + seconds, answer)
        return replace(outcome, seconds=time.monotonic() - started)

    def dismiss(self) -> None:
        """End the examiner; the next test gets a fresh one."""
        if self.examiner is not None:
            self.examiner.stop()
        self.examiner = None

    def _ask(self, request: Mapping[str, object], deadline: float, answer: Callable[..., Any]) -> Outcome:
        examiner = self.examiner
        assert examiner is not None
        examiner.send(pack(request))
        seconds = deadline - time.monotonic()
        while True:
            verdict = examiner.wait(deadline)
            frame = examiner.receive() if verdict == "answer" else None
            if frame is None:
                ended = "memory" if examiner.out_of_memory else verdict
                self.dismiss()
                return _no_answer(ended, seconds, self.limits.memory_mb)
            if frame[:1] == DONE:
                outcome = _outcome(frame[1:])
                assert outcome is not None
                return outcome
            got, ended = answer(frame[1:], deadline, seconds)
            if got is None:
                self.dismiss()
                return ended
            examiner.send(got)


def _no_answer(verdict: str, seconds: float, memory_mb: int) -> Outcome:
    if verdict == "late":
        return Outcome("timeout", message=f"the test ran longer than its {seconds:g} seconds and was stopped")
    if verdict == "memory":
        return Outcome("memory", message=f"the test needed more than {memory_mb} MB of memory with your values")
    return Outcome("crashed", message="the test could not be run with your values: its process ended")


def _named(values: bytes) -> frozenset[str]:
    """The names whose values a student's frame holds; none if it is no such frame."""
    try:
        return frozenset(unpack(values)[0]["values"])
    except (ValueError, TypeError, KeyError):
        return frozenset()


def _cpu_seconds(answer: bytes) -> float:
    """The processor seconds that an answer of a student process says, 0 if it says none."""
    try:
        return _duration(unpack(answer)[0].get("cpu", 0.0))
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _duration(said: Any) -> float:
    """Seconds as a process says them. Raises ValueError, TypeError or OverflowError for what is none."""
    seconds = float(said)
    if not 0 <= seconds < math.inf:
        raise ValueError(f"no number of seconds: {seconds}")
    return seconds


def _outcome(frame: bytes | None) -> Outcome | None:
    """The outcome that a frame says, None for anything else."""
    try:
        answer, _ = unpack(frame or b"")
        error, seconds, cpu = answer["error"], _duration(answer["seconds"]), _duration(answer["cpu"])
        if error is None:
            value = answer["value"]
            number = None if value is None else float(value)
            return Outcome("ok", seconds=seconds, value=number, cpu=cpu, odd=bool(answer.get("odd")))
        name, message, line = plain(error["name"], 100), plain(error["message"], MESSAGE_CHARS), int(error["line"])
        return Outcome("memory" if name.endswith("MemoryError") else "error", name, message, line, seconds, cpu=cpu)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
