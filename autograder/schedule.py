"""Grade many submissions: find them, run them side by side, let one bad file stop nobody.

Knows only how one submission is graded; nothing of notebooks or processes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import psutil

from autograder.grading import examine_again, prepare
from autograder.keep import Keep
from autograder.labs import Lab
from autograder.processes import wake
from autograder.runs import Again
from autograder.surroundings import NoGpuError, Options, gpus, isolation
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
) -> list[Verdict]:
    """Grade every submission and return the verdicts in the order given. `on_verdict` hears of each as it is reached.

    jobs: how many at once, by default one a core and two more, if memory suffices. keep: what was found out earlier, so that
    unchanged work is not run again; a grader that was killed goes on from there. Raises IsolationError or NoGpuError before
    anything is run.
    """
    options, found = options or Options(), list(found)
    wake()
    isolation(options.isolation)
    seats = _Seats(lab, options)
    slots = _gpu_slots(options.gpu_slots)
    cores = os.cpu_count() or 1
    # More than cores: a notebook waits now and then, for its examiner or for memory. Fewer where memory is short.
    at_once = options.gpu_slots or jobs or max(1, min(cores + 2, psutil.virtual_memory().total // MEMORY_EACH))
    # Several threads in each of several processes would only take the cores from each other.
    threads = max(1, cores // max(1, min(at_once, len(found))))

    def one(item: Found) -> Verdict:
        gpu = slots.get()
        try:
            verdict = _grade_safely(lab, item, options, keep, seats, gpu, threads)
        finally:
            slots.put(gpu)
        if on_verdict:
            on_verdict(verdict)
        return verdict

    try:
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(one, found))
    finally:
        seats.close()


class _Seats:
    """For each thread an examiner that runs changed tests again on kept values, from the first time that it is wanted."""

    def __init__(self, lab: Lab, options: Options) -> None:
        self._lab, self._options = lab, options
        self._own = threading.local()
        self._all: list[Again] = []

    def mine(self) -> Again:
        if not hasattr(self._own, "again"):
            self._own.again = examine_again(self._lab, self._options)
            self._all.append(self._own.again)
        again: Again = self._own.again
        return again

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


def _grade_safely(lab: Lab, item: Found, options: Options, keep: Keep | None, seats: _Seats, gpu: str, threads: int) -> Verdict:
    if item.linked:
        said = f"{item.path.name}: its folder is a link; hand in the folder with the notebook itself, not a link to one"
        return Verdict(item.submission, lab.id, "unreadable", message=said)
    try:
        # One after the other: side by side each thread would work out for itself what it then remembers of the lab.
        with _reading:
            job = prepare(lab, item.path, options, item.submission)
        if isinstance(job, Verdict):
            return job
        return (job.recalled(keep, seats.mine()) if keep else None) or job.run(keep, gpu=gpu, threads=threads)
    except Exception as error:
        message = (
            f"{item.path.name}: the grader itself failed on this file ({type(error).__name__}: {error}); it was not marked"
        )
        return Verdict(item.submission, lab.id, "needs review", message=message)
