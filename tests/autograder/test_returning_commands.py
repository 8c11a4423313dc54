"""The commands that give marks and feedback back: what they write, what they refuse, and which status they end with."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from autograder.authoring.demo import solve
from autograder.course.config import load_course
from autograder.course.records import CollectedFile, write_collected
from autograder.files import write_text
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.marks import read_marks
from autograder.reporting.pages import verdicts_json
from autograder.reporting.results import read_verdicts
from tests.autograder.commands import call

GRADES = "Student,ID,SIS Login ID,Section,Toy (7)\n    Points Possible,,,,24.00\n{}Student, Test,9,x,A,\n"


@pytest.fixture
def course(toy: Lab, tmp_path: Path) -> Path:
    """A course with three students, of whom ada and ben handed in; ben's submission needs review."""
    folder = tmp_path / "nn"
    folder.mkdir()
    (folder / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    (folder / "roster.csv").write_text("id,first_name,last_name\nada,Ada,One\nben,Ben,Two\ncem,Cem,Three\n")
    tests = tuple(TestResult(t.name, t.exercise, t.points, t.points / 2, "failed", "count the steps") for t in toy.of("tests"))
    verdicts = [Verdict("ada", toy.id, "graded", tests), Verdict("ben", toy.id, "needs review", tests)]
    write_text(folder / "graded" / toy.id / "verdicts.json", verdicts_json(verdicts))
    return folder


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    path = tmp_path / "grades.csv"
    path.write_text(GRADES.format("One,1,ada,A,\nTwo,2,ben,A,\nThree,3,cem,A,\n").replace("24.00", "20.00"))
    return path


def test_export_fills_the_export_of_canvas_and_says_who_is_left_out(course: Path, grades: Path) -> None:
    code, said = call("export", "lab00_toy", "--to", "canvas", "--template", grades, "--course", course)
    assert code == 1
    assert "Toy (7): 1 mark changed, 0 there already One: empty → 10.00" in said
    assert "left out Two: needs review: a person must look at it first" in said
    assert "left out Three: nothing was handed in (--missing-as-zero writes 0)" in said
    made = course / "feedback" / "lab00_toy-canvas.csv"
    assert made.read_text() == grades.read_text().replace("ada,A,", "ada,A,10.00")


def test_those_who_are_left_out_for_one_reason_stand_in_one_line(course: Path, grades: Path) -> None:
    absent = [f"n{number:02}" for number in range(13)]
    with (course / "roster.csv").open("a") as roster, grades.open("a") as sheet:
        for name in absent:
            roster.write(f"{name},{name},Z\n")
            sheet.write(f"Called {name},,{name},A,\n")
    options = ("export", "lab00_toy", "--to", "canvas", "--template", grades, "--course", course)
    said = call(*options)[1]
    assert "left out Three; Called n00; Called n01" in said
    assert "Called n08 and 4 more: nothing was handed in" in said
    assert said.count("left out") == 2  # and ben's, for another reason
    left = json.loads(call(*options, "--json")[1])["left"]
    assert len(left) == 2 + len(absent)


def test_a_dry_run_of_export_prints_json_and_writes_nothing(course: Path, grades: Path) -> None:
    code, said = call("export", "lab00_toy", "--to", "canvas", "--template", grades, "--course", course, "--dry-run", "--json")
    report = json.loads(said)
    assert code == 1
    assert report["changes"] == [{"name": "One", "student": "ada", "line": 3, "old": "", "new": "10.00"}]
    assert report["file"] is None
    assert not (course / "feedback").exists()


def test_export_of_a_tidy_table_needs_no_template(course: Path, tmp_path: Path) -> None:
    code, said = call("export", "lab00_toy", "--to", "csv", "-o", tmp_path / "t.csv", "--course", course)
    assert (code, said) == (0, f"wrote {tmp_path / 't.csv'}")
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 1 + 3 + 3 + 1


def test_a_worksheet_of_moodle_gets_comments_if_they_are_asked_for(course: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "Grades.csv"
    sheet.write_text(
        "Identifier,Full name,Grade,Maximum grade,Last modified (grade),Feedback comments\nParticipant 1,Ada One,,20.00,-,\n"
    )
    options = ("lab00_toy", "--to", "moodle", "--template", sheet, "--course", course)
    assert "feedback comments written" not in call("export", *options)[1]
    assert "1 feedback comments written" in call("export", *options, "--comments")[1]
    text = (course / "feedback" / "lab00_toy-moodle.csv").read_text()
    assert "<p><strong>10 of 20 points</strong></p>" in text
    assert "<li>◐ mean: partly passed, 4 of 8 points: count the steps</li>" in text


def test_export_for_gradescope_packs_the_marks_and_names_who_is_left_out(course: Path) -> None:
    (course / "roster.csv").write_text("id,first_name,last_name,email\nada,Ada,One,ada@x.edu\nben,Ben,Two,ben@x.edu\n")
    code, said = call("export", "lab00_toy", "--to", "gradescope", "--course", course)
    assert code == 1
    assert "1 mark in an autograder for Gradescope" in said
    assert "left out ben: needs review: a person must look at it first" in said
    assert "of an assignment with 20 points" in said
    with zipfile.ZipFile(course / "feedback" / "lab00_toy-gradescope.zip") as archive:
        assert json.loads(archive.read("results_by_email.json"))["ada@x.edu"]["score"] == 10


def test_export_as_parquet_can_be_read_back(course: Path) -> None:
    assert call("export", "lab00_toy", "--to", "parquet", "--course", course)[0] == 0
    frame = pd.read_parquet(course / "feedback" / "lab00_toy.parquet")
    assert frame.groupby("student")["points"].sum().to_dict() == {"ada": 10, "ben": 10, "cem": 0}
    assert frame["complete"].dtype == "boolean"


def test_marks_that_are_not_final_are_named_when_they_are_written_all_the_same(course: Path, grades: Path) -> None:
    options = ("--to", "canvas", "--template", grades, "--course", course, "--incomplete", "--missing-as-zero")
    code, said = call("export", "lab00_toy", *options)
    assert code == 1
    assert "not final ben: a person has not completed this mark" in said
    assert "not final ada" not in said


def test_late_work_without_a_time_is_named_until_somebody_writes_the_time(course: Path) -> None:
    settings = (course / "course.toml").read_text()
    due = "due = 2026-11-20T23:59:00+01:00"
    (course / "course.toml").write_text(settings.replace("[labs.", "[late]\npercent_per_day = 10\n[labs.") + due + "\n")
    file = CollectedFile("ada", "canvas", "a.zip", "one_LATE_11_21_x.ipynb", {}, None, late=True, attempt=1, sha256="0")
    write_collected(load_course(course), "lab00_toy", [file])
    time = course / "submitted" / "ada" / "lab00_toy" / "timestamp.txt"
    for command in (("export", "lab00_toy", "--to", "csv"), ("feedback", "lab00_toy", "--dry-run", "--zip", "none")):
        assert (
            "ada: late, but the platform gives no time, so nothing is taken off; write the time"
            in call(*command, "--course", course)[1]
        )
    write_text(time, "on friday\n")
    for command in (("export", "lab00_toy", "--to", "csv"), ("feedback", "lab00_toy", "--dry-run", "--zip", "none")):
        said = call(*command, "--course", course)[1]
        assert "ada: 'on friday' in timestamp.txt is no time, so nothing is taken off; write the time" in said
        assert "gives no time" not in said
    assert "'on friday' in timestamp.txt is no time" in call("explain", "lab00_toy", "ada", "--course", course)[1]
    _, said = call("export", "lab00_toy", "--to", "csv", "--json", "--course", course)
    assert "'on friday'" in json.loads(said)["notes"][0]
    write_text(time, "2026-11-21 09:30 +0100\n")
    assert "gives no time" not in call("export", "lab00_toy", "--to", "csv", "--course", course)[1]
    (mark, *_) = read_marks(load_course(course), "lab00_toy")
    assert (mark.days_late, mark.penalty) == (1, pytest.approx(mark.raw / 10))


def test_export_keeps_the_template(course: Path, grades: Path) -> None:
    before = grades.read_bytes()
    code, said = call("export", "lab00_toy", "--to", "canvas", "--template", grades, "--course", course, "-o", grades)
    assert code == 2
    assert "this is the export itself, which is kept" in said
    assert grades.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("lab00_toy", "--to", "canvas"), "--template is missing: give the file that Canvas exports"),
        (("lab00_toy", "--to", "moodle", "--template", "/no/such.csv"), "/no/such.csv: No such file or directory"),
        (("lab00_toy", "--to", "canvas", "--comments"), "--comments fills a column of Moodle's worksheet"),
        (("lab00_toy", "--to", "gradescope", "--scale"), "--scale is for Canvas and Moodle, whose own table is filled"),
        (("lab77", "--to", "csv"), "no lab 'lab77'"),
        (("lab00_tyo", "--to", "csv"), "Did you mean lab00_toy?"),
    ],
)
def test_export_says_what_is_missing_with_status_2(course: Path, options: tuple[str, ...], said: str) -> None:
    code, output = call("export", *options, "--course", course)
    assert code == 2
    assert said in output


