"""Recorded verdicts are what nbgrader's own programs read: gradebook, formgrader, exporter, feedback and stock autograde."""

from __future__ import annotations

import csv
import html
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbconvert.filters import markdown2html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.plugins import CsvExportPlugin
from nbgrader.server_extensions.formgrader.base import BaseHandler
from nbgrader.utils import determine_grade
from traitlets.config import Config
from typer.testing import CliRunner

from autograder.authoring.demo import reference_sources, solve, without_metadata
from autograder.cli import app
from autograder.errors import RecordError
from autograder.grading.batch import SubmissionFile
from autograder.grading.submissions.reading import read_submission
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Flag, TestResult, Verdict, VerdictStatus, Written
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import read_notebook, write_notebook
from autograder.notebooks.release import release_notebook
from autograder.reporting import autograded as pages
from autograder.reporting import gradebook_writer as module
from autograder.reporting.formgrader import read_again_for_each_request
from autograder.reporting.gradebook import MAX_WAITING, Recorder, record
from autograder.reporting.gradebook_writer import GradebookWriter
from autograder.reporting.pictures import Album
from tests.conftest import TOY

FULL = {"mean": 8.0, "mean_pure": 4.0, "halving": 8.0}
HALF = {"mean": 0.0, "mean_pure": 4.0, "halving": 0.0}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Path]:
    """The toy lab and a course that knows it and no student. Making a gradebook takes seconds, so tests copy this one."""
    folder = tmp_path_factory.mktemp("prepared")
    lab = load_lab(shutil.copytree(TOY, folder / "lab00_toy"))
    (folder / "course").mkdir()
    record(lab, [], {}, folder / "course")
    return lab, folder / "course"


@pytest.fixture
def lab(prepared: tuple[Lab, Path]) -> Lab:
    return prepared[0]


@pytest.fixture
def course(prepared: tuple[Lab, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared[1], tmp_path / "course"))


def submit(lab: Lab, course: Path, student: str, change: Callable[[Any], object] = lambda notebook: None) -> Path:
    """A right submission of `student` in the course's submitted/ tree, after `change`."""
    notebook = solve(lab, reference_sources(lab))
    change(notebook)
    path = course / "submitted" / student / lab.id / f"{lab.id}.ipynb"
    write_notebook(notebook, path)
    return path


def judge(
    lab: Lab,
    student: str,
    earned: Mapping[str, float] = FULL,
    *,
    answered: bool = True,
    status: VerdictStatus = "graded",
    message: str = "count the steps",
) -> Verdict:
    def result(test: str, mark: float) -> TestResult:
        cell = lab.tests[test]
        passed = mark == cell.points
        return TestResult(test, cell.exercise, cell.points, mark, "passed" if passed else "failed", "" if passed else message)

    tests = tuple(result(test, mark) for test, mark in earned.items())
    return Verdict(student, lab.id, status, tests, (Written("why", 4, answered),) if tests else ())


def rows(course: Path) -> list[str]:
    with sqlite3.connect(course / "gradebook.db") as database:
        return sorted(database.iterdump())


def tree(course: Path) -> dict[str, bytes]:
    return {str(p.relative_to(course)): p.read_bytes() for p in sorted(course.rglob("*")) if p.is_file() and p.suffix != ".db"}


def open_gradebook(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}")


def grades(lab: Lab, course: Path, student: str) -> dict[str, tuple[float | None, float | None, bool]]:
    """Grade id → (auto_score, manual_score, needs_manual_grade)."""
    with open_gradebook(course) as gradebook:
        row = gradebook.find_submission_notebook(lab.id, lab.id, student)
        return {grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade) for grade in row.grades}


def comments(lab: Lab, course: Path, student: str) -> dict[str, str | None]:
    with open_gradebook(course) as gradebook:
        row = gradebook.find_submission_notebook(lab.id, lab.id, student)
        return {comment.name: comment.comment for comment in row.comments}


