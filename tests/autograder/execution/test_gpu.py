"""GPUs: handed to student processes only, in turn, and only when asked for; marks are those of the CPU."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.errors import NoGpuError
from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Step
from autograder.grading import environment
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.environment import gpus
from autograder.grading.options import Options
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import source_notebook

GPUS = gpus()
needs_gpu = pytest.mark.skipif(not GPUS, reason="this machine has no GPU")
SHOWN = "import os\nnumber = os.environ['CUDA_VISIBLE_DEVICES']"


def hand_in(lab: Lab, folder: Path, students: int) -> None:
    for number in range(students):
        write_notebook(source_notebook(lab), folder / f"student{number}" / f"{lab.id}.ipynb")


@pytest.mark.parametrize(("gpu", "seen"), [("", "-1"), ("3", "3")])
def test_a_student_process_sees_the_gpu_of_its_slot_and_the_examiner_none(gpu: str, seen: str) -> None:
    steps = [
        Step(SHOWN),
        Step(
            f"import os\nassert number == {seen!r}\nassert os.environ['CUDA_VISIBLE_DEVICES'] == '-1'",
            "test",
            names=("number",),
        ),
    ]
    outcomes = run_steps(steps, limits=Limits(), environment=Environment(gpu=gpu))
    assert [(outcome.status, outcome.message) for outcome in outcomes] == [("ok", ""), ("ok", "")]


def test_slots_go_round_over_all_gpus_and_none_is_held_by_two_at_once(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.grading.cache import ResultCache
    from autograder.grading.job import Job
    from autograder.grading.verdict import Verdict

    held: list[str] = []
    most: list[int] = []
    run = Job.run

    def watched(job: Job, keep: ResultCache | None = None, *, gpu: str = "", **environment: Any) -> Verdict:
        held.append(gpu)
        most.append(len(held))
        assert len(set(held)) == len(held)
        try:
            return run(job, keep, **environment)  # on the CPU: there may be no such GPU
        finally:
            held.remove(gpu)

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setattr(Job, "run", watched)
    hand_in(toy, tmp_path / "in", 5)
    verdicts = grade_class(toy, find_submissions(tmp_path / "in", toy.id), Options(gpu_slots=2), jobs=7)
    assert [verdict.status for verdict in verdicts] == ["graded"] * 5
    assert max(most) <= 2


def test_slots_without_a_gpu_are_refused_before_anything_is_run(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment.os, "environ", {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"})
    hand_in(toy, tmp_path / "in", 1)
    with pytest.raises(NoGpuError, match="2 GPU slots were asked for, and this machine has no GPU"):
        grade_class(toy, find_submissions(tmp_path / "in", toy.id), Options(gpu_slots=2))


@needs_gpu
def test_marks_on_a_gpu_are_those_on_the_cpu_and_the_fork_server_never_wakes_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEKIT_DATA", "drawn")
    lab = load_lab(root / "labs" / "lab02_mlp")
    for number in range(3):
        write_notebook(solve(lab, reference_sources(lab), fast=True), tmp_path / "in" / f"student{number}.ipynb")
    found = find_submissions(tmp_path / "in", lab.id)
    marks = [
        [(test.name, test.earned) for verdict in grade_class(lab, found, options) for test in verdict.tests]
        for options in (Options(fast=True), Options(fast=True, gpu_slots=3))
    ]
    assert marks[0] == marks[1]
    parents = [process for process in psutil.Process().children() if "autograder.worker.forkserver" in process.cmdline()]
    assert parents
    for parent in parents:
        opened = [os.readlink(path) for path in Path(f"/proc/{parent.pid}/fd").iterdir()]
        assert not [name for name in opened if name.startswith("/dev/nvidia")]


@needs_gpu
def test_a_network_trains_on_the_gpu_of_its_slot() -> None:
    source = "import tensorflow as tf\nwith tf.device('/GPU:0'):\n    x = tf.ones((4, 4)) @ tf.ones((4, 4))\nassert 'GPU' in x.device"
    (outcome,) = run_steps([Step(source)], limits=Limits(), environment=Environment(gpu=GPUS[0]))
    assert (outcome.status, outcome.message) == ("ok", "")
