"""Tasks with mutants of the reference solution, which verify that the tests notice the slips that students make.

A mutant that earns every point is alive: either a test has a hole, or the mutant is as right as the
reference, and then `answers/<exercise>.toml` lists it under [equivalent] with the reason. This module
knows labs and mutants; it does not know how tasks are run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from autograder.authoring.mutation import Mutant, mutants
from autograder.authoring.tasks import Task, code_of, sliced, trains
from autograder.execution.steps import Outcome
from autograder.grading.dependencies import names
from autograder.grading.environment import prepare_environment
from autograder.grading.options import Options
from autograder.labs.model import BEGIN_SOLUTION, END_SOLUTION, Cell, Lab

__all__ = ["MUTANTS", "Tally", "mutant_tasks", "mutants_of"]

MUTANTS = "no mutant of the reference earns every point"


@dataclass
class Tally:
    """What became of the mutants of a lab.

    Attributes:
        made: Number of mutants that ran.
        killed: Number of mutants that lost points in every draw.
        equivalent: Number of mutants that are listed as equivalent and earned every point.
    """

    made: int = 0
    killed: int = 0
    equivalent: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.made} made, {self.killed} killed, {self.equivalent} equivalent"


def mutants_of(lab: Lab, exercise: str) -> list[Mutant]:
    """Create the mutants of the reference solution of an exercise.

    Args:
        lab: The lab.
        exercise: Name of the exercise.

    Returns:
        The mutants; only the part between the markers of the solution is changed.
    """
    place = next(i for i, cell in enumerate(lab.cells) if cell.role == "exercise" and cell.name == exercise)
    lines = [line.strip() for line in lab.cells[place].source.splitlines()]
    solution = range(lines.index(BEGIN_SOLUTION) + 2, lines.index(END_SOLUTION) + 1)
    before = [cell.source for cell in lab.cells[:place] if cell.is_code and cell.role != "tests"]
    known = frozenset[str]().union(*(names(source).assigns for source in before))
    return mutants(lab.cells[place].source, solution, known)


def mutant_tasks(
    lab: Lab, options: Options, tally: Tally, *, exercises: Collection[str] = (), draws: int = 1, one_of: int = 1
) -> list[Task]:
    """Create the tasks for the mutants of a lab.

    Args:
        lab: The lab.
        options: Grading options.
        tally: Counts what becomes of them.
        exercises: Names of exercises; if empty, all exercises with tests.
        draws: Number of runs of each test that does not train.
        one_of: Take every `one_of`-th mutant whose tests do not train; 1 takes all mutants.

    Returns:
        One task per mutant.
    """
    tested = dict.fromkeys(cell.exercise for cell in lab.of("tests"))
    tasks: list[Task] = []
    number = 0
    for exercise in [name for name in tested if name in exercises or not exercises]:
        made = mutants_of(lab, exercise)
        known = {mutant.id for mutant in made}
        tally.problems += [
            f"{exercise}: no mutant {name!r}, which is listed as equivalent; remove it from the list"
            for name in lab.equivalent.get(exercise, {})
            if name not in known
        ]
        targets = [i for i, cell in enumerate(lab.cells) if cell.role == "tests" and cell.exercise == exercise]
        if one_of > 1 and trains(lab, code_of(lab, options), targets):
            continue
        for mutant in made:
            number += 1
            if number % one_of == 0:
                tasks.append(_task(lab, exercise, mutant, targets, options, tally, draws))
    return tasks


def _task(lab: Lab, exercise: str, mutant: Mutant, targets: Sequence[int], options: Options, tally: Tally, draws: int) -> Task:
    changed = lab.with_exercises({exercise: mutant.source})
    code = code_of(changed, options)
    own = next(i for i, cell in enumerate(lab.cells) if cell.role == "exercise" and cell.name == exercise)
    cells = sliced(changed, code, [*targets, own])
    redrawn = [cell for cell in cells if cell[0] in targets and not trains(changed, code, [cell[0]])] * (draws - 1)
    judge = partial(_judge, lab.cells, exercise, mutant, mutant.id in lab.equivalent.get(exercise, {}), targets, tally)
    return Task(MUTANTS, cells, prepare_environment(lab, options), judge, redrawn=redrawn)


def _judge(
    cells: Sequence[Cell],
    exercise: str,
    mutant: Mutant,
    equivalent: bool,
    targets: Sequence[int],
    tally: Tally,
    outcomes: Sequence[tuple[int, Outcome]],
) -> Iterable[str]:
    passed: dict[int, list[bool]] = {index: [] for index in targets}
    for index, outcome in outcomes:
        if index in passed:
            passed[index].append(outcome.status == "ok")
    draws = max(map(len, passed.values()))
    alive = sum(all(said[min(draw, len(said) - 1)] for said in passed.values()) for draw in range(draws))
    tally.made += 1
    tally.killed += not alive
    tally.equivalent += equivalent and alive == draws
    often = f" in {alive} of {draws} draws" if alive < draws else ""
    if alive and not equivalent:
        yield f"{exercise}: the mutant {mutant.id!r} (line {mutant.line}) earns every point{often}"
    if equivalent and alive < draws:
        test = next(cells[index].name for index, said in passed.items() if not all(said))
        yield f"{exercise}: the mutant {mutant.id!r} is listed as equivalent, but fails {test} in {draws - alive} of {draws} draws"
