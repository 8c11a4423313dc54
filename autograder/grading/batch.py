"""Grade many submissions in parallel. A file that cannot be graded does not stop the others.

This module uses the grading of a single submission; it does not look into notebooks or processes.
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
from autograder.grading.environment import gpus, isolation
from autograder.grading.job import Job, prepare
from autograder.grading.options import Options
from autograder.grading.prepared import PreparedLab, prepare_lab
from autograder.grading.submissions.collect import SubmissionFile, find_submissions
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import shown
from autograder.sandbox import cgroups

__all__ = ["MEMORY_EACH", "RESERVE", "CollectError", "SubmissionFile", "find_submissions", "grade_class", "memory_to_share"]


MEMORY_EACH = 1_500 * 2**20  # bytes: most that a notebook and its examiner use together in the labs of this course
RESERVE = 2**30  # bytes of memory that are reserved for the grader and the fork server

_reading = threading.Lock()


def grade_class(
    lab: Lab,
    found: Iterable[SubmissionFile],
    options: Options | None = None,
    *,
    jobs: int | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
    on_graded: Callable[[Verdict, Submission | None], None] | None = None,
    keep: ResultCache | None = None,
    dask: str = "",
) -> list[Verdict]:
    """Grade all submissions of a class to one lab.

    A submission that hit a limit while others were using the processor or the memory is run again
    at the end, alone. Ctrl-C (KeyboardInterrupt) stops all processes at once; outcomes that were
    already found stay in the cache.

    Args:
        lab: The lab.
        found: Submissions to grade.
        options: Grading options.
        jobs: Number of submissions to grade at the same time. By default one per core and two
            more, if there is enough memory.
        on_verdict: Called with each verdict as soon as it is known.
        on_graded: Called with each verdict and the repaired submission that it is on, cells and
            pictures included, or with None if the file could not be read. It is called from
            several threads. A call that waits holds back further submissions, which bounds memory.
        keep: Result cache, so that unchanged work is not run again and an interrupted grader
            can continue.
        dask: Address of the scheduler of a Dask cluster whose workers run the notebooks instead
            of this machine. Each worker runs as many notebooks at once as it has threads.

    Returns:
        The verdicts, in the order of `found`.

    Raises:
        IsolationError: The machine does not support the isolation level in `options`.
        NoGpuError: GPU slots were requested and this machine has no GPU.
        NoDataError: The data sets of the lab cannot be loaded.
        ClusterError: The cluster cannot be used.
    """
    options, found = options or Options(), list(found)
    wake()
    options = replace(options, isolation=isolation("full" if dask else options.isolation))
    cores = os.cpu_count() or 1
    # More jobs than cores, because a notebook sometimes waits for its examiner or for memory; fewer if memory is short.
    here = options.gpu_slots or jobs or max(1, min(cores + 2, memory_to_share() // MEMORY_EACH))
    prepared = prepare_lab(lab, options)
    examiners, halt = ExaminerPool(prepared, here), Halt()
    backend: LocalBackend | ClusterBackend = (
        ClusterBackend(dask, prepared, jobs) if dask else LocalBackend(options, here, len(found), halt)
    )

    def one(item: SubmissionFile, alone: bool = False) -> Verdict | None:
        run = partial(backend.run, alone=alone)
        verdict, work = _grade_safely(prepared, item, keep, examiners, run, pictures=on_graded is not None)
        if on_graded and verdict:
            on_graded(verdict, work)
        if on_verdict and verdict:
            on_verdict(verdict)
        return verdict

    pool = ThreadPoolExecutor(backend.at_once)
    try:
        verdicts = list(pool.map(one, found))
        return [verdict or one(item, alone=True) for item, verdict in zip(found, verdicts, strict=True)]  # type: ignore[misc]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        halt.call()
        raise
    finally:
        backend.close()  # first, so that jobs which wait for a cluster end
        pool.shutdown()
        examiners.close()


class LocalBackend:
    """Runs jobs on this machine and shares its cores, memory and GPUs among them."""

    def __init__(self, options: Options, at_once: int, submissions: int, halt: Halt) -> None:
        self.at_once, self._halt = at_once, halt
        # Jobs that run at the same time share the memory equally; a job that runs alone may use all of it.
        self._share = {False: (memory_to_share() // max(1, min(at_once, submissions))) >> 20, True: memory_to_share() >> 20}
        self._slots = _gpu_slots(options.gpu_slots)
        # With more threads than cores the processes would only slow each other down.
        self._threads = max(1, (os.cpu_count() or 1) // max(1, min(at_once, submissions)))

    def run(self, job: Job, keep: ResultCache | None, *, alone: bool) -> Verdict:
        """Run a job. Raises ContendedError if it has to be run alone."""
        gpu = self._slots.get()
        doubt: Literal["believe", "raise"] = "believe" if alone else "raise"
        environment = {"gpu": gpu, "threads": self._threads, "memory_mb": self._share[alone]}
        try:
            return job.run(keep, halt=self._halt, contended=doubt, **environment)
        finally:
            self._slots.put(gpu)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


class ClusterBackend:
    """Runs jobs on a Dask cluster. The result cache stays on this machine."""

    def __init__(self, address: str, prepared: PreparedLab, jobs: int | None) -> None:
        lab, options = prepared.lab, prepared.options
        if options.gpu_slots:
            raise ClusterError("GPU slots are those of this machine: grade here, or on a cluster without --gpu-slots")
        data = prepared.environment.env.get("COURSEKIT_DATA", "")
        self._cluster = Cluster(address, lab, replace(options, data=data))
        # More jobs than can run at once, so that no worker waits and workers that join later find work.
        self.at_once = jobs or 2 * self._cluster.places

    def run(self, job: Job, keep: ResultCache | None, *, alone: bool) -> Verdict:
        """Run a job. `alone` is ignored: a worker itself repeats a run that hit a limit on a busy machine."""
        return job.run_by(lambda steps: self._cluster.run(steps, job.limits, job.environment.handed_in), keep)

    def close(self) -> None:
        """Close the connection to the cluster."""
        self._cluster.close()


class ExaminerPool:
    """A pool of examiners that run changed tests on cached values. Each is started on first use."""

    def __init__(self, prepared: PreparedLab, count: int) -> None:
        self._prepared = prepared
        self._free: SimpleQueue[Reexaminer | None] = SimpleQueue()
        self._all: list[Reexaminer] = []
        for _ in range(count):
            self._free.put(None)

    @contextmanager
    def one(self) -> Iterator[Reexaminer]:
        """Lend an examiner that nobody else uses in the meantime."""
        again = self._free.get()
        try:
            if again is None:
                again = self._prepared.reexaminer()
                self._all.append(again)
            yield again
        finally:
            self._free.put(again)

    def close(self) -> None:
        """End all examiners."""
        for again in self._all:
            again.close()


def memory_to_share() -> int:
    """Return the memory in bytes that all notebooks may use together.

    Returns:
        The memory of the machine, or of the container, without what the grader itself needs.
    """
    total = cgroups.memory_bytes()
    return max(total - RESERVE, total // 2)


def _gpu_slots(count: int) -> SimpleQueue[str]:
    """Return a queue of GPU numbers, one per slot, spread over all GPUs; for `count` 0, of 1024 slots without a GPU."""
    found = gpus() if count else []
    if count and not found:
        raise NoGpuError(f"{count} GPU slots were asked for, and this machine has no GPU; leave them out to grade on the CPU")
    slots: SimpleQueue[str] = SimpleQueue()
    for number in range(count or 1024):
        slots.put(found[number % len(found)] if found else "")
    return slots


def _grade_safely(
    prepared: PreparedLab,
    item: SubmissionFile,
    keep: ResultCache | None,
    examiners: ExaminerPool,
    run: Callable[[Job, ResultCache | None], Verdict],
    *,
    pictures: bool,
) -> tuple[Verdict | None, Submission | None]:
    """Grade one submission and turn failures of the grader into a verdict.

    Returns the verdict, None if the submission has to be run alone, and the repaired submission, None if it could not be read.
    """
    work: Submission | None = None
    if item.linked:
        said = f"{shown(item.path.name)}: its folder is a link; hand in the folder with the notebook itself, not a link to one"
        return Verdict(item.submission, prepared.lab.id, "unreadable", message=said), None
    try:
        # Serialised, so that the cached analysis of the lab is computed only once.
        with _reading:
            job = prepare(prepared, item.path, item.submission, own_folder=item.own_folder, pictures=pictures)
        if isinstance(job, Verdict):
            return job, None
        work = job.work
        if keep:
            with examiners.one() as again:
                recalled = job.recalled(keep, again)
            if recalled:
                return recalled, work
        return run(job, keep), work
    except ContendedError:
        return None, None
    except (MachineError, HaltedError):
        raise  # concerns all submissions
    except Exception as error:
        message = f"{shown(item.path.name)}: the grader itself failed on this file ({type(error).__name__}: {error}); it was not marked"
        return Verdict(item.submission, prepared.lab.id, "needs review", message=message), work
