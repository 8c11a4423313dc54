"""A class report shows marks, statistics and wrong answers in one page on which nothing of a student acts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markupsafe import Markup

from autograder.authoring.demo import solve
from autograder.course.config import load_course
from autograder.course.roster import Student
from autograder.files import write_text
from autograder.grading.messages import BLANK
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.class_report.answers import CourseAnswers, NoAnswers
from autograder.reporting.class_report.content import EXAMPLES, Section, report_of
from autograder.reporting.class_report.render import class_report_html
from autograder.reporting.marks import Mark
from autograder.reporting.pages import verdicts_json
from tests.autograder.commands import call

EVIL = "<script>alert(1)</script>"


class Written:
    """Answers that a test wrote."""

    def __init__(self, codes: dict[str, str]) -> None:
        self.codes = codes

    def code(self, student: str, exercise: str) -> str:
        return self.codes.get(student, "")

    def opened(self, student: str) -> bool:
        return False


def mark(name: str, *earned: float, message: str = "sum over axis 1", shown: str = "") -> Mark:
    def result(i: int, points: float) -> TestResult:
        if points < 0:
            return TestResult(f"t{i}", f"e{i}", 4, 0, "error", BLANK)
        return TestResult(f"t{i}", f"e{i}", 4, points, "passed" if points == 4 else "failed", "" if points == 4 else message)

    verdict = Verdict(name, "lab", "graded", tuple(result(i, points) for i, points in enumerate(earned)), seconds=2.5)
    return Mark(Student(name, shown or name.title(), "Z"), verdict, (), 4.0 * len(earned), 0, 0.0)


def klass(n: int) -> list[Mark]:
    """A class in which strong students fail the last test."""
    rng = np.random.default_rng(2)
    skill = rng.normal(size=(n, 1))
    table = np.clip(np.round(2 + 1.5 * skill + rng.normal(0, 0.8, (n, 5))), 0, 4)
    table[:, 4] = np.where(skill[:, 0] > 0, 0, 4)
    return [mark(f"s{i:04}", *row) for i, row in enumerate(table)]


def html(marks: list[Mark], codes: dict[str, str] | None = None, *sections: Section) -> str:
    return class_report_html(report_of(marks, "lab", "Lab", Written(codes or {})), sections)


def text(page: str) -> str:
    """The page as a reader sees it: no script, no style, no tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style)>.*?</\1>", " ", page)).split())


def headings(page: str) -> list[str]:
    return [text(title) for title in re.findall(r"<h[23][^>]*>(.*?)</h[23]>", page)]


