"""The released notebooks, opened and run in JupyterLab in a real browser, as a student would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import environ
from pathlib import Path
from typing import Any

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.model import Answer, Lab
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.io import write_notebook

from .lab_page import CHROMIUM, PYTHON, JupyterLab, run_all, run_cell, run_next, save, served, write_cell

ROOT = Path(__file__).parents[2]
LABS = [folder.name for folder in find_labs(ROOT / "labs")]
# Every lab in `make nightly`, which sets EVERY_STUDENT; in a quick run the one that takes least.
EVERY, QUICK = "EVERY_STUDENT" in environ, {"lab01_perceptron"}
# What a cell that failed, or that wrote to stderr, shows.
ERRORS = '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
PATIENCE = 60_000  # milliseconds for what a busy machine shows late
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def jupyterlab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    """One server for all tests of this module; it serves their scratch folders."""
    root = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSEKIT_DATA", "drawn")
        patch.setenv("XDG_CONFIG_HOME", str(root / ".home"))  # where the ID of who hands in is remembered
        with served(root) as address:
            yield JupyterLab(address, root, browser)


@pytest.mark.parametrize("lab_id", LABS)
def test_a_solved_lab_runs_to_its_end_and_every_figure_has_alt_text(
    lab_id: str, jupyterlab: JupyterLab, tmp_path: Path
) -> None:
    if lab_id not in QUICK and not EVERY:
        pytest.skip("make nightly runs this lab")
    lab = load_lab(ROOT / "labs" / lab_id)
    solved = tmp_path / "solved" / f"{lab_id}.ipynb"
    write_notebook(solve(lab, reference_sources(lab), fast=True), solved)
    with jupyterlab.open(solved, tmp_path) as page:
        run_all(page)
        errors = page.locator(ERRORS)
        assert errors.all_inner_texts() == []
        assert page.locator(".jp-CodeCell .jp-InputArea-prompt", has_text="[ ]").count() == 0
        pictures = page.locator(".jp-OutputArea img")
        assert pictures.count() > 0
        assert all(len(pictures.nth(i).get_attribute("alt") or "") > 20 for i in range(pictures.count()))


@pytest.mark.parametrize("lab_id", LABS)
def test_the_first_card_of_a_release_changes_with_the_answer_and_leads_back_to_the_text(
    lab_id: str, jupyterlab: JupyterLab, tmp_path: Path
) -> None:
    if lab_id not in QUICK and not EVERY:
        pytest.skip("make nightly opens this lab")
    lab = load_lab(ROOT / "labs" / lab_id)
    exercise, wrong = lab.of("exercise")[0].name, first_mistake(lab)
    with jupyterlab.open(ROOT / "notebooks" / "labs" / f"{lab_id}.ipynb", tmp_path) as page:
        folded = page.locator(".jp-CodeCell .jp-InputPlaceholder")
        card = page.locator(".jp-CodeCell", has=page.locator(".jp-InputPlaceholder")).first.locator("section")
        run_cell(page, "coursekit.setup(")
        assert "drawn" in page.locator(".jp-OutputArea-output").first.inner_text().lower() or not lab.settings.datasets
        run_all(page)  # stops at the first check, for which nothing is written
        said = page.locator(ERRORS).all_inner_texts()
        assert said  # on a busy machine cells behind it may have been sent before the kernel refuses them
        assert "NotImplementedError" in said[0]
        assert folded.count() == len(lab.of("tests"))
        expect(card).to_contain_text("is not written yet", timeout=PATIENCE)

        write_cell(page, f"def {exercise}(", wrong.source)
        run_cell(page, f"def {exercise}(")
        run_next(page)
        expect(card).to_contain_text(wrong.hint.replace("`", ""), timeout=PATIENCE)  # the page shows them as code
        expect(card).to_contain_text("✗ Not yet: ")
        heading = page.locator("h3", has_text="Exercise 1 (")
        card.evaluate("card => card.scrollIntoView({ block: 'start' })")
        expect(heading).not_to_be_in_viewport(timeout=PATIENCE)
        card.locator("a").click()
        expect(heading).to_be_in_viewport(timeout=PATIENCE)

        write_cell(page, f"def {exercise}(", reference_sources(lab)[exercise])
        run_cell(page, f"def {exercise}(")
        run_next(page)
        expect(card).to_contain_text("✓ Passed: ", timeout=PATIENCE)
        run_cell(page, "coursekit.progress()")
        standing = page.locator(".jp-OutputArea section").last
        expect(standing).to_contain_text(f"1 of {len(lab.of('tests'))} checks", timeout=PATIENCE)

        folded.first.click()
        locked = page.locator(".jp-CodeCell", has_text=lab.of("tests")[0].source.splitlines()[0]).first
        assert locked.locator(".cm-content").get_attribute("aria-readonly") == "true"


def first_mistake(lab: Lab) -> Answer:
    """A wrong answer to the first exercise that the visible part of its first test names."""
    test = lab.of("tests")[0]
    lines = [line for number, line in enumerate(test.source.splitlines(), start=1) if number not in test.hidden]
    shown = "\n".join(lines)
    known = [answer for answer in lab.answers if answer.exercise == test.exercise and not answer.right]
    return next(answer for answer in known if not answer.marks[test.name] and answer.hint and answer.hint in shown)


@pytest.mark.skipif(not EVERY, reason="runs a lab twice; make nightly does it")
def test_a_hand_in_says_at_once_what_it_does_and_names_an_overwritten_name_once(jupyterlab: JupyterLab, tmp_path: Path) -> None:
    lab = load_lab(ROOT / "labs" / "lab01_perceptron")
    first = lab.of("exercise")[0].name
    sources = reference_sources(lab)
    made = tmp_path / "made" / f"{lab.id}.ipynb"
    write_notebook(solve(lab, {**sources, first: sources[first] + "\nnp = 5\n"}, fast=True), made)
    with jupyterlab.open(made, tmp_path) as page:
        run_all(page)  # stops at the first cell that needs NumPy
        run_cell(page, "coursekit.progress()")
        card = page.locator(".jp-OutputArea section").last
        expect(card).to_contain_text("np by np = 5 in Exercise 1", timeout=PATIENCE)
        expect(card).to_contain_text("Written question 1 (2 points) · What one unit cannot do: answered")
        write_cell(page, "coursekit.submit()", 'coursekit.submit(student="eva")')
        save(page)
        cell = page.locator(".jp-CodeCell", has_text="coursekit.submit(").last
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        expect(cell.get_by_text("Handing in for eva: ")).to_be_visible(timeout=PATIENCE)
        expect(cell.get_by_text("s so far")).to_be_visible(timeout=PATIENCE)
        expect(cell.locator("section")).to_contain_text("Whose work this is", timeout=300_000)
        said = cell.locator("section").inner_text()
        assert said.count("np = 5") == 1
        assert "AttributeError" not in said


def test_a_cell_that_runs_before_the_set_up_cell_is_told_so(jupyterlab: JupyterLab, tmp_path: Path) -> None:
    with jupyterlab.open(ROOT / "notebooks" / "labs" / "lab01_perceptron.ipynb", tmp_path) as page:
        run_cell(page, "CORNERS = np.array(")
        card = page.locator(".jp-OutputArea section").last
        expect(card).to_contain_text("✗ Not yet: this kernel has just started", timeout=PATIENCE)
        expect(card).to_contain_text("np is made by the set-up cell, the first one of the notebook")


def test_the_link_below_a_hand_in_downloads_it_and_opens_no_second_notebook(jupyterlab: JupyterLab, tmp_path: Path) -> None:
    with jupyterlab.open(ROOT / "notebooks" / "labs" / "lab01_perceptron.ipynb", tmp_path) as page:
        write_cell(page, "coursekit.submit()", 'import coursekit; coursekit.submit(student="ada", run=False)')
        save(page)
        run_cell(page, "coursekit.submit(")
        output = page.locator(".jp-OutputArea", has_text="Whose work this is").last
        expect(output).to_contain_text("Keep working in lab01_perceptron.ipynb, not in the copy to hand in", timeout=PATIENCE)
        link = output.locator("a[download]")
        assert (link.get_attribute("download") or "").startswith("lab01_perceptron-ada-")
        with page.expect_download(timeout=PATIENCE) as downloading:
            link.click()
        assert downloading.value.suggested_filename == link.get_attribute("download")
        assert json.loads(downloading.value.path().read_text(encoding="utf-8"))["metadata"]["coursekit"]["receipt"]
        assert page.locator(".lm-TabBar-tab", has_text="lab01_perceptron").count() == 1


TRAINING = """
import numpy as np
xor = coursekit.models.xor_network()
xor.compile("adam", "mse", metrics=["accuracy"])
X = np.random.default_rng(0).random((320, 2))
history = coursekit.training.fit(xor, X, X[:, 0], epochs=100, batch_size=8, live=True, validation_data=(X, X[:, 1]))
"""


def test_a_training_of_a_hundred_epochs_leaves_one_line_and_one_curve_of_a_few_kilobytes(
    jupyterlab: JupyterLab, tmp_path: Path
) -> None:
    made = made_notebook(tmp_path, SETUP, TRAINING)
    with jupyterlab.open(made, tmp_path) as page:
        run_all(page)
        assert page.locator(ERRORS).all_inner_texts() == []
        curve = page.locator(".jp-OutputArea img")
        assert curve.count() == 1
        assert (curve.get_attribute("alt") or "").startswith("loss over epochs 1 to 100")
        assert curve.bounding_box()["width"] > 400  # type: ignore[index]
        assert page.get_by_text("100 epochs in").count() == 1
        save(page)
    saved = json.loads((tmp_path / made.name).read_text())["cells"][-1]["outputs"]
    assert len(saved) == 2
    assert len(json.dumps(saved)) < 20_000


WAITING = """
import os, time, keras, numpy as np
class Waiting(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        while not os.path.exists("closed"):
            time.sleep(0.05)
xor = coursekit.models.xor_network()
xor.compile("adam", "mse")
X = np.zeros((8, 2))
history = coursekit.training.fit(xor, X, X[:, 0], epochs=3, callbacks=Waiting(), live=True)
"""


def test_a_training_whose_tab_is_closed_goes_on_and_its_history_is_there_when_the_notebook_is_opened_again(
    jupyterlab: JupyterLab, tmp_path: Path
) -> None:
    made = made_notebook(tmp_path, SETUP, WAITING, "print(len(history.epoch), 'epochs are here')")
    with jupyterlab.open(made, tmp_path) as page:
        run_cell(page, "coursekit.setup()")
        page.locator(".jp-CodeCell", has_text="class Waiting").locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        expect(page.get_by_text("starting …")).to_be_visible(timeout=PATIENCE)
        page.close()
        (tmp_path / "closed").touch()
        with jupyterlab.page(tmp_path / made.name) as again:
            run_cell(again, "epochs are here")
            expect(again.locator(".jp-OutputArea-output").last).to_contain_text("3 epochs are here", timeout=PATIENCE)


SETUP = "import coursekit\ncoursekit.setup()"
PLAYGROUND = """import coursekit
coursekit.playground(data="spiral", hidden=(8, 8, 8), features=["x1", "x2", "sin_x1", "sin_x2"], learning_rate=0.03, speed=5)"""


def test_the_playground_plays_until_the_boundary_has_learned_the_spiral(jupyterlab: JupyterLab, tmp_path: Path) -> None:
    with jupyterlab.open(made_notebook(tmp_path, PLAYGROUND), tmp_path) as page:
        run_all(page)
        page.wait_for_selector(".ckpg[data-frame]", timeout=30_000)
        found = Axe().run(page, context=".ckpg").response["violations"]
        assert [entry["id"] for entry in found] == []
        page.locator("button.tile").first.focus()
        page.keyboard.press("ArrowDown")  # JupyterLab leaves the keys to the playground
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Layer 1, neuron 2"
        page.get_by_role("button", name="Play").click()
        figures = page.locator(".ckpg .figures b")  # the epoch, the training loss and the test loss
        for _ in range(240):
            page.wait_for_timeout(500)
            if number(figures.nth(2).inner_text()) < 0.1:
                break
        assert number(figures.nth(2).inner_text()) < 0.1
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Play").wait_for()
        page.wait_for_timeout(1000)
        epoch = figures.nth(0).inner_text()
        page.wait_for_timeout(1000)
        assert figures.nth(0).inner_text() == epoch
        assert "percent of the test points are on the right side" in page.locator(".ckpg .live").inner_text()


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def made_notebook(folder: Path, *cells: str) -> Path:
    """Write a notebook with these code cells."""
    path = folder / "made" / "made.ipynb"
    path.parent.mkdir()
    code: list[Any] = [nbformat.v4.new_code_cell(text) for text in cells]
    nbformat.write(nbformat.v4.new_notebook(metadata=PYTHON, cells=code), path)
    return path
