"""Grade one submission: intake, one run in a student process, a verdict. No database, no course tree.

`grade(lab, notebook) -> Verdict` is the seam that everything else stands on. How a verdict is reached may change behind it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from autograder.beside import TooManyError, files_beside
from autograder.build import reduced_parameters
from autograder.intake import Submission, UnreadableError
from autograder.keep import Entry, Keep, digest, environment_digest
from autograder.labs import Cell, Lab, load_lab
from autograder.plan import plan
from autograder.processes import Limits, Surroundings
from autograder.reader import read_submission
from autograder.runs import Again, Kept, Outcome, Step, settle
from autograder.surroundings import Options, surroundings
from autograder.verdict import Flag, TestResult, TestStatus, Verdict, Written

__all__ = ["Job", "examine_again", "explain", "grade", "prepare", "with_budget"]

_KILLED = ("timeout", "memory", "crashed")
_CHECKED = ("Mistake", "AssertionError")  # errors that are the test's own verdict


def grade(
    lab: Lab | Path | str,
    notebook: Path | str,
    options: Options | None = None,
    *,
    submission: str = "",
    keep: Keep | None = None,
) -> Verdict:
    """Grade one submitted notebook.

    lab: a loaded Lab, its folder, or the source notebook (.ipynb) of an nbgrader assignment.
    submission: the name on the verdict, by default the file's name without its ending.
    keep: what was found out earlier, and where to keep what is found out now.
    A file that cannot be read gives a verdict with status "unreadable", not an exception. Raises LabError for a broken lab,
    SurroundingsError for walls or data that this machine does not have, FaultError when the machine failed three times.
    """
    lab = lab if isinstance(lab, Lab) else _load(Path(lab), options or Options(), keep)
    job = prepare(lab, Path(notebook), options or Options(), submission)
    if isinstance(job, Verdict):
        return job
    return job.recalled(keep) or job.run(keep)


def _load(path: Path, options: Options, keep: Keep | None) -> Lab:
    if path.suffix != ".ipynb":
        return load_lab(path)
    from autograder.assignments import load_assignment  # which grades the solution in it

    return load_assignment(path, options, keep=keep).lab


def prepare(lab: Lab, notebook: Path, options: Options, submission: str = "", *, own_folder: bool = False) -> Job | Verdict:
    """What is to be run for a submission, or at once the verdict on a file that cannot be read.

    own_folder: what else lies in the notebook's folder was handed in with it.
    """
    name = submission or notebook.stem
    try:
        work = read_submission(lab, notebook)
    except UnreadableError as error:
        return Verdict(name, lab.id, "unreadable", message=str(error))
    steps = tuple(_steps(lab, work, options))  # before anything that waits for a process
    around = surroundings(lab, options)
    if own_folder:
        try:
            around = replace(around, handed_in=files_beside(notebook, [name for name, _ in lab.beside]))
        except TooManyError as error:
            work = replace(work, flags=(*work.flags, Flag("missing", (), str(error))))
    return Job(lab, name, work, options, around, steps)


@dataclass(frozen=True)
class Job:
    """One submission, read and repaired, with the steps that running it takes."""

    lab: Lab
    name: str
    work: Submission
    options: Options
    around: Surroundings
    steps: tuple[Step, ...]

    @cached_property
    def key(self) -> str:
        """The same for the same work in the same surroundings, whatever the tests that the examiner runs say."""
        own = [cell.source for cell in self.lab.cells if cell.role != "tests"]
        steps = [[step.kind == "test", "" if step.kind == "test" else step.source] for step in self.steps]
        env = {name: value for name, value in self.around.env.items() if name != "COURSEKIT_CACHE"}
        files = (*self.around.beside, *self.around.handed_in)
        beside = [[name, blake2b(Path(path).read_bytes()).hexdigest()] for name, path in files]
        return digest(
            [
                environment_digest(),
                self.lab.id,
                own,
                steps,
                env,
                self.around.level,
                self.around.files,
                beside,
                asdict(self.limits),
            ]
        )

    @property
    def limits(self) -> Limits:
        """What the run may use."""
        return _limits(self.lab, self.options)

    def run(self, keep: Keep | None = None, *, gpu: str = "", threads: int = 0) -> Verdict:
        """Run the notebook here, keep what was found, and judge. gpu, threads: as in Surroundings; they change no mark."""
        started = time.perf_counter()
        outcomes, kept = settle(self.steps, limits=self.limits, around=replace(self.around, gpu=gpu, threads=threads))
        return self.conclude(outcomes, kept, time.perf_counter() - started, keep)

    def conclude(self, outcomes: Sequence[Outcome], kept: Kept, seconds: float, keep: Keep | None = None) -> Verdict:
        """Keep what a run found, and judge. seconds: that it took."""
        if keep is not None:
            keep.put(self.key, Entry(outcomes, self._tests, kept))
        return self.verdict(outcomes, seconds)

    def recalled(self, keep: Keep | None, again: Again | None = None) -> Verdict | None:
        """The verdict from what was found out earlier, None if the notebook has to be run.

        again: runs those tests that have changed since on the values that they were given; without it they need a run.
        """
        started = time.perf_counter()
        entry = keep.find(self.key) if keep is not None else None
        if keep is None or entry is None or len(entry.outcomes) != len(self.steps):
            return None
        outcomes = list(entry.outcomes)
        changed = [place for place, said in self._tests.items() if entry.tests.get(place) != said]
        for place in changed:
            outcome = self._once_more(place, entry, again)
            if outcome is None:
                return None
            outcomes[place] = outcome
        if changed:
            keep.put(self.key, Entry(outcomes, self._tests, entry.values))
        return self.verdict(outcomes, time.perf_counter() - started)

    def _once_more(self, place: int, entry: Entry, again: Again | None) -> Outcome | None:
        if entry.outcomes[place].status == "missing" and place not in entry.values:
            return entry.outcomes[place]  # the process had ended before this test, whatever it says
        if again is None or place not in entry.values:
            return None
        given = [step.lab_source for step in self.steps[:place] if step.kind == "given"]
        return again.test(given, self.steps[place], entry.values[place])

    @property
    def _tests(self) -> dict[int, str]:
        return {i: digest([s.source, s.names]) for i, s in enumerate(self.steps) if s.kind == "test"}

    def verdict(self, outcomes: Sequence[Outcome], seconds: float) -> Verdict:
        """What the outcomes of the steps come to."""
        lab, work = self.lab, self.work
        tests = tuple(_results(lab, work, outcomes, self.options))
        refused = self.options.sealed_only and any(not test.sealed for test in tests)
        return Verdict(
            submission=self.name,
            lab=lab.id,
            status="needs review" if work.needs_review or refused else "graded",
            tests=tests,
            written=tuple(_written(lab, work)),
            message=_review_message(lab, work),
            flags=(*work.flags, *work.odd),
            isolation=self.around.level,
            data_source=self.around.env.get("COURSEKIT_DATA", "none"),
            reduced_budget=self.options.fast,
            seed=self.options.seed,
            versions=_versions(),
            seconds=round(seconds, 3),
            cpu_seconds=round(sum(outcome.cpu for outcome in outcomes), 3),
        )


def examine_again(lab: Lab, options: Options) -> Again:
    """What runs changed tests of this lab again on kept values."""
    return Again(_limits(lab, options), surroundings(lab, options))


def with_budget(lab: Lab, source: str, grade_id: str, *, fast: bool) -> str:
    """The cell as it will run: with `fast`, a parameter cell is followed by the reduced values."""
    reduced = fast and any(cell.parameters and cell.grade_id == grade_id for cell in lab.of("given"))
    return f"{source}\n{reduced_parameters(lab)}" if reduced else source


def _steps(lab: Lab, work: Submission, options: Options) -> list[Step]:
    ways = plan(lab)
    steps = []
    for place, (index, source) in enumerate(work.code):
        if place in work.idle:
            steps.append(Step(""))
            continue
        cell = lab.cells[index] if index >= 0 else None
        if cell is not None and options.sealed_only and index in ways.unsealed:
            steps.append(Step(""))  # nothing of the test may be seen where the student's code runs
            continue
        grade_id, lab_source = (cell.grade_id, cell.source) if cell else ("", "")
        texts = [with_budget(lab, text, grade_id, fast=options.fast) for text in (source, lab_source)]
        steps.append(ways.step(index, texts[0], texts[1]))
    return steps


def _limits(lab: Lab, options: Options) -> Limits:
    settings = lab.settings
    return Limits(options.cell_seconds or settings.cell_seconds, settings.notebook_seconds, settings.memory_mb)


def _results(lab: Lab, work: Submission, outcomes: Sequence[Outcome], options: Options) -> list[TestResult]:
    by_id = {lab.cells[i].grade_id: outcome for (i, _), outcome in zip(work.code, outcomes, strict=True) if i >= 0}
    results = []
    for test in lab.of("tests"):
        outcome = by_id[test.grade_id]
        written = by_id.get(test.exercise) if test.exercise else Outcome("ok")
        sealed = test.name not in lab.settings.unsealed
        if options.sealed_only and not sealed:
            said = "this test has to run inside your own process, and such tests were refused: your instructor will look at it"
            results.append(TestResult(test.name, test.exercise, test.points, 0.0, "missing", said, sealed))
            continue
        earned = _points(outcome, test)
        if outcome.status != "ok":
            status, message = _status(outcome, written), explain(outcome, test, written)
        elif earned < test.points:
            status, message = "failed", f"partly right: {earned:g} of {test.points:g} points"
        else:
            status, message = "passed", ""
        results.append(TestResult(test.name, test.exercise, test.points, earned, status, message, sealed))
    return results


def _points(outcome: Outcome, test: Cell) -> float:
    """What a test that ran to its end gives: all points or, as in nbgrader, as many as the value of its last expression says."""
    if outcome.status != "ok" or (outcome.value is not None and math.isnan(outcome.value)):
        return 0.0
    return test.points if outcome.value is None else min(max(outcome.value, 0.0), test.points)


def _status(outcome: Outcome, exercise: Outcome | None) -> TestStatus:
    """How a test that did not pass ended."""
    if exercise is None:
        return "missing"
    if exercise.status != "ok" and exercise.status in _KILLED:
        return exercise.status
    return "failed" if outcome.error in _CHECKED or outcome.status == "ok" else outcome.status


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
    def answered(cell: Cell) -> bool:
        if cell.role == "exercise":
            return "NotImplementedError" not in work.exercises.get(cell.name, "NotImplementedError")
        return work.written.get(cell.name, "").strip() not in ("", "YOUR ANSWER HERE")

    return [Written(cell.name, cell.points, answered(cell)) for cell in lab.by_hand]


def _review_message(lab: Lab, work: Submission) -> str:
    if not work.needs_review:
        return ""
    lost = [cell.name for cell in lab.of("exercise") if cell.name not in work.exercises]
    return f"the cells for {', '.join(lost)} could not be found, though the notebook holds other code: please look"


@lru_cache
def _versions() -> Mapping[str, str]:
    packages = ("keras", "tensorflow", "numpy", "coursekit")
    return {"python": python_version(), **{package: version(package) for package in packages}}
