"""Load an nbgrader assignment as a lab, and find out by trial runs which of its tests can run in the examiner.

Stock nbgrader runs a notebook and its tests in one process. Before a class is graded, the solution
and simple variations of it are run in that way, and with the tests in the examiner. A test for which
the two results differ runs in the student process: alone if that is sufficient, otherwise after the
tests before it. This module knows labs, runs and marks; it does not read notebooks itself.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from autograder.errors import LabError
from autograder.execution.runner import run_with_retries
from autograder.execution.steps import Outcome
from autograder.grading.assignments.signs import asks
from autograder.grading.assignments.variants import PART, SPOILS, variants
from autograder.grading.cache import ResultCache
from autograder.grading.job import Job, prepare
from autograder.grading.opinions import credit
from autograder.grading.options import Options
from autograder.grading.prepared import prepare_lab
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab, Trial
from autograder.notebooks.assignment import read_assignment, siblings
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook, source_notebook

__all__ = ["Assignment", "load_assignment", "read_assignment", "siblings"]

TRIAL_SECONDS = 45.0  # after this time no further variation of the solution is tried
LEAST_SECONDS = 5.0  # lower bound for the time limit of a cell of a variation
AT_ONCE = 2
# Variations for which a test that runs alone is most likely to miss the side effects of other tests.
SHOW_STATE = (PART, SPOILS)
MANY_CALLS, SLOWER, SLOW_SECONDS = 500, 3.0, 1.0  # see _too_slow
# Likely reasons for an error in the solution, with advice.
_CAUSES = (
    (("ModuleNotFoundError", "ImportError"), "a package is missing here: install it, or put the module beside the notebook"),
    (("FileNotFoundError",), "a file is missing: put it beside the notebook"),
    (
        (
            "URLError",
            "HTTPError",
            "gaierror",
            "ConnectionError",
            "ConnectTimeout",
            "ConnectionRefusedError",
            "NewConnectionError",
        ),
        "notebooks are graded without a network: put what they load beside the notebook",
    ),
)


@dataclass(frozen=True)
class Assignment:
    """A lab made from an nbgrader notebook.

    Attributes:
        lab: The lab.
        unsealed: Test name → why the test runs in the student process.
        broken: Test name → why the test does not pass for the instructor's own solution.
        cause: If a test is broken, the first cell of the solution that failed, and why.
        notes: Further notes for the instructor.
    """

    lab: Lab
    unsealed: dict[str, str]
    broken: dict[str, str]
    cause: str = ""
    notes: tuple[str, ...] = ()


def load_assignment(path: Path | str, options: Options | None = None, *, keep: ResultCache | None = None) -> Assignment:
    """Read an nbgrader source notebook, and run its solution and variations of it to find out how its tests have to run.

    Args:
        path: Path of the source notebook.
        options: Grading options.
        keep: Result cache for the trial runs.

    Returns:
        The lab, and what the trial runs showed.

    Raises:
        LabError: The file is not a usable source notebook, see `read_assignment`.
        MachineError: The machine lacks the isolation level in `options` or the data of the lab.
        WorkerError: A run failed because of the machine.
    """
    lab = read_assignment(Path(path))
    if not any(test.points for test in lab.tests.values()):
        return Assignment(lab, {}, {})
    bench = _Bench(lab, replace(options or Options(), sealed_only=False), keep)
    placement, solution = _place_tests(bench, _Placement(_stated(lab)))
    broken = _broken(lab, solution)
    cause = bench.cause(placement) if broken else ""
    notes: tuple[str, ...] = ()
    if not broken:  # with broken tests, nothing is graded until they are fixed or accepted
        placement, notes = _compare(bench, placement, solution)
    below = frozenset(name for name, there in solution.there.items() if (there.value or 0) < 0 and lab.tests[name].points)
    if below:
        said = f"{', '.join(sorted(below))}: ends in a number below 0 for the solution, too, which gives all points as in stock"
        notes = (*notes, f"{said} nbgrader")
    found = placement.of(lab)
    trial = replace(found.trial, broken=broken, cause=cause, below=below)
    return Assignment(replace(found, trial=trial), dict(placement.unsealed), broken, cause, notes)


@dataclass(frozen=True)
class _Placement:
    """Where each test runs.

    Attributes:
        unsealed: Test name → why it runs in the student process.
        needs: Test name → earlier tests that run in the same student process before it.
    """

    unsealed: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, lab: Lab) -> Lab:
        """Return the lab with this placement of its tests."""
        return replace(lab, settings=replace(lab.settings, unsealed=tuple(self.unsealed)), trial=Trial(self.needs))

    def after(self, seen: _Comparison, lab: Lab) -> _Placement:
        """Return a placement closer to a single process for each test with a different result there."""
        unsealed, needs, tests = dict(self.unsealed), dict(self.needs), list(lab.tests)
        for name, here in seen.here.items():
            test, there = lab.tests[name], seen.there[name]
            if not test.points or not (_differ(here, there, test.points) or _too_slow(here, there)):
                continue  # a test without points does not matter
            if name not in seen.placement.unsealed:
                unsealed.setdefault(name, _why(here, there, seen.what))
            elif name not in seen.placement.needs and tests.index(name):
                needs.setdefault(name, tuple(tests[: tests.index(name)]))
        return _Placement(unsealed, needs)


@dataclass(frozen=True)
class _Comparison:
    """The outcomes of all tests for one solution, with a placement and in one process.

    Attributes:
        placement: The placement.
        what: Description of the variation; "" for the solution itself.
        here: Test name → outcome with this placement.
        there: Test name → outcome in one process with the whole notebook.
        slowest: Duration of the slowest cell in seconds.
    """

    placement: _Placement
    what: str
    here: Mapping[str, Outcome]
    there: Mapping[str, Outcome]
    slowest: float


class _Bench:
    """Runs the solution of a notebook, and variations of it, in the same way as a submission."""

    def __init__(self, lab: Lab, options: Options, keep: ResultCache | None) -> None:
        self.lab, self.options, self.keep = lab, options, keep
        self.exercises = {cell.name: cell.source for cell in lab.of("exercise")}
        # A run in the student process does not depend on the placement of other tests, so it is done only once.
        self._whole: dict[object, Mapping[str, Outcome]] = {}
        self._alone: dict[object, Outcome] = {}

    def run(
        self, placement: _Placement, sources: Mapping[str, str], what: str = "", *, seconds: float = 0.0, alone: bool = True
    ) -> _Comparison:
        """Run the tests with the exercise cells `sources`.

        `seconds` is the limit per cell, 0 for that of the lab. `alone` also runs each unsealed test in a student process.
        """
        with self._job(placement, sources, seconds) as job:
            runs = {name: (seconds, steps) for name, steps in job.inside.items() if alone or not name}
            new = {name: job.inside[name] for name, run in runs.items() if run not in (self._alone if name else self._whole)}
            found = replace(job, inside=new).found(self.keep)
        self._alone |= {runs[name]: found.alone[name] for name in new if name}
        self._whole |= {runs[""]: found.together} if "" in new else {}
        sealed = [name for name in job.places if name not in placement.unsealed]
        here = {name: found.outcomes[job.places[name]] for name in sealed}
        here |= {name: self._alone[run] for name, run in runs.items() if name}
        slowest = max((outcome.seconds for outcome in found.outcomes), default=0.0)
        return _Comparison(placement, what, here, self._whole[runs[""]], slowest)

    def cause(self, placement: _Placement) -> str:
        """Return the first cell of the solution that fails in one process, and why, as a sentence."""
        with self._job(placement, self.exercises, 0.0) as job:
            outcomes, _ = run_with_retries(job.inside[""], limits=job.limits, environment=job.environment)
        for (index, source), outcome in zip(job.work.code, outcomes, strict=True):
            cell = self.lab.cells[index]
            short = cell.role == "tests" and cell.points and _falls_short(outcome, cell.points)
            if outcome.status != "ok" or short:
                first = next((line.strip() for line in source.splitlines() if line.strip()), "")
                name = cell.grade_id or f"the one that begins with `{first[:60]}`"
                return f"the first cell that fails is {name}: {_reason(outcome)}"
        return ""

    @contextmanager
    def _job(self, placement: _Placement, sources: Mapping[str, str], seconds: float) -> Iterator[Job]:
        lab = placement.of(self.lab)
        options = replace(self.options, cell_seconds=seconds) if seconds else self.options
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            for path in self.lab.folder.glob("*.ipynb"):
                shutil.copy(path, folder)
            path = Path(folder) / f"{lab.id}.ipynb"
            write_notebook(source_notebook(lab.with_exercises(sources)), path)
            job = prepare(prepare_lab(lab, options), path)
            if isinstance(job, Verdict):
                raise LabError(f"{lab.folder / lab.id}.ipynb: {job.message}")
            yield job


def _stated(lab: Lab) -> dict[str, str]:
    """Return the tests that must run in the student process according to the settings or to their text, with the reasons."""
    solutions = [cell.source for cell in lab.of("exercise")]
    helpers = [cell.source for cell in lab.cells if cell.is_code and cell.role != "exercise"] + list(_modules(lab))
    beside = [name for name, _ in lab.beside]
    found = dict.fromkeys(lab.settings.unsealed, "the settings beside the notebook say so")
    for name, test in lab.tests.items():
        if test.points and name not in found and (what := asks(test.source, solutions, beside, helpers)):
            found[name] = f"it asks {what}"
    return found


def _modules(lab: Lab) -> Iterator[str]:
    """Yield the source of the course's own modules next to the notebook."""
    for name, path in lab.beside:
        if name.endswith(".py"):
            with suppress(OSError):
                yield Path(path).read_text(encoding="utf-8", errors="replace")


