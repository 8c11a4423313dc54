"""The released notebooks, opened and run in JupyterLab in a real browser, as a student would."""

from __future__ import annotations

import os
from pathlib import Path

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
