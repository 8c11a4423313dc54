"""Prove a lab: the reference gets every point, the release none, each known answer exactly its marks, no hidden check is dead.

Known answers run once more as their hostile twins, which overwrite what tests give them and must gain nothing by it. An answer is
run through only the cells that its tests need. Knows how to run cells; nothing of submissions or gradebooks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from autograder.authoring.calibrate import band_name
from autograder.authoring.hostile import twin_tasks
from autograder.authoring.lint import hidden_checks, lint
from autograder.authoring.tasks import Task, code_of, sliced, trains
from autograder.errors import LabError
from autograder.execution.limits import Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Outcome, Step
from autograder.grading.environment import prepare_environment
from autograder.grading.messages import explain
from autograder.grading.options import Options
from autograder.grading.plan import Plan, plan, reads_data
from autograder.labs.model import Answer, Figure, Lab
from autograder.notebooks.release import is_stale, release_notebook

__all__ = ["Check", "Effort", "verify"]


SAMPLE = 12  # of so many hostile twins one is tried


@dataclass(frozen=True)
class Check:
    """One thing that was proved, or the sentences that say where it is not so."""

    name: str
    problems: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Effort:
    """How hard to try. repeats: of each test that does not train; seeds: of each that does; jobs: processes at once.

    data_only: of the known answers, prove only the right ones that read a data set on their way. The others run the same code
    on every kind of data, and what a wrong one loses was proved on the first kind: a second time says little new.
    examined: of so many runs one has its tests in the examiner, as when grading; in the others they run in the student process,
    which takes half the time. 1 is the full proof.
    draws: how often a known answer takes each of its tests that do not train: luck must not decide about its marks.
    twins: how many hostile twins are tried; a sample is one of twelve. They always have their tests in the examiner.
    """

    repeats: int = 50
    seeds: int = 10
    draws: int = 20
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    data_only: bool = False
    examined: int = 1
    twins: Literal["all", "sample", "none"] = "all"


def verify(
    lab: Lab,
    options: Options | None = None,
    effort: Effort | None = None,
    *,
    released: Path | None = None,
    exercises: Collection[str] = (),
    on_done: Callable[[int, int], None] | None = None,
) -> list[Check]:
    """Prove `lab` on one kind of data and budget (see Options).

    released: folder of the committed notebooks, to check that they are in step. on_done: hears (tasks done, tasks in all).
    exercises: prove only these: their tests and their known answers; none means the whole lab, top to bottom.
    Raises LabError for an exercise that the lab does not have.
    """
    options, effort = options or Options(), effort or Effort()
    fired: set[tuple[str, int]] = set()  # (test, line) at which some wrong answer failed
    if exercises:
        return _prove(lab, effort, _of_exercises(lab, options, effort, exercises, fired), fired, exercises, on_done)
    checks = [Check("points, prose figures, leaks", tuple(lint(lab)))]
    if released:
        problems = is_stale(release_notebook(lab), released / f"{lab.id}.ipynb")
        checks.append(Check("released notebook is in step", tuple(problems)))
    tasks = [
        *_reference(lab, options),
        _unsolved(lab, options),
        *_repeats(lab, options, effort),
        *_answers(lab, lab.answers, options, effort, fired),
        *_twins(lab, lab.answers, options, effort),
    ]
    return checks + _prove(lab, effort, tasks, fired, (), on_done)


def _prove(
    lab: Lab,
    effort: Effort,
    tasks: Sequence[Task],
    fired: set[tuple[str, int]],
    exercises: Collection[str],
    on_done: Callable[[int, int], None] | None,
) -> list[Check]:
    found: dict[str, list[str]] = {task.check: [] for task in tasks}
    with ThreadPoolExecutor(effort.jobs) as pool:
        examined = [task.examined or number % effort.examined == 0 for number, task in enumerate(tasks)]
        results = pool.map(partial(_run, lab, plan(lab)), examined, tasks)
        for done, (task, problems) in enumerate(zip(tasks, results, strict=True), start=1):
            found[task.check] += problems
            if on_done:
                on_done(done, len(tasks))
    checks = [Check(name, tuple(problems)) for name, problems in found.items()]
    if effort.data_only:  # too few answers to judge by
        return checks
    return [*checks, Check("every hidden check catches a wrong answer", tuple(_dead(lab, fired, exercises)))]


def _run(lab: Lab, ways: Plan, examined: bool, task: Task) -> list[str]:
    settings = lab.settings
    cells = [*task.cells, *task.redrawn]
    notebooks = max(1.0, len(cells) / sum(cell.is_code for cell in lab.cells))  # repeated tests are more than one
    limits = Limits(settings.cell_seconds, settings.notebook_seconds * notebooks, settings.memory_mb)
    steps = [ways.step(index, source, source) if examined else Step(source) for index, source in task.cells]
    steps += [Step(source) for _, source in task.redrawn]
    environment = (
        task.environment if examined else replace(task.environment, level="open")
    )  # known answers are the course's own
    outcomes = run_steps(steps, limits=limits, environment=environment)
    return list(task.judge([(index, outcome) for (index, _), outcome in zip(cells, outcomes, strict=True)]))


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reference(lab: Lab, options: Options) -> list[Task]:
    """The whole lab, top to bottom, with every figure of its prose computed at the end."""
    cells = code_of(lab, options)
    figures = [(-1, figure.value) for figure in lab.settings.figures]
    environment = prepare_environment(lab, options)
    judge = partial(_judge_reference, lab, band_name(options, environment.env))
    return [Task("reference solution gets every point, figures lie in their bands", [*cells, *figures], environment, judge)]


def _unsolved(lab: Lab, options: Options) -> Task:
    released = release_notebook(lab, fast=options.fast).cells
    cells = [
        (i, cell.source if cell.role == "tests" else released[i].source) for i, cell in enumerate(lab.cells) if cell.is_code
    ]

    def judge(outcomes: Sequence[tuple[int, Outcome]]) -> Iterable[str]:
        for index, outcome in outcomes:
            if lab.cells[index].role == "tests" and outcome.status == "ok":
                yield f"the unsolved release passes {lab.cells[index].name}"

    return Task("unsolved release gets no point", cells, prepare_environment(lab, options), judge)


def _repeats(lab: Lab, options: Options, effort: Effort, exercises: Collection[str] = ()) -> list[Task]:
    """Tests that do not train: many times on one reference run, their inputs drawn anew. Tests that train: over seeds."""
    cells = code_of(lab, options)
    tests = [i for i, cell in enumerate(lab.cells) if cell.role == "tests" and (cell.exercise in exercises or not exercises)]
    training = [i for i in tests if trains(lab, cells, [i])]
    plain = [i for i in tests if i not in training]
    tasks = []
    if plain:
        repeated = [cell for cell in sliced(lab, cells, plain) for _ in range(effort.repeats if cell[0] in plain else 1)]
        name = f"tests that do not train hold {effort.repeats} times of {effort.repeats}"
        tasks.append(Task(name, repeated, prepare_environment(lab, options), partial(_judge_passes, lab, "")))
    if training:
        for seed in range(effort.seeds):
            environment = prepare_environment(lab, replace(options, seed=seed))
            name = f"tests that train hold for {effort.seeds} seeds of {effort.seeds}"
            tasks.append(
                Task(name, sliced(lab, cells, training), environment, partial(_judge_passes, lab, f" with seed {seed}"))
            )
    return tasks


def _of_exercises(
    lab: Lab, options: Options, effort: Effort, exercises: Collection[str], fired: set[tuple[str, int]]
) -> list[Task]:
    known = {cell.exercise: None for cell in lab.of("tests")}
    if strangers := [name for name in exercises if name not in known]:
        raise LabError(f"{lab.id} has no exercise {', '.join(strangers)}; its exercises are {', '.join(map(str, known))}")
    answers = [answer for answer in lab.answers if answer.exercise in exercises]
    return [
        *_repeats(lab, options, effort, exercises),
        *_answers(lab, answers, options, effort, fired),
        *_twins(lab, answers, options, effort),
    ]


def _answers(lab: Lab, answers: Iterable[Answer], options: Options, effort: Effort, fired: set[tuple[str, int]]) -> list[Task]:
    draws = 1 if effort.data_only else effort.draws
    tasks = [_answer(lab, answer, options, draws, fired) for answer in answers if answer.right or not effort.data_only]
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
    said: dict[str, list[str | None]] = {
        name: [] for name in answer.marks
    }  # what each test said, draw by draw; None: it passed
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
        silent = [draw for draw in draws if not any(answer.hint in message for message in draw if message)]
        if silent:
            heard = [message for message in silent[0] if message]
            yield f"{answer.label}: no message says {answer.hint!r}{_times(silent, draws)}; they say {heard}"


def _times(some: Sequence[object], all_of_them: Sequence[object]) -> str:
    return f" ({len(some)} times of {len(all_of_them)})" if len(all_of_them) > 1 else ""


def _dead(lab: Lab, fired: set[tuple[str, int]], exercises: Collection[str]) -> Iterable[str]:
    """Hidden checks at which no wrong answer fails: they could be loosened or deleted and nobody would notice."""
    for test in lab.of("tests"):
        if exercises and test.exercise not in exercises:
            continue
        for statement in hidden_checks(test):
            lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            if not any((test.name, line) in fired for line in lines):
                first = test.source.splitlines()[statement.lineno - 1].strip()
                yield f"tests {test.name}, line {statement.lineno}: no wrong answer fails at `{first}`"


def _bands(lab: Lab, figure: Figure, band: str) -> tuple[float, float] | None:
    """The band to hold to; a lab without data sets has one truth, whichever key it stands under."""
    if lab.settings.datasets:
        return figure.bands.get(band)
    return figure.bands.get("real") or figure.bands.get("drawn")
