"""Grade one submission: read it, run it in a student process, and compute its verdict.

This module knows neither databases nor the folders of a course. `prepare` returns a `Job`, and
`Job.run` returns a `Verdict`; callers do not depend on how the verdict is computed.
"""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any, Literal

from autograder.errors import UnreadableError
from autograder.execution.limits import Environment, Limits
from autograder.execution.process import Halt
from autograder.execution.runner import Reexaminer, run_with_retries
from autograder.execution.steps import Kept, Outcome, Step
from autograder.grading.cache import Entry, ResultCache, backend_facts, digest, environment_digest, file_digests
from autograder.grading.causes import cause_flags, causes
from autograder.grading.dependencies import names
from autograder.grading.opinions import Opinion, credit, opinion, tries_inside
from autograder.grading.options import Options
from autograder.grading.passes import alone, examined, together
from autograder.grading.prepared import PreparedLab
from autograder.grading.scoring import broken_reasons, lost, ran_inside, results, unseen, written_questions
from autograder.grading.submissions.reading import read_submission
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Flag, Verdict
from autograder.labs.model import Lab
from autograder.notebooks.support_files import TooManyError, files_beside
from autograder.sealed import VARIABLE

__all__ = ["Job", "Runner", "prepare"]

# Runs steps and returns their outcomes, the values that the tests were given, and the duration in seconds.
Runner = Callable[[Sequence[Step]], tuple[Sequence[Outcome], Kept, float]]
MAX_NOTEBOOK_BESIDE = 16 * 2**20  # bytes: larger notebooks of the student are not copied next to the graded one


def prepare(
    prepared: PreparedLab, notebook: Path, submission: str = "", *, own_folder: bool = False, pictures: bool = False
) -> Job | Verdict:
    """Read a submission and prepare the job that grades it.

    Args:
        prepared: The lab.
        notebook: Path of the submitted notebook.
        submission: Name of the submission; by default the file name without its suffix.
        own_folder: Whether the other files in the folder of the notebook belong to the submission.
        pictures: Whether `Job.work` keeps the submitted cells with their pictures.

    Returns:
        The job, or the verdict "unreadable" if the file cannot be read.
    """
    lab, options = prepared.lab, prepared.options
    name = submission or notebook.stem
    try:
        work = read_submission(lab, notebook, pictures=pictures)
    except UnreadableError as error:
        return Verdict(name, lab.id, "unreadable", message=str(error))
    steps = tuple(examined(lab, work, fast=options.fast))
    inside = {} if options.sealed_only else _inside(lab, work, options)
    handed_in = _notebooks_beside(lab, notebook)
    if own_folder:
        try:
            handed_in += files_beside(notebook, [name for name, _ in lab.beside])
        except TooManyError as error:
            work = replace(work, flags=(*work.flags, Flag("missing", (), str(error))))
    environment = replace(prepared.environment, handed_in=tuple(handed_in))
    return Job(lab, name, work, options, environment, prepared.limits, steps, inside)


def _notebooks_beside(lab: Lab, notebook: Path) -> list[tuple[str, str]]:
    """Return the student's other notebooks of an nbgrader assignment; stock nbgrader has them in the same folder."""
    if not lab.foreign or notebook.name != f"{lab.id}.ipynb":
        return []
    names = sorted(path.name for path in lab.folder.glob("*.ipynb") if path.stem != lab.id)
    paths = [(name, notebook.absolute().parent / name) for name in names]
    return [(name, str(path)) for name, path in paths if _is_file(path)]


def _is_file(path: Path) -> bool:
    """Return whether `path` is a regular file, not a link, and small enough to be copied."""
    try:
        facts = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_size <= MAX_NOTEBOOK_BESIDE


def _inside(lab: Lab, work: Submission, options: Options) -> dict[str, tuple[Step, ...]]:
    """Return the runs with tests in the student process: one per unsealed test, and "" for the whole notebook."""
    runs = {
        test.name: tuple(alone(lab, work, test.name, lab.trial.needs.get(test.name, ()), fast=options.fast))
        for test in lab.of("tests")
        if test.name in lab.settings.unsealed
    }
    return {**runs, "": tuple(together(lab, work, fast=options.fast))} if lab.foreign else runs


