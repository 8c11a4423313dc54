"""Notebooks that run side by side take nothing from each other; what was hit only by sharing is run again alone; Ctrl-C ends it all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.authoring.demo import solve
from autograder.execution.runner import ContendedError
from autograder.execution.steps import Kept, Outcome
from autograder.grading import batch, job
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.cache import Entry, ResultCache
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.sandbox import cgroups

RIGHT = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}
needs_groups = pytest.mark.skipif(bool(cgroups.reason()), reason=f"no memory groups here: {cgroups.reason()}")


def hand_in(lab: Lab, folder: Path, **sources: str) -> None:
    """Right work of each student, with `sources`, student → code of the first exercise, before it."""
    for student, code in sources.items():
        answer = f"{code}\n{RIGHT['mean']}"
        write_notebook(solve(lab, {**RIGHT, "mean": answer}), folder / f"{student}.ipynb")


def earned(verdicts: list[Verdict]) -> dict[str, float]:
    return {verdict.submission: verdict.earned for verdict in verdicts}


class Runs:
    """Stands for runs: notes how each was to be run, and lets what runs beside others be late through them."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, steps: Any, *, contended: str, environment: Any, **_: Any) -> tuple[list[Outcome], Kept]:
        self.asked.append({"contended": contended, "memory_mb": environment.memory_mb})
        if contended == "raise":
            raise ContendedError("late")
        return [Outcome("ok", contended=step.kind == "test") for step in steps], {}


def test_what_was_late_through_others_is_run_alone_with_all_memory_and_not_kept(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(toy, tmp_path / "class", ada="", boris="")
    runs, keep, heard = Runs(), ResultCache(tmp_path / "kept"), []
    monkeypatch.setattr(job, "run_with_retries", runs)
    monkeypatch.setattr(batch, "wake", lambda: None)
    found = find_submissions(tmp_path / "class", toy.id)
    verdicts = grade_class(toy, found, keep=keep, jobs=2, on_verdict=heard.append)
    assert earned(verdicts) == {"ada": 20, "boris": 20}
    assert [verdict.submission for verdict in heard] == ["ada", "boris"]
    assert [asked["contended"] for asked in runs.asked] == ["raise", "raise", "believe", "believe"]
    shared, _, alone, _ = [asked["memory_mb"] for asked in runs.asked]
    assert 0 < 2 * shared <= alone < cgroups.memory_bytes() >> 20
    assert not keep.folder.exists()


def test_an_entry_with_a_limit_that_was_hit_through_others_is_not_kept(tmp_path: Path) -> None:
    keep = ResultCache(tmp_path)
    keep.put("00aa", Entry([Outcome("ok"), Outcome("timeout", contended=True)], {}, {}))
    assert keep.find("00aa") is None


def test_shares_of_memory_stay_below_the_machines_and_below_what_a_container_says(monkeypatch: pytest.MonkeyPatch) -> None:
    total = cgroups.memory_bytes()
    assert total <= psutil.virtual_memory().total
    assert 0 < batch.memory_to_share() < total
    places = [(Path("/nowhere"), 1)]
    monkeypatch.setattr(cgroups, "_places", lambda controller: places)
    monkeypatch.setattr(cgroups, "_number", lambda folder, names: 3 * 2**30 if folder == Path("/nowhere") else None)
    assert cgroups.memory_bytes() == 3 * 2**30
    assert batch.memory_to_share() == 2 * 2**30


@needs_groups
def test_one_that_needs_more_than_its_share_is_run_alone_and_paid_and_its_neighbour_never_notices(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hungry = "import numpy as np\nif not globals().get('seen'): seen = [np.ones(1_300 << 17)]"
    hand_in(toy, tmp_path / "class", ada="", hungry=hungry)
    monkeypatch.setattr(batch, "memory_to_share", lambda: 2_200 << 20)
    keep, found = ResultCache(tmp_path / "kept"), find_submissions(tmp_path / "class", toy.id)
    verdicts = grade_class(toy, found, keep=keep, jobs=2)
    assert earned(verdicts) == {"ada": 20, "hungry": 20}
    monkeypatch.setattr(batch, "memory_to_share", lambda: 1_000 << 20)
    (verdict,) = grade_class(toy, found[1:], jobs=1)
    assert {test.status for test in verdict.tests} == {"memory", "missing"}


@pytest.mark.parametrize("figure", [float("inf"), float("nan")])
def test_no_verdict_holds_a_figure_that_json_has_not(figure: float) -> None:
    with pytest.raises(ValueError, match="finite numbers only"):
        Verdict("ada", "lab", "graded", cpu_seconds=figure)
    with pytest.raises(ValueError, match="finite numbers only"):
        Verdict("ada", "lab", "graded", tests=(TestResult("t", "e", 5, figure, "passed"),))


GRADE = (
    "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a shell may have ignored for us
    "from autograder.cli import app\napp()"
)


@pytest.mark.timeout(120)
def test_ctrl_c_ends_grading_with_one_sentence_and_keeps_what_was_found(toy: Lab, tmp_path: Path) -> None:
    hand_in(toy, tmp_path / "class", ada="", zoe="import time\ntime.sleep(1000)")
    arguments = ["grade", toy.id, str(tmp_path / "class"), "--labs", str(toy.folder.parent), "-o", str(tmp_path / "out")]
    program = subprocess.Popen(
        [sys.executable, "-c", GRADE, *arguments, "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while not list((tmp_path / "out").rglob("*.zip")) and time.monotonic() < until:
        time.sleep(0.1)
    family = psutil.Process(program.pid).children(recursive=True)
    os.kill(program.pid, signal.SIGINT)
    _, said = program.communicate(timeout=20)
    assert program.returncode == 130
    assert said.splitlines() == ["stopped; what was found out is kept: run the same command to go on"]
    assert len(family) > 1
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert len(list((tmp_path / "out").rglob("*.zip"))) == 1


@pytest.mark.timeout(60)
def test_ctrl_c_before_anything_runs_ends_it_as_quickly(toy: Lab, tmp_path: Path) -> None:
    hand_in(toy, tmp_path / "class", ada="")
    script = (
        "import os, signal, sys, threading\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from autograder.execution import process\nreal = process.Process.__init__\n"
        "def init(self, *args):\n"  # the fork server is importing now, and this thread waits for it
        "    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()\n    real(self, *args)\n"
        "process.Process.__init__ = init\nfrom autograder.cli import app\napp()"
    )
    arguments = ["grade", toy.id, str(tmp_path / "class"), "--labs", str(toy.folder.parent), "-o", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr.count("\n")) == (130, 1), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
