"""What was collected is read back as it was written, and a broken record says so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from autograder.course.config import Course, load_course
from autograder.course.records import CollectedFile, read_collected, write_collected
from autograder.errors import CourseError

WHEN = datetime(2026, 11, 20, 23, 59, 1, tzinfo=timezone(timedelta(hours=1)))
ADA = CollectedFile(
    "ada",
    "canvas",
    "course_submissions.zip",
    "lovelaceada_LATE_4711_90210_lab 02 (1).ipynb",
    {"user": "4711", "attachment": "90210"},
    WHEN,
    True,
    2,
    "ab" * 32,
)
ZOE = replace(ADA, student="zoë", source="folders", lms={}, submitted=None, late=None, attempt=None)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "course.toml").write_text("")
    return load_course(tmp_path)


def test_a_record_is_read_as_it_was_written_sorted_by_student(course: Course) -> None:
    write_collected(course, "lab02", [ZOE, ADA])
    assert read_collected(course, "lab02") == (ADA, ZOE)
    assert json.loads(course.collected_file("lab02").read_text("utf-8"))["files"][0]["submitted"] == "2026-11-20T23:59:01+01:00"


def test_writing_the_same_again_changes_no_byte(course: Course) -> None:
    write_collected(course, "lab02", [ZOE, ADA])
    before = course.collected_file("lab02").read_bytes()
    write_collected(course, "lab02", [ADA, ZOE])
    assert course.collected_file("lab02").read_bytes() == before


def test_where_nothing_was_collected_there_is_no_file(course: Course) -> None:
    assert read_collected(course, "lab02") == ()


def test_two_submissions_of_one_student_are_refused_and_leave_the_record(course: Course) -> None:
    write_collected(course, "lab02", [ADA])
    with pytest.raises(CourseError, match="two submissions of 'ada'"):
        write_collected(course, "lab02", [ADA, ZOE, replace(ADA, attempt=1)])
    assert read_collected(course, "lab02") == (ADA,)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": [1]}', '{"files": [{"student": "ada"}]}', "{"])
def test_a_broken_record_says_what_to_do(course: Course, text: str) -> None:
    path = course.collected_file("lab02")
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(CourseError, match=r"lab02\.json: not a record of collected submissions .* collect again"):
        read_collected(course, "lab02")


def test_a_time_without_a_zone_cannot_be_recorded() -> None:
    with pytest.raises(ValueError, match="expected a time with its time zone"):
        replace(ADA, submitted=WHEN.replace(tzinfo=None))


def test_a_record_that_cannot_be_written_is_a_course_error(course: Course) -> None:
    (course.folder / "collected").write_text("a file in the way")
    with pytest.raises(CourseError, match="cannot be written"):
        write_collected(course, "lab02", [ADA])