@dataclass(frozen=True)
class Job:
    """One submission, read and repaired, with the steps that run it.

    Attributes:
        lab: The lab.
        name: Name of the submission.
        work: The repaired submission.
        options: Grading options.
        environment: Environment of the processes that run the notebook.
        limits: Resource limits of the run.
        steps: Steps of the run in which the examiner runs the tests.
        inside: Runs with tests in the student process: test name → steps. The name "" stands for
            the run of the whole notebook, tests included, as stock nbgrader runs it.
    """

    lab: Lab
    name: str
    work: Submission
    options: Options
    environment: Environment
    limits: Limits
    steps: tuple[Step, ...]
    inside: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Cache key: equal for the same work in the same environment, whatever the examiner's tests contain."""
        own = [cell.source for cell in self.lab.cells if cell.role != "tests"]
        steps = [[step.kind == "test", "" if step.kind == "test" else step.source] for step in self.steps]
        env = {name: value for name, value in self.environment.env.items() if name != "COURSEKIT_CACHE"}
        inside = {name: [[step.source, step.course, step.names] for step in run] for name, run in self.inside.items()}
        beside = [*file_digests(self.environment.beside), *self._files]
        return digest(
            [
                environment_digest(),
                self.lab.id,
                own,
                steps,
                inside,
                env,
                self.environment.level,
                self.environment.files,
                beside,
                asdict(self.limits),
                digest(self.environment.private.get(VARIABLE)),  # never the secret itself: the key is the name of a file
            ]
        )

    @cached_property
    def handed_in(self) -> str:
        """Digest of the student's code and files, whatever lab and tests they meet."""
        theirs = [
            source for index, source in self.work.code if index < 0 or self.lab.cells[index].role not in ("given", "tests")
        ]
        return digest([theirs, self._files])

    @cached_property
    def _files(self) -> list[list[str]]:
        return file_digests(self.environment.handed_in)

    def run(
        self,
        keep: ResultCache | None = None,
        *,
        halt: Halt | None = None,
        contended: Literal["again", "raise", "believe"] = "again",
        **environment: Any,
    ) -> Verdict:
        """Run the notebook on this machine, store the outcomes in the cache, and compute the verdict.

        Args:
            keep: Result cache, or None to store nothing.
            halt: Stops the run from another thread, see `run_with_retries`.
            contended: What to do about a limit that was hit on a busy machine, see
                `run_with_retries`.
            **environment: Fields of `Environment` to replace, such as `gpu` and `threads`. They do
                not influence marks.

        Returns:
            The verdict.

        Raises:
            Exception: Whatever `run_with_retries` raises.
        """
        return self.run_by(self._here(halt, contended, **environment), keep)

    def run_by(self, runner: Runner, keep: ResultCache | None = None) -> Verdict:
        """Run the notebook with `runner`, store the outcomes in the cache `keep`, and compute the verdict."""
        if self._waits:
            return self.verdict([Outcome("missing")] * len(self.steps), 0.0)
        found, seconds = self.find(runner)
        if keep is not None:
            found = self._with_unchanged(found, keep.find(self.key))
            keep.put(self.key, found)
        return self.verdict(found.outcomes, seconds, found)

    def _with_unchanged(self, found: Entry, before: Entry | None) -> Entry:
        """Keep the earlier outcomes of tests that did not change, so that a mended test moves no mark of another by chance.

        A test that was not reached or was stopped is not kept, because another test may have been the reason.
        """
        if before is None or len(before.outcomes) != len(found.outcomes):
            return found
        ended = [outcome.status in ("ok", "error") for outcome in before.outcomes]
        same = {place for place, said in found.tests.items() if before.tests.get(place) == said and ended[place]}
        outcomes = [before.outcomes[i] if i in same else outcome for i, outcome in enumerate(found.outcomes)]
        return replace(found, outcomes=outcomes)

    def found(self, keep: ResultCache | None = None) -> Entry:
        """Return the outcomes of all runs of this job, from the cache `keep` or by running them on this machine."""
        entry = keep.find(self.key) if keep is not None else None
        if entry is not None and len(entry.outcomes) == len(self.steps) and entry.tests == self._tests:
            return entry
        entry, _ = self.find(self._here(), retry=False)
        if keep is not None and not self._doubtful(entry.outcomes, entry.together):
            keep.put(self.key, entry)
        return entry

    def _here(
        self, halt: Halt | None = None, contended: Literal["again", "raise", "believe"] = "again", **environment: Any
    ) -> Runner:
        place = replace(self.environment, **environment)

        def here(steps: Sequence[Step]) -> tuple[Sequence[Outcome], Kept, float]:
            started = time.perf_counter()
            outcomes, kept = run_with_retries(steps, limits=self.limits, environment=place, halt=halt, contended=contended)
            return outcomes, kept, time.perf_counter() - started

        return here

    def find(self, runner: Runner, *, retry: bool = True) -> tuple[Entry, float]:
        """Run all steps of this job.

        Args:
            runner: Runs the steps.
            retry: Whether to run a test in the student process, for this submission only, if it
                failed because the examiner lacks something that only the student process has.

        Returns:
            The outcomes of all runs, and the total duration in seconds.
        """
        outcomes, kept, seconds = runner(self.steps)
        found: dict[str, Outcome] = {}
        whole: dict[str, Outcome] = {}
        for name, steps in self.inside.items():
            ended, _, took = runner(steps)
            seconds += took
            if name:
                found[name] = ended[-1]
            else:
                whole = {test: ended[place] for test, place in self.places.items()}
        for name in self._doubtful(outcomes, whole) if retry else ():
            before = [test for test, place in self.places.items() if place < self.places[name]]
            ended, _, took = runner(alone(self.lab, self.work, name, before, fast=self.options.fast))
            found[name] = ended[-1]
            seconds += took
        return Entry(outcomes, self._tests, kept, found, whole), seconds

    def _doubtful(self, outcomes: Sequence[Outcome], whole: Mapping[str, Outcome]) -> list[str]:
        """Return tests that fail because the examiner lacks something and earn more where the whole notebook runs."""
        defined = frozenset[str]().union(*(names(test.source).assigns for test in self.lab.of("tests")))
        return [
            name
            for name, place in self.places.items()
            if name in whole
            and name not in self.lab.settings.unsealed
            and tries_inside(outcomes[place], (points := self.lab.tests[name].points), defined)
            and credit(whole[name], points, stock=True) > credit(outcomes[place], points, stock=True)
        ]

    @cached_property
    def places(self) -> dict[str, int]:
        """Test name → index of its step."""
        cells = [self.lab.cells[index] if index >= 0 else None for index, _ in self.work.code]
        return {cell.name: place for place, cell in enumerate(cells) if cell and cell.role == "tests"}

    def recalled(self, keep: ResultCache | None, again: Reexaminer | None = None) -> Verdict | None:
        """Compute the verdict from cached outcomes.

        Args:
            keep: Result cache.
            again: Runs tests that changed since on the cached values. Without it, a changed test
                requires a run of the notebook.

        Returns:
            The verdict, or None if the notebook has to be run.
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
        entry = replace(entry, outcomes=outcomes, tests=self._tests)
        if changed:
            keep.put(self.key, entry)
        return self.verdict(outcomes, time.perf_counter() - started, entry)

    def _once_more(self, place: int, entry: Entry, again: Reexaminer | None) -> Outcome | None:
        if entry.outcomes[place].status == "missing" and place not in entry.values:
            return entry.outcomes[place]  # the process ended before this test, so its text does not matter
        if again is None or place not in entry.values:
            return None
        given = [step.lab_source for step in self.steps[:place] if step.kind == "given"]
        return again.test(given, self.steps[place], entry.values[place])

    @property
    def _tests(self) -> dict[int, str]:
        return {i: digest([s.source, s.names]) for i, s in enumerate(self.steps) if s.kind == "test"}

    @property
    def _waits(self) -> bool:
        """Whether no submission may be run because the instructor's own solution fails."""
        return bool(self.lab.trial.broken) and not self.options.accept_broken

    def verdict(self, outcomes: Sequence[Outcome], seconds: float, found: Entry | None = None) -> Verdict:
        """Compute the verdict.

        Args:
            outcomes: Outcomes of `steps`.
            seconds: Duration of the run in seconds.
            found: Outcomes of the runs with tests in the student process.

        Returns:
            The verdict.
        """
        lab, work = self.lab, self.work
        found = found or Entry((), {}, {})
        opinions = {name: self._opinion(name, outcomes[place], found) for name, place in self.places.items()}
        tests = tuple(results(lab, work, outcomes, opinions, self.options))
        refused = self.options.sealed_only and any(not test.sealed for test in tests)
        reasons = [
            *broken_reasons(lab, self.options),
            *lost(lab, work),
            *unseen(lab, opinions),
            *(ruled.review for ruled in opinions.values() if ruled.review),
        ]
        return Verdict(
            submission=self.name,
            lab=lab.id,
            status="needs review" if reasons or refused else "graded",
            tests=tests,
            written=tuple(written_questions(lab, work)),
            message="; ".join(reasons),
            flags=(*work.flags, *work.odd, *cause_flags(causes(lab, work.code, outcomes)), *ran_inside(lab, opinions)),
            isolation=self.environment.level,
            data_source=self.environment.env.get("COURSEKIT_DATA", "none"),
            reduced_budget=self.options.fast,
            seed=self.options.seed,
            versions=_versions(),
            seconds=round(seconds, 3),
            cpu_seconds=round(sum(outcome.cpu for outcome in (*outcomes, *found.alone.values())), 3),
            work=self.handed_in,
        )

    def _opinion(self, name: str, outcome: Outcome, found: Entry) -> Opinion:
        if name in self.lab.trial.broken or self._waits:
            return Opinion(Outcome("missing"), True, 0.0)
        unsealed = name in self.lab.settings.unsealed
        inside = found.alone.get(name) or (Outcome("missing") if unsealed else None)
        points, foreign = self.lab.tests[name].points, self.lab.foreign
        below = name in self.lab.trial.below
        return opinion(name, points, outcome, inside, found.together.get(name), stock=foreign, below=below)


@lru_cache
def _versions() -> Mapping[str, str]:
    packages = ("keras", "tensorflow", "numpy", "coursekit")
    return {"python": python_version(), **{package: version(package) for package in packages}, **backend_facts()}
