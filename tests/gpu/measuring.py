"""Run labs through the engine on the CPU and on a GPU, and time them: references, known answers, a class.

Cells come from `lab.py`, so no notebook is read and none of nbgrader's packages is needed. Tests run in the examiner, in the strongest
sandbox of this machine, as in grading. Knows nothing of how a table looks.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue

from autograder.authoring.tasks import code_of, sliced
from autograder.execution.runner import run_with_retries
from autograder.execution.steps import Outcome
from autograder.grading.environment import limits, prepare_environment
from autograder.grading.opinions import credit
from autograder.grading.options import Options
from autograder.grading.plan import plan
from autograder.labs.model import Answer, Lab

__all__ = ["ACCURACY", "Marks", "Measured", "answers", "class_of", "grade", "reference"]

# The figure of a lab that says how good its network is.
ACCURACY = {
    "lab02_mlp": "test_accuracy",
    "lab03_regression": "best_test",
    "lab04_dropout": "plain_accuracy",
    "lab05_transfer": "tuned",
}
OPTIONS = Options("drawn", fast=True)

Marks = Mapping[str, float]  # test → points


@dataclass(frozen=True)
class Measured:
    """One run.

    Attributes:
        marks: Points of each test.
        seconds: Duration.
        accuracy: Value of the lab's figure, None if it has none or it could not be computed.
        said: "test: message" of each test that did not give all its points.
    """

    marks: Marks
    seconds: float
    accuracy: float | None = None
    said: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """The sum of the marks."""
        return sum(self.marks.values())


def reference(lab: Lab, gpu: str = "", threads: int = 0) -> Measured:
    """Run the whole lab with its reference solution, and compute its accuracy.

    Args:
        lab: The lab.
        gpu: Number of the GPU that the student process may use; "" for the CPU.
        threads: Threads of one operation; 0 is one per core.
    """
    figure = next((figure.value for figure in lab.settings.figures if figure.name == ACCURACY.get(lab.id)), "")
    return _measured(lab, [*code_of(lab, OPTIONS), *([(-1, figure)] if figure else [])], gpu, threads)


def answers(lab: Lab, one_of: int, gpu: str = "") -> dict[str, str]:
    """Run known answers, each with the cells that its tests need.

    Args:
        lab: The lab.
        one_of: Try one of so many.
        gpu: As for `reference`.

    Returns:
        Label of each answer that was tried → what differs from its marks, "" if nothing does.
    """
    return {answer.label: _difference(lab, answer, gpu) for answer in lab.answers[::one_of]}


def class_of(lab: Lab, students: int) -> list[Lab]:
    """Return the lab as that many students may have solved it: the first right, the others with wrong answers to up to half of it.

    Args:
        lab: The lab.
        students: How many.
    """
    wrong: dict[str, list[Answer]] = {}
    for answer in lab.answers:
        if not answer.right:
            wrong.setdefault(answer.exercise, []).append(answer)
    draw, works = random.Random(0), []
    for number in range(students):
        picked = draw.sample(sorted(wrong), k=math.ceil(number * len(wrong) / (2 * students)))
        works.append(lab.with_exercises({name: draw.choice(wrong[name]).source for name in picked}))
    return works


def grade(works: Sequence[Lab], at_once: int, slots: Sequence[str] = ()) -> tuple[list[Measured], float]:
    """Run a class.

    Args:
        works: The lab as each student solved it.
        at_once: How many run at the same time on the CPU.
        slots: The GPU of each slot; as many run at the same time. () runs all on the CPU.

    Returns:
        What was measured for each, and the seconds for all.
    """
    free: SimpleQueue[str] = SimpleQueue()
    for gpu in slots or [""] * at_once:
        free.put(gpu)

    def one(work: Lab) -> Measured:
        gpu = free.get()
        try:
            return _measured(work, code_of(work, OPTIONS), gpu, 1)
        finally:
            free.put(gpu)

    started = time.perf_counter()
    with ThreadPoolExecutor(len(slots) or at_once) as pool:
        found = list(pool.map(one, works))
    return found, time.perf_counter() - started


def _difference(lab: Lab, answer: Answer, gpu: str) -> str:
    changed = lab.with_exercises({answer.exercise: answer.source})
    targets = [i for i, cell in enumerate(lab.cells) if cell.role == "tests" and cell.name in answer.marks]
    own = [i for i, cell in enumerate(lab.cells) if cell.role == "exercise" and cell.name == answer.exercise]
    found = _measured(changed, sliced(changed, code_of(changed, OPTIONS), [*targets, *own]), gpu, 0)
    return "; ".join(
        f"{test} gives {found.marks.get(test, 0):g}, expected {points:g}"
        for test, points in answer.marks.items()
        if found.marks.get(test, 0) != points
    )


def _measured(lab: Lab, cells: Sequence[tuple[int, str]], gpu: str, threads: int) -> Measured:
    lab_plan, environment = plan(lab), replace(prepare_environment(lab, OPTIONS), gpu=gpu, threads=threads)
    run: Callable[[], tuple[list[Outcome], object]] = partial(
        run_with_retries,
        [lab_plan.step(index, source, source) for index, source in cells],
        limits=limits(lab),
        environment=environment,
    )
    started = time.perf_counter()
    outcomes, _ = run()
    seconds = time.perf_counter() - started
    told = [(lab.cells[i], outcome) for (i, _), outcome in zip(cells, outcomes, strict=True) if i >= 0]
    marks = {cell.name: credit(outcome, cell.points) for cell, outcome in told if cell.role == "tests"}
    said = tuple(f"{cell.name}: {_message(o)}" for cell, o in told if cell.role == "tests" and marks[cell.name] < cell.points)
    return Measured(marks, seconds, outcomes[-1].value if cells[-1][0] < 0 else None, said)


def _message(outcome: Outcome) -> str:
    lines = f"{outcome.error} {outcome.message}".strip().splitlines() or [outcome.status]
    return lines[0][:160]
