"""The status of a course is what lies in its folder, whoever put it there."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.config import Course, load_course
from autograder.files import write_text
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.reporting.pages import verdicts_json
from autograder.reporting.status import CourseStatus, LabStatus, course_status

SETTINGS = "name = 'Nets'\n[labs.lab01]\ndue = 2026-11-20T23:59:00+01:00\n[labs.lab02]\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "course.toml").write_text(SETTINGS)
    (tmp_path / "roster.csv").write_text("id\nada\nben\ncem\n")
    return load_course(tmp_path)


def hand_in(course: Course, *students: str, lab: str = "lab01", at: float = 1000.0) -> None:
    for student in students:
        path = course.submitted() / student / lab / f"{lab}.ipynb"
        write_text(path, "{}")
        os.utime(path, (at, at))


def verdict(student: str, status: str = "graded", answered: bool = False) -> Verdict:
    tests = (TestResult("mean", "mean", 8, 8, "passed"),)
    return Verdict(student, "lab01", status, tests, (Written("why", 4, answered),))  # type: ignore[arg-type]


def grade(course: Course, *verdicts: Verdict, at: float = 2000.0) -> None:
    path = course.graded("lab01") / "verdicts.json"
    write_text(path, verdicts_json(verdicts))
    os.utime(path, (at, at))


def lab01(course: Course) -> LabStatus:
    return course_status(course).labs[0]


def test_a_new_course_has_nothing_but_its_labs_and_students(course: Course) -> None:
    due = course.labs["lab01"].due
    assert course_status(course) == CourseStatus(
        "Nets", 3, (), (LabStatus("lab01", due, missing=3), LabStatus("lab02", missing=3))
    )
    assert lab01(course).next == "autograder build lab01"


def test_each_stage_of_the_week_is_counted_and_the_next_one_named(course: Course) -> None:
    write_text(course.folder / "release" / "lab01" / "lab01.ipynb", "{}")
    assert (lab01(course).released, lab01(course).next) == (True, "autograder collect lab01 DOWNLOAD")
    hand_in(course, "ada", "ben", "cem")
    assert (lab01(course).handed_in, lab01(course).to_grade, lab01(course).next) == (3, 3, "autograder grade lab01")
    grade(course, verdict("ada"), verdict("ben", answered=True), verdict("cem", "needs review"))
    found = lab01(course)
    assert (found.graded, found.to_grade, found.to_review, found.to_mark) == (2, 0, 1, 1)
    assert found.next == "look at what graded/lab01/report.html lists"
    grade(course, verdict("ada"), verdict("ben", answered=True), verdict("cem"))
    assert lab01(course).next == "mark by hand: `jupyter lab` here, then Nbgrader > Formgrader"
    grade(course, verdict("ada"), verdict("ben"), verdict("cem"))
    assert lab01(course).next == "autograder feedback lab01"
    write_text(course.feedback() / "ada" / "lab01" / "lab01.html", "<p>")
    write_text(course.feedback() / "lab01-canvas.zip", "")
    write_text(course.feedback() / "lab011-canvas.zip", "")
    found = lab01(course)
    assert (found.pages, found.exports, found.next) == (1, ("lab01-canvas.zip",), "autograder export lab01 --to csv")
    assert lab01(replace(course, lms="canvas")).next == "autograder export lab01 --to canvas --template FILE"
    write_text(course.feedback() / "lab01-canvas.csv", "")
    assert lab01(course).next == ""


def test_what_was_handed_in_after_grading_is_to_be_graded(course: Course) -> None:
    write_text(course.folder / "release" / "lab01" / "lab01.ipynb", "{}")
    hand_in(course, "ada", "ben")
    grade(course, verdict("ada"), verdict("ben"))
    hand_in(course, "cem")
    hand_in(course, "ben", at=3000.0)
    assert (lab01(course).to_grade, lab01(course).next) == (2, "autograder grade lab01")


def test_folders_of_nobody_on_the_roster_are_named(course: Course) -> None:
    hand_in(course, "ada", "Ada", ".ipynb_checkpoints")
    found = course_status(course)
    assert found.strangers == ("Ada",)
    assert (found.labs[0].handed_in, found.labs[0].missing) == (2, 2)


def test_what_cannot_be_read_is_named_and_hides_nothing_else(course: Course) -> None:
    hand_in(course, "ada")
    write_text(course.graded("lab01") / "verdicts.json", "{")
    course.roster_file.write_text("name\nAda\n")
    found = course_status(course)
    assert (found.students, found.strangers) == (None, ())
    assert "no column with the students' ids" in found.problem
    assert (found.labs[0].handed_in, found.labs[1].problem) == (1, "")
    assert "verdicts.json: not a file of verdicts" in found.labs[0].next


def test_it_is_plain_data_for_other_programs(course: Course) -> None:
    hand_in(course, "ada")
    data = json.loads(json.dumps(course_status(course).as_dict()))
    assert (data["course"], data["students"]) == ("Nets", 3)
    first = data["labs"][0]
    assert (first["lab"], first["due"], first["handed_in"], first["next"]) == (
        "lab01",
        "2026-11-20T23:59:00+01:00",
        1,
        "autograder build lab01",
    )
