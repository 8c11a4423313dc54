"""A gradebook that an older nbgrader made: the message names nbgrader's own cure, and after it every mark is there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve
from autograder.course.config import load_course
from autograder.errors import CourseError, RecordError
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.database import course_directory, open_gradebook
from autograder.reporting.gradebook import record
from autograder.reporting.marks import read_marks
from autograder.reporting.results import write_results

# The revision before nbgrader's gradebooks knew courses, and what its tables looked like then.
BEFORE_COURSES = "282d30a0218e"
OLDER = """
PRAGMA foreign_keys = OFF;
CREATE TABLE older (id VARCHAR(32) NOT NULL PRIMARY KEY, name VARCHAR(128) NOT NULL UNIQUE, duedate DATETIME);
INSERT INTO older SELECT id, name, duedate FROM assignment;
DROP TABLE assignment;
ALTER TABLE older RENAME TO assignment;
DROP TABLE course;
"""


@pytest.fixture
def marked(toy: Lab, empty_gradebook: Path, tmp_path: Path) -> Path:
    """A course in which ada was graded, and got a mark by hand."""
    course = tmp_path / "nn"
    shutil.copytree(empty_gradebook.parent, course, ignore=shutil.ignore_patterns("labs"))
    (course / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    (course / "roster.csv").write_text("id,first_name,last_name\nada,Ada,One\n")
    write_notebook(solve(toy, reference_sources(toy)), handed_in(toy, course))
    grade(toy, course)
    with sqlite3.connect(course / "gradebook.db") as database:
        changed = database.execute("UPDATE grade SET manual_score = 3, needs_manual_grade = 0 WHERE needs_manual_grade")
        assert changed.rowcount == 1
    assert points(toy, course) == 8 + 4 + 8 + 3
    return course


def handed_in(toy: Lab, course: Path) -> Path:
    return course / "submitted" / "ada" / toy.id / f"{toy.id}.ipynb"


def grade(toy: Lab, course: Path) -> None:
    """Do what `autograder grade` does with a verdict that gives all points."""
    tests = tuple(TestResult(t.name, t.exercise, t.points, t.points, "passed") for t in toy.of("tests"))
    verdict = Verdict("ada", toy.id, "graded", tests, (Written("why", 4, True),))
    record(toy, [verdict], {"ada": handed_in(toy, course)}, course)
    write_results([verdict], (), course / "graded" / toy.id)


def points(toy: Lab, course: Path) -> float:
    (mark,) = read_marks(load_course(course), toy.id)
    assert mark.complete
    return mark.points


def make_older(course: Path) -> None:
    with sqlite3.connect(course / "gradebook.db") as database:
        database.executescript(OLDER)
        database.execute("UPDATE alembic_version SET version_num = ?", (BEFORE_COURSES,))


def upgrade(course: Path) -> None:
    """Do what the message says."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "nbgrader", "db", "upgrade"]
    subprocess.run(command, cwd=course, check=True, capture_output=True, env={**os.environ, "PATH": path}, timeout=120)


def test_an_older_gradebook_is_left_alone_until_it_is_upgraded_and_loses_no_mark(toy: Lab, marked: Path) -> None:
    make_older(marked)
    before = (marked / "gradebook.db").read_bytes()
    said = rf"older nbgrader made this gradebook \(no .*\); run `nbgrader db upgrade` in {marked}, which keeps every mark"
    with pytest.raises(CourseError, match=said):
        read_marks(load_course(marked), toy.id)
    with pytest.raises(RecordError, match=said):
        grade(toy, marked)
    assert (marked / "gradebook.db").read_bytes() == before
    upgrade(marked)
    assert points(toy, marked) == 23
    grade(toy, marked)
    assert points(toy, marked) == 23


def test_tables_that_the_marks_do_not_need_are_missed_all_the_same(toy: Lab, marked: Path) -> None:
    with sqlite3.connect(marked / "gradebook.db") as database:
        database.execute("ALTER TABLE student DROP COLUMN lms_user_id")
    with pytest.raises(CourseError, match=r"no student\.lms_user_id"):
        read_marks(load_course(marked), toy.id)


def test_a_new_gradebook_notes_the_version_that_nbgrader_would_note(tmp_path: Path) -> None:
    contents = []
    for name in ("ours", "theirs"):
        folder = tmp_path / name
        folder.mkdir()
        course = course_directory(folder)
        with open_gradebook(course) if name == "ours" else Gradebook(course.db_url):
            pass
        with sqlite3.connect(folder / "gradebook.db") as database:
            tables = database.execute(
                "SELECT name, sql FROM sqlite_master WHERE name != 'alembic_version' ORDER BY name"
            ).fetchall()
            contents.append((tables, database.execute("SELECT version_num FROM alembic_version").fetchall()))
    assert contents[0] == contents[1]
    assert len(contents[0][1]) == 1
