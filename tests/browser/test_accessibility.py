"""axe finds nothing in what students read: cards, curves, lectures, labs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from playwright.sync_api import Browser

from autograder.authoring.lectures import find_lectures, lecture_notebook, load_lecture, run_lecture
from coursekit import _check_cards, standing
from coursekit._curves import picture
from coursekit._record import Ran
from coursekit.submission.identity import Student
from coursekit.submission.report import Report
from tests.coursekit import tinylab

from .axe import problems
from .lab_page import CHROMIUM

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LECTURES = find_lectures(NOTEBOOKS / "lectures")
LABS = sorted((NOTEBOOKS / "labs").glob("*.ipynb"))
# axe needs ten seconds for a long notebook. `make nightly`, which sets EVERY_STUDENT, looks at all of them, and at the lectures' figures.
RUN = "EVERY_STUDENT" in os.environ
SOME = {"lecture01_neurons", "lab02_mlp"}
PALETTES = {"light": "color:#1c1c1c;background:#fff", "dark": "color:#e0e0e0;background:#111"}  # of JupyterLab's themes
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def cards() -> Iterator[str]:
    """Every kind of card that a student meets."""
    outline = tinylab.outline()
    found = outline.find_check(tinylab.CHECK_MEAN)
    yield _check_cards.passed_card(found).html()
    yield _check_cards.mistake_card("divide by n\ngot 4, expected 2", "line 1: x", found, ("`list` is no longer",)).html()
    runs = [
        Ran(tinylab.answered(tinylab.MEAN, "return 1")),
        Ran(tinylab.CHECK_MEAN),
        Ran(tinylab.CHECK_FLOATS, "", "Mistake: no"),
    ]
    yield standing.card(outline, standing.standings(outline, runs)).html()
    receipt = {"answers": "0" * 64, "student": "eva", "time": "now"}
    checks: dict[str, str | None] = {"test_mean": "", "test_rates": "Mistake: swap them"}
    points = dict.fromkeys(checks, 2.0)
    yield (
        Report(
            outline=outline,
            path=Path("tiny-eva.ipynb"),
            receipt=receipt,
            student=str(Student("eva", "as the test says")),
            answered=(1, 2),
            open=("why",),
            checks=checks,
            points=points,
            ran_fresh=True,
            warnings=("look",),
            notes=("put back",),
            saved="Made from `tiny.ipynb` as it was saved at 21:40:02.",
            copy="You are in `tiny-eva-20261127T021530.ipynb`, a copy to hand in.",
            words={"why": "“Because `a < b`, and the rest …”"},
            todo=("Hand in `tiny-eva.ipynb`.", "Keep working in `tiny.ipynb`."),
        )
        .card()
        .html()
    )


def framed(body: str, style: str = "") -> str:
    """Return a page around what would stand in a notebook, which has a title and a main part of its own."""
    return (
        f'<!doctype html><html lang="en"><title>A notebook</title><body style="{style}"><main><h1>A notebook</h1>{body}</main>'
    )


@pytest.mark.parametrize("palette", PALETTES)
def test_cards_and_the_live_curve_break_no_rule_on_light_and_on_dark(browser: Browser, palette: str) -> None:
    page = browser.new_page()
    values = [(1, 1.0), (2, 0.5)]
    page.set_content(framed("".join([*cards(), picture({"loss": values, "val_loss": values}, 2)[0]]), PALETTES[palette]))
    assert page.locator("section").count() == 4
    assert problems(page) == []
    page.close()


def test_cards_fit_a_phone(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.set_content(framed("".join(cards())))
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


def text_problems(browser: Browser, notebook: NotebookNode) -> list[str]:
    """Return what axe finds in the text and the outputs of a notebook, in a page without a style of its own."""
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())  # nbconvert's page asks for MathJax
    page.set_content(f'<!doctype html><html lang="en"><title>A notebook</title><body><main>{body}</main>')
    assert page.locator("h2").count() > 3
    found = problems(page, without=("color-contrast",))  # colours are those of the page
    page.close()
    return found


@pytest.mark.parametrize("path", LECTURES, ids=[path.stem for path in LECTURES])
def test_a_lecture_breaks_no_rule(browser: Browser, path: Path) -> None:
    if path.stem not in SOME and not RUN:
        pytest.skip("takes ten seconds; make nightly looks at it")
    lecture = load_lecture(path)
    assert text_problems(browser, lecture_notebook(lecture)) == []
    if RUN:
        assert text_problems(browser, run_lecture(lecture, fast=True, data="drawn").notebook) == []


@pytest.mark.parametrize("path", LABS, ids=[path.stem for path in LABS])
def test_a_lab_breaks_no_rule(browser: Browser, path: Path) -> None:
    if path.stem not in SOME and not RUN:
        pytest.skip("takes ten seconds; make nightly looks at it")
    assert text_problems(browser, nbformat.read(path, as_version=4)) == []
