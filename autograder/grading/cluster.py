"""Run notebooks on the workers of a Dask cluster, where one machine is not enough.

What goes there is a lab and the steps of one submission; what comes back is how they ended. Reading, judging, keeping and
recording stay on the machine that asks. Knows steps and workers; nothing of marks.
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

JOIN_SECONDS = 30.0  # that the scheduler, and then the first worker, may take


class Cluster:
    """The workers of a Dask scheduler, for the submissions to one lab.

    address: of the scheduler, such as tcp://host:8786, or tls://… with the certificates that Dask's own configuration names.
    options: must say which kind of data, or each worker would choose for itself.
    Raises ClusterError unless every worker has the packages that this machine has, and full walls: a notebook that got out would
    reach the scheduler, and that runs whatever it is sent.
    """

    def __init__(self, address: str, lab: Lab, options: Options) -> None:
        if find_spec("distributed") is None:
            raise ClusterError("a Dask cluster needs the package `distributed`: pip install 'coursekit[cluster]'")
        from distributed import Client

        self._options = replace(options, secret=course_secret(options))  # or each worker would draw its own
        try:
            self._client = Client(address, timeout=JOIN_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ClusterError(
                f"{address}: no Dask scheduler answers there ({type(error).__name__}); expected an address such as "
                "tcp://host:8786, where `dask scheduler` runs"
            ) from None
        try:
            self._look_at_workers(address)
            beside = _contents(lab.beside)
            # A task of its own, no copy in each submission's; should the worker that holds it end, it is made again.
            self._shared = self._client.submit(_Shared, replace(lab, answers=(), beside=()), beside, pure=False)
        except BaseException:
            self.close()
            raise

    @property
    def places(self) -> int:
        """Notebooks that the workers run at once: one in each of their threads."""
        return sum(self._client.nthreads().values())

    def run(
        self, steps: Sequence[Step], limits: Limits, handed_in: Sequence[tuple[str, str]] = ()
    ) -> tuple[list[Outcome], Kept, float]:
        """How the steps of a submission ended on some worker, what its tests were given, and the seconds it took.

        handed_in: (relative name, path) of the files that the student handed in, whose content goes along.
        When a worker ends meanwhile, another one takes the submission. Raises what came up there, such as WorkerError, and
        KilledWorker when several workers in turn ended with it.
        """
        future = self._client.submit(
            _settle, self._shared, self._options, tuple(steps), limits, environment_facts(), _contents(handed_in), pure=False
        )
        try:
            outcomes, kept, seconds = future.result()
            return outcomes, kept, seconds
        finally:
            future.release()

    def close(self) -> None:
        """Let go of the workers; what has not been run yet is not run."""
        self._client.close()

    def _look_at_workers(self, address: str) -> None:
        from distributed import TimeoutError as LateError

        try:
            self._client.wait_for_workers(1, timeout=JOIN_SECONDS)
        except LateError:
            raise ClusterError(f"{address}: the scheduler has no worker; start some with `dask worker {address}`") from None
        for worker, (facts, level) in self._client.run(_facts).items():
            _compare(environment_facts(), facts, worker)
            if level != "full":
                raise ClusterError(
                    f"{worker}: this worker's machine has no full walls round students' code; `autograder doctor` there says "
                    "what it lacks"
                )


class _Shared:
    """What all submissions to a lab have in common: the lab, and the content of the files that its notebook finds beside it."""

    def __init__(self, lab: Lab, beside: Mapping[str, bytes]) -> None:
        self._lab, self._beside = lab, beside
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: tuple[tuple[str, str], ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _Shared, (self._lab, self._beside)

    @property
    def lab(self) -> Lab:
        """The lab, its files laid out on this machine for as long as this object lives."""
        with self._lock:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="autograder-beside-")
                self._files = _lay_out(self._beside, self._folder.name)
        return replace(self._lab, beside=self._files)


def _contents(files: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    return {name: Path(path).read_bytes() for name, path in files}


def _lay_out(files: Mapping[str, bytes], folder: str) -> tuple[tuple[str, str], ...]:
    """Write the files into a folder. Returns (relative name, path) of each."""
    for name, data in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tuple((name, str(Path(folder, name))) for name in files)


def _facts() -> tuple[dict[str, str], str]:
    return dict(environment_facts()), isolation()


def _settle(
    shared: _Shared,
    options: Options,
    steps: Sequence[Step],
    limits: Limits,
    expected: Mapping[str, str],
    handed_in: Mapping[str, bytes],
) -> tuple[list[Outcome], Kept, float]:
    """What a worker does."""
    from distributed import get_worker

    started, worker = time.perf_counter(), get_worker()
    _compare(expected, environment_facts(), worker.address)  # it may have joined only now
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
    """Raise ClusterError if a worker would run submissions with something else than this machine: marks might differ."""
    other = [f"{name} {facts.get(name)} instead of {said}" for name, said in expected.items() if facts.get(name) != said]
    if other:
        raise ClusterError(
            f"{worker}: this worker has {', '.join(other)}; install the same on every machine, from the same constraints.txt"
        )
