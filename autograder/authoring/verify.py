"""Verify a lab.

The reference solution must get every point, the release none, and each known answer exactly its
marks. Every hidden check must catch some wrong answer. Known answers run again as hostile twins, which
overwrite their arguments and must not gain any points. Mutants of the reference must lose points. An
answer is run only with the cells that its tests need. This module knows how to run cells; it does not
know submissions or gradebooks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Literal

from autograder.authoring.calibrate import band_name
from autograder.authoring.hostile import twin_tasks
from autograder.authoring.lint import hidden_checks, lint
from autograder.authoring.mutants import MUTANTS, Tally, mutant_tasks
from autograder.authoring.runs import Runs
from autograder.authoring.tasks import Task, code_of, sliced, trains
from autograder.errors import LabError
from autograder.execution.steps import Outcome
from autograder.grading.cache import ResultCache
from autograder.grading.environment import prepare_environment
from autograder.grading.messages import causes, explain
from autograder.grading.options import Options, course_secret
from autograder.grading.plan import plan, reads_data
from autograder.labs.model import Answer, Figure, Lab
from autograder.notebooks.release import is_stale, release_notebook

__all__ = ["Check", "Effort", "verify"]


SAMPLE = 24  # a sample contains every twenty-fourth hostile twin
MUTANT_SAMPLE = 40  # and every fortieth mutant


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: What was checked.
        problems: Sentences that describe problems; empty if the check passed.
    """

    name: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Effort:
    """The effort of a verification.

    Attributes:
        repeats: Number of runs of each test that does not train.
        seeds: Number of runs of each test that trains.
        draws: Number of runs of each test that does not train with a known answer, so that chance
            does not decide about the marks.
        jobs: Number of processes that run at the same time.
        data_only: Check only the reference, and the repeated tests and right known answers that
            depend on a data set, for a second kind of data. The others run the same code on every
            kind of data, and the marks of wrong answers were checked with the first kind.
        examined: Run the tests in the examiner, as in grading, in one of every `examined` runs.
            The other runs have their tests in the student process, which takes half the time. 1 is
            the complete verification.
        twins: Which hostile twins to try: "all", "sample" (one of 24) or "none". Their tests
            always run in the examiner.
        mutants: Which mutants of the reference solution to try: "all", "sample" (one of 40, of
            exercises that do not train) or "none".
        trained: Try one of every `trained` known answers whose tests train. 1 is the complete
            verification; otherwise hidden checks of tests that train may miss their wrong answer.
        answers: Try one of every `answers` known answers whose tests do not train. 1 is the complete
            verification; otherwise it is not checked that every hidden check catches a wrong answer.
    """

    repeats: int = 50
    seeds: int = 10
    draws: int = 10
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    data_only: bool = False
    examined: int = 1
    twins: Literal["all", "sample", "none"] = "all"
    mutants: Literal["all", "sample", "none"] = "none"
    trained: int = 1
    answers: int = 1


def verify(
    lab: Lab,
    options: Options | None = None,
    effort: Effort | None = None,
    *,
    released: Path | None = None,
    exercises: Collection[str] = (),
    kept: ResultCache | None = None,
    on_done: Callable[[int, int], None] | None = None,
) -> list[Check]:
    """Verify a lab with one kind of data and budget.

    The random numbers of the tests depend on `options.secret`, the lab, the test and the number of the
    run. Without a secret, each process draws others.

    Args:
        lab: The lab.
        options: Grading options, which select data, budget and random numbers.
        effort: Effort of the verification.
        released: Folder of the committed release notebooks, to check that they are up to date.
        exercises: Verify only the tests and known answers of these exercises; if empty, verify the
            whole lab.
        kept: Cache of outcomes of earlier verifications. What is found there does not run again. They
            are found only under the same secret.
        on_done: Called after each task with the number of finished tasks and the total number.

    Returns:
        The results of all checks.

    Raises:
        LabError: The lab has no exercise with one of these names.
    """
    options, effort = options or Options(), effort or Effort()
    secret = course_secret(options)
    options = replace(options, secret=secret)
    fired: set[tuple[str, int]] = set()  # (test, line) at which some wrong answer failed
    tally = Tally()
    runs = Runs(lab, plan(lab), secret, effort.jobs, kept)
    if exercises:
        tasks = _of_exercises(lab, options, effort, exercises, fired, tally)
        return _prove(runs, effort, tasks, fired, tally, exercises, on_done)
    checks = [Check("points, prose figures, leaks", tuple(lint(lab)))]
    if released:
        problems = is_stale(release_notebook(lab), released / f"{lab.id}.ipynb")
        checks.append(Check("released notebook is up to date", tuple(problems)))
    tasks = [
        *_reference(lab, options),
        *([] if effort.data_only else [_unsolved(lab, options)]),
        *_repeats(lab, options, effort),
        *_answers(lab, lab.answers, options, effort, fired),
        *_twins(lab, lab.answers, options, effort),
        *_mutants(lab, options, effort, tally),
    ]
    return checks + _prove(runs, effort, tasks, fired, tally, (), on_done)