class Outline(HTMLParser):
    """Headings, ids and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.cells: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = {name: value or "" for name, value in attrs}
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in fields:
            self.ids.append(fields["id"])
        if tag == "th":
            self.cells.append((tag, fields.get("scope", "")))
        self.addresses += [fields[name] for name in ("src", "href", "action", "data") if name in fields]


def test_the_planted_fault_stands_at_the_top_with_the_command_to_grade_again() -> None:
    said = text(html(klass(60)))
    assert "t4 : Possible fault of the test: strong students fail it." in said
    assert said.count("Possible fault") == 1
    assert "autograder regrade lab --test t4" in said


def test_what_strong_students_fail_most_clearly_stands_before_what_may_be_chance() -> None:
    table = np.array([[result.earned for result in mark.verdict.tests] for mark in klass(60) if mark.verdict])
    order = np.argsort(table[:, 1:].sum(axis=1), kind="stable")
    table[order, 0] = np.where(np.arange(60) % 2, 0, 4)  # of each two neighbours, the weaker one passes
    said = text(html([mark(f"s{i:04}", *row) for i, row in enumerate(table)]))
    clear, chance = said.index("t4 : Possible fault"), said.index("t0 : Possible fault")
    assert clear < chance


def test_headings_are_in_order_ids_are_unique_and_header_cells_say_their_scope() -> None:
    page = Outline(html(klass(30), {}, Section("Similar work", Markup("<h3>Pairs</h3>"))))
    assert page.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert {scope for _, scope in page.cells} == {"col", "row"}


def test_the_page_needs_no_other_address() -> None:
    page = html(klass(30))
    addresses = Outline(page).addresses
    assert addresses
    assert all(address.startswith("#") and address[1:] in Outline(page).ids for address in addresses)
    assert "://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_a_large_class_has_a_row_per_student_and_no_column_per_student() -> None:
    page = html(klass(300))
    body = page[page.index('id="class-list"') :]
    assert body.count('<tr><th scope="row">') == 300
    assert max(row.count("<th") + row.count("<td") for row in page.split("<tr>")) < 15
    assert len(page.encode()) < 300 * 1000


def test_the_histogram_says_its_numbers_in_words() -> None:
    page = html([mark("ada", 4, 4, 4), mark("ben", 0, 0, 0), mark("cy", 0, 0, 0)])
    assert 'aria-label="Number of students by points by tests: 2 with 0 to 1.2, 1 with 10.8 to 12"' in page


def test_wrong_answers_are_shown_by_message_with_different_examples_and_no_name() -> None:
    names = ["ada", "ben", "cyd", "dee", "eve"]
    marks = [mark(name, 0, message=f"wrong shape\ngot ({i},), expected (9,)") for i, name in enumerate(names)]
    codes = {"ada": "a = 1", "ben": "a = 1", "cyd": "a = 2", "dee": "a = 3", "eve": "a = 4"}
    page = html([*marks, mark("fay", -1)], codes)
    part = page[page.index('id="test1"') : page.index('id="students"')]
    assert "<b>5 students</b>" in part
    assert re.findall(r">(a = \d)</pre>", part) == ["a = 1", "a = 2", "a = 3"]
    assert len(codes) > EXAMPLES
    assert not any(name in part.lower() for name in names)


def test_names_messages_and_code_become_no_markup() -> None:
    nasty = [mark(EVIL, 0, message=EVIL, shown=f"{EVIL}\u202egnp"), mark("b", 4, shown='"><img src=x onerror=alert(1)>')]
    page = html(nasty, {EVIL: f"x = '{EVIL}'\x1b[31m"})
    assert page.count("<script") == 1
    assert "<img" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_class_of_one_and_a_class_of_equals_have_reports() -> None:
    one = text(html([mark("ada", 4, 0)]))
    assert "1 in the class, 1 handed in" in one
    assert "fewer than 20 students" in one
    equals = text(html([mark(f"s{i}", 4, 2) for i in range(30)]))
    assert "Reliability: – (all students have the same points)" in equals
    assert "no correlation: all who attempted it have the same points" in equals
    assert "t0 : everyone who attempted it passes." in equals
    assert equals.count("no correlation: ") == 1  # of t1: that everyone passes t0 is the reason there
    assert "t0, t2 : everyone who attempted them passes." in text(html([mark(f"s{i}", 4, 2, 4) for i in range(30)]))


def test_where_nobody_lost_a_point_a_sentence_stands_in_place_of_empty_statistics() -> None:
    page = html([mark(f"s{i}", 4, 4) for i in range(30)])
    said = text(page)
    assert "Nobody lost a point by tests: all 30 who handed in got all of them." in said
    assert "autograder verify lab" in said
    assert headings(page) == ["The class", "Time and memory", "Students"]
    assert re.findall("<caption>(.*?)</caption>", page) == ["Marks with marks by hand and lateness"]
    assert "the one who handed in got all of them" in text(html([mark("ada", 4, 4)]))
    # one lost point brings the statistics back
    assert "The commonest wrong answers" in text(html([mark("ada", 4, 4), mark("ben", 4, 2)]))


def test_tests_without_a_wrong_answer_share_a_sentence() -> None:
    page = html([mark("ada", 4, 0, 4), mark("ben", 4, 4, -1)])
    assert "No wrong answer to these tests: t0, t2 (1 wrote none)." in text(page)
    assert [title for title in headings(page) if title.startswith("t")] == ["t1 exercise e1"]
    assert [address for address in Outline(page).addresses if "test" in address] == ["#test2"]
    blank = text(html([mark("ada", 4, -1), mark("ben", 4, 4)]))
    assert "Nobody wrote a wrong answer: points were lost only where no answer was written." in blank
    assert "No wrong answer to" not in blank


def test_nobody_handed_in() -> None:
    said = text(html([Mark(Student("ada", "Ada", "One"), None, (), 24, 0, 0.0)]))
    assert "Nobody handed in anything yet." in said
    assert "ada Ada One – – – nothing handed in" in said
    nobody = html([])
    assert "Nobody handed in anything yet." in text(nobody)
    assert "No student stands on the roster." in text(nobody)
    assert "<table" not in nobody
    assert "<script" not in nobody


def test_a_class_without_a_readable_submission_says_so() -> None:
    lost = replace(mark("ada", 4), verdict=Verdict("ada", "lab", "unreadable", message="not a notebook"))
    said = text(html([lost]))
    assert "No submission could be graded" in said
    assert "1 could not be read" in said


def test_further_sections_stand_before_the_students() -> None:
    page = html(klass(20), {}, Section("Similar <work>", Markup("<p id=pairs>none</p>")))
    assert page.index("Similar &lt;work&gt;</h2>") < page.index("<p id=pairs>") < page.index('id="students"')


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def course(toy: Lab, tmp_path: Path) -> Path:
    """A course in which everybody but one student misses the first test."""
    folder = tmp_path / "nn"
    folder.mkdir()
    (folder / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    (folder / "roster.csv").write_text("id,first_name,last_name\nada,Ada,One\nben,Ben,Two\nzoe,Zoë,Last\n")
    cells = toy.of("tests")

    def verdict(name: str) -> Verdict:
        wrong = TestResult(cells[0].name, cells[0].exercise, cells[0].points, 0, "failed", "count the steps")
        rest = (TestResult(cell.name, cell.exercise, cell.points, cell.points, "passed") for cell in cells[1:])
        return Verdict(name, toy.id, "graded", (wrong, *rest))

    names = ("ada", "ben", "cyd", "dee", "eve")
    write_text(folder / "graded" / toy.id / "verdicts.json", verdicts_json([verdict(name) for name in names]))
    return folder


def test_report_writes_the_page_and_the_table_and_asks_for_a_person(course: Path, toy: Lab) -> None:
    first = toy.of("tests")[0]
    code, said = call("report", toy.id, "--csv", "--course", course)
    assert code == 1
    assert f"{first.name}: Nobody passes: check the test." in said
    page, table = (course / "graded" / toy.id / f"class-report.{kind}" for kind in ("html", "csv"))
    assert "Zoë Last" in page.read_text(encoding="utf-8")
    assert len(table.read_text().splitlines()) == 1 + 5 * len(toy.of("tests")) + 1  # header, tests, and who handed in nothing
    before = page.read_bytes()
    call("report", toy.id, "--course", course)
    assert page.read_bytes() == before


def test_report_prints_numbers_as_json_and_a_dry_run_writes_nothing(course: Path, toy: Lab) -> None:
    code, said = call("report", toy.id, "--json", "--dry-run", "--course", course)
    found = json.loads(said)
    assert code == 1
    assert (found["students"], found["handed_in"], found["files"]) == (6, 5, [])
    assert found["clusters"] == {toy.of("tests")[0].name: [{"message": "count the steps", "count": 5}]}
    assert not (course / "graded" / toy.id / "class-report.html").exists()


def test_the_examples_come_from_the_submissions(course: Path, toy: Lab) -> None:
    path = course / "submitted" / "ada" / toy.id / f"{toy.id}.ipynb"
    path.parent.mkdir(parents=True)
    exercise = toy.of("tests")[0].exercise
    write_notebook(solve(toy, {exercise: "mean = None  # later"}), path)
    answers = CourseAnswers(load_course(course), toy)
    assert not answers.opened("ada")
    assert answers.code("ada", exercise) == "mean = None  # later"
    assert answers.opened("ada")
    assert answers.code("ben", exercise) == ""
    assert NoAnswers().code("ada", exercise) == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("lab77",), "no lab 'lab77'"),
        (("lab00_toy", "-o", "page.csv", "--csv"), "the page and its table need two names"),
    ],
)
def test_report_says_what_is_wrong_with_status_2(course: Path, options: tuple[str, ...], said: str) -> None:
    code, output = call("report", *options, "--course", course)
    assert code == 2
    assert said in output


def test_report_before_grading_names_the_next_command(course: Path, toy: Lab) -> None:
    (course / "graded" / toy.id / "verdicts.json").unlink()
    code, said = call("report", toy.id, "--course", course)
    assert code == 2
    assert f"run `autograder grade {toy.id}` first" in said
