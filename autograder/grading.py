"""Grade one submission: intake, one run in a student process, a verdict. No database, no course tree.

`grade(lab, notebook) -> Verdict` is the seam that everything else stands on. How a verdict is reached may change behind it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from autograder.build import reduced_parameters
from autograder.intake import Submission, UnreadableError, read_submission
from autograder.labs import Cell, Lab, load_lab
from autograder.plan import plan
from autograder.processes import Limits
from autograder.runs import Outcome, Step, run_steps
from autograder.surroundings import Options, surroundings
from autograder.suspicions import look
from autograder.verdict import TestResult, TestStatus, Verdict, Written

__all__ = ["explain", "grade", "with_budget"]

_KILLED = ("timeout", "memory", "crashed")
_CHECKED = ("Mistake", "AssertionError")  # errors that are the test's own verdict


def grade(lab: Lab | Path | str, notebook: Path | str, options: Options | None = None, *, submission: str = "") -> Verdict:
    """Grade one submitted notebook.

    lab: a loaded Lab or its folder. submission: the name on the verdict, by default the file's name without its ending.
    A file that cannot be read gives a verdict with status "unreadable", not an exception. Raises LabError for a broken lab.
    """
    lab = lab if isinstance(lab, Lab) else load_lab(lab)
    options = options or Options()
    path = Path(notebook)
    name = submission or path.stem
    started = time.perf_counter()
    try:
        work = read_submission(lab, path)
    except UnreadableError as error:
        return Verdict(name, lab.id, "unreadable", message=str(error))
    around = surroundings(lab, options)
    outcomes = run_steps(_steps(lab, work, options), limits=_limits(lab, options), around=around)
    return Verdict(
        submission=name,
        lab=lab.id,
        status="needs review" if work.needs_review else "graded",
        tests=tuple(_results(lab, work, outcomes)),
        written=tuple(_written(lab, work)),
        message=_review_message(lab, work),
        flags=(*work.flags, *look(_own_words(lab, work))),
        isolation=around.level,
        data_source=around.env.get("COURSEKIT_DATA", "none"),
        reduced_budget=options.fast,
        seed=options.seed,
        versions=_versions(),
        seconds=round(time.perf_counter() - started, 3),
    )


def with_budget(lab: Lab, source: str, grade_id: str, *, fast: bool) -> str:
    """The cell as it will run: with `fast`, a parameter cell is followed by the reduced values."""
    reduced = fast and any(cell.parameters and cell.grade_id == grade_id for cell in lab.of("given"))
    return f"{source}\n{reduced_parameters(lab)}" if reduced else source


def _steps(lab: Lab, work: Submission, options: Options) -> list[Step]:
    ways = plan(lab)
    steps = []
    for index, source in work.code:
        cell = lab.cells[index] if index >= 0 else None
        run, own = (
            with_budget(lab, text, cell.grade_id if cell else "", fast=options.fast)
            for text in (source, cell.source if cell else "")
        )
        steps.append(ways.step(index, run, own))
    return steps


def _own_words(lab: Lab, work: Submission) -> list[tuple[str, str]]:
    """(grade id, source) of the cells that are the student's and not the lab's."""
    cells = [(lab.cells[index] if index >= 0 else None, source) for index, source in work.code]
    return [
        (cell.grade_id if cell else "", source) for cell, source in cells if cell is None or cell.role in ("exercise", "code")
    ]


def _limits(lab: Lab, options: Options) -> Limits:
    settings = lab.settings
    return Limits(options.cell_seconds or settings.cell_seconds, settings.notebook_seconds, settings.memory_mb)


def _results(lab: Lab, work: Submission, outcomes: Sequence[Outcome]) -> list[TestResult]:
    by_id = {lab.cells[i].grade_id: outcome for (i, _), outcome in zip(work.code, outcomes, strict=True) if i >= 0}
    results = []
    for test in lab.of("tests"):
        outcome = by_id[test.grade_id]
        written = by_id.get(test.exercise)
        passed = outcome.status == "ok"
        message = "" if passed else explain(outcome, test, written)
        status = _status(outcome, written)
        results.append(TestResult(test.name, test.exercise, test.points, test.points if passed else 0.0, status, message))
    return results


def _status(outcome: Outcome, exercise: Outcome | None) -> TestStatus:
    if outcome.status == "ok":
        return "passed"
    if exercise is None:
        return "missing"
    if exercise.status != "ok" and exercise.status in _KILLED:
        return exercise.status
    return "failed" if outcome.error in _CHECKED else outcome.status


def explain(outcome: Outcome, test: Cell, exercise: Outcome | None) -> str:
    """The message for the student: what the check said, or where the trouble began when it began before the test."""
    if exercise is None:
        return f"your cell for `{test.exercise}` was not found in the notebook"
    if "NotImplementedError" in (exercise.error, outcome.error):
        return "nothing is written here yet"
    if exercise.status in _KILLED:
        return f"your cell for `{test.exercise}`: {exercise.message}"
    if outcome.error in _CHECKED:
        return outcome.message or "a check of this test failed"
    if outcome.status in ("timeout", "memory", "crashed", "missing"):
        return outcome.message
    if exercise.status != "ok":
        return f"your cell for `{test.exercise}` did not run to its end: {exercise.error}: {exercise.message}"
    return f"your code stopped with {outcome.error}: {outcome.message}"


def _written(lab: Lab, work: Submission) -> list[Written]:
    def answered(name: str) -> bool:
        return work.written.get(name, "").strip() not in ("", "YOUR ANSWER HERE")

    return [Written(cell.name, cell.points, answered(cell.name)) for cell in lab.of("written")]


def _review_message(lab: Lab, work: Submission) -> str:
    if not work.needs_review:
        return ""
    lost = [cell.name for cell in lab.of("exercise") if cell.name not in work.exercises]
    return f"the cells for {', '.join(lost)} could not be found, though the notebook holds other code: please look"


@lru_cache
def _versions() -> Mapping[str, str]:
    packages = ("keras", "tensorflow", "numpy", "coursekit")
    return {"python": python_version(), **{package: version(package) for package in packages}}
