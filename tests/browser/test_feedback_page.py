"""A feedback page in a real browser: it fits a phone, follows the colours that are asked for, and breaks no rule of axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from autograder.course.roster import Student
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.reporting.feedback.content import page_of
from autograder.reporting.feedback.render import feedback_html
from autograder.reporting.marks import Mark

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
