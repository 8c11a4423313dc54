"""The released notebooks, opened and run in JupyterLab in a real browser, as a student would."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.io import write_notebook

from .lab_page import CHROMIUM, opened, run_all, run_cell

ROOT = Path(__file__).parents[2]
LABS = [folder.name for folder in find_labs(ROOT / "labs")]
# Every lab in `make nightly`, which sets EVERY_STUDENT; in a quick run those that take less than a minute.
EVERY = "EVERY_STUDENT" in os.environ
SOLVED, STARTED = {"lab01_perceptron"}, {"lab01_perceptron", "lab03_regression"}
# What a cell that failed, or that wrote to stderr, shows.
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(900),
]


@pytest.fixture(autouse=True)
def drawn_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSEKIT_DATA", "drawn")


@pytest.mark.parametrize("lab_id", LABS)
def test_a_solved_lab_runs_to_its_end_and_every_figure_has_alt_text(lab_id: str, tmp_path: Path) -> None:
    if lab_id not in SOLVED and not EVERY:
        pytest.skip("make nightly runs this lab")
    lab = load_lab(ROOT / "labs" / lab_id)
    solved = tmp_path / "solved" / f"{lab_id}.ipynb"
    write_notebook(solve(lab, reference_sources(lab), fast=True), solved)
    with opened(solved, tmp_path) as page:
        run_all(page)
        errors = page.locator(ERRORS)
        assert errors.all_inner_texts() == []
        assert page.locator(".jp-CodeCell .jp-InputArea-prompt", has_text="[ ]").count() == 0
        pictures = page.locator(".jp-OutputArea img")
        assert pictures.count() > 0
        assert all(len(pictures.nth(i).get_attribute("alt") or "") > 20 for i in range(pictures.count()))


@pytest.mark.parametrize("lab_id", LABS)
def test_a_student_starts_the_release_and_hears_what_is_missing(lab_id: str, tmp_path: Path) -> None:
    if lab_id not in STARTED and not EVERY:
        pytest.skip("make nightly opens this lab")
    lab = load_lab(ROOT / "labs" / lab_id)
    with opened(ROOT / "notebooks" / "labs" / f"{lab_id}.ipynb", tmp_path) as page:
        run_cell(page, "coursekit.setup(")
        assert "drawn" in page.locator(".jp-OutputArea-output").first.inner_text().lower() or not lab.settings.datasets
        run_all(page)  # stops at the first test that nothing was written for
        said = page.locator(ERRORS).all_inner_texts()
        assert said  # on a busy machine cells behind it may have been sent before the kernel refuses them
        assert "NotImplementedError" in said[0]
        folded = page.locator(".jp-CodeCell .jp-InputPlaceholder")
        assert folded.count() == len(lab.of("tests"))
        folded.first.click()
        locked = page.locator(".jp-CodeCell", has_text=lab.of("tests")[0].source.splitlines()[0]).first
        assert locked.locator(".cm-content").get_attribute("aria-readonly") == "true"


TRAINING = """
import numpy as np
xor = coursekit.models.xor_network()
xor.compile("adam", "mse", metrics=["accuracy"])
X = np.random.default_rng(0).random((640, 2))
history = coursekit.training.fit(xor, X, X[:, 0], epochs=100, batch_size=8, live=True, validation_data=(X, X[:, 1]))
"""


def test_a_training_of_a_hundred_epochs_leaves_one_line_and_one_curve_of_a_few_kilobytes(tmp_path: Path) -> None:
    notebook = json.loads((ROOT / "notebooks" / "labs" / "lab01_perceptron.ipynb").read_text())
    cells = [cell for cell in notebook["cells"] if cell["id"] == "given_setup"]
    training: dict[str, Any] = {
        "cell_type": "code",
        "id": "training",
        "metadata": {},
        "source": TRAINING,
        "outputs": [],
        "execution_count": None,
    }
    path = tmp_path / "made" / "training.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps({**notebook, "cells": [*cells, training]}))
    with opened(path, tmp_path) as page:
        run_all(page)
        assert page.locator(ERRORS).all_inner_texts() == []
        curve = page.locator(".jp-OutputArea img")
        assert curve.count() == 1
        assert (curve.get_attribute("alt") or "").startswith("loss over epochs 1 to 100")
        assert curve.bounding_box()["width"] > 400  # type: ignore[index]
        assert page.get_by_text("100 epochs in").count() == 1
        page.keyboard.press("Control+S")
        page.wait_for_timeout(3000)
    saved = json.loads((tmp_path / "training.ipynb").read_text())["cells"][-1]["outputs"]
    assert len(saved) == 2
    assert len(json.dumps(saved)) < 20_000
