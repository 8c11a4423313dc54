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
from typing import Any, Literal

from autograder.beside import TooManyError, files_beside
from autograder.build import reduced_parameters
from autograder.causes import cause_flags, causes
from autograder.intake import Submission, UnreadableError, released_cells
from autograder.keep import Entry, Keep, digest, environment_digest
from autograder.labs import Cell, Lab, load_lab
from autograder.messages import CHECKED, KILLED, explain, guarded, partly
from autograder.plan import plan
from autograder.processes import Halt, Limits, Surroundings
from autograder.reader import read_submission
from autograder.refusals import NotPlain, is_limit
from autograder.runs import Again, Kept, Outcome, Step, settle
from autograder.surroundings import Options, surroundings
from autograder.verdict import Flag, TestResult, TestStatus, Verdict, Written

__all__ = ["Job", "examine_again", "grade", "prepare", "with_budget"]


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
                digest(dict(self.around.private)),  # never the secret itself: the key is the name of a file
            ]
        )

    @property
    def limits(self) -> Limits:
        """What the run may use."""
        return _limits(self.lab, self.options)

    def run(
        self,
        keep: Keep | None = None,
        *,
        halt: Halt | None = None,
        contended: Literal["again", "raise", "believe"] = "again",
        **around: Any,
    ) -> Verdict:
        """Run the notebook here, keep what was found, and judge.

        halt, contended: see settle, and what that raises. around: fields of Surroundings such as gpu and threads; they change
        no mark.
        """
        started = time.perf_counter()
        outcomes, kept = settle(
            self.steps, limits=self.limits, around=replace(self.around, **around), halt=halt, contended=contended
        )
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
        doubts = _doubts(lab, work, outcomes)
        return Verdict(
            submission=self.name,
            lab=lab.id,
            status="needs review" if work.needs_review or refused or doubts else "graded",
            tests=tests,
            written=tuple(_written(lab, work)),
            message="; ".join(filter(None, [_review_message(lab, work), *doubts])),
            flags=(*work.flags, *work.odd, *cause_flags(causes(lab, work.code, outcomes))),
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
    places = {lab.cells[i].grade_id: place for place, (i, _) in enumerate(work.code) if i >= 0}
    why = causes(lab, work.code, outcomes)
    released = {cell.grade_id: node.source for cell, node in zip(lab.cells, released_cells(lab), strict=True)}
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
            source = work.exercises.get(test.exercise, "")
            blank = test.exercise in work.blank
            status = _status(outcome, written)
            message = explain(outcome, test, written, source, blank=blank, foreign=lab.foreign)
            if cause := why.get(places[test.grade_id]) or why.get(places.get(test.exercise, -1)):
                message = f"{message}; {cause}"
        elif earned < test.points:
            status, message = "failed", partly(earned, test.points)
        else:
            status, message = "passed", ""
        result = TestResult(test.name, test.exercise, test.points, earned, status, message, sealed)
        results.append(guarded(result, test, released[test.grade_id]))
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
    if exercise.status != "ok" and exercise.status in KILLED:
        return exercise.status
    return "failed" if outcome.error in CHECKED or outcome.status == "ok" else outcome.status


def _doubts(lab: Lab, work: Submission, outcomes: Sequence[Outcome]) -> list[str]:
    """Why a person should look at the marks of some tests: a sentence for each reason."""
    by_id = {lab.cells[i].grade_id: outcome for (i, _), outcome in zip(work.code, outcomes, strict=True) if i >= 0}
    tests = [(test, by_id[test.grade_id]) for test in lab.of("tests")]
    unseen = [test.name for test, outcome in tests if is_limit(outcome.error) and _is_no_mistake(lab, outcome)]
    odd = [test.name for test, outcome in tests if lab.foreign and not 0 <= (outcome.value or 0.0) <= test.points]
    reasons = [
        (unseen, "could not look at what the answer holds from outside the student's process"),
        (
            odd,
            "ended with a number of points that it cannot give: nbgrader gives all points for less than 0 and none for too many",
        ),
    ]
    return [f"{', '.join(names)} {why}: please look" for names, why in reasons if names]


def _is_no_mistake(lab: Lab, outcome: Outcome) -> bool:
    """A lab of this course asks for plain values, so an object that itself decides what it equals is a wrong answer there."""
    return lab.foreign or outcome.error != NotPlain.__name__


def _written(lab: Lab, work: Submission) -> list[Written]:
    return [Written(cell.name, cell.points, cell.grade_id not in work.blank) for cell in lab.by_hand]


def _review_message(lab: Lab, work: Submission) -> str:
    if not work.needs_review:
        return ""
    lost = [cell.name for cell in lab.of("exercise") if cell.name not in work.exercises]
    return f"the cells for {', '.join(lost)} could not be found, though the notebook holds other code: please look"


@lru_cache
def _versions() -> Mapping[str, str]:
    packages = ("keras", "tensorflow", "numpy", "coursekit")
    return {"python": python_version(), **{package: version(package) for package in packages}}