def _place_tests(bench: _Bench, placement: _Placement) -> tuple[_Placement, _Comparison]:
    """Return a placement in which the solution gets the same marks as in one process, and its results."""
    seen = bench.run(placement, bench.exercises)
    while (better := placement.after(seen, bench.lab)) != placement:
        placement, seen = better, bench.run(better, bench.exercises)
    return placement, seen


def _compare(bench: _Bench, placement: _Placement, solution: _Comparison) -> tuple[_Placement, tuple[str, ...]]:
    """Improve the placement with variations of the solution, until they show nothing new or the time is over.

    Returns the placement and notes for the instructor.
    """
    deadline, limit = time.monotonic() + TRIAL_SECONDS, max(LEAST_SECONDS, SLOWER * solution.slowest)
    released = {cell.id: cell.source for cell in release_notebook(bench.lab).cells}
    blank = {cell.name: released[cell.id] for cell in bench.lab.of("exercise")}
    waiting = list(variants(bench.exercises, blank)) if blank else []
    untried = len(waiting)

    def one(placement: _Placement, variant: tuple[str, Mapping[str, str]]) -> _Comparison | None:
        what, sources = variant
        if time.monotonic() > deadline:
            return None
        return bench.run(placement, sources, what, seconds=limit, alone=what in SHOW_STATE)

    while waiting:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            seen = list(pool.map(partial(one, placement), waiting))
        better = placement
        for look in seen:
            better = better.after(look, bench.lab) if look else better
        untried = min(untried, seen.count(None))
        waiting = [
            variant
            for variant, look in zip(waiting, seen, strict=True)
            if look and placement.after(look, bench.lab) != placement
        ]
        if better != placement:
            better, _ = _place_tests(bench, better)  # the solution must still get all points
        placement = better
    said = f"{untried} variations of the solution were not tried, as there was no time left"
    return placement, (said,) if untried else ()