# ── feedback ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def handed_in(course: Path, toy: Lab) -> Path:
    """The course with the notebooks of ada and ben, older than their verdicts, and ada's ids of Canvas."""
    for name in ("ada", "ben"):
        path = course / "submitted" / name / toy.id / f"{toy.id}.ipynb"
        write_notebook(solve(toy, {"mean": f"{name} = 'wrote this'"}), path)
        os.utime(path, (0, 0))
    file = CollectedFile("ada", "canvas", "a.zip", "one_11_21_x.ipynb", {"user": "11", "attachment": "21"}, None, None, 1, "0")
    write_collected(load_course(course), toy.id, [file])
    return course


def test_feedback_writes_a_page_per_submission_and_the_archive(handed_in: Path) -> None:
    code, said = call("feedback", "lab00_toy", "--zip", "canvas", "--markdown", "--course", handed_in)
    assert code == 1
    assert "wrote 2 pages" in said
    assert "ben: not in the archive, because collect noted no ids of Canvas for it" in said
    pages = sorted(path.relative_to(handed_in / "feedback") for path in (handed_in / "feedback").rglob("*.*") if path.is_file())
    assert list(map(str, pages)) == [
        "ada/lab00_toy/lab00_toy.html",
        "ada/lab00_toy/lab00_toy.md",
        "ben/lab00_toy/lab00_toy.html",
        "ben/lab00_toy/lab00_toy.md",
        "lab00_toy-canvas.zip",
    ]
    html = (handed_in / "feedback" / "ada" / "lab00_toy" / "lab00_toy.html").read_text()
    with zipfile.ZipFile(handed_in / "feedback" / "lab00_toy-canvas.zip") as archive:
        assert [(name, archive.read(name).decode()) for name in archive.namelist()] == [("one_11_21_lab00_toy.html", html)]
    assert "ada = &#39;wrote this&#39;" in html
    assert "ben" not in html


