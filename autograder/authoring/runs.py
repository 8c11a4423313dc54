"""Run the tasks of a verification, or take their outcomes from a cache of earlier runs.

This module knows how to turn the cells of a task into the steps of a run; it does not judge outcomes.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from autograder.authoring.tasks import Task
from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Outcome, Step
from autograder.grading.cache import Entry, ResultCache, digest, environment_digest, file_digests
from autograder.grading.environment import limits
from autograder.grading.plan import Plan
from autograder.labs.model import Lab

__all__ = ["Runs"]

# Seeds the generators that a test makes in the student process, as the examiner seeds those of its tests.
_SEED = "__import__('autograder.worker.draws', fromlist=['_']).draws_from({!r}).begin({!r}, everything=False)"
# How a run may end for a reason that lies in the machine. Such an outcome is not kept.
_UNSURE = ("crashed", "memory")
_UNSURE_ERRORS = ("OSError", "URLError", "HTTPError", "ConnectionError", "TimeoutError")


@dataclass
class Runs:
    """Runs of the cells of a lab.

    Attributes:
        lab: The lab.
        plan: How the cells of the lab are run.
        secret: Text that the random numbers of the tests are drawn from.
        jobs: Number of runs at the same time.
        kept: Cache of outcomes; None to run everything. A run with the same cells, environment,
            versions and random numbers is found there, whatever it was made for.
    """

    lab: Lab
    plan: Plan
    secret: str
    jobs: int
    kept: ResultCache | None = None

    def outcomes(self, task: Task, examined: bool) -> list[tuple[int, Outcome]]:
        """Run a task.

        Args:
            task: The task.
            examined: Whether its tests run in the examiner, as in grading, or in the student process.

        Returns:
            (index in the lab, outcome) of each cell of the task.

        Raises:
            WorkerError: A process cannot be started.
        """
        cells = [*task.cells, *task.redrawn]
        steps, places = [], []
        runs: Counter[int] = Counter()
        for number, (index, source) in enumerate(cells):
            in_examiner = examined and number < len(task.cells)
            # The first run of a test draws what it draws in grading; each further run draws other numbers.
            draws = self.plan.draws.get(index, "") + (f"/{runs[index]}" if runs[index] else "")
            runs[index] += 1
            if not in_examiner and index in self.plan.draws:
                steps.append(Step(_SEED.format(self.secret, draws)))
            places.append(len(steps))
            step = self.plan.step(index, source, source) if in_examiner else Step(source)
            steps.append(replace(step, draws=draws) if step.draws else step)
        # Repeated tests may run for longer than one notebook.
        notebooks = max(1.0, len(cells) / sum(cell.is_code for cell in self.lab.cells))
        bounds = replace(limits(self.lab), notebook_seconds=self.lab.settings.notebook_seconds * notebooks)
        # More threads than cores would only slow each other down.
        threads = max(1, (os.cpu_count() or 1) // self.jobs)
        # Known answers are the course's own code, so without an examiner they need no sandbox.
        level = task.environment.level if examined else "open"
        outcomes = self._run(steps, bounds, replace(task.environment, threads=threads, level=level))
        return [(index, outcomes[place]) for (index, _), place in zip(cells, places, strict=True)]

    def _run(self, steps: Sequence[Step], bounds: Limits, environment: Environment) -> Sequence[Outcome]:
        """The outcomes of the steps, from the cache if they are in it."""
        if self.kept is None:
            return run_steps(steps, limits=bounds, environment=environment)
        own = [[asdict(step) for step in steps], asdict(bounds), asdict(environment)]
        key = digest([environment_digest(), own, file_digests(environment.beside)])
        if entry := self.kept.find(key):
            return entry.outcomes
        outcomes = run_steps(steps, limits=bounds, environment=environment)
        if not any(outcome.status in _UNSURE or outcome.error in _UNSURE_ERRORS for outcome in outcomes):
            self.kept.put(key, Entry(outcomes, {}, {}))
        return outcomes
