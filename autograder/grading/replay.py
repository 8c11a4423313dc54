"""Run one submission again and note what each check of a test got, expected and said.

It is for the instructor: values of hidden tests are shown. Nothing is cached and no mark changes. This
module knows submissions and tests; it knows no course and no page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.execution.runner import run_with_retries
from autograder.execution.steps import Kept, Outcome, Step
from autograder.grading.job import Job, prepare
from autograder.grading.options import Options
from autograder.grading.prepared import prepare_lab
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab

__all__ = ["Check", "Replay", "ReplayedTest", "replay"]


@dataclass(frozen=True)
class Check:
    """A check of a test that ran.

    Attributes:
        line: Line of the test cell.
        source: Its code.
        values: Name → value as text, of its last run.
        said: What it said; "" if it passed.
        times: How often it ran.
    """

    line: int
    source: str
    values: Mapping[str, str]
    said: str = ""
    times: int = 1


@dataclass(frozen=True)
class ReplayedTest:
    """A test that ran again.

    Attributes:
        result: Its result, as a student would get it.
        error: Exception that ended it, in full; "" if there was none.
        line: Line of the test cell where it ended; 0 if it passed, or that is not known.
        cell: Exception that ended the student's cell, in full; "" if there was none.
        checks: The checks that ran, the last one last. Empty for a test that ran in the student's own
            process.
    """

    result: TestResult
    error: str
    line: int
    cell: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Replay:
    """A submission that ran again.

    Attributes:
        verdict: Its verdict; of the tests after the one that was asked for, it says nothing.
        tests: Test name → test, of those that were asked for.
    """

    verdict: Verdict
    tests: Mapping[str, ReplayedTest]


def replay(lab: Lab, notebook: Path, submission: str, options: Options, test: str = "") -> Replay:
    """Run a submission again.

    Args:
        lab: The lab.
        notebook: Path of the notebook. The other files in its folder belong to the submission.
        submission: Name of the submission.
        options: Grading options.
        test: Name of the test to watch, at which the run ends; "" for all.

    Returns:
        What the tests got and said; no test if the notebook cannot be read.

    Raises:
        MachineError: This machine lacks what the lab or the options need.
        WorkerError: The run failed because of the machine.
    """
    job = prepare(prepare_lab(lab, options), notebook, submission, own_folder=True)
    if isinstance(job, Verdict):
        return Replay(job, {})
    names = [test] if test else list(job.places)
    job = _watching(job, names)
    entry, seconds = job.find(_until(job, names))
    verdict = job.verdict(entry.outcomes, seconds, entry)
    ended = zip(job.work.code, entry.outcomes, strict=True)
    cells = {lab.cells[i].name: outcome for (i, _), outcome in ended if i >= 0 and lab.cells[i].role == "exercise"}
    tests = {}
    for result in verdict.tests:
        if result.name in names:
            outcome = entry.alone.get(result.name, entry.outcomes[job.places[result.name]])
            cell = cells.get(result.exercise, Outcome("ok"))
            checks = tuple(_checks(outcome.checks))
            tests[result.name] = ReplayedTest(result, _ended(outcome), outcome.line, _ended(cell), checks)
    return Replay(verdict, tests)


def _watching(job: Job, names: Sequence[str]) -> Job:
    """Return the job with the checks of tests noted, and without runs of other tests in the student process."""
    watched = {job.places[name] for name in names}
    steps = tuple(replace(step, watched=step.kind == "test" and i in watched) for i, step in enumerate(job.steps))
    return replace(job, steps=steps, inside={name: run for name, run in job.inside.items() if not name or name in names})


def _until(job: Job, names: Sequence[str]) -> Any:
    """Return a runner that leaves out the steps after the last of the tests."""
    end = max((job.places[name] for name in names), default=-1) + 1

    def run(steps: Sequence[Step]) -> tuple[Sequence[Outcome], Kept, float]:
        some = steps[:end] if steps is job.steps else steps
        outcomes, kept = run_with_retries(some, limits=job.limits, environment=job.environment)
        return [*outcomes, *[Outcome("missing")] * (len(steps) - len(some))], kept, sum(outcome.seconds for outcome in outcomes)

    return run


def _ended(outcome: Outcome) -> str:
    """Return how a step ended; "" if well."""
    if outcome.status == "ok":
        return ""
    return ": ".join(part for part in (outcome.error or outcome.status, outcome.message) if part)


def _checks(text: str) -> list[Check]:
    """Read what the examiner noted; nothing that is not in its form."""
    try:
        return [Check(**entry) for entry in json.loads(text or "[]")]
    except (ValueError, TypeError):
        return []