def _prove(
    runs: Runs,
    effort: Effort,
    tasks: Sequence[Task],
    fired: set[tuple[str, int]],
    tally: Tally,
    exercises: Collection[str],
    on_done: Callable[[int, int], None] | None,
) -> list[Check]:
    lab, found = runs.lab, {task.check: list[str]() for task in tasks}
    with ThreadPoolExecutor(effort.jobs) as pool:
        examined = [task.examined or number % effort.examined == 0 for number, task in enumerate(tasks)]
        results = pool.map(runs.outcomes, tasks, examined)
        for done, (task, outcomes) in enumerate(zip(tasks, results, strict=True), start=1):
            found[task.check] += task.judge(outcomes)
            if on_done:
                on_done(done, len(tasks))
    if MUTANTS in found:
        found[f"{MUTANTS} ({tally})"] = [*found.pop(MUTANTS), *tally.problems]
    checks = [Check(name, tuple(problems)) for name, problems in found.items()]
    if effort.data_only or effort.answers > 1:  # too few answers to check whether every hidden check catches a wrong one
        return checks
    tried = {test.exercise for test in lab.of("tests")} - (_training(lab) if effort.trained > 1 else set())
    wanted = tried.intersection(exercises) if exercises else tried
    return [*checks, Check("every hidden check catches a wrong answer", tuple(_dead(lab, fired, wanted)))]


def _training(lab: Lab) -> set[str]:
    """Return the exercises with tests that train."""
    cells = code_of(lab, Options())
    return {cell.exercise for i, cell in enumerate(lab.cells) if cell.role == "tests" and trains(lab, cells, [i])}


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reference(lab: Lab, options: Options) -> list[Task]:
    """Return the task that runs the whole lab and then computes every figure of its prose."""
    cells = code_of(lab, options)
    figures = [(-1, figure.value) for figure in lab.settings.figures]
    environment = prepare_environment(lab, options)
    judge = partial(_judge_reference, lab, band_name(options, environment.env))
    return [Task("reference solution gets every point, figures lie in their bands", [*cells, *figures], environment, judge)]


def _unsolved(lab: Lab, options: Options) -> Task:
    """Return the task that runs the released cells on which the tests depend; as in grading, no other cell can change a mark."""
    released = release_notebook(lab, fast=options.fast).cells
    whole = [
        (i, cell.source if cell.role == "tests" else released[i].source) for i, cell in enumerate(lab.cells) if cell.is_code
    ]
    cells = sliced(lab, whole, [i for i, cell in enumerate(lab.cells) if cell.role == "tests"])

    def judge(outcomes: Sequence[tuple[int, Outcome]]) -> Iterable[str]:
        for index, outcome in outcomes:
            if lab.cells[index].role == "tests" and outcome.status == "ok":
                yield f"the unsolved release passes {lab.cells[index].name}"

    return Task("unsolved release gets no point", cells, prepare_environment(lab, options), judge)


