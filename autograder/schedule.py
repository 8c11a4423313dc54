"""Grade many submissions: find them, run them side by side, let one bad file stop nobody.

Knows only how one submission is graded; nothing of notebooks or processes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

import psutil

from autograder.cluster import Cluster, ClusterError
from autograder.grading import Job, examine_again, prepare
from autograder.keep import Keep
from autograder.labs import Lab
from autograder.processes import wake
from autograder.runs import Again
from autograder.surroundings import NoGpuError, Options, SurroundingsError, environment, gpus, isolation
from autograder.verdict import Verdict

__all__ = ["CollectError", "Found", "find_submissions", "grade_class"]


MEMORY_EACH = 1_500 * 2**20  # bytes: what a notebook and its examiner hold together at most, in the labs of this course

_reading = threading.Lock()


class CollectError(Exception):
    """A folder in which no submission can be found; the message says what was expected there."""


@dataclass(frozen=True)
class Found:
    """A submission before it is read: whose it is, where it lies, and whether a folder on the way there is a link."""

    submission: str
    path: Path
    linked: bool = False


def find_submissions(folder: Path | str, lab_id: str, assignment: str = "") -> list[Found]:
    """The submissions to one lab under `folder`, by name.

    Three layouts are known: nbgrader's `<student>/<assignment>/<lab>.ipynb` (the folder `submitted` or its parent may be given),
    one folder a student holding `<lab>.ipynb`, and plain files `<student>.ipynb`. assignment: nbgrader's name of it, by default
    the lab's. Raises CollectError when nothing is there.
    """
    assignment = assignment or lab_id
    folder = Path(folder)
    if not folder.is_dir():
        raise CollectError(f"{folder}: no such folder; expected the folder with the submissions")
    if (folder / "submitted").is_dir():
        folder = folder / "submitted"
    nested = [(path.parents[1], path) for path in folder.glob(f"*/{assignment}/{lab_id}.ipynb")]
    nested += [(path.parent, path) for path in folder.glob(f"*/{lab_id}.ipynb")]
    found = [Found(own.name, path, own.is_symlink() or path.parent.is_symlink()) for own, path in nested]
    found += [Found(path.stem, path) for path in folder.glob("*.ipynb")]
    if not found:
        raise CollectError(
            f"{folder}: no submissions to {lab_id}; expected STUDENT/{assignment}/{lab_id}.ipynb, STUDENT/{lab_id}.ipynb or STUDENT.ipynb"
        )
    names = [item.submission for item in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CollectError(f"{folder}: more than one submission to {lab_id} of {', '.join(twice)}; keep one of each")
    return sorted(found, key=lambda item: item.submission)


def grade_class(
    lab: Lab,
    found: Iterable[Found],
    options: Options | None = None,
    *,
    jobs: int | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
    keep: Keep | None = None,
    dask: str = "",
) -> list[Verdict]:
    """Grade every submission and return the verdicts in the order given. `on_verdict` hears of each as it is reached.

    jobs: how many at once, by default one a core and two more, if memory suffices. keep: what was found out earlier, so that
    unchanged work is not run again; a grader that was killed goes on from there. dask: address of the scheduler of a Dask cluster
    whose workers run the notebooks instead of this machine's cores; each as many at once as it has threads.
    Raises IsolationError, NoGpuError, NoDataError or ClusterError before any submission is run.
    """
    options, found = options or Options(), list(found)
    wake()
    options = replace(options, isolation=isolation("full" if dask else options.isolation))
    cores = os.cpu_count() or 1
    # More than cores: a notebook waits now and then, for its examiner or for memory. Fewer where memory is short.
    here = options.gpu_slots or jobs or max(1, min(cores + 2, psutil.virtual_memory().total // MEMORY_EACH))
    seats = _Seats(lab, options, here)
    places: _Here | _There = _There(dask, lab, options, jobs) if dask else _Here(options, here, len(found))

    def one(item: Found) -> Verdict:
        verdict = _grade_safely(lab, item, options, keep, seats, places.run)
        if on_verdict:
            on_verdict(verdict)
        return verdict

    pool = ThreadPoolExecutor(places.at_once)
    try:
        return list(pool.map(one, found))
    finally:
        places.close()  # first: what waits for a cluster then ends
        pool.shutdown()
        seats.close()


class _Here:
    """This machine's cores and GPUs. submissions: how many there are."""

    def __init__(self, options: Options, at_once: int, submissions: int) -> None:
        self.at_once = at_once
        self._slots = _gpu_slots(options.gpu_slots)
        # Several threads in each of several processes would only take the cores from each other.
        self._threads = max(1, (os.cpu_count() or 1) // max(1, min(at_once, submissions)))

    def run(self, job: Job, keep: Keep | None) -> Verdict:
        gpu = self._slots.get()
        try:
            return job.run(keep, gpu=gpu, threads=self._threads)
        finally:
            self._slots.put(gpu)

    def close(self) -> None:
        pass


class _There:
    """A Dask cluster. What is kept, and what was found out earlier, is here all the same."""

    def __init__(self, address: str, lab: Lab, options: Options, jobs: int | None) -> None:
        if options.gpu_slots:
            raise ClusterError("GPU slots are those of this machine: grade here, or on a cluster without --gpu-slots")
        data = environment(lab, options).get("COURSEKIT_DATA", "")
        self._cluster = Cluster(address, lab, replace(options, data=data))
        # More than can run: no worker waits for work, and workers that join later find some.
        self.at_once = jobs or 2 * self._cluster.places

    def run(self, job: Job, keep: Keep | None) -> Verdict:
        return job.run_by(lambda steps: self._cluster.run(steps, job.limits), keep)

    def close(self) -> None:
        self._cluster.close()


class _Seats:
    """Examiners that run changed tests again on kept values, each from the first time that it is wanted."""

    def __init__(self, lab: Lab, options: Options, count: int) -> None:
        self._lab, self._options = lab, options
        self._free: SimpleQueue[Again | None] = SimpleQueue()
        self._all: list[Again] = []
        for _ in range(count):
            self._free.put(None)

    @contextmanager
    def one(self) -> Iterator[Again]:
        """A seat that nobody else has meanwhile."""
        again = self._free.get()
        try:
            if again is None:
                again = examine_again(self._lab, self._options)
                self._all.append(again)
            yield again
        finally:
            self._free.put(again)

    def close(self) -> None:
        for again in self._all:
            again.close()


def _gpu_slots(count: int) -> SimpleQueue[str]:
    """Places on GPUs, handed out in turn; without slots as many places on none as anybody wants."""
    found = gpus() if count else []
    if count and not found:
        raise NoGpuError(f"{count} GPU slots were asked for, and this machine has no GPU; leave them out to grade on the CPU")
    slots: SimpleQueue[str] = SimpleQueue()
    for number in range(count or 1024):
        slots.put(found[number % len(found)] if found else "")
    return slots


def _grade_safely(
    lab: Lab, item: Found, options: Options, keep: Keep | None, seats: _Seats, run: Callable[[Job, Keep | None], Verdict]
) -> Verdict:
    if item.linked:
        said = f"{item.path.name}: its folder is a link; hand in the folder with the notebook itself, not a link to one"
        return Verdict(item.submission, lab.id, "unreadable", message=said)
    try:
        # One after the other: side by side each thread would work out for itself what it then remembers of the lab.
        with _reading:
            job = prepare(lab, item.path, options, item.submission)
        if isinstance(job, Verdict):
            return job
        if keep:
            with seats.one() as again:
                recalled = job.recalled(keep, again)
            if recalled:
                return recalled
        return run(job, keep)
    except SurroundingsError:
        raise  # the same for everybody
    except Exception as error:
        message = (
            f"{item.path.name}: the grader itself failed on this file ({type(error).__name__}: {error}); it was not marked"
        )
        return Verdict(item.submission, lab.id, "needs review", message=message)
