"""What the processes of one room hold together is limited where the kernel lets us, and nothing of the limit stays behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_steps
from autograder.execution.steps import Step
from autograder.grading.environment import isolation
from autograder.sandbox import cgroups

needs_groups = pytest.mark.skipif(bool(cgroups.reason()), reason=f"no memory groups here: {cgroups.reason()}")
# Twelve processes, of which each keeps well within the limit of one process.
CROWD = """
import os, time
for _ in range(12):
    if os.fork() == 0:
        kept = bytearray(350 << 20)
        for place in range(0, len(kept), 4096):
            kept[place] = 1
        time.sleep(60)
time.sleep(60)
"""


def groups() -> list[Path]:
    homes = filter(None, (cgroups._home("memory"), cgroups._home("cpu")))
    return sorted(path for home in homes for path in home.glob(f"{cgroups.NAME}{os.getpid()}-*"))


@needs_groups
def test_many_processes_that_are_small_alone_may_not_take_all_memory_together() -> None:
    before = groups()
    limits = Limits(cell_seconds=50, memory_mb=2500, disk_mb=100)
    crowd, after = run_steps([Step(CROWD), Step("1")], limits=limits, environment=Environment(level=isolation()))
    assert (crowd.status, after.status) == ("memory", "missing")
    assert "more than 2500 MB of memory" in crowd.message
    assert groups() == before


@needs_groups
def test_a_group_counts_its_processes_says_when_one_was_killed_and_goes_away() -> None:
    group = cgroups.make(100)
    assert group is not None
    waits = "import sys; sys.stdin.read(1); kept = bytearray(300 << 20)"
    process = subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE)
    group.add(process.pid)
    assert not group.killed
    process.communicate(b"x")
    assert process.returncode == -9
    assert group.killed
    assert group.full
    group.remove()
    assert not any(folder.exists() for folder in group.own)
    group.add(process.pid)  # of a dead process, in a group that is gone: nothing to do


@needs_groups
def test_groups_of_dead_graders_are_swept_up_and_those_of_living_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    ours = cgroups.make(64)
    assert ours is not None
    left = [folder.with_name(f"{cgroups.NAME}{dead.pid}-0") for folder in ours.own]
    for folder in left:
        (folder / "part-0").mkdir(parents=True)
    cgroups.sweep()
    assert not any(folder.exists() for folder in left)
    assert all(folder.exists() for folder in ours.own)
    ours.remove()


def test_without_groups_there_is_a_reason_and_notebooks_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_home", lambda controller: None)
    assert "may not create memory control groups" in cgroups.reason()
    assert cgroups.make(64) is None
    cgroups.sweep()
    (outcome,) = run_steps([Step("1 + 1")], limits=Limits(), environment=Environment(level=isolation()))
    assert outcome.value == 2
