"""Stock `nbgrader autograde` and `autograder grade` give honest work the same marks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from autograder.authoring.demo import make_class
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.options import Options
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.release import build
from tests.stock import stock_marks

ROOT = Path(__file__).parents[2]
LABS = [folder.name for folder in find_labs(ROOT / "labs")]
# Stock nbgrader takes minutes for a lab that trains much. `make nightly` sets EVERY_STUDENT: every lab, and three kinds of
# honest work (right in unusual ways, some mistakes, blank) in place of one.
EVERY = "EVERY_STUDENT" in os.environ
HONEST = ("chen", "dana", "goran") if EVERY else ("dana",)
SLOW = {"lab02_mlp", "lab03_regression", "lab04_dropout", "lab05_transfer", "lab06_saving"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("lab_id", LABS)
def test_stock_nbgrader_gives_honest_work_the_same_marks(lab_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if lab_id in SLOW and not EVERY:
        pytest.skip("takes minutes; make nightly compares this lab")
    monkeypatch.setenv("COURSEKIT_DATA", "drawn")
    lab = load_lab(ROOT / "labs" / lab_id)
    build(lab, tmp_path, fast=True)
    submitted = tmp_path / "submitted"
    make_class(lab, submitted, fast=True)
    for folder in submitted.iterdir():
        if folder.name not in HONEST:
            shutil.rmtree(folder)
    ours = {
        (verdict.submission, f"test_{test.name}"): test.earned
        for verdict in grade_class(lab, find_submissions(submitted, lab_id), Options(fast=True))
        for test in verdict.tests
    }
    assert ours == stock_marks(tmp_path, lab_id)
