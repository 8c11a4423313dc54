"""The fort, and classes of attackers that are graded once for all assertions about them."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from autograder import Options, Verdict, sandbox
from autograder.grading.batch import SubmissionFile, grade_class
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from tests.attacks.book import Attack, hand_in

SECRET = "a password of the instructor's"
# Before the fork server is started: what it was started with is what /proc tells of it for ever.
os.environ["GRADEBOOK_PASSWORD"] = SECRET


@pytest.fixture(scope="session")
def fort() -> Lab:
    return load_lab(Path(__file__).parent / "fort")


@pytest.fixture(scope="session")
def options() -> Options:
    """How attacks are graded: in the strongest sandbox that this machine has."""
    return Options(isolation=sandbox.strongest())


@pytest.fixture(scope="session")
def full() -> None:
    """Skip where the sandbox that an attack runs into cannot be built."""
    if sandbox.strongest() != "full":
        pytest.skip("no full isolation here: " + "; ".join(f"{name}: {why}" for name, why in sandbox.probe().items() if why))


@pytest.fixture(scope="module")
def graded(
    request: pytest.FixtureRequest, fort: Lab, options: Options, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Verdict]:
    """Name of each attack of the module's ATTACKS → its verdict, all graded as one class; once, also with several workers.

    LAB of the module names the folder of another lab than the fort.
    """
    name = request.module.__name__.rpartition(".")[2]
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    seconds: float = getattr(request.module, "CELL_SECONDS", 0)
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = base / f"{name}.json"
        if not kept.exists():
            folder = base / name
            folder.mkdir()
            getattr(request.module, "prepare", lambda _: None)(folder)
            lab = load_lab(Path(__file__).parent / request.module.LAB) if hasattr(request.module, "LAB") else fort
            verdicts = _grade(lab, request.module.ATTACKS, folder, Options(isolation=options.isolation, cell_seconds=seconds))
            getattr(request.module, "inspect", lambda _: None)(folder)
            kept.write_text(json.dumps([asdict(verdict) for verdict in verdicts]))
        return {said["submission"]: Verdict.from_dict(said) for said in json.loads(kept.read_text())}


def _grade(lab: Lab, attacks: Sequence[Attack], folder: Path, options: Options) -> list[Verdict]:
    found = [SubmissionFile(attack.name, hand_in(lab, attack, folder)) for attack in attacks]
    return grade_class(lab, found, options, jobs=min(4, os.cpu_count() or 1))