def test_giving_back_again_writes_the_same_bytes(handed_in: Path, grades: Path) -> None:
    commands = (
        ("feedback", "lab00_toy", "--zip", "canvas", "--markdown"),
        ("export", "lab00_toy", "--to", "canvas", "--template", grades),
        ("export", "lab00_toy", "--to", "csv"),
        ("export", "lab00_toy", "--to", "gradescope"),
        ("report", "lab00_toy", "--csv"),
    )
    (handed_in / "roster.csv").write_text("id,first_name,last_name,email\nada,Ada,One,ada@x.edu\nben,Ben,Two,ben@x.edu\n")
    made = []
    for _ in range(2):
        for command in commands:
            assert call(*command, "--course", handed_in)[0] in (0, 1)
        made.append({path: path.read_bytes() for path in handed_in.rglob("*") if path.is_file()})
    assert made[0] == made[1]


def test_feedback_for_one_student_leaves_the_others_and_the_archive_alone(handed_in: Path) -> None:
    code, said = call("feedback", "lab00_toy", "--student", "ada", "--course", handed_in, "--json")
    assert code == 0
    assert json.loads(said)["files"] == [str(handed_in / "feedback" / "ada" / "lab00_toy" / "lab00_toy.html")]
    assert [path.name for path in (handed_in / "feedback").iterdir()] == ["ada"]


