"""An instructor marks by hand in nbgrader's formgrader, in a real browser, and what was given stays whatever comes after.

The verdicts are made up: what is tested begins where the grader ends.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from autograder.authoring.demo import reference_sources, solve
from autograder.course.config import load_course
from autograder.course.create import create_course
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import read_notebook, write_notebook
from autograder.notebooks.release import build
from autograder.reporting.gradebook import record
from autograder.reporting.marks import Mark, read_marks
from autograder.reporting.results import write_results
from tests.conftest import TOY

from .formgrader_page import FormgraderPage
from .lab_page import CHROMIUM, served

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
SAID = "count the steps: got 0.5"
GIVEN = {
    "written_why": "3",
    "written_why-comment": "Good example.",
    "test_halving": "5",
    "halving-comment": "The idea is right.",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one student, and no lab so far."""
    folder = tmp_path_factory.mktemp("formgrader") / "nn"
    create_course(folder, [], labs_folder=folder.parent / "labs")
    (folder / "roster.csv").write_text("id,first_name,last_name\nada,Ada,Lovelace\n")
    return folder


@pytest.fixture(scope="module")
def form(course: Path, browser: Browser) -> Iterator[FormgraderPage]:
    """Formgrader on the course. One JupyterLab and one page serve all tests of a process, each with a lab of its own."""
    with served(course) as address:
        page = browser.new_page()
        page.route(lambda url: not url.startswith(address), lambda route: route.abort())  # nothing is needed from elsewhere
        yield FormgraderPage(page, address)
        page.close()


@dataclass(frozen=True)
class Week:
    """One lab of the course, and what its instructor does with it."""

    course: Path
    lab_folder: Path
    form: FormgraderPage

    @property
    def lab(self) -> Lab:
        return load_lab(self.lab_folder)

    def grade(self, halving: float = 0.0) -> Mark:
        """Do what `autograder grade` does with a verdict in which the last test, which is not sealed, has these points."""
        lab = self.lab
        tests = tuple(TestResult(t.name, t.exercise, t.points, t.points, "passed") for t in lab.of("tests")[:-1])
        last = TestResult("halving", "halving", lab.tests["halving"].points, halving, "failed", SAID, sealed=False)
        verdict = Verdict("ada", lab.id, "graded", (*tests, last), (Written("why", 4, True),))
        record(lab, [verdict], {"ada": self.course / "submitted" / "ada" / lab.id / f"{lab.id}.ipynb"}, self.course)
        write_results([verdict], (), self.course / "graded" / lab.id)
        return self.mark()

    def mark(self) -> Mark:
        """The mark that counts."""
        (mark,) = read_marks(load_course(self.course), self.lab_folder.name)
        return mark

    def edit(self, old: str, new: str) -> None:
        """Change a line of the lab."""
        path = self.lab_folder / "lab.py"
        assert path.read_text().count(old) == 1
        path.write_text(path.read_text().replace(old, new))

    def shown(self) -> dict[str, str]:
        """What the fields of formgrader hold now."""
        self.form.reload()
        return {name: self.form.field(name).input_value() for name in GIVEN}


@pytest.fixture
def week(course: Path, form: FormgraderPage, request: pytest.FixtureRequest) -> Week:
    """A lab that was graded, with its submission open in formgrader."""
    name = request.function.__name__.removeprefix("test_")
    folder = shutil.copytree(TOY, course.parent / "labs" / name, ignore=shutil.ignore_patterns("answers"))  # of other tests
    week = Week(course, Path(folder), form)
    build(week.lab, course)
    notebook = solve(week.lab, {**reference_sources(week.lab), "halving": "w = w / 2"})
    write_notebook(notebook, course / "submitted" / "ada" / name / f"{name}.ipynb")
    assert week.grade().points == 8 + 4
    form.open(name)
    return week


@pytest.fixture
def marked(week: Week) -> Week:
    """The same, after a question and a test were marked, with a comment on each."""
    week.form.give(GIVEN)
    assert_stayed(week, week.mark())
    return week


def assert_stayed(week: Week, mark: Mark, *, out_of: float = 24, again: tuple[str, ...] = ()) -> None:
    """The marks by hand count as they were given, formgrader shows them, and `again` asks for another look."""
    assert {hand.grade_id: hand.points for hand in mark.by_hand} == {"test_halving": 5.0, "written_why": 3.0}
    assert mark.comments == {"halving": "The idea is right.", "written_why": "Good example."}
    assert (mark.points, mark.max_points) == (8 + 4 + 5 + 3, out_of)
    assert tuple(hand.grade_id for hand in mark.by_hand if hand.again) == again
    assert mark.complete is not bool(again)
    assert week.shown() == GIVEN
    assert tuple(name for name in ("test_halving", "written_why") if week.form.waits(name)) == again


def test_the_results_stand_beside_the_fields(week: Week) -> None:
    form, text = week.form, week.form.page.locator("body").inner_text()
    assert SAID in text
    assert "0 of the points come from tests that ran in the student's own process: halving" in text
    autos = {name: form.field(name).get_attribute("placeholder") for name in ("test_mean", "test_halving", "written_why")}
    assert autos == {"test_mean": "8", "test_halving": "0", "written_why": None}
    assert [form.waits(name) for name in autos] == [False, False, True]
    assert "HIDDEN TESTS" not in form.page.content()


def test_marks_stay_when_the_class_is_graded_again(marked: Week) -> None:
    assert_stayed(marked, marked.grade())


def test_marks_stay_when_the_lab_is_released_again(marked: Week) -> None:
    marked.edit("as often as `STEPS` says", "`STEPS` times")
    _, release = build(marked.lab, marked.course)
    assert any("`STEPS` times" in cell.source for cell in read_notebook(release).cells)
    assert_stayed(marked, marked.grade())


def test_marks_stay_when_the_points_of_their_test_change(marked: Week) -> None:
    marked.edit('tests="halving" points=8', 'tests="halving" points=10')
    assert_stayed(marked, marked.grade(), out_of=26)
    assert "/ 10" in marked.form.page.locator(".panel-heading", has=marked.form.field("test_halving")).inner_text()


def test_a_mark_above_the_points_that_its_test_has_now_asks_for_another_look(marked: Week) -> None:
    marked.edit('tests="halving" points=8', 'tests="halving" points=4')
    assert_stayed(marked, marked.grade(), out_of=20, again=("test_halving",))


def test_marks_stay_when_their_test_changes_and_another_result_asks_for_another_look(marked: Week) -> None:
    marked.edit("check.close(w, 2.0**-STEPS", "check.close(w, 0.5")
    assert_stayed(marked, marked.grade(), again=())
    assert_stayed(marked, marked.grade(halving=4.0), again=("test_halving",))
    assert marked.form.field("test_halving").get_attribute("placeholder") == "4"
    marked.form.page.get_by_role("button", name="Resolve").click()
    expect(marked.form.field("test_halving")).not_to_have_class(re.compile("needs_manual_grade"), timeout=90_000)
    assert_stayed(marked, marked.mark())
