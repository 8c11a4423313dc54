"""Grade one submission: intake, one run in a student process, a verdict. No database, no course tree.

`grade(lab, notebook) -> Verdict` is the seam that everything else stands on. How a verdict is reached may change behind it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from autograder.build import reduced_parameters
from autograder.intake import Submission, UnreadableError, read_submission
from autograder.labs import Cell, Lab, load_lab
from autograder.runs import Limits, Outcome, run_cells
from autograder.verdict import TestResult, TestStatus, Verdict, Written

__all__ = ["Options", "environment", "grade", "with_budget"]

_KILLED = ("timeout", "memory", "crashed")
_CHECKED = ("Mistake", "AssertionError")  # errors that are the test's own verdict


@dataclass(frozen=True)
class Options:
    """How to grade.

    data: "real", "drawn" or "" (real if obtainable). fast: the lab's reduced budget. seed: set in the set-up cell.
    cell_seconds: limit for one cell; 0 means the lab's own.
    """

    data: str = ""
    fast: bool = False
    seed: int = 42
    cell_seconds: float = 0


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
    env = environment(lab, options)
    sources = [with_budget(lab, source, grade_id, fast=options.fast) for grade_id, source in work.code]
    outcomes = run_cells(sources, limits=_limits(lab, options), env=env)
    return Verdict(
        submission=name,
        lab=lab.id,
        status="needs review" if work.needs_review else "graded",
        tests=tuple(_results(lab, work, outcomes)),
        written=tuple(_written(lab, work)),
        message=_review_message(lab, work),
        flags=work.flags,
        data_source=env.get("COURSEKIT_DATA", "none"),
        reduced_budget=options.fast,
        seed=options.seed,
        versions=_versions(),
        seconds=round(time.perf_counter() - started, 3),
    )


def environment(lab: Lab, options: Options) -> dict[str, str]:
    """Variables for a student process: which data and where they are kept, which seed, which budget."""
    from coursekit import data

    env = {"COURSEKIT_SEED": str(options.seed)}
    if lab.settings.datasets:
        source = options.data or os.environ.get("COURSEKIT_DATA", "")
        sources = {source} if source else {data.source(name) for name in lab.settings.datasets}
        env["COURSEKIT_DATA"] = "drawn" if "drawn" in sources else "real"
        # The process lives in an empty home of its own, so it has to be told where ours keeps its data.
        env["COURSEKIT_CACHE"] = str(data.Settings.from_environment().cache.folder)
    if options.fast:
        env["COURSEKIT_FAST"] = "1"
    return env


def with_budget(lab: Lab, source: str, grade_id: str, *, fast: bool) -> str:
    """The cell as it will run: with `fast`, a parameter cell is followed by the reduced values."""
    reduced = fast and any(cell.parameters and cell.grade_id == grade_id for cell in lab.of("given"))
    return f"{source}\n{reduced_parameters(lab)}" if reduced else source


def _limits(lab: Lab, options: Options) -> Limits:
    settings = lab.settings
    return Limits(options.cell_seconds or settings.cell_seconds, settings.notebook_seconds, settings.memory_mb)


def _results(lab: Lab, work: Submission, outcomes: Sequence[Outcome]) -> list[TestResult]:
    by_id = {grade_id: outcome for (grade_id, _), outcome in zip(work.code, outcomes, strict=True) if grade_id}
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
