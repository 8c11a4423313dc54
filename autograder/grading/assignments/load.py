"""Any nbgrader assignment as a lab, with what running its own solution shows: which tests can be sealed, and which need what.

Stock nbgrader runs a notebook and its tests in one process. Before a class is graded, the solution and simple variations of it are
run that way and with the tests in the examiner; a test on which the two differ runs in the student's process: alone if that
suffices, else after the tests before it. Knows labs, runs and what counts of them; reads no notebook itself.
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
from autograder.grading.assignments.opinions import credit
from autograder.grading.assignments.signs import asks
from autograder.grading.assignments.variants import PART, SPOILS, variants
from autograder.grading.cache import ResultCache
from autograder.grading.job import Job, prepare
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab, Trial
from autograder.notebooks.assignment import read_assignment, siblings
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook, source_notebook

__all__ = ["Assignment", "load_assignment", "read_assignment", "siblings"]

TRIAL_SECONDS = 45.0  # after which no further variation of the solution is tried
LEAST_SECONDS = 5.0  # that a cell of a variation may take
AT_ONCE = 2
SHOW_STATE = (PART, SPOILS)  # the variations on which a test that runs alone is likeliest to miss what others did
MANY_CALLS, SLOWER, SLOW_SECONDS = 500, 3.0, 1.0  # see _too_slow
# What an error in the solution most likely means where it is graded.
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
    """A lab made of an nbgrader notebook. unsealed: test → why it runs inside the student process.

    broken: test → what it says of the instructor's own solution, which it does not accept. cause: the first cell of the solution
    that failed and why, where a test is broken. notes: what else an instructor should know.
    """

    lab: Lab
    unsealed: dict[str, str]
    broken: dict[str, str]
    cause: str = ""
    notes: tuple[str, ...] = ()


def load_assignment(path: Path | str, options: Options | None = None, *, keep: ResultCache | None = None) -> Assignment:
    """Read an nbgrader source notebook, and run the solution in it and variations of it to see how its tests have to run.

    Raises LabError as `read_assignment` does, MachineError and WorkerError as `grade` does.
    """
    lab = read_assignment(Path(path))
    if not any(test.points for test in lab.tests.values()):
        return Assignment(lab, {}, {})
    bench = _Bench(lab, replace(options or Options(), sealed_only=False), keep)
    ways, solution = _settle(bench, _Ways(_stated(lab)))
    broken = _broken(lab, solution)
    cause = bench.cause(ways) if broken else ""
    notes: tuple[str, ...] = ()
    if not broken:  # nothing is graded before that is mended or accepted; then every submission is compared all the same
        ways, notes = _compare(bench, ways, solution)
    below = frozenset(name for name, there in solution.there.items() if (there.value or 0) < 0 and lab.tests[name].points)
    if below:
        said = f"{', '.join(sorted(below))}: ends in a number below 0 for the solution, too, which gives all points as in stock"
        notes = (*notes, f"{said} nbgrader")
    found = ways.of(lab)
    trial = replace(found.trial, broken=broken, cause=cause, below=below)
    return Assignment(replace(found, trial=trial), dict(ways.unsealed), broken, cause, notes)


@dataclass(frozen=True)
class _Ways:
    """How each test is to run. unsealed: test → why in the student's process. needs: … → the tests that run there before it."""

    unsealed: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, lab: Lab) -> Lab:
        """The lab with its tests run so."""
        return replace(lab, settings=replace(lab.settings, unsealed=tuple(self.unsealed)), trial=Trial(self.needs))

    def after(self, seen: _Seen, lab: Lab) -> _Ways:
        """One step nearer to one process for each test that ended otherwise there."""
        unsealed, needs, tests = dict(self.unsealed), dict(self.needs), list(lab.tests)
        for name, here in seen.here.items():
            test, there = lab.tests[name], seen.there[name]
            if not test.points or not (_differ(here, there, test.points) or _too_slow(here, there)):
                continue  # what gives no points decides nothing
            if name not in seen.ways.unsealed:
                unsealed.setdefault(name, _why(here, there, seen.what))
            elif name not in seen.ways.needs and tests.index(name):
                needs.setdefault(name, tuple(tests[: tests.index(name)]))
        return _Ways(unsealed, needs)


