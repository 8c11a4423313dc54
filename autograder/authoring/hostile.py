"""Tasks with hostile twins of known answers, which verify that overwriting the arguments of a function earns no points.

This module knows labs, their answers and twins; it does not know how tasks are run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from autograder.authoring.tasks import ASIDE, Task, code_of, sliced
from autograder.authoring.twins import call_of, functions, overwriting, pretending
from autograder.execution.steps import Outcome
from autograder.grading.environment import prepare_environment
from autograder.grading.options import Options
from autograder.grading.plan import plan
from autograder.labs.model import Answer, Cell, Lab

__all__ = ["TWINS", "twin_tasks"]

TWINS = "no hostile twin earns a point that its answer does not"


def twin_tasks(lab: Lab, answers: Sequence[Answer], options: Options, *, one_of: int = 1) -> list[Task]:
    """Create the tasks for hostile twins of answers that lose points, and of the reference solutions.

    An answer with all points needs no twin, because it cannot gain any.

    Args:
        lab: The lab.
        answers: Known answers; exercises without one get no twin.
        options: Grading options.
        one_of: Take every `one_of`-th twin; 1 takes all.

    Returns:
        One task per twin.
    """
    answers = [answer for answer in answers if functions(answer.source)]
    exercises = dict.fromkeys(answer.exercise for answer in answers)
    lacking = [answer for answer in answers if not all(answer.marks.values())]
    makers = [partial(_overwriting, lab, answer, options, number % 2) for number, answer in enumerate(lacking)]
    makers += [partial(_pretending, lab, name, options, fill) for name in exercises for fill in (0, 1)]
    tasks = [make() for make in makers[::one_of]]
    return [task for task in tasks if task.cells]


def _overwriting(lab: Lab, answer: Answer, options: Options, fill: float) -> Task:
    own = _exercise(lab, answer.exercise)
    targets = _sealed_tests(lab, answer.exercise)
    cells = _slice_with(lab, answer.exercise, answer.source, options, targets)
    changed = [(i, overwriting(source, fill) if i == own else source) for i, source in cells] if targets else []

    def judge(outcomes: Sequence[tuple[int, Outcome]]) -> Iterable[str]:
        for index, outcome in outcomes:
            test = lab.cells[index]
            if index in targets and outcome.status == "ok" and answer.marks.get(test.name) == 0:
                yield f"{answer.label} passes {test.name} when its functions overwrite their arguments with {fill}"

    return Task(TWINS, changed, prepare_environment(lab, options), judge, examined=True)


def _pretending(lab: Lab, exercise: str, options: Options, fill: float) -> Task:
    """Return the task for a reference that is right only in the visible part of each test.

    In the hidden part it spoils its arguments: in the first round copies of them, in the second round the test's own objects.
    """
    own = _exercise(lab, exercise)
    targets = _sealed_tests(lab, exercise)
    cells = _slice_with(lab, exercise, lab.cells[own].source, options, targets) if targets else []
    twin = [(i, pretending(source, fill) if i == own else source) for i, source in cells if i not in targets]
    tests = [(i, source) for i, source in cells if i in targets]
    rehearsals = [(ASIDE, call_of("rehearse", lab.cells[i].name, _visible(lab.cells[i]))) for i, _ in tests]
    rounds = [
        part for hostile in (False, True) for i, source in tests for part in (_begin(lab.cells[i].name, hostile), (i, source))
    ]

    def judge(outcomes: Sequence[tuple[int, Outcome]]) -> Iterable[str]:
        ends = [(index, outcome.status) for index, outcome in outcomes if index in targets]
        for (index, plain), (_, hostile) in zip(ends[: len(tests)], ends[len(tests) :], strict=True):
            if plain != "ok" and hostile == "ok":
                yield f"{exercise}: overwriting arguments with {fill} passes the hidden part of {lab.cells[index].name}"

    return Task(TWINS, [*twin, *rehearsals, *rounds] if tests else [], prepare_environment(lab, options), judge, examined=True)


def _begin(test: str, hostile: bool) -> tuple[int, str]:
    return ASIDE, call_of("begin", test, hostile)


def _exercise(lab: Lab, name: str) -> int:
    return next(i for i, cell in enumerate(lab.cells) if cell.role == "exercise" and cell.name == name)


def _sealed_tests(lab: Lab, exercise: str) -> list[int]:
    """Return the indices of the tests of an exercise that run in the examiner."""
    return [i for i, cell in enumerate(lab.cells) if cell.exercise == exercise and i not in plan(lab).unsealed]


def _visible(test: Cell) -> str:
    return "\n".join(line for number, line in enumerate(test.source.splitlines(), start=1) if number not in test.hidden)


def _slice_with(lab: Lab, exercise: str, source: str, options: Options, targets: Sequence[int]) -> list[tuple[int, str]]:
    """Return the cell of the exercise, with `source` as its answer, and all cells that the tests `targets` depend on."""
    changed = lab.with_exercises({exercise: source})
    return sliced(changed, code_of(changed, options), [*targets, _exercise(lab, exercise)])
