"""A real PostgreSQL server is a gradebook like any other, and several graders may write into it at the same time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from nbgrader.api import Gradebook, InvalidEntry
from sqlalchemy import create_engine, text

from autograder.authoring.demo import reference_sources, solve
from autograder.course.config import load_course
from autograder.errors import CourseError, RecordError
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.reporting import database as module
from autograder.reporting.by_hand import read_sheets
from autograder.reporting.gradebook import record
from tests.conftest import TOY

FULL = {"mean": 8.0, "mean_pure": 4.0, "halving": 8.0}
HALF = {"mean": 0.0, "mean_pure": 4.0, "halving": 0.0}
_names = count()


def program(name: str) -> str | None:
    """The path of a program of PostgreSQL; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return str(found[-1]) if found else shutil.which(name)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The folder of the socket of a server of our own, which listens on no port."""
    initdb, postgres = program("initdb"), program("postgres")
    if not initdb or not postgres:
        pytest.skip("PostgreSQL is not installed; `make system` installs it where it may")
    pytest.importorskip("psycopg" if sys.version_info >= (3, 11) else "psycopg2")
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses root
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # the path of a socket holds about 100 characters
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True, capture_output=True, user=user, cwd=folder,
    )  # fmt: skip
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [postgres, "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
            stdout=log, stderr=log, user=user, cwd=folder,
        )  # fmt: skip
    try:
        _wait(str(folder), running)
        yield str(folder)
    finally:
        running.terminate()
        running.wait(30)
        shutil.rmtree(folder)


def _wait(folder: str, running: subprocess.Popen[bytes]) -> None:
    ready = program("pg_isready")
    assert ready
    while running.poll() is None:
        if subprocess.run([ready, "-q", "-h", folder, "-U", "postgres", "-t", "30"]).returncode == 0:
            return
    pytest.fail(Path(folder, "log").read_text())


def create(server: str, template: str = "template1") -> str:
    """The address of a new database with the content of `template`."""
    name = f"marks{next(_names)}"
    admin = create_engine(f"postgresql://postgres@/postgres?host={server}", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()
    return f"postgresql://postgres@/{name}?host={server}"


@pytest.fixture
def empty(server: str) -> str:
    """The address of a database without tables."""
    return create(server)


@pytest.fixture(scope="module")
def template(server: str) -> str:
    """The name of a gradebook without students. Making one takes seconds, so tests copy this one."""
    url = create(server)
    with Gradebook(url):
        pass
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture
def url(server: str, template: str) -> str:
    """The address of a gradebook without students."""
    return create(server, template)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return load_lab(shutil.copytree(TOY, tmp_path / "labs" / "lab00_toy"))


def judge(lab: Lab, student: str, earned: dict[str, float] = FULL, message: str = "count the steps") -> Verdict:
    tests = []
    for test, mark in earned.items():
        cell = lab.tests[test]
        passed = mark == cell.points
        tests.append(
            TestResult(test, cell.exercise, cell.points, mark, "passed" if passed else "failed", "" if passed else message)
        )
    return Verdict(student, lab.id, "graded", tuple(tests), (Written("why", 4, True),))


def submit(lab: Lab, course: Path, student: str) -> Path:
    path = course / "submitted" / student / lab.id / f"{lab.id}.ipynb"
    write_notebook(solve(lab, reference_sources(lab)), path)
    return path


def scores(lab: Lab, url: str) -> dict[str, float]:
    with Gradebook(url) as gradebook:
        submissions = gradebook.assignment_submissions(lab.assignment)
        return {s.student_id: s.score for s in submissions}


def test_marks_in_postgresql_are_those_that_were_recorded_and_marks_by_hand_survive(lab: Lab, tmp_path: Path, url: str) -> None:
    paths = {name: submit(lab, tmp_path, name) for name in ("ada", "ben")}
    recorded = record(lab, [judge(lab, "ada"), judge(lab, "ben", HALF)], paths, tmp_path, db_url=url)
    assert recorded.submissions == ("ada", "ben")
    assert scores(lab, url) == {"ada": sum(FULL.values()), "ben": sum(HALF.values())}
    with Gradebook(url) as gradebook:
        grade = gradebook.find_grade(lab.by_hand[0].grade_id, lab.id, lab.assignment, "ben")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    record(lab, [judge(lab, "ben")], {"ben": paths["ben"]}, tmp_path, db_url=url)
    assert scores(lab, url) == {"ada": sum(FULL.values()), "ben": sum(FULL.values()) + 3}


def test_two_graders_write_the_same_class_into_an_empty_database_at_once(lab: Lab, tmp_path: Path, empty: str) -> None:
    students = [f"s{k}" for k in range(5)]
    start = Barrier(2)

    def grade(number: int) -> tuple[str, ...]:
        course = tmp_path / f"course{number}"
        paths = {student: submit(lab, course, student) for student in students}
        start.wait()
        order = students if number else students[::-1]
        return record(lab, [judge(lab, student, HALF) for student in order], paths, course, db_url=empty).submissions

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(grade, range(2)))
    assert [sorted(names) for names in done] == [sorted(students)] * 2
    assert scores(lab, empty) == dict.fromkeys(students, sum(HALF.values()))


def test_a_course_with_postgresql_reads_what_was_given_by_hand(lab: Lab, tmp_path: Path, url: str) -> None:
    course_toml = f'labs_folder = "labs"\ngradebook = "{url}"\n[labs.lab00_toy]\n'
    (tmp_path / "course.toml").write_text(course_toml)
    course = load_course(tmp_path)
    assert read_sheets(course, lab.id) == {}
    record(lab, [judge(lab, "ada")], {"ada": submit(lab, tmp_path, "ada")}, tmp_path, db_url=course.gradebook)
    sheet = read_sheets(course, lab.id)["ada"]
    assert {name: sheet.cells[lab.tests[name].grade_id].auto for name in FULL} == FULL


@pytest.mark.parametrize("message", ["a\0b", "half a pair: \ud800", "x" * 10_000], ids=["nul", "surrogate", "long"])
def test_any_message_can_be_recorded(lab: Lab, tmp_path: Path, url: str, message: str) -> None:
    verdict = judge(lab, "ada", HALF, message)
    review = Verdict("ben", lab.id, "needs review", verdict.tests, verdict.written, message=message)
    paths = {name: submit(lab, tmp_path, name) for name in ("ada", "ben")}
    assert record(lab, [verdict, review], paths, tmp_path, db_url=url).submissions == ("ada", "ben")


def test_a_grader_that_holds_the_database_too_long_is_named_as_the_cause(
    lab: Lab, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(lab, [], {}, tmp_path, db_url=url)
    monkeypatch.setattr(module, "_PATIENCE", "100ms")
    with Gradebook(url) as other, module.transaction(other), pytest.raises(RecordError, match="close what else uses it"):
        record(lab, [judge(lab, "ada")], {"ada": submit(lab, tmp_path, "ada")}, tmp_path, db_url=url)
    assert scores(lab, url) == {}


def test_a_server_that_is_not_there_and_a_wrong_password_are_said_without_the_password(
    lab: Lab, tmp_path: Path, server: str, url: str
) -> None:
    wrong = {
        f"postgresql://ada:secret@/marks?host={tmp_path}": "cannot be reached .* its server is running",
        f"postgresql://postgres:secret@/nowhere?host={server}": "database exists",
        url.replace("postgresql:", "postgres:").replace("postgres@", "ada:secret@"): "expected sqlite:///… or postgresql://…",
    }
    for address, said in wrong.items():
        with pytest.raises(RecordError, match=said) as raised:
            record(lab, [], {}, tmp_path, db_url=address)
        assert "secret" not in str(raised.value)
        (tmp_path / "course.toml").write_text(f'labs_folder = "labs"\ngradebook = "{address}"\n[labs.lab00_toy]\n')
        with pytest.raises(CourseError, match=said):
            read_sheets(load_course(tmp_path), lab.id)


def test_an_interrupted_write_leaves_nothing_of_a_submission(
    lab: Lab, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise InvalidEntry("stopped in the middle")

    record(lab, [], {}, tmp_path, db_url=url)
    monkeypatch.setattr(Gradebook, "update_or_create_submission", stop)
    with pytest.raises(RecordError, match="stopped in the middle"):
        record(lab, [judge(lab, "ada")], {"ada": submit(lab, tmp_path, "ada")}, tmp_path, db_url=url)
    with Gradebook(url) as gradebook:
        assert gradebook.students == []
