"""Grade many submissions side by side, and let one bad file stop nobody.

Knows only how one submission is graded; nothing of notebooks or processes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from typing import Literal

from autograder.errors import ClusterError, CollectError, HaltedError, MachineError, NoGpuError
from autograder.execution.forkserver_client import wake
from autograder.execution.process import Halt
from autograder.execution.runner import ContendedError, Reexaminer
from autograder.grading.cache import ResultCache
from autograder.grading.cluster import Cluster
from autograder.grading.environment import gpus, isolation, variables
from autograder.grading.job import Job, examine_again, prepare
from autograder.grading.options import Options
from autograder.grading.submissions.collect import SubmissionFile, find_submissions
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import shown
from autograder.sandbox import cgroups

__all__ = ["CollectError", "SubmissionFile", "find_submissions", "grade_class"]


MEMORY_EACH = 1_500 * 2**20  # bytes: what a notebook and its examiner hold together at most, in the labs of this course
RESERVE = 2**30  # bytes of the machine's memory that are left to the grader and to what it forks from

_reading = threading.Lock()


def grade_class(
    lab: Lab,
    found: Iterable[SubmissionFile],
    options: Options | None = None,
    *,
    jobs: int | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
    keep: ResultCache | None = None,
    dask: str = "",
) -> list[Verdict]:
    """Grade every submission and return the verdicts in the order given. `on_verdict` hears of each as it is reached.

    jobs: how many at once, by default one a core and two more, if memory suffices. keep: what was found out earlier, so that
    unchanged work is not run again; a grader that was killed goes on from there. dask: address of the scheduler of a Dask cluster
    whose workers run the notebooks instead of this machine's cores; each as many at once as it has threads.
    A submission that hit a limit while others had the processor or the memory is run again at the end, with none beside it. Ctrl-C
    (KeyboardInterrupt) ends all processes at once; what was found out by then is kept.
    Raises IsolationError, NoGpuError, NoDataError or ClusterError before any submission is run.
    """
    options, found = options or Options(), list(found)
    wake()
    options = replace(options, isolation=isolation("full" if dask else options.isolation))
    cores = os.cpu_count() or 1
    # More than cores: a notebook waits now and then, for its examiner or for memory. Fewer where memory is short.
    here = options.gpu_slots or jobs or max(1, min(cores + 2, _memory() // MEMORY_EACH))
    seats, halt = ExaminerPool(lab, options, here), Halt()
    places: LocalBackend | ClusterBackend = (
        ClusterBackend(dask, lab, options, jobs) if dask else LocalBackend(options, here, len(found), halt)
    )

    def one(item: SubmissionFile, alone: bool = False) -> Verdict | None:
        run = partial(places.run, alone=alone)
        verdict = _grade_safely(lab, item, options, keep, seats, run)
        if on_verdict and verdict:
            on_verdict(verdict)
        return verdict

    pool = ThreadPoolExecutor(places.at_once)
    try:
        verdicts = list(pool.map(one, found))
        return [verdict or one(item, alone=True) for item, verdict in zip(found, verdicts, strict=True)]  # type: ignore[misc]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        halt.call()
        raise
    finally:
        places.close()  # first: what waits for a cluster then ends
        pool.shutdown()
        seats.close()


class LocalBackend:
    """This machine's cores, memory and GPUs. submissions: how many there are. halt: ends what runs."""

    def __init__(self, options: Options, at_once: int, submissions: int, halt: Halt) -> None:
        self.at_once, self._halt = at_once, halt
        # Of all that run at once none can take what another needs; alone one may have all that its lab allows.
        self._share = {False: (_memory() // max(1, min(at_once, submissions))) >> 20, True: _memory() >> 20}
        self._slots = _gpu_slots(options.gpu_slots)
        # Several threads in each of several processes would only take the cores from each other.
        self._threads = max(1, (os.cpu_count() or 1) // max(1, min(at_once, submissions)))

    def run(self, job: Job, keep: ResultCache | None, *, alone: bool) -> Verdict:
        """Raises ContendedError when the job has to be run alone."""
        gpu = self._slots.get()
        doubt: Literal["believe", "raise"] = "believe" if alone else "raise"
        environment = {"gpu": gpu, "threads": self._threads, "memory_mb": self._share[alone]}
        try:
            return job.run(keep, halt=self._halt, contended=doubt, **environment)
        finally:
            self._slots.put(gpu)

    def close(self) -> None:
        pass


class ClusterBackend:
    """A Dask cluster. What is kept, and what was found out earlier, is here all the same."""

    def __init__(self, address: str, lab: Lab, options: Options, jobs: int | None) -> None:
        if options.gpu_slots:
            raise ClusterError("GPU slots are those of this machine: grade here, or on a cluster without --gpu-slots")
        data = variables(lab, options).get("COURSEKIT_DATA", "")
        self._cluster = Cluster(address, lab, replace(options, data=data))
        # More than can run: no worker waits for work, and workers that join later find some.
        self.at_once = jobs or 2 * self._cluster.places

    def run(self, job: Job, keep: ResultCache | None, *, alone: bool) -> Verdict:
        """On a cluster nobody is alone: a worker tries again at once what it doubts."""
        return job.run_by(lambda steps: self._cluster.run(steps, job.limits, job.environment.handed_in), keep)

    def close(self) -> None:
        self._cluster.close()


class ExaminerPool:
    """Examiners that run changed tests again on kept values, each from the first time that it is wanted."""

    def __init__(self, lab: Lab, options: Options, count: int) -> None:
        self._lab, self._options = lab, options
        self._free: SimpleQueue[Reexaminer | None] = SimpleQueue()
        self._all: list[Reexaminer] = []
        for _ in range(count):
            self._free.put(None)

    @contextmanager
    def one(self) -> Iterator[Reexaminer]:
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


def _memory() -> int:
    """Bytes that all notebooks together may hold."""
    total = cgroups.memory_bytes()
    return max(total - RESERVE, total // 2)


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
    lab: Lab,
    item: SubmissionFile,
    options: Options,
    keep: ResultCache | None,
    seats: ExaminerPool,
    run: Callable[[Job, ResultCache | None], Verdict],
) -> Verdict | None:
    """The verdict, whatever happens; None if the submission has to be run alone."""
    if item.linked:
        said = f"{shown(item.path.name)}: its folder is a link; hand in the folder with the notebook itself, not a link to one"
        return Verdict(item.submission, lab.id, "unreadable", message=said)
    try:
        # One after the other: side by side each thread would work out for itself what it then remembers of the lab.
        with _reading:
            job = prepare(lab, item.path, options, item.submission, own_folder=item.own_folder)
        if isinstance(job, Verdict):
            return job
        if keep:
            with seats.one() as again:
                recalled = job.recalled(keep, again)
            if recalled:
                return recalled
        return run(job, keep)
    except ContendedError:
        return None
    except (MachineError, HaltedError):
        raise  # the same for everybody
    except Exception as error:
        message = f"{shown(item.path.name)}: the grader itself failed on this file ({type(error).__name__}: {error}); it was not marked"
        return Verdict(item.submission, lab.id, "needs review", message=message)