@dataclass(frozen=True)
class _Seen:
    """How each test ended: here, run as `ways` has it, and there, in one process with everything else.

    what: the variation of the solution, "" for the solution itself. slowest: seconds of its longest cell.
    """

    ways: _Ways
    what: str
    here: Mapping[str, Outcome]
    there: Mapping[str, Outcome]
    slowest: float


class _Bench:
    """Runs the solution of a notebook, and variations of it, as a submission is run."""

    def __init__(self, lab: Lab, options: Options, keep: ResultCache | None) -> None:
        self.lab, self.options, self.keep = lab, options, keep
        self.exercises = {cell.name: cell.source for cell in lab.of("exercise")}
        # What was run in the student's process does not depend on the ways of other tests: it is run once.
        self._whole: dict[object, Mapping[str, Outcome]] = {}
        self._alone: dict[object, Outcome] = {}

    def run(
        self, ways: _Ways, sources: Mapping[str, str], what: str = "", *, seconds: float = 0.0, alone: bool = True
    ) -> _Seen:
        """How the tests end with these exercises. seconds: limit for one cell, 0 for the lab's own.

        alone: also run those that have to be in the student's process, each in one of its own.
        """
        with self._job(ways, sources, seconds) as job:
            runs = {name: (seconds, steps) for name, steps in job.inside.items() if alone or not name}
            new = {name: job.inside[name] for name, run in runs.items() if run not in (self._alone if name else self._whole)}
            found = replace(job, inside=new).found(self.keep)
        self._alone |= {runs[name]: found.alone[name] for name in new if name}
        self._whole |= {runs[""]: found.together} if "" in new else {}
        sealed = [name for name in job.places if name not in ways.unsealed]
        here = {name: found.outcomes[job.places[name]] for name in sealed}
        here |= {name: self._alone[run] for name, run in runs.items() if name}
        slowest = max((outcome.seconds for outcome in found.outcomes), default=0.0)
        return _Seen(ways, what, here, self._whole[runs[""]], slowest)

    def cause(self, ways: _Ways) -> str:
        """The first cell of the solution that fails in one process, and why."""
        with self._job(ways, self.exercises, 0.0) as job:
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
    def _job(self, ways: _Ways, sources: Mapping[str, str], seconds: float) -> Iterator[Job]:
        lab = ways.of(self.lab)
        options = replace(self.options, cell_seconds=seconds) if seconds else self.options
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            for path in self.lab.folder.glob("*.ipynb"):
                shutil.copy(path, folder)
            path = Path(folder) / f"{lab.id}.ipynb"
            write_notebook(source_notebook(lab.with_exercises(sources)), path)
            job = prepare(lab, path, options)
            if isinstance(job, Verdict):
                raise LabError(f"{lab.folder / lab.id}.ipynb: {job.message}")
            yield job


def _stated(lab: Lab) -> dict[str, str]:
    """The tests that run in the student's process as the settings, or their own text, say."""
    solutions = [cell.source for cell in lab.of("exercise")]
    helpers = [cell.source for cell in lab.cells if cell.is_code and cell.role != "exercise"] + list(_modules(lab))
    beside = [name for name, _ in lab.beside]
    found = dict.fromkeys(lab.settings.unsealed, "the settings beside the notebook say so")
    for name, test in lab.tests.items():
        if test.points and name not in found and (what := asks(test.source, solutions, beside, helpers)):
            found[name] = f"it asks {what}"
    return found


