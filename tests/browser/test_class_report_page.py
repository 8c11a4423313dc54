"""The class report in a real browser: its table of students sorts and filters without a network, and the page fits a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.autograder.reporting.class_report.test_class_report import html, klass, mark

from .axe import problems
from .lab_page import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
CLASS = [mark("eve", 4, 0, 4), mark("ada", 0, 0, 0, shown="Zoë"), mark("ben", 4, 4, 4), mark("cyd", 4, 4, 2)]


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The report of four students, on a machine without a network."""
    path = tmp_path / "class-report.html"
    path.write_text(html(CLASS), encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    yield page
    context.close()


def students(page: Page) -> list[str]:
    rows = page.locator("#class-list tbody tr")
    return [row.locator("th").inner_text() for row in rows.all() if row.is_visible()]


def head(page: Page, name: str) -> Locator:
    return page.locator("#class-list thead th").filter(
        has=page.get_by_role("button", name=re.compile(f"^{name}"))
    )  # and an arrow


def test_a_click_on_a_header_sorts_numbers_as_numbers_and_says_so(page: Page) -> None:
    assert students(page) == ["eve", "ada", "ben", "cyd"]
    head(page, "points").get_by_role("button").click()
    assert students(page) == ["ada", "eve", "cyd", "ben"]  # 0, 8, 10, 12
    assert head(page, "points").get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")  # the button has the focus
    assert students(page) == ["ben", "cyd", "eve", "ada"]
    head(page, "name").get_by_role("button").click()
    assert students(page) == ["ben", "cyd", "eve", "ada"]  # Ben, Cyd, Eve, Zoë
    assert head(page, "points").get_attribute("aria-sort") is None


def test_the_filter_leaves_who_fits_and_counts_them(page: Page) -> None:
    field = page.get_by_label("Show only")
    field.fill("zoë")
    assert students(page) == ["ada"]
    assert page.get_by_role("status").inner_text() == "1 of 4 students"
    field.fill("")
    assert len(students(page)) == 4


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("size", [4, 40])
def test_it_fits_the_screen_and_axe_finds_nothing(browser: Browser, size: int, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_content(html(klass(size), {f"s{i:04}": "for i in y:\n    pass" for i in range(size)}))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert problems(page) == []
    page.close()


def test_a_class_in_which_nobody_lost_a_point_has_a_page_without_empty_tables(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.set_content(html([mark(f"s{i}", 4, 4) for i in range(30)]))
    assert [table.locator("tbody tr").count() for table in page.locator("table").all()] == [30]
    assert problems(page) == []
    page.close()
