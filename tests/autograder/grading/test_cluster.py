"""A Dask cluster gives the marks of this machine, whatever worker ends, and none at all where a worker is not like this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder.authoring.demo import reference_sources, solve
from autograder.cli import app
from autograder.errors import ClusterError
from autograder.execution.limits import Limits
from autograder.execution.steps import Step
from autograder.grading import cluster
from autograder.grading.batch import SubmissionFile, find_submissions, grade_class
from autograder.grading.cache import ResultCache, environment_facts
from autograder.grading.cluster import Cluster
from autograder.grading.environment import isolation
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(
    isolation() != "full", reason="a cluster needs full isolation, which this machine does not have"
)


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """Two workers of their own processes, one notebook at a time in each."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as running:
        yield running


def hand_in(lab: Lab, folder: Path, students: int, more: str = "") -> list[SubmissionFile]:
    """The work of a class in which no two have the same answers. more: what everybody wrote besides."""
    reference = reference_sources(lab)
    for number in range(students):
        answer = lab.answers[number % len(lab.answers)]
        sources = {**reference, answer.exercise: f"{answer.source}\n# by student {number}\n{more}"}
        write_notebook(solve(lab, sources), folder / f"student{number}" / f"{lab.id}.ipynb")
    return find_submissions(folder, lab.id)


def what_counts(verdicts: list[Verdict]) -> list[object]:
    """All but seconds, and messages that quote numbers drawn by a test."""
    tests = [[replace(test, message="") for test in verdict.tests] for verdict in verdicts]
    return [replace(v, seconds=0.0, cpu_seconds=0.0, tests=tuple(own)) for v, own in zip(verdicts, tests, strict=True)]


def test_a_cluster_gives_the_verdicts_of_this_machine_and_they_are_kept_here(toy: Lab, tmp_path: Path, workers: Any) -> None:
    found, keep = hand_in(toy, tmp_path / "in", 5), ResultCache(tmp_path / "kept")
    heard: list[str] = []
    there = grade_class(toy, found, keep=keep, dask=workers.scheduler_address, on_verdict=lambda v: heard.append(v.submission))
    assert what_counts(there) == what_counts(grade_class(toy, found))
    assert {verdict.isolation for verdict in there} == {"full"}
    assert sorted(heard) == [item.submission for item in found]
    # The same again, here: every verdict is recalled, none comes from a run, whose seconds would differ.
    again = grade_class(toy, found, keep=keep)
    assert what_counts(again) == what_counts(there)
    assert [verdict.cpu_seconds for verdict in again] == [verdict.cpu_seconds for verdict in there]


@pytest.mark.skipif("EVERY_STUDENT" not in os.environ, reason="runs a class twice; make nightly does")
def test_a_worker_that_is_killed_loses_nobodys_marks(toy: Lab, tmp_path: Path, workers: Any) -> None:
    found = hand_in(toy, tmp_path / "in", 6, more="import time; time.sleep(1)")
    with distributed.Client(workers, set_as_default=False) as client:
        victim = min(client.run(os.getpid).values())
    killed: list[int] = []

    def kill_once(verdict: Verdict) -> None:
        if not killed:
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    verdicts = grade_class(toy, found, dask=workers.scheduler_address, on_verdict=kill_once)
    assert killed
    assert what_counts(verdicts) == what_counts(grade_class(toy, found))


def test_the_files_beside_a_notebook_come_along(toy: Lab, tmp_path: Path, workers: Any) -> None:
    note = tmp_path / "note.txt"
    note.write_text("seven")
    lab = replace(toy, beside=(("more/note.txt", str(note)),))
    running = Cluster(workers.scheduler_address, lab, Options(isolation="full"))
    try:
        note.unlink()  # as if on another machine
        (outcome,), _, _ = running.run([Step("assert open('more/note.txt').read() == 'seven'")], Limits())
    finally:
        running.close()
    assert (outcome.status, outcome.message) == ("ok", "")


def test_a_worker_with_other_packages_is_refused_by_name(
    toy: Lab, tmp_path: Path, workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def newer() -> Mapping[str, str]:
        return {**environment_facts(), "keras": "99.1"}

    monkeypatch.setattr(cluster, "environment_facts", newer)
    with pytest.raises(ClusterError, match=r"tcp://.*: this worker has keras \d\S* instead of 99\.1; install the same"):
        grade_class(toy, hand_in(toy, tmp_path / "in", 1), dask=workers.scheduler_address)


def test_a_worker_without_walls_is_refused(toy: Lab, tmp_path: Path, workers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_facts", lambda: (dict(environment_facts()), "process"))
    with pytest.raises(ClusterError, match="does not support full isolation; `autograder doctor` there"):
        grade_class(toy, hand_in(toy, tmp_path / "in", 1), dask=workers.scheduler_address)


def test_gpu_slots_and_a_cluster_exclude_each_other(toy: Lab, tmp_path: Path, workers: Any) -> None:
    with pytest.raises(ClusterError, match="GPU slots are those of this machine"):
        grade_class(toy, hand_in(toy, tmp_path / "in", 1), Options(gpu_slots=1), dask=workers.scheduler_address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere at all"])
def test_an_address_where_nobody_answers_is_said(
    address: str, toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "JOIN_SECONDS", 1.0)
    hand_in(toy, tmp_path / "in", 1)
    command = ["grade", toy.id, str(tmp_path / "in"), "--labs", str(toy.folder.parent), "-o", str(tmp_path / "out")]
    said = CliRunner().invoke(app, [*command, "--dask", address])
    assert said.exit_code == 2
    assert f"{address}: no Dask scheduler answers there" in " ".join(said.output.split())


def test_a_scheduler_without_workers_is_said(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "JOIN_SECONDS", 1.0)
    found = hand_in(toy, tmp_path / "in", 1)
    said = "the scheduler has no worker; start some with `dask worker tcp://"
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty, pytest.raises(ClusterError, match=said):
        grade_class(toy, found, dask=empty.scheduler_address)