def _modules(lab: Lab) -> Iterator[str]:
    """The text of the course's own modules that lie beside the notebook."""
    for name, path in lab.beside:
        if name.endswith(".py"):
            with suppress(OSError):
                yield Path(path).read_text(encoding="utf-8", errors="replace")


def _settle(bench: _Bench, ways: _Ways) -> tuple[_Ways, _Seen]:
    """The ways in which the solution gets the marks of one process, and what was seen of it."""
    seen = bench.run(ways, bench.exercises)
    while (better := ways.after(seen, bench.lab)) != ways:
        ways, seen = better, bench.run(better, bench.exercises)
    return ways, seen


def _compare(bench: _Bench, ways: _Ways, solution: _Seen) -> tuple[_Ways, tuple[str, ...]]:
    """Learn from variations of the solution, until they show nothing new or the time is over. Returns what to say about it, too."""
    deadline, limit = time.monotonic() + TRIAL_SECONDS, max(LEAST_SECONDS, SLOWER * solution.slowest)
    released = {cell.id: cell.source for cell in release_notebook(bench.lab).cells}
    blank = {cell.name: released[cell.id] for cell in bench.lab.of("exercise")}
    waiting = list(variants(bench.exercises, blank)) if blank else []
    untried = len(waiting)

    def one(ways: _Ways, variant: tuple[str, Mapping[str, str]]) -> _Seen | None:
        what, sources = variant
        if time.monotonic() > deadline:
            return None
        return bench.run(ways, sources, what, seconds=limit, alone=what in SHOW_STATE)

    while waiting:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            seen = list(pool.map(partial(one, ways), waiting))
        better = ways
        for look in seen:
            better = better.after(look, bench.lab) if look else better
        untried = min(untried, seen.count(None))
        waiting = [variant for variant, look in zip(waiting, seen, strict=True) if look and ways.after(look, bench.lab) != ways]
        if better != ways:
            better, _ = _settle(bench, better)  # what the variations showed must not cost the solution a point
        ways = better
    said = f"{untried} variations of the solution were not tried, as there was no time left"
    return ways, (said,) if untried else ()


def _differ(here: Outcome, there: Outcome, points: float) -> bool:
    return abs(credit(here, points, stock=True) - credit(there, points, stock=True)) > 1e-9


def _too_slow(here: Outcome, there: Outcome) -> bool:
    """Whether a test calls the student's functions so often that the way between the processes is most of the time."""
    return here.calls > MANY_CALLS and here.seconds > SLOWER * there.seconds + SLOW_SECONDS


def _why(here: Outcome, there: Outcome, what: str) -> str:
    if _too_slow(here, there):
        return f"it calls functions {here.calls} times, which takes {here.seconds:.1f} s instead of {there.seconds:.1f} s"
    if what:
        return f"it ends otherwise in another process for a solution in which this is changed: {what}"
    return here.message or "it ends otherwise in another process"


def _broken(lab: Lab, seen: _Seen) -> dict[str, str]:
    """Tests that do not give the solution all points, though everything ran in one process."""
    return {
        name: _reason(seen.there[name])
        for name, test in lab.tests.items()
        if test.points and _falls_short(seen.there[name], test.points)
    }


def _falls_short(outcome: Outcome, points: float) -> bool:
    """Whether stock nbgrader would give less than all points."""
    return outcome.stderr or credit(outcome, points, stock=True) < points


def _reason(outcome: Outcome) -> str:
    """Why a cell failed, with what most likely helps."""
    if outcome.status == "ok":
        wrote = "something is written to stderr during it, for which stock nbgrader gives nothing: silence the warning there"
        return wrote if outcome.stderr else "it gives less than all points"
    said = f"{outcome.error}: {outcome.message}" if outcome.error else outcome.message
    if outcome.status == "timeout":
        return f"{said}; set cell_seconds below [limits] in the notebook's .toml, beside it"
    advice = next((advice for names, advice in _CAUSES if outcome.error in names), "")
    return f"{said} ({advice})" if advice else said