def _differ(here: Outcome, there: Outcome, points: float) -> bool:
    return abs(credit(here, points, stock=True) - credit(there, points, stock=True)) > 1e-9


def _too_slow(here: Outcome, there: Outcome) -> bool:
    """Return whether a test calls the student's functions so often that communication takes most of its time."""
    return here.calls > MANY_CALLS and here.seconds > SLOWER * there.seconds + SLOW_SECONDS


def _why(here: Outcome, there: Outcome, what: str) -> str:
    if _too_slow(here, there):
        return f"it calls functions {here.calls} times, which takes {here.seconds:.1f} s instead of {there.seconds:.1f} s"
    if what:
        return f"it has another result in a separate process for this variation of the solution: {what}"
    return here.message or "it has another result in a separate process"


def _broken(lab: Lab, seen: _Comparison) -> dict[str, str]:
    """Return the tests that do not give the solution all points even in one process, with the reasons."""
    return {
        name: _reason(seen.there[name])
        for name, test in lab.tests.items()
        if test.points and _falls_short(seen.there[name], test.points)
    }


def _falls_short(outcome: Outcome, points: float) -> bool:
    """Return whether stock nbgrader would give fewer than all points."""
    return outcome.stderr or credit(outcome, points, stock=True) < points


def _reason(outcome: Outcome) -> str:
    """Return why a cell failed, with advice."""
    if outcome.status == "ok":
        wrote = "something is written to stderr during it, for which stock nbgrader gives nothing: silence the warning there"
        return wrote if outcome.stderr else "it gives less than all points"
    said = f"{outcome.error}: {outcome.message}" if outcome.error else outcome.message
    if outcome.status == "timeout":
        return f"{said}; set cell_seconds below [limits] in the notebook's .toml, beside it"
    advice = next((advice for names, advice in _CAUSES if outcome.error in names), "")
    return f"{said} ({advice})" if advice else said