def mark_by_hand(lab: Lab, course: Path, student: str, grade_id: str, mark: float) -> None:
    """What formgrader does when an instructor enters a mark, extra credit and a comment."""
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(grade_id, lab.id, lab.id, student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = mark, 0.5, False
        gradebook.find_comment("mean", lab.id, lab.id, student).manual_comment = "Well seen."
        gradebook.db.commit()


def export(course: Path) -> dict[str, dict[str, str]]:
    """Student → row of nbgrader's own CSV."""
    path = course / "grades.csv"
    with open_gradebook(course) as gradebook:
        CsvExportPlugin(to=str(path)).export(gradebook)
    with path.open(encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def formgrader(course: Path) -> NbGraderAPI:
    config = Config()
    config.CourseDirectory.root = str(course)
    return NbGraderAPI(config=config)


def autograded(lab: Lab, course: Path, student: str) -> Any:
    return nbformat.read(course / "autograded" / student / lab.id / f"{lab.id}.ipynb", as_version=4)


def feedback(lab: Lab, course: Path, student: str) -> str:
    result = formgrader(course).generate_feedback(lab.id, student)
    assert result["success"], result
    return (course / "feedback" / student / lab.id / f"{lab.id}.html").read_text(encoding="utf-8")


# ── marks reach nbgrader ─────────────────────────────────────────────────────────────────────────────────────────────


def test_nbgraders_exporter_and_formgrader_show_the_verdicts_marks(lab: Lab, course: Path) -> None:
    paths = {name: submit(lab, course, name) for name in ("ada", "ben")}
    verdicts = [judge(lab, "ada"), judge(lab, "ben", HALF, answered=False)]
    recorded = record(lab, verdicts, paths, course)
    assert recorded.submissions == ("ada", "ben")
    assert not recorded.refused
    assert recorded.database == f"sqlite:///{course / 'gradebook.db'}"
    table = export(course)
    assert {name: (float(row["score"]), float(row["max_score"])) for name, row in table.items()} == {
        "ada": (20.0, 24.0),
        "ben": (4.0, 24.0),
    }
    shown = {row["student"]: row for row in formgrader(course).get_submissions(lab.id)}
    assert {name: (row["score"], row["needs_manual_grade"], row["autograded"]) for name, row in shown.items()} == {
        "ada": (20.0, True, True),
        "ben": (4.0, False, True),
    }
    assert [assignment["name"] for assignment in formgrader(course).get_assignments()] == [lab.id]


def test_the_outputs_written_give_nbgrader_the_same_marks(lab: Lab, course: Path) -> None:
    earned = {"mean": 2.5, "mean_pure": 4.0, "halving": 0.0}
    record(lab, [judge(lab, "ada", earned)], {"ada": submit(lab, course, "ada")}, course)
    tests = [cell for cell in autograded(lab, course, "ada").cells if cell.metadata.get("nbgrader", {}).get("grade")]
    read = {cell.metadata.nbgrader.grade_id: determine_grade(cell)[0] for cell in tests}
    assert read == {"test_mean": 2.5, "test_mean_pure": 4.0, "test_halving": 0.0, "written_why": None}
    assert [output.output_type for output in tests[0].outputs] == ["stream", "execute_result"]
    assert tests[0].outputs[0].text == "Failed: count the steps\n"
    stored = {name: mark for name, (mark, _, _) in grades(lab, course, "ada").items()}
    assert stored == read


def test_a_changed_verdict_replaces_the_marks(lab: Lab, course: Path) -> None:
    paths = {"ada": submit(lab, course, "ada")}
    record(lab, [judge(lab, "ada", HALF)], paths, course)
    record(lab, [judge(lab, "ada", FULL)], paths, course)
    assert float(export(course)["ada"]["score"]) == 20
    assert "count the steps" not in nbformat.writes(autograded(lab, course, "ada"))


def test_recording_twice_leaves_rows_and_files_as_they_were(lab: Lab, course: Path) -> None:
    paths = {name: submit(lab, course, name) for name in ("ada", "ben", "eve")}
    (paths["ada"].parent / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    paths["eve"].write_text("%PDF-1.7")
    verdicts = [judge(lab, "ada"), judge(lab, "ben", HALF), Verdict("eve", lab.id, "unreadable", message="not a notebook")]
    record(lab, verdicts, paths, course)
    before = rows(course), tree(course)
    record(lab, verdicts, paths, course)
    assert (rows(course), tree(course)) == before
    assert any(name.startswith("autograded/eve/") for name in before[1])


# ── what a person gave ───────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_and_comments_by_hand_survive_and_are_not_asked_for_again(lab: Lab, course: Path) -> None:
    paths = {"ada": submit(lab, course, "ada")}
    record(lab, [judge(lab, "ada", HALF)], paths, course)
    mark_by_hand(lab, course, "ada", "written_why", 3)
    mark_by_hand(lab, course, "ada", "test_halving", 5)
    before = rows(course)
    record(lab, [judge(lab, "ada", HALF)], paths, course)
    assert rows(course) == before
    assert float(export(course)["ada"]["score"]) == 4 + 3 + 5 + 0.5 + 0.5
    assert comments(lab, course, "ada")["mean"] == "Well seen."


def test_a_changed_answer_keeps_the_mark_by_hand_and_asks_for_another_look(lab: Lab, course: Path) -> None:
    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada")}, course)
    mark_by_hand(lab, course, "ada", "written_why", 3)

    def rewrite(notebook: Any) -> None:
        notebook.cells[-1].source = "Another answer."

    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada", rewrite)}, course)
    assert grades(lab, course, "ada")["written_why"] == (None, 3.0, True)
    assert comments(lab, course, "ada")["mean"] == "Well seen."


def test_a_test_marked_by_hand_is_asked_for_again_when_its_mark_changes(lab: Lab, course: Path) -> None:
    paths = {"ada": submit(lab, course, "ada")}
    record(lab, [judge(lab, "ada", HALF)], paths, course)
    mark_by_hand(lab, course, "ada", "test_halving", 5)
    record(lab, [judge(lab, "ada", FULL)], paths, course)
    assert grades(lab, course, "ada")["test_halving"] == (8.0, 5.0, True)
    assert grades(lab, course, "ada")["test_mean"] == (8.0, None, False)


def test_a_mark_above_the_points_that_the_cell_has_now_is_kept_and_asks_for_another_look(lab: Lab, course: Path) -> None:
    paths = {"ada": submit(lab, course, "ada")}
    record(lab, [judge(lab, "ada", HALF)], paths, course)
    for cell, mark in {"test_halving": 5, "written_why": 3}.items():
        mark_by_hand(lab, course, "ada", cell, mark)
    cells = tuple(replace(cell, points=4.0) if cell.grade_id == "test_halving" else cell for cell in lab.cells)
    less = replace(lab, cells=cells)
    for _ in range(2):  # it waits until a person changes it
        record(less, [judge(less, "ada", HALF)], paths, course)
        assert grades(less, course, "ada")["test_halving"] == (0.0, 5.0, True)
        assert grades(less, course, "ada")["written_why"] == (None, 3.0, False)
    mark_by_hand(less, course, "ada", "test_halving", 4)
    record(less, [judge(less, "ada", HALF)], paths, course)
    assert grades(less, course, "ada")["test_halving"] == (0.0, 4.0, False)


def test_formgrader_shows_marks_that_were_recorded_while_it_was_open(
    lab: Lab, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BaseHandler, "on_finish", BaseHandler.on_finish)  # restored after the test
    read_again_for_each_request()
    paths = {"ada": submit(lab, course, "ada")}
    record(lab, [judge(lab, "ada", HALF)], paths, course)
    with open_gradebook(course) as gradebook:
        row = gradebook.find_grade("test_halving", lab.id, lab.id, "ada")
        assert row.auto_score == 0
        record(lab, [judge(lab, "ada", FULL)], paths, course)
        assert gradebook.find_grade("test_halving", lab.id, lab.id, "ada").auto_score == 0  # the fault that is mended
        BaseHandler.on_finish(SimpleNamespace(settings={"nbgrader_gradebook": gradebook}))
        assert gradebook.find_grade("test_halving", lab.id, lab.id, "ada").auto_score == 8


# ── what needs a person ──────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_of_one_student_stands_in_the_notebook_of_the_next(lab: Lab, course: Path) -> None:
    ada = submit(lab, course, "ada", lambda notebook: notebook.cells.append(new_markdown_cell("Words of Ada.")))
    eve = course / "eve.ipynb"
    eve.write_text("no notebook")
    unreadable = Verdict("eve", lab.id, "unreadable", message="not a notebook")
    record(lab, [judge(lab, "ada"), unreadable], {"ada": ada, "eve": eve}, course)
    released = {cell.id: cell for cell in release_notebook(lab).cells}
    theirs = [cell for cell in autograded(lab, course, "eve").cells if cell.id in released]
    assert len(theirs) == len(released)
    for cell in theirs:
        assert cell.source == released[cell.id].source
        if cell.cell_type == "code":
            assert "passed" not in str(cell.outputs).lower()


def test_an_unreadable_submission_is_shown_to_the_instructor_and_not_just_zero(lab: Lab, course: Path) -> None:
    path = submit(lab, course, "eve")
    path.write_text("%PDF-1.7")
    message = "x<script>.ipynb: not a notebook"
    recorded = record(lab, [Verdict("eve", lab.id, "unreadable", message=message)], {"eve": path}, course)
    assert recorded.review == ("eve",)
    assert set(grades(lab, course, "eve").values()) == {(0.0, None, True)}
    assert set(comments(lab, course, "eve").values()) == {r"x\<script\>.ipynb: not a notebook"}
    shown = formgrader(course).get_submissions(lab.id)
    assert [(row["student"], row["needs_manual_grade"], row["autograded"]) for row in shown] == [("eve", True, True)]
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission_notebook(lab.id, lab.id, "eve").flagged
    page = feedback(lab, course, "eve")
    assert "x&lt;script&gt;.ipynb: not a notebook" in page
    assert "x<script>" not in page


def test_under_review_only_what_was_lost_waits_for_a_person(lab: Lab, course: Path) -> None:
    lost = TestResult("halving", "halving", 8, 0, "missing", "your cell for `halving` was not found in the notebook")
    found = judge(lab, "ada").tests[:2]
    verdict = Verdict("ada", lab.id, "needs review", (*found, lost), (Written("why", 4, True),), "the cell for halving: look")
    paths = {"ada": submit(lab, course, "ada")}
    record(lab, [verdict], paths, course)
    assert grades(lab, course, "ada") == {
        "test_mean": (8.0, None, False),
        "test_mean_pure": (4.0, None, False),
        "test_halving": (0.0, None, True),
        "written_why": (None, None, True),
    }
    assert comments(lab, course, "ada") == {"mean": None, "halving": "the cell for halving: look", "written_why": None}
    record(lab, [judge(lab, "ada")], paths, course)
    assert grades(lab, course, "ada")["test_halving"] == (8.0, None, False)
    assert comments(lab, course, "ada")["halving"] is None


def test_what_was_left_blank_is_called_so(lab: Lab, course: Path) -> None:
    path = course / "submitted" / "ada" / lab.id / f"{lab.id}.ipynb"
    write_notebook(solve(lab, {"mean": "def mean(x):\n    return 0"}), path)
    record(lab, [judge(lab, "ada", dict.fromkeys(FULL, 0.0), answered=False)], {"ada": path}, course)
    assert comments(lab, course, "ada") == {"mean": None, "halving": "No response.", "written_why": "No response."}
    assert grades(lab, course, "ada")["written_why"] == (0.0, None, False)


# ── crashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def marks_and_files(lab: Lab, course: Path, students: Mapping[str, Path]) -> object:
    """All that a course says of the students, without the random ids of rows."""
    said = {name: (grades(lab, course, name), comments(lab, course, name)) for name in students}
    return said, export(course), tree(course / "autograded")


@pytest.mark.parametrize("step", ["_comments", "write_text"])
def test_a_crash_leaves_no_half_submission_and_recording_again_mends_it(
    lab: Lab, course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    paths = {name: submit(lab, course, name) for name in ("ada", "ben")}
    verdicts = [judge(lab, name, HALF) for name in paths]
    whole = Path(shutil.copytree(course, tmp_path / "whole"))
    record(lab, verdicts, paths, whole)

    work = getattr(module, step)
    calls = []

    def fail_second(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return work(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(module, step, fail_second)
        with pytest.raises(KeyboardInterrupt):
            record(lab, verdicts, paths, course)
    with open_gradebook(course) as gradebook:
        entered = {student.id: len(student.submissions) for student in gradebook.students}
    assert entered == ({"ada": 1} if step == "_comments" else {"ada": 1, "ben": 1})
    assert not (course / "autograded" / "ben" / lab.id / f"{lab.id}.ipynb").exists()

    record(lab, verdicts, paths, course)
    assert marks_and_files(lab, course, paths) == marks_and_files(lab, whole, paths)


# ── what students write is inert ─────────────────────────────────────────────────────────────────────────────────────

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    r"[x](javascript\:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](< javascript: alert(1)>)",
    "[x](java\tscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    "`<script>alert(1)</script>` and $a<script>alert(1)</script>$",
    "![x](attachment:none.svg)",
    r"![x](attachment\:none.svg)",
]


class Danger(HTMLParser):
    """Collects tags and links with which a page could run something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {
            "p",
            "a",
            "em",
            "strong",
            "code",
            "img",
            "pre",
            "h1",
            "h2",
            "ul",
            "ol",
            "li",
            "blockquote",
            "div",
            "span",
        }:
            self.found.append(tag)
        for name, value in attrs:
            link = "".join((value or "").split()).lower()
            if name.startswith("on") or "script:" in link or link.startswith("data:"):
                self.found.append(f"{tag} {name}={value}")


def dangers(page: str) -> list[str]:
    parser = Danger()
    parser.feed(page)
    return parser.found


def test_the_oracle_of_dangers_sees_them_in_what_is_not_made_inert() -> None:
    raw = [text for text in HOSTILE if "attachment" not in text]
    assert sum(bool(dangers(markdown2html(text))) for text in raw) >= 8


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_shows_as_text(text: str) -> None:
    inert, pictures = pages._inert(text, {}, Album())
    assert dangers(markdown2html(inert)) == []
    assert not pictures
    assert dangers(markdown2html(pages.literal(text))) == []


@pytest.mark.parametrize(
    "text", ["$a < b$ and $c > d$", "Two & three; see https://keras.io.", "| a | b |\n|---|---|\n| 1 | 2 |"]
)
def test_ordinary_markdown_is_left_alone(text: str) -> None:
    assert pages._inert(text, {}, Album()) == (text, {})


def test_a_feedback_page_holds_the_message_and_no_script_and_no_hidden_test(lab: Lab, course: Path) -> None:
    def attack(notebook: Any) -> None:
        notebook.cells[-1].source = "\n\n".join(HOSTILE)
        output = new_output("display_data", data={"text/html": "<script>alert(1)</script>"})
        notebook.cells.insert(5, new_code_cell("print('<script>alert(1)</script>')", outputs=[output]))
        notebook.cells.insert(0, new_markdown_cell("<img src=x onerror=alert(1)>"))
        notebook.metadata["title"] = "</title><script>alert(1)</script>"
        for cell in notebook.cells:
            cell.metadata["tags"] = ["<script>alert(1)</script>"]

    path = submit(lab, course, "ada", attack)
    record(lab, [judge(lab, "ada", HALF, message="got <script>alert(1)</script>\x1b[31m")], {"ada": path}, course)
    page = feedback(lab, course, "ada")
    assert "got &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "print" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "javascript:alert" not in page.lower()
    assert "default_rng" in (lab.folder / "lab.py").read_text()
    assert "default_rng" not in page
    assert "Score: 4.0 / 24.0" in page


def test_what_turns_text_round_or_drives_a_terminal_reaches_neither_notebook_nor_gradebook(lab: Lab, course: Path) -> None:
    odd = "\x1b[2J\u202egnp\r\0\ud800[/]"

    def write(notebook: Any) -> None:
        notebook.cells[-1].source = odd
        notebook.cells.append(new_code_cell(f"# {odd}"))

    path = submit(lab, course, "ada")
    notebook = solve(lab, reference_sources(lab))
    write(notebook)
    path.write_text(nbformat.writes(notebook, ensure_ascii=True))
    verdict = replace(
        judge(lab, "ada", HALF, message=odd), status="needs review", message=odd, flags=(Flag("edited", (odd,), odd),)
    )
    record(lab, [verdict], {"ada": path}, course)
    for text in (
        (course / "autograded" / "ada" / lab.id / f"{lab.id}.ipynb").read_text("utf-8"),
        *comments(lab, course, "ada").values(),
    ):
        assert all(c.isprintable() or c == "\n" for c in text or "")
    assert r"\u202e" in autograded(lab, course, "ada").cells[-1].source


def test_pictures_in_answers_are_kept_and_other_attachments_are_not(lab: Lab, course: Path) -> None:
    def attach(notebook: Any) -> None:
        answer = notebook.cells[-1]
        answer.source = "![one](attachment:my plot.png) ![two](attachment:evil.svg)"
        evil = {"image/svg+xml": "<svg onload=alert(1)>"}
        answer.attachments = {"my plot.png": {"image/png": PNG}, "evil.svg": evil, "odd": {"image/png": '"><script>'}}

    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada", attach)}, course)
    answer = autograded(lab, course, "ada").cells[-1]
    assert answer.attachments == {"picture-1": {"image/png": PNG}}
    assert f"data:image/png;base64,{PNG}" in feedback(lab, course, "ada")


def test_figures_are_kept_for_whoever_marks_them_and_nothing_else_of_the_outputs(lab: Lab, course: Path) -> None:
    evil = {"image/png": PNG, "text/html": "<script>alert(1)</script>", "image/svg+xml": "<svg onload=alert(1)>"}
    outputs = [
        new_output("stream", text="20/20 passed"),
        new_output("display_data", data=evil),
        new_output("execute_result", data={"image/png": PNG, "text/plain": "<Figure>"}),
        new_output("display_data", data={"application/javascript": "alert(1)", "image/png": "no picture"}),
    ]

    def draw(notebook: Any) -> None:
        by_id = {cell.id: cell for cell in notebook.cells}
        for name in ("halving", "test_halving", "given_setup"):
            by_id[name].outputs = deepcopy(outputs)
        notebook.cells.append(new_code_cell("plt.plot(x)", outputs=deepcopy(outputs)))

    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada", draw)}, course)
    cells = {cell.id: cell for cell in autograded(lab, course, "ada").cells}
    for name in ("halving", next(name for name in cells if name.startswith("own-"))):
        assert [output.get("data", output.get("text")) for output in cells[name].outputs] == [
            "(figures: 2 as handed in)\n",
            {"image/png": PNG},
            {"image/png": PNG},
        ]
    assert [output.get("text") for output in cells["test_halving"].outputs] == ["Passed\n"]
    assert cells["given_setup"].outputs == []
    page = feedback(lab, course, "ada")
    assert page.count(f"data:image/png;base64,{PNG}") == 4
    assert "20/20 passed" not in page
    assert "alert(1)" not in page


def test_the_pictures_of_one_notebook_have_an_end(lab: Lab, course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.reporting.pictures.MAX_ALL", 200)

    def draw(notebook: Any) -> None:
        outputs = [new_output("display_data", data={"image/png": PNG}) for _ in range(5)]
        next(cell for cell in notebook.cells if cell.id == "halving").outputs = outputs

    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada", draw)}, course)
    shown = next(cell for cell in autograded(lab, course, "ada").cells if cell.id == "halving").outputs
    assert shown[0].text == "(figures: 2 as handed in, 3 left out, too large)\n"
    assert len(shown) == 3


def test_an_answer_in_a_cell_of_its_own_is_shown_in_place_and_waits_for_a_mark(lab: Lab, course: Path) -> None:
    def answer(text: str, below: list[Any]) -> Callable[[Any], None]:
        def change(notebook: Any) -> None:
            notebook.cells[-1].source = "YOUR ANSWER HERE"
            notebook.cells += [*below, new_raw_cell(text)]

        return change

    path = submit(lab, course, "ada", answer("Each counts the same.", [new_markdown_cell("**My answer**")]))
    recorded = record(lab, [judge(lab, "ada")], {"ada": path}, course)
    assert recorded.by_hand == 1
    assert grades(lab, course, "ada")["written_why"] == (None, None, True)
    assert comments(lab, course, "ada")["written_why"] is None
    shown = [cell.source for cell in autograded(lab, course, "ada").cells[-3:]]
    assert shown == ["YOUR ANSWER HERE", "**My answer**", "Each counts the same."]
    mark_by_hand(lab, course, "ada", "written_why", 3)
    recorded = record(lab, [judge(lab, "ada")], {"ada": path}, course)
    assert recorded.by_hand == 0
    path = submit(lab, course, "ada", answer("Another thought.", []))
    recorded = record(lab, [judge(lab, "ada")], {"ada": path}, course)
    assert recorded.by_hand == 1
    assert grades(lab, course, "ada")["written_why"] == (None, 3.0, True)


def test_unsealed_points_are_noted_and_no_word_of_the_student_process_reaches_the_student(lab: Lab, course: Path) -> None:
    tests = judge(lab, "ada").tests
    inside = TestResult("halving", "halving", 8, 0, "failed", "this test ran in your own process", False, "w == 2 ** -STEPS")
    verdict = replace(judge(lab, "ada"), tests=(replace(tests[0], sealed=False), tests[1], inside))
    record(lab, [verdict], {"ada": submit(lab, course, "ada")}, course)
    page = feedback(lab, course, "ada")
    assert "8 of the points come from tests that ran in the student's own process: mean, halving" in html.unescape(page)
    assert "this test ran in your own process" in page
    for text in (page, nbformat.writes(autograded(lab, course, "ada")), *rows(course)):
        assert "2 ** -STEPS" not in text


def test_two_verdicts_of_one_name_and_a_notebook_that_cannot_be_made_are_refused_and_the_others_are_in(
    lab: Lab, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {name: submit(lab, course, name) for name in ("ada", "ben", "cy")}
    made = module.autograded_notebook

    def odd(lab: Lab, released: Any, verdict: Verdict, work: Submission | None) -> Any:
        notebook = made(lab, released, verdict, work)
        if verdict.submission == "cy":
            notebook.cells[0].source = 5
        return notebook

    monkeypatch.setattr(module, "autograded_notebook", odd)
    recorded = record(lab, [judge(lab, name) for name in ("ada", "ada", "ben", "cy")], paths, course)
    assert recorded.submissions == ("ben",)
    assert list(recorded.refused) == ["ada", "cy"]
    assert "more than one verdict has this name" in recorded.refused["ada"]
    assert "no notebook could be made of it (NotebookValidationError: 5 is not valid" in recorded.refused["cy"]
    assert list(export(course)) == ["ben"]
    assert os.listdir(course / "autograded") == ["ben"]


def test_a_course_that_cannot_be_written_is_said_to_be(lab: Lab, course: Path) -> None:
    (course / "autograded").write_text("no folder")
    with pytest.raises(
        RecordError, match=r"the course could not be written \(.+\); free some space .* 0 of 1 submissions are in"
    ):
        record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada")}, course)


NO_NAMES = [
    *("=cmd()", "+1", "-1", "@SUM(1)", "<script>", "../x", "..", ".", "", "a/b", "a\\b", "a,100", 'a"b', "a\nb", "a "),
    *("*", "a[b]", "a?b", "{x}", "a%2f", "\u202egnp", "\ud800", "x" * 129),
]


def test_a_name_that_is_no_students_id_is_refused_and_the_class_goes_on(lab: Lab, course: Path) -> None:
    path = submit(lab, course, "ada")
    before = set(course.parent.rglob("*"))
    recorded = record(lab, [judge(lab, name) for name in (*NO_NAMES, "ada")], dict.fromkeys((*NO_NAMES, "ada"), path), course)
    assert recorded.submissions == ("ada",)
    assert list(recorded.refused) == NO_NAMES
    assert all("rename" in why for why in recorded.refused.values())
    assert list(export(course)) == ["ada"]
    new = {str(path.relative_to(course)).split(os.sep)[0] for path in set(course.parent.rglob("*")) - before}
    assert new == {"autograded", "grades.csv"}
    assert os.listdir(course / "autograded") == ["ada"]


def test_names_that_people_have_are_taken(lab: Lab, course: Path) -> None:
    names = ["Jose\u0301", "Zoë O'Brien", "ada.lovelace@uni.edu", "s-0001_b", "李雷"]
    paths = {name: submit(lab, course, name) for name in names}
    record(lab, [judge(lab, name) for name in names], paths, course)
    assert sorted(export(course)) == names
    assert formgrader(course).generate_feedback(lab.id)["success"]
    assert sorted(os.listdir(course / "feedback")) == names


# ── the notebook that is shown ───────────────────────────────────────────────────────────────────────────────────────


def test_the_lab_s_cells_are_restored_and_the_student_s_own_are_kept_in_place(lab: Lab, course: Path) -> None:
    def meddle(notebook: Any) -> None:
        by_id = {cell.id: cell for cell in notebook.cells}
        by_id["test_mean"].source = "pass"
        by_id["test_mean"].metadata["nbgrader"]["points"] = 1000
        place = notebook.cells.index(by_id["halving"])
        notebook.cells.insert(place + 1, new_code_cell("print(w)"))
        notebook.cells.insert(place + 2, new_markdown_cell("My notes: \ud800."))
        del notebook.cells[notebook.cells.index(by_id["test_halving"])]

    path = course / "submitted" / "ada" / lab.id / f"{lab.id}.ipynb"
    notebook = solve(lab, reference_sources(lab))
    meddle(notebook)
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(notebook, ensure_ascii=True))
    record(lab, [judge(lab, "ada")], {"ada": path}, course)
    cells = autograded(lab, course, "ada").cells
    graded = {cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata}
    assert graded["test_mean"].source.startswith("# @title Check: mean · 8 points\ncheck.close(mean(")
    assert graded["test_mean"].metadata.nbgrader.points == 8
    assert [cell.source for cell in cells].index("print(w)") == cells.index(graded["halving"]) + 1
    assert [cell.source for cell in cells].index("My notes: �.") == cells.index(graded["test_halving"]) - 1
    assert graded["mean"].source == reference_sources(lab)["mean"]


def test_a_page_that_a_person_reads_has_an_end(lab: Lab, course: Path) -> None:
    def flood(notebook: Any) -> None:
        notebook.cells[-1].source = "why " * 50_000
        notebook.cells += [new_markdown_cell(f"note {number}") for number in range(300)]

    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada", flood)}, course)
    cells = autograded(lab, course, "ada").cells
    assert len(cells) == len(lab.cells) + pages.MAX_OWN
    assert len(cells[len(lab.cells) - 1].source) == pages.MAX_TEXT


def test_work_that_lost_its_metadata_is_shown_under_its_exercises(lab: Lab, course: Path) -> None:
    path = submit(lab, course, "ada", without_metadata)
    record(lab, [judge(lab, "ada")], {"ada": path}, course)
    cells = autograded(lab, course, "ada").cells
    assert len(cells) == len(lab.cells)
    sources = {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}
    assert {name: sources[name] for name in ("mean", "halving", "written_why")} == {
        **reference_sources(lab),
        "written_why": "My answer.",
    }


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_lateness_is_penalised_as_the_course_says(lab: Lab, course: Path) -> None:
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.AssignLatePenalties.plugin_class = 'tardiness.HalfLost'\nc.CourseDirectory.course_id = 'ml'\n"
    )
    (course / "tardiness.py").write_text(
        "from nbgrader.plugins import BasePlugin\n\n\nclass HalfLost(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2 if total_seconds_late < 7200 else 1000\n"
    )
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(lab.id, duedate="2026-03-01 12:00:00 UTC")
    stamps = {
        "early": "2026-03-01 11:59:59 UTC",
        "late": "2026-03-01 14:00:00 +0100",
        "never": "2026-03-02",
        "odd": "soon",
        "week": "on friday",
    }
    paths = {name: submit(lab, course, name) for name in stamps}
    for name, stamp in stamps.items():
        (paths[name].parent / "timestamp.txt").write_text(stamp)
    recorded = record(lab, [judge(lab, name) for name in stamps], paths, course)
    scores = {name: float(row["score"]) for name, row in export(course).items()}
    assert scores == {"early": 20, "late": 10, "never": 0, "odd": 20, "week": 20}
    said = "its timestamp.txt holds no date and was not used"
    assert [note.split(";")[0] for note in recorded.notes] == [f"odd: {said}", f"week: {said}"]
    for name in ("odd", "week"):
        (paths[name].parent / "timestamp.txt").unlink()
    assert [row["autograded"] for row in formgrader(course).get_submissions(lab.id)] == [True] * 5
    (paths["late"].parent / "timestamp.txt").write_text("2026-03-01 11:00:00 UTC")
    record(lab, [judge(lab, "late")], paths, course)
    assert float(export(course)["late"]["score"]) == 20


def test_a_timestamp_beside_everybodys_files_is_nobodys(lab: Lab, course: Path, tmp_path: Path) -> None:
    path = shutil.copy(submit(lab, course, "ada"), tmp_path / "ada.ipynb")
    (tmp_path / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    record(lab, [judge(lab, "ada")], {"ada": Path(path)}, course)
    assert export(course)["ada"]["timestamp"] == ""


# ── stock nbgrader, the command, and what is refused ─────────────────────────────────────────────────────────────────


def test_stock_nbgrader_goes_on_where_we_recorded(lab: Lab, course: Path) -> None:
    record(lab, [judge(lab, "ada", HALF)], {"ada": submit(lab, course, "ada")}, course)
    mark_by_hand(lab, course, "ada", "written_why", 3)
    api = formgrader(course)
    assert api.generate_assignment(lab.id)["success"]
    result = api.autograde(lab.id, "ada")
    assert result["success"], result
    assert grades(lab, course, "ada") == {
        "test_mean": (8.0, None, False),
        "test_mean_pure": (4.0, None, False),
        "test_halving": (8.0, None, False),
        "written_why": (None, 3.0, True),
    }
    record(lab, [judge(lab, "ada")], {"ada": course / "submitted" / "ada" / lab.id / f"{lab.id}.ipynb"}, course)
    assert float(export(course)["ada"]["score"]) == 20 + 3.5


def test_the_grade_command_records_in_a_course_only_when_asked(
    lab: Lab, course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What grades is stubbed here; test_cli has the command grade for real."""

    def graded(lab: Lab, found: list[SubmissionFile], *_: Any, on_graded: Any = None, **__: Any) -> list[Verdict]:
        verdicts = [judge(lab, item.submission) for item in found]
        for verdict, item in zip(verdicts, found, strict=True):
            if on_graded:
                on_graded(verdict, read_submission(lab, item.path, pictures=True))
        return verdicts

    monkeypatch.setattr("autograder.grading.batch.grade_class", graded)
    submit(lab, course, "ada")
    arguments = ["grade", lab.id, str(course), "--labs", str(lab.folder.parent), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert not (course / "autograded").exists()
    result = CliRunner().invoke(app, [*arguments, "--course", str(course)])
    assert result.exit_code == 0, result.output
    assert "recorded 1 submissions" in result.output
    assert float(export(course)["ada"]["score"]) == 20
    submit(lab, course, "=cmd()")
    result = CliRunner().invoke(app, [*arguments, "--course", str(course)])
    assert result.exit_code == 1
    assert "not recorded: '=cmd()'" in result.output


def test_a_class_is_recorded_while_it_is_graded_from_the_work_that_was_read_for_grading(
    lab: Lab, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"student{number}" for number in range(2 * MAX_WAITING)]
    paths = {name: submit(lab, course, name) for name in names}
    write, may_write, waiting = GradebookWriter.write, Event(), []

    def slowly(self: GradebookWriter, *of: Any) -> Any:
        may_write.wait(60)
        return write(self, *of)

    monkeypatch.setattr(GradebookWriter, "write", slowly)

    def grade(recorder: Recorder) -> None:
        for name, path in paths.items():
            recorder.add(judge(lab, name), read_submission(lab, path, pictures=True), path)
            path.unlink()  # nobody reads it again
            waiting.append(name)

    with Recorder(lab, course, names) as recorder:
        grader = Thread(target=grade, args=(recorder,))
        grader.start()
        grader.join(3)
        assert grader.is_alive()
        assert len(waiting) <= MAX_WAITING  # who grades waits for who writes
        may_write.set()
        grader.join(60)
        assert recorder.recorded().submissions == tuple(names)
    assert {float(row["score"]) for row in export(course).values()} == {20}
    recorded = [read_notebook(course / "autograded" / name / lab.id / f"{lab.id}.ipynb") for name in names]
    assert all(pages.by_grade_id(notebook)["mean"].source == reference_sources(lab)["mean"] for notebook in recorded)


def test_what_was_graded_before_an_interruption_is_recorded(lab: Lab, course: Path) -> None:
    path = submit(lab, course, "ada")

    def interrupted() -> None:
        with Recorder(lab, course, ["ada", "ben"]) as recorder:
            recorder.add(judge(lab, "ada"), read_submission(lab, path, pictures=True), path)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(export(course)) == ["ada"]
    assert (course / "autograded" / "ada" / lab.id / f"{lab.id}.ipynb").is_file()


def test_a_notebook_named_after_the_lab_is_nobodys(lab: Lab, course: Path, tmp_path: Path) -> None:
    path = submit(lab, course, "ada")
    arguments = ["grade", lab.id, str(path), "--labs", str(lab.folder.parent), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, "--course", str(course)])
    assert result.exit_code == 2
    assert "whose is it?" in result.output
    assert not (tmp_path / "out").exists()


def test_what_does_not_fit_is_refused_before_anything_is_written(lab: Lab, course: Path, tmp_path: Path) -> None:
    paths = {"ada": submit(lab, course, "ada"), "ben": submit(lab, course, "ben")}
    before = rows(course), tree(course)
    wrong = [
        ([judge(lab, "ada"), Verdict("ben", "lab99", "graded")], "a verdict on lab99"),
        ([judge(lab, "ada"), judge(lab, "cid")], "without its notebook"),
        ([judge(lab, "ada"), judge(lab, "ben", {"mean": 8.0})], "other tests"),
        *(([judge(lab, "ada", {**FULL, "mean": mark})], "for mean") for mark in (-1.0, 9.0)),
    ]
    for mark in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite numbers"):
            judge(lab, "ada", {**FULL, "mean": mark})
    for verdicts, said in wrong:
        with pytest.raises(RecordError, match=said):
            record(lab, verdicts, paths, course)
    with pytest.raises(RecordError, match="no such folder"):
        record(lab, [], {}, tmp_path / "none")
    with pytest.raises(RecordError, match="no database URL"):
        record(lab, [], {}, course, db_url="gradebook")
    assert (rows(course), tree(course)) == before


def test_a_gradebook_in_use_is_said_to_be(lab: Lab, course: Path) -> None:
    paths = {"ada": submit(lab, course, "ada")}
    with sqlite3.connect(course / "gradebook.db") as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordError, match=r"could not be written .*locked.* record again; 0 of 1 submissions are in"):
            record(lab, [judge(lab, "ada")], paths, course)
    assert not (course / "autograded").exists()
    assert record(lab, [judge(lab, "ada")], paths, course).submissions == ("ada",)


def test_a_notebook_that_changed_since_it_was_graded_is_refused(lab: Lab, course: Path) -> None:
    paths = {"ada": submit(lab, course, "ada"), "ben": submit(lab, course, "ben")}
    paths["ada"].write_text("gone")
    recorded = record(lab, [judge(lab, "ada"), judge(lab, "ben")], paths, course)
    assert recorded.submissions == ("ben",)
    assert "changed since it was graded" in recorded.refused["ada"]


def test_a_lab_whose_cells_changed_is_not_mixed_with_the_old_marks(lab: Lab, course: Path, tmp_path: Path) -> None:
    record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada")}, course)
    before = rows(course)
    changed = shutil.copytree(lab.folder, tmp_path / "changed" / lab.id)
    source = changed / "lab.py"
    source.write_text(source.read_text() + '\n# %% [markdown] written="more" points=1\n# More.\n')
    with pytest.raises(RecordError, match="differ from those for which the gradebook holds"):
        record(load_lab(changed), [], {}, course)
    assert rows(course) == before


def test_the_database_that_the_course_names_is_used_and_no_password_is_shown(lab: Lab, course: Path) -> None:
    os.rename(course / "gradebook.db", course / "marks.db")
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///marks.db'\n")
    recorded = record(lab, [judge(lab, "ada")], {"ada": submit(lab, course, "ada")}, course)
    assert recorded.database == f"sqlite:///{course / 'marks.db'}"
    assert not (course / "gradebook.db").exists()
    for address in ("mysql+none://ada:secret@localhost/marks", "postgresql:/ada:secret@localhost/marks"):
        with pytest.raises(RecordError) as raised:
            record(lab, [], {}, course, db_url=address)
        assert "secret" not in str(raised.value)
