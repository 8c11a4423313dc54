"""The archive of final marks gives each student of Gradescope exactly this mark, and a stranger none."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from autograder.course.roster import Student
from autograder.errors import ExportError
from autograder.gradescope.handing_out import hand_out
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.reporting.export.filling import Rules
from autograder.reporting.marks import HandMark, Mark
from tests.autograder.gradescope.contract import read, unpack

JANE = Student("jane", "Jane", "Doe", " JDoe@example.edu ")


def mark(lab: Lab, student: Student, *, why: float | None = 3.0, penalty: float = 0.0) -> Mark:
    """10 of 20 points by tests, and a written question."""
    tests = tuple(
        TestResult(t.name, t.exercise, t.points, t.points / 2, "failed", "count <b>the</b> steps") for t in lab.of("tests")
    )
    hands = (HandMark("written_why", why, 4.0, ""), HandMark("test_halving", 8.0, 8.0, "", test="halving"))
    comments = {"written_why": "good *reason*", "halving": "seen by me"}
    return Mark(student, Verdict(student.id, lab.id, "graded", tests), hands, 24.0, 1, penalty, comments=comments)


def run(data: bytes, home: Path, email: str = "") -> int:
    """Do what Gradescope does with a submission of one student; the exit status of the program."""
    home.mkdir()
    (home / "a.zip").write_bytes(data)
    unpack(home / "a.zip", home, {"lab.ipynb": b"{}"}, points=24.0)
    if email:
        path = home / "submission_metadata.json"
        path.write_text(path.read_text().replace("jdoe@example.edu", email))
    return subprocess.run(["python3", home / "run_autograder", home], check=False, capture_output=True, timeout=60).returncode


def test_each_student_gets_the_mark_with_marks_by_hand_and_lateness(toy: Lab, tmp_path: Path) -> None:
    made = hand_out(toy, [mark(toy, JANE, penalty=2.5)], Rules())
    assert (made.students, made.left, made.points) == (("jane",), (), 24.0)
    assert run(made.data, tmp_path / "home") == 0
    shown = read(tmp_path / "home")
    assert shown.score == 4 + 2 + 8 + 3 - 2.5
    assert shown.points == {"mean": (4, 8), "mean: mean_pure": (2, 4), "halving": (8, 8), "why": (3, 4)}
    assert shown.total_for_student
    assert r"good \*reason\*" in shown.student
    assert "seen by me" in shown.student
    assert "<b>" not in shown.student
    assert "Handed in 1 day late" in shown.student
    assert not [
        line for test in toy.of("tests") for line in test.source.splitlines()[1:] if len(line) > 20 and line in shown.staff
    ]


def test_a_student_without_a_mark_gets_no_result_instead_of_0(toy: Lab, tmp_path: Path) -> None:
    data = hand_out(toy, [mark(toy, JANE)], Rules()).data
    assert run(data, tmp_path / "home", "stranger@example.edu") == 1
    assert list((tmp_path / "home" / "results").iterdir()) == []


def test_whose_mark_cannot_be_given_out_is_named(toy: Lab) -> None:
    class_ = [
        mark(toy, JANE),
        mark(toy, Student("kim")),
        mark(toy, Student("a", email="same@x.edu")),
        mark(toy, Student("b", email="Same@x.edu")),
        mark(toy, Student("open", email="open@x.edu"), why=None),
        Mark(Student("none", email="none@x.edu"), None, (), 24.0, 0, 0.0),
    ]
    made = hand_out(toy, class_, Rules())
    assert made.students == ("jane",)
    assert dict(made.left) == {
        "kim": "no e-mail address in the roster, by which Gradescope knows the student",
        "a": "two students of the roster have this e-mail address; correct one of them",
        "b": "two students of the roster have this e-mail address; correct one of them",
        "open": "1 answer waits for a mark by hand (--incomplete writes what there is)",
    }
    assert hand_out(toy, class_, Rules(incomplete=True)).students == ("jane", "open")
    with pytest.raises(ExportError, match="kim: no e-mail address"):
        hand_out(toy, class_[1:2], Rules())


def test_the_same_marks_give_the_same_archive_with_programs_at_its_root(toy: Lab, tmp_path: Path) -> None:
    data = hand_out(toy, [mark(toy, JANE)], Rules()).data
    assert data == hand_out(toy, [mark(toy, JANE)], Rules()).data
    (tmp_path / "a.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["setup.sh", "run_autograder", "results_by_email.json"]
        assert list(json.loads(archive.read("results_by_email.json"))) == ["jdoe@example.edu"]
