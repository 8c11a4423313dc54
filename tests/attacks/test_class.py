"""Attackers in a class change nothing for the others and leave nothing behind."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder import Options, Verdict
from autograder.execution.process import FIRST_UID, UIDS
from autograder.grading.batch import SubmissionFile, grade_class
from autograder.labs.model import Lab
from autograder.sandbox import cgroups
from tests.attacks import test_breaking_out, test_exhausting, test_forging
from tests.attacks.book import Attack, hand_in

HONEST = [
    Attack("ada", network=True),
    Attack("boris", {"softmax": "def softmax(z):\n    return z / z.sum(axis=1, keepdims=True)"}),
    Attack("chen", {"nearest": "nearest = [0, 1"}),
    Attack("dana", {"last": "last = 100 + 28"}),
]
HOSTILE = ("deaf", "daemons", "exit", "forged_line", "run_code", "fork_bomb")


def verdicts(lab: Lab, attacks: list[Attack], folder: Path, *, jobs: int = 2, cell_seconds: float = 10) -> dict[str, str]:
    found = [SubmissionFile(attack.name, hand_in(lab, attack, folder)) for attack in attacks]
    graded: list[Verdict] = grade_class(lab, found, Options(isolation="full", cell_seconds=cell_seconds), jobs=jobs)
    return {verdict.submission: replace(verdict, seconds=0, cpu_seconds=0).to_json() for verdict in graded}


def strays() -> list[psutil.Process]:
    """Enclosed processes that outlived their sandbox, of whoever it was, and whatever our own fork server still holds."""
    found = []
    for process in psutil.process_iter(["uids", "ppid"]):
        uids = process.info["uids"]
        if (
            uids is not None
            and FIRST_UID <= uids.real < FIRST_UID + UIDS
            and process.info["ppid"] in (0, 1)
            and process.status() != psutil.STATUS_ZOMBIE
        ):
            found.append(process)
    for child in psutil.Process().children():
        if "autograder.worker.forkserver" in child.cmdline():
            found += [one for one in child.children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
    return found


@pytest.mark.usefixtures("full")
def test_the_others_get_the_very_same_verdicts_and_nothing_is_left(
    fort: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    known = [attack for module in (test_forging, test_breaking_out, test_exhausting) for attack in module.ATTACKS]
    hostile = [attack for attack in known if attack.name in HOSTILE]
    assert len(hostile) == len(HOSTILE)
    alone = verdicts(fort, HONEST, tmp_path)
    among = verdicts(fort, [*hostile[:3], *HONEST[:2], *hostile[3:], *HONEST[2:]], tmp_path)
    assert {name: among[name] for name in alone} == alone
    assert Verdict.from_dict(json.loads(alone["ada"])).earned == 20
    assert list(scratch.iterdir()) == []
    assert strays() == []


SPIN = "import os\nfor _ in range(60):\n    if os.fork() == 0:\n        os.setsid()\n        while True: pass"
BURN = """
import time
until = time.process_time() + 1.0
while time.process_time() < until: pass
nearest = np.linalg.norm(X_test[:, None] - CENTRES, axis=2).argmin(axis=1)
"""


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("groups", [True, False], ids=["equal shares", "run again alone"])
def test_sixty_processes_that_spin_cost_the_neighbours_nothing(
    fort: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, groups: bool
) -> None:
    if not groups:
        monkeypatch.setattr(cgroups, "make", lambda *_: None)
    honest = [Attack(name, {"nearest": BURN}) for name in ("ada", "boris", "chen")[: 3 if groups else 1]]
    spinner = Attack("spinner", cells=(SPIN, *["import time\ntime.sleep(1.8)"] * 3))
    limit = 2
    alone = verdicts(fort, honest, tmp_path, jobs=1, cell_seconds=limit)
    among = verdicts(fort, [spinner, *honest], tmp_path, jobs=4, cell_seconds=limit)
    assert {name: among[name] for name in alone} == alone
    assert {Verdict.from_dict(json.loads(said)).earned for said in alone.values()} == {10}
    assert strays() == []
