"""Run notebooks on the workers of a Dask cluster.

The workers receive a lab and the steps of one submission, and return the outcomes. The machine that
grades reads the submissions, computes the marks, and stores cache and gradebook. This module knows
steps and workers; it does not know marks.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autograder.errors import ClusterError, MachineError
from autograder.execution.limits import Limits
from autograder.execution.runner import run_with_retries
from autograder.execution.steps import Kept, Outcome, Step
from autograder.grading.cache import environment_facts
from autograder.grading.environment import isolation, prepare_environment
from autograder.grading.options import Options, course_secret
from autograder.labs.model import Lab

__all__ = ["Cluster"]

JOIN_SECONDS = 30.0  # seconds to wait for the scheduler, and then for the first worker


class Cluster:
    """The workers of a Dask scheduler, for the submissions to one lab.

    Every worker must have the same packages as this machine and full isolation: a notebook that
    escaped its sandbox could reach the scheduler, which runs any code that it receives.

    Args:
        address: Address of the scheduler, such as tcp://host:8786, or tls://… with the
            certificates that Dask's configuration names.
        lab: The lab.
        options: Grading options. `data` must be set; otherwise each worker would choose its own
            kind of data.

    Raises:
        ClusterError: The package `distributed` is not installed, the scheduler cannot be reached,
            there is no worker, or a worker does not meet the requirements.
    """

    def __init__(self, address: str, lab: Lab, options: Options) -> None:
        if find_spec("distributed") is None:
            raise ClusterError(
                "a Dask cluster needs the package `distributed`: run pip install '.[cluster]' in the checkout of the project"
            )
        from distributed import Client

        self._options = replace(options, secret=course_secret(options))  # otherwise each worker would draw its own
        try:
            self._client = Client(address, timeout=JOIN_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ClusterError(
                f"{address}: no Dask scheduler answers there ({type(error).__name__}); expected an address such as "
                "tcp://host:8786, where `dask scheduler` runs"
            ) from None
        try:
            self._check_workers(address)
            beside = _contents(lab.beside)
            # One task for all submissions instead of a copy in each. Dask repeats it if the worker that holds the result ends.
            self._shared = self._client.submit(_Shared, replace(lab, answers=(), beside=()), beside, pure=False)
        except BaseException:
            self.close()
            raise

    @property
    def places(self) -> int:
        """Number of notebooks that the workers run at the same time: one per thread."""
        return sum(self._client.nthreads().values())

    def run(
        self, steps: Sequence[Step], limits: Limits, handed_in: Sequence[tuple[str, str]] = ()
    ) -> tuple[list[Outcome], Kept, float]:
        """Run the steps of one submission on some worker. If the worker ends, another one takes over.

        Args:
            steps: The steps.
            limits: Resource limits of the run.
            handed_in: (relative name, path) of the files that the student handed in. Their content
                is sent to the worker.

        Returns:
            The outcomes, the values that the tests were given, and the duration in seconds.

        Raises:
            WorkerError: The run failed on the worker; other exceptions of the worker are raised
                here too.
            KilledWorker: Several workers in turn ended while they ran the steps.
        """
        future = self._client.submit(
            _run_on_worker,
            self._shared,
            self._options,
            tuple(steps),
            limits,
            environment_facts(),
            _contents(handed_in),
            pure=False,
        )
        try:
            outcomes, kept, seconds = future.result()
            return outcomes, kept, seconds
        finally:
            future.release()

    def close(self) -> None:
        """Disconnect from the scheduler. Steps that have not run yet are not run."""
        self._client.close()

    def _check_workers(self, address: str) -> None:
        """Raise ClusterError unless every worker has the same packages as this machine and full isolation."""
        from distributed import TimeoutError as LateError

        try:
            self._client.wait_for_workers(1, timeout=JOIN_SECONDS)
        except LateError:
            raise ClusterError(f"{address}: the scheduler has no worker; start some with `dask worker {address}`") from None
        for worker, (facts, level) in self._client.run(_facts).items():
            _compare(environment_facts(), facts, worker)
            if level != "full":
                raise ClusterError(
                    f"{worker}: this worker's machine does not support full isolation; `autograder doctor` there shows "
                    "what it lacks"
                )


class _Shared:
    """What all submissions to a lab share: the lab, and the content of the support files next to its notebook."""

    def __init__(self, lab: Lab, beside: Mapping[str, bytes]) -> None:
        self._lab, self._beside = lab, beside
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: tuple[tuple[str, str], ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _Shared, (self._lab, self._beside)

    @property
    def lab(self) -> Lab:
        """The lab; its support files stay in a temporary folder of this machine as long as this object lives."""
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="autograder-beside-")
                self._files = _lay_out(self._beside, self._folder.name)
        return replace(self._lab, beside=self._files)


def _contents(files: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    return {name: Path(path).read_bytes() for name, path in files}


def _lay_out(files: Mapping[str, bytes], folder: str) -> tuple[tuple[str, str], ...]:
    """Write the files into a folder and return (relative name, path) of each."""
    for name, data in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tuple((name, str(Path(folder, name))) for name in files)


def _facts() -> tuple[dict[str, str], str]:
    return dict(environment_facts()), isolation()


def _run_on_worker(
    shared: _Shared,
    options: Options,
    steps: Sequence[Step],
    limits: Limits,
    expected: Mapping[str, str],
    handed_in: Mapping[str, bytes],
) -> tuple[list[Outcome], Kept, float]:
    """Run the steps of one submission; this function runs on a worker."""
    from distributed import get_worker

    started, worker = time.perf_counter(), get_worker()
    _compare(expected, environment_facts(), worker.address)  # the worker may have joined after `_check_workers`
    threads = max(1, (os.cpu_count() or 1) // worker.state.nthreads)
    lab = shared.lab
    try:
        environment = prepare_environment(lab, options)
    except MachineError as error:
        raise ClusterError(f"{worker.address}: {error}") from None
    with tempfile.TemporaryDirectory(prefix="autograder-handed-in-") as folder:
        environment = replace(environment, threads=threads, handed_in=_lay_out(handed_in, folder))
        outcomes, kept = run_with_retries(steps, limits=limits, environment=environment)
    return outcomes, kept, time.perf_counter() - started


def _compare(expected: Mapping[str, str], facts: Mapping[str, str], worker: str) -> None:
    """Raise ClusterError if a worker has other versions or variables than this machine, because marks might differ."""
    names = dict.fromkeys((*expected, *facts))
    pairs = [(name, facts.get(name, "not set"), expected.get(name, "not set")) for name in names]
    if other := [f"{name} {theirs} instead of {ours}" for name, theirs, ours in pairs if theirs != ours]:
        raise ClusterError(
            f"{worker}: this worker has {', '.join(other)}; install the same on every machine, from the same constraints.txt, "
            "and set the same variables"
        )