def test_feedback_for_one_student_says_that_the_archive_is_older(handed_in: Path) -> None:
    call("feedback", "lab00_toy", "--zip", "canvas", "--course", handed_in)
    before = (handed_in / "feedback" / "lab00_toy-canvas.zip").read_bytes()
    code, said = call("feedback", "lab00_toy", "--student", "ada", "--course", handed_in)
    assert code == 1
    assert "wrote 1 page in" in said
    assert "lab00_toy-canvas.zip still holds the page of before; run this without --student to pack it again" in said
    assert (handed_in / "feedback" / "lab00_toy-canvas.zip").read_bytes() == before


def test_status_says_what_is_older_than_the_marks_and_what_to_do(course: Path, toy: Lab, grades: Path) -> None:
    def status() -> tuple[list[str], str]:
        row = json.loads(call("status", "--course", course, "--json")[1])["labs"][0]
        return row["outdated"], row["next"]

    def grade(name: str, earned: float) -> None:
        path = course / "graded" / toy.id / "verdicts.json"
        tests = tuple(TestResult(t.name, t.exercise, t.points, earned, "failed", "count the steps") for t in toy.of("tests"))
        others = [verdict for verdict in read_verdicts(path.parent) if verdict.submission != name]
        write_text(path, verdicts_json([*others, Verdict(name, toy.id, "graded", tests)]))

    hand_out = course / "release" / toy.id / f"{toy.id}.ipynb"
    write_text(hand_out, "{}")
    for name in ("ada", "ben"):
        write_text(course / "submitted" / name / toy.id / f"{toy.id}.ipynb", "{}")
        grade(name, 1.0)
    export = ("export", "lab00_toy", "--to", "canvas", "--template", grades, "--course", course)
    call("feedback", "lab00_toy", "--course", course)
    call(*export)
    assert status() == ([], "")
    grade("ben", 2.0)
    assert status() == (["lab00_toy-canvas.csv", "pages"], "autograder feedback lab00_toy")
    assert "(older than the marks: lab00_toy-canvas.csv, pages)" in call("status", "--course", course)[1]
    call("feedback", "lab00_toy", "--student", "ada", "--course", course)
    assert status()[0] == ["lab00_toy-canvas.csv", "pages"]
    call("feedback", "lab00_toy", "--student", "ben", "--course", course)
    assert status() == (["lab00_toy-canvas.csv"], "autograder export lab00_toy --to canvas --template FILE")
    call(*export, "--dry-run")
    assert status()[0] == ["lab00_toy-canvas.csv"]
    call(*export)
    assert status() == ([], "")


def test_feedback_writes_no_archive_that_would_be_empty(handed_in: Path) -> None:
    code, said = call("feedback", "lab00_toy", "--zip", "moodle", "--course", handed_in)
    assert code == 1
    assert "no archive: collect noted no ids of Moodle for lab00_toy" in said
    assert not list((handed_in / "feedback").glob("*.zip"))


def test_a_dry_run_of_feedback_writes_nothing(handed_in: Path) -> None:
    assert "would write 2 pages" in call("feedback", "lab00_toy", "--course", handed_in, "--dry-run")[1]
    assert not (handed_in / "feedback").exists()


def test_feedback_notices_a_notebook_that_is_newer_than_its_mark_or_gone(handed_in: Path) -> None:
    folder = handed_in / "submitted"
    os.utime(folder / "ada" / "lab00_toy" / "lab00_toy.ipynb", (2e10, 2e10))
    (folder / "ben" / "lab00_toy" / "lab00_toy.ipynb").unlink()
    code, said = call("feedback", "lab00_toy", "--course", handed_in)
    assert code == 1
    assert "ada: the notebook is newer than its mark; run `autograder grade lab00_toy` and then this again" in said
    assert "ben: the page shows no code: " in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--student", "nobody"), "nobody: no submission was graded"),
        (("--student", "cem"), "cem: no submission was graded"),
        (("--student", "ada", "--zip", "canvas"), "an archive holds the pages of the whole class"),
    ],
)
def test_feedback_says_what_cannot_be_done_with_status_2(handed_in: Path, options: tuple[str, ...], said: str) -> None:
    code, output = call("feedback", "lab00_toy", *options, "--course", handed_in)
    assert code == 2
    assert said in output
