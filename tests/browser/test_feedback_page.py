"""A feedback page in a real browser: it fits a phone, follows the colours that are asked for, asks the network for nothing, and
breaks no rule of axe.
"""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from autograder.course.roster import Student
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.reporting.feedback.content import page_of
from autograder.reporting.feedback.figures import Figure
from autograder.reporting.feedback.render import feedback_html
from autograder.reporting.marks import HandMark, Mark

from .axe import problems
from .lab_page import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture
def path(toy: Lab, tmp_path: Path) -> Path:
    """A page with a long line of code, a long name and a long word in a message."""
    long = "x" * 300
    tests = (TestResult("mean", "mean", 8, 0, "error", f"name 'totl' is not defined {long}"),)
    work = Submission((), {"mean": f"y = 1\ntotl = totl + 1  # {long}"}, {"why": long}, (), False)
    mark = Mark(Student("ada", long), Verdict("ada", toy.id, "graded", tests), (), 8.0, 0, 0.0)
    path = tmp_path / "page.html"
    path.write_text(feedback_html(page_of(mark, toy, work)))
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_fits_the_screen_in_the_colours_that_are_asked_for(
    browser: Browser, path: Path, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    back = {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 25, 29)"}[scheme]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == back
    assert page.locator(".here").inner_text().startswith("totl = totl + 1")
    assert page.locator(".mark").bounding_box()["y"] < 800  # type: ignore[index]
    page.get_by_role("link", name="mean").click()
    assert page.evaluate("location.hash") == "#part1"
    assert asked == [path.as_uri()]
    assert problems(page) == []
    page.close()


@pytest.fixture
def full(toy: Lab, tmp_path: Path) -> Path:
    """A page with everything that a page can hold: every kind of result, a late mark, a comment, code, an answer and a figure."""
    tests = (
        TestResult("mean", "mean", 8, 4, "failed", "partly right: 4 of 8 points"),
        TestResult("mean_pure", "mean", 4, 4, "passed"),
        TestResult("halving", "halving", 8, 0, "error", "your code stopped with NameError: name 'totl' is not defined"),
    )
    verdict = Verdict("ada", toy.id, "graded", tests, (Written("why", 4, True),), reduced_budget=True)
    hands = (HandMark("written_why", None, 4, ""), HandMark("test_mean", 6, 8, "", test="mean"))
    mark = Mark(
        Student("ada", "Ada", "One"), verdict, hands, 24.0, 2, 1.5, comments={"mean": "Look at the shape.", "written_why": "?"}
    )
    work = Submission((), {"mean": "y = 1\nx = y", "halving": "w = 1\ntotl = totl + 1"}, {"why": "Outliers\npull."}, (), False)
    out = io.BytesIO()
    Image.new("RGB", (200, 100), "navy").save(out, "PNG")
    figure = Figure("image/png", base64.b64encode(out.getvalue()).decode(), 200, 100)
    page = page_of(mark, toy, work)
    page = replace(page, sections=(replace(page.sections[0], figures=(figure,)), *page.sections[1:]))
    path = tmp_path / "full.html"
    path.write_text(feedback_html(page))
    return path


@pytest.mark.parametrize(
    ("width", "scheme", "media"),
    [
        (390, "light", "screen"),
        (390, "dark", "screen"),
        (1280, "light", "screen"),
        (1280, "dark", "screen"),
        (800, "light", "print"),
    ],
)
def test_axe_finds_nothing(browser: Browser, full: Path, width: int, scheme: str, media: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(full.as_uri())
    page.emulate_media(media=media)  # type: ignore[arg-type]
    kinds = ("partly", "passed", "missed", "waits")
    assert all(page.locator(f".state.{kind}").count() for kind in kinds)
    assert problems(page) == []
    page.close()


def test_axe_notices_a_page_that_is_not_readable(browser: Browser, full: Path) -> None:
    page = browser.new_page()
    page.set_content(full.read_text().replace("--text: #1a1a1a", "--text: #bbbbbb").replace('lang="en"', ""))
    found = {problem.split(":")[0] for problem in problems(page)}
    assert {"color-contrast", "html-has-lang"} <= found
    page.close()