def _repeats(lab: Lab, options: Options, effort: Effort, exercises: Collection[str] = ()) -> list[Task]:
    """Return the tasks that repeat the tests with the reference solution.

    Tests that do not train run many times in one process, with new random inputs; tests that train run once per seed.
    """
    cells = code_of(lab, options)
    tests = [i for i, cell in enumerate(lab.cells) if cell.role == "tests" and (cell.exercise in exercises or not exercises)]
    training = [i for i in tests if trains(lab, cells, [i])]
    plain = [i for i in tests if i not in training]
    if effort.data_only:
        plain = [i for i in plain if any(reads_data(source) for _, source in sliced(lab, cells, [i]))]
    tasks = []
    if plain:
        repeated = [cell for cell in sliced(lab, cells, plain) for _ in range(effort.repeats if cell[0] in plain else 1)]
        name = f"tests that do not train pass {effort.repeats} of {effort.repeats} times"
        tasks.append(Task(name, repeated, prepare_environment(lab, options), partial(_judge_passes, lab, "")))
    if training:
        for seed in range(effort.seeds):
            environment = prepare_environment(lab, replace(options, seed=seed))
            name = f"tests that train pass with {effort.seeds} of {effort.seeds} seeds"
            tasks.append(
                Task(name, sliced(lab, cells, training), environment, partial(_judge_passes, lab, f" with seed {seed}"))
            )
    return tasks


def _of_exercises(
    lab: Lab, options: Options, effort: Effort, exercises: Collection[str], fired: set[tuple[str, int]], tally: Tally
) -> list[Task]:
    known = {cell.exercise: None for cell in lab.of("tests")}
    if strangers := [name for name in exercises if name not in known]:
        raise LabError(f"{lab.id} has no exercise {', '.join(strangers)}; its exercises are {', '.join(map(str, known))}")
    answers = [answer for answer in lab.answers if answer.exercise in exercises]
    return [
        *_repeats(lab, options, effort, exercises),
        *_answers(lab, answers, options, effort, fired),
        *_twins(lab, answers, options, effort),
        *_mutants(lab, options, effort, tally, exercises),
    ]


def _answers(lab: Lab, answers: Iterable[Answer], options: Options, effort: Effort, fired: set[tuple[str, int]]) -> list[Task]:
    draws = 1 if effort.data_only else effort.draws
    training = _training(lab) if max(effort.trained, effort.answers) > 1 else set()
    taken, others = count(), count()
    chosen = [
        answer
        for answer in answers
        if (next(taken) % effort.trained if answer.exercise in training else next(others) % effort.answers) == 0
    ]
    tasks = [_answer(lab, answer, options, draws, fired) for answer in chosen if answer.right or not effort.data_only]
    return [task for task in tasks if not effort.data_only or any(reads_data(source) for _, source in task.cells)]


def _answer(lab: Lab, answer: Answer, options: Options, draws: int, fired: set[tuple[str, int]]) -> Task:
    changed = lab.with_exercises({answer.exercise: answer.source})
    targets = [i for i, cell in enumerate(lab.cells) if cell.role == "tests" and cell.name in answer.marks]
    own = [i for i, cell in enumerate(lab.cells) if cell.role == "exercise" and cell.name == answer.exercise]
    cells = sliced(changed, code_of(changed, options), [*targets, *own])
    redrawn = [cell for cell in cells if cell[0] in targets and not trains(changed, cells, [cell[0]])] * (draws - 1)
    judge = partial(_judge_answer, lab, answer, fired)
    name = "each known answer gets exactly its marks"
    return Task(name, cells, prepare_environment(lab, options), judge, redrawn=redrawn)


def _twins(lab: Lab, answers: Sequence[Answer], options: Options, effort: Effort) -> list[Task]:
    if effort.twins == "none" or effort.data_only:
        return []
    return twin_tasks(lab, answers, options, one_of=SAMPLE if effort.twins == "sample" else 1)


def _mutants(lab: Lab, options: Options, effort: Effort, tally: Tally, exercises: Collection[str] = ()) -> list[Task]:
    if effort.mutants == "none" or effort.data_only:
        return []
    one_of = MUTANT_SAMPLE if effort.mutants == "sample" else 1
    return mutant_tasks(lab, options, tally, exercises=exercises, draws=effort.draws, one_of=one_of)


