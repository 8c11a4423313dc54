"""The commands that give marks and feedback back: what they write, what they refuse, and which status they end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.files import write_text
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.reporting.pages import verdicts_json

GRADES = "Student,ID,SIS Login ID,Section,Toy (7)\n    Points Possible,,,,24.00\n{}Student, Test,9,x,A,\n"


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


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
    assert "Toy (7): 1 marks changed, 0 are there already One: empty → 10.00" in said
    assert "left out Two: needs review: a person must look at it first" in said
    assert "left out Three: nothing was handed in (--missing-as-zero writes 0)" in said
    made = course / "feedback" / "lab00_toy-canvas.csv"
    assert made.read_text() == grades.read_text().replace("ada,A,", "ada,A,10.00")


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
        (("lab77", "--to", "csv"), "no lab 'lab77'"),
    ],
)
def test_export_says_what_is_missing_with_status_2(course: Path, options: tuple[str, ...], said: str) -> None:
    code, output = call("export", *options, "--course", course)
    assert code == 2
    assert said in output