# ── judges ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_reference(lab: Lab, band: str, outcomes: Sequence[tuple[int, Outcome]]) -> Iterable[str]:
    cells = [(index, outcome) for index, outcome in outcomes if index >= 0]
    yield from _judge_passes(lab, "", cells)
    for figure, (_, outcome) in zip(lab.settings.figures, outcomes[len(cells) :], strict=True):
        if not (bands := _bands(lab, figure, band)):
            continue
        low, high = bands
        if outcome.value is None:
            yield f"figure {figure.name}: {figure.value} gave no number: {outcome.error} {outcome.message}"
        elif not low <= outcome.value <= high:
            yield f"figure {figure.name}: {figure.value} is {outcome.value:.4g}, outside its {band} band [{low:g}, {high:g}]"


def _judge_passes(lab: Lab, when: str, outcomes: Sequence[tuple[int, Outcome]]) -> Iterable[str]:
    failures: dict[int, list[Outcome]] = {}
    for index, outcome in outcomes:
        if outcome.status != "ok":
            failures.setdefault(index, []).append(outcome)
    for index, failed in failures.items():
        first, times = failed[0], f" ({len(failed)} times)" if len(failed) > 1 else ""
        yield f"reference fails in cell {lab.cells[index].id}{times}{when}: {first.error} {first.message} (line {first.line})"


def _judge_answer(
    lab: Lab, answer: Answer, fired: set[tuple[str, int]], outcomes: Sequence[tuple[int, Outcome]]
) -> Iterable[str]:
    exercise = next((o for i, o in outcomes if lab.cells[i].role == "exercise" and lab.cells[i].name == answer.exercise), None)
    # Test → its message for each draw; None if it passed.
    said: dict[str, list[str | None]] = {name: [] for name in answer.marks}
    for index, outcome in outcomes:
        test = lab.cells[index]
        if test.role != "tests" or test.name not in said:
            continue
        passed = outcome.status == "ok"
        said[test.name].append(None if passed else explain(outcome, test, exercise))
        if not passed and not answer.right:
            fired.add((test.name, outcome.line))
    for name, messages in said.items():
        wanted = answer.marks[name] > 0
        if odd := [message for message in messages if wanted != (message is None)]:
            got = f"fails ({odd[0]})" if wanted else "passes"
            points = next(test.points for test in lab.of("tests") if test.name == name)
            yield f"{answer.label} {got} {name}{_times(odd, messages)}, expected {answer.marks[name]:g} of {points:g}"
    if answer.hint:
        draws = [
            [said[name][min(k, len(said[name]) - 1)] for name in said if said[name]]
            for k in range(max(map(len, said.values())))
        ]
        silent = [
            draw for draw in draws if not any(answer.hint in line for message in draw if message for line in causes(message))
        ]
        if silent:
            received = [message for message in silent[0] if message]
            yield (
                f"{answer.label}: no message says {answer.hint!r}{_times(silent, draws)} in a line that may name a cause; "
                f"the messages are {received}"
            )


def _times(some: Sequence[object], all_of_them: Sequence[object]) -> str:
    return f" ({len(some)} of {len(all_of_them)} times)" if len(all_of_them) > 1 else ""


def _dead(lab: Lab, fired: set[tuple[str, int]], exercises: Collection[str]) -> Iterable[str]:
    """Yield a problem for each hidden check that no wrong answer fails: nobody would notice if it were deleted."""
    for test in lab.of("tests"):
        if test.exercise not in exercises:
            continue
        for statement in hidden_checks(test):
            lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            if not any((test.name, line) in fired for line in lines):
                first = test.source.splitlines()[statement.lineno - 1].strip()
                yield f"tests {test.name}, line {statement.lineno}: no wrong answer fails at `{first}`"


def _bands(lab: Lab, figure: Figure, band: str) -> tuple[float, float] | None:
    """Return the band that applies; in a lab without data sets it does not depend on the kind of data and the budget."""
    if lab.settings.datasets:
        return figure.bands.get(band)
    return figure.bands.get("real") or figure.bands.get("drawn")
