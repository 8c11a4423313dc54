"""Final marks are what nbgrader itself computes from the same gradebook, less what the course's rule takes for lateness."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve
from autograder.course.config import Course, load_course
from autograder.course.records import CollectedFile, write_collected
from autograder.errors import CourseError
from autograder.files import write_text
from autograder.grading.verdict import TestResult, Verdict, VerdictStatus, Written
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.reporting import marks as module
from autograder.reporting.by_hand import GradedCell, Sheet
from autograder.reporting.gradebook import record
from autograder.reporting.marks import HandMark, Mark, days_late, read_marks
from autograder.reporting.pages import verdicts_json

DUE = datetime(2026, 11, 20, 22, 59, tzinfo=timezone.utc)
SETTINGS = """
labs_folder = "labs"
[late]
percent_per_day = 10
grace_minutes = 15
max_percent = 25
[labs.lab00_toy]
due = 2026-11-20T23:59:00+01:00
"""
FULL = {"mean": 8.0, "mean_pure": 4.0, "halving": 8.0}
HALF = {"mean": 4.0, "mean_pure": 4.0, "halving": 0.0}


@pytest.fixture
def course(empty_gradebook: Path, tmp_path: Path) -> Course:
    folder = Path(shutil.copytree(empty_gradebook.parent, tmp_path / "course"))
    (folder / "course.toml").write_text(SETTINGS)
    return load_course(folder)


@pytest.fixture
def lab(course: Course) -> Lab:
    return load_lab(course.labs_folder / "lab00_toy")


def judged(
    lab: Lab, student: str, earned: Mapping[str, float] = FULL, *, answered: bool = True, status: VerdictStatus = "graded"
) -> Verdict:
    cells = lab.tests
    tests = tuple(
        TestResult(
            name, cells[name].exercise, cells[name].points, points, "passed" if points == cells[name].points else "failed"
        )
        for name, points in earned.items()
    )
    return Verdict(student, lab.id, status, tests, (Written("why", 4, answered),) if tests else ())


def grade(course: Course, lab: Lab, *verdicts: Verdict, recorded: bool = True) -> None:
    """What `autograder grade` writes in a course."""
    paths = {}
    for verdict in verdicts:
        paths[verdict.submission] = course.submitted() / verdict.submission / lab.id / f"{lab.id}.ipynb"
        write_notebook(solve(lab, reference_sources(lab)), paths[verdict.submission])
        if verdict.status == "unreadable":
            paths[verdict.submission].write_text("%PDF")
    write_text(course.graded(lab.id) / "verdicts.json", verdicts_json(verdicts))
    if recorded:
        record(lab, verdicts, paths, course.folder)


def marks_of(course: Course) -> dict[str, Mark]:
    return {mark.student.id: mark for mark in read_marks(course, "lab00_toy")}


def in_formgrader(course: Course, act: Callable[[Gradebook], object]) -> None:
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        act(gradebook)
        gradebook.db.commit()


def give(course: Course, student: str, grade_id: str, points: float | None, extra: float | None = None) -> None:
    """What formgrader does when a person enters a mark or extra credit."""

    def act(gradebook: Gradebook) -> None:
        row = gradebook.find_grade(grade_id, "lab00_toy", "lab00_toy", student)
        row.manual_score, row.extra_credit, row.needs_manual_grade = points, extra, False

    in_formgrader(course, act)


def comment(course: Course, student: str, grade_id: str, text: str) -> None:
    def act(gradebook: Gradebook) -> None:
        gradebook.find_comment(grade_id, "lab00_toy", "lab00_toy", student).manual_comment = text

    in_formgrader(course, act)


def nbgraders_scores(course: Course) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        return {row.student_id: row.score for row in gradebook.assignment_submissions("lab00_toy")}


def collected(student: str, submitted: datetime | None, late: bool | None = None) -> CollectedFile:
    return CollectedFile(student, "canvas", "a.zip", f"{student}.ipynb", {}, submitted, late, 1, "0" * 64)


# ── tests and marks by hand ──────────────────────────────────────────────────────────────────────────────────────────


def test_points_are_the_scores_that_nbgrader_computes_from_the_same_gradebook(course: Course, lab: Lab) -> None:
    verdicts = [judged(lab, name, HALF) for name in ("ada", "ben", "cem", "dan")]
    grade(course, lab, *verdicts, judged(lab, "eve", FULL, answered=False))
    give(course, "ada", "written_why", 3, 0.5)
    give(course, "ben", "test_mean", 7)
    give(course, "ben", "written_why", 0)
    give(course, "cem", "test_halving", None, 1.5)
    give(course, "dan", "test_mean", 0)
    marks = marks_of(course)
    assert {name: mark.raw for name, mark in marks.items()} == nbgraders_scores(course)
    assert {name: mark.points for name, mark in marks.items()} == {
        "ada": 11.5,
        "ben": 11.0,
        "cem": 9.5,
        "dan": 4.0,
        "eve": 20.0,
    }
    assert {mark.max_points for mark in marks.values()} == {24.0}
    assert {name for name, mark in marks.items() if mark.complete} == {"ada", "ben", "eve"}


def test_marks_by_hand_say_what_was_given_and_what_still_waits(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), judged(lab, "ben"), judged(lab, "eve", answered=False))
    give(course, "ada", "written_why", 3)
    give(course, "ada", "test_mean", 6.5)
    comment(course, "ada", "written_why", "Name an example.\n")
    comment(course, "ada", "mean", "Well seen.")
    comment(course, "ada", "halving", "  ")
    marks = marks_of(course)
    assert marks["ada"].by_hand == (
        HandMark("test_mean", 6.5, 8.0, "Well seen.", test="mean"),
        HandMark("written_why", 3.0, 4.0, "Name an example."),
    )
    assert marks["ada"].comments == {"written_why": "Name an example.", "mean": "Well seen."}
    assert marks["ben"].by_hand == (HandMark("written_why", None, 4.0, ""),)
    assert marks["eve"].by_hand == (HandMark("written_why", 0.0, 4.0, ""),)
    assert marks["eve"].comments == {}  # not "No response.", which no person wrote


def test_a_mark_by_hand_on_a_test_that_changed_counts_and_asks_for_another_look(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada", HALF, answered=False))
    give(course, "ada", "test_halving", 5)
    grade(course, lab, judged(lab, "ada", FULL, answered=False))
    mark = marks_of(course)["ada"]
    assert mark.by_hand[0] == HandMark("test_halving", 5.0, 8.0, "", again=True, test="halving")
    assert (mark.points, mark.complete) == (17.0, False)


def test_without_a_gradebook_every_answer_waits_for_a_mark(course: Course, lab: Lab) -> None:
    (course.folder / "gradebook.db").unlink()
    grade(course, lab, judged(lab, "ada"), judged(lab, "eve", answered=False), recorded=False)
    marks = marks_of(course)
    assert {name: (mark.points, mark.complete) for name, mark in marks.items()} == {"ada": (20.0, False), "eve": (20.0, True)}
    assert not (course.folder / "gradebook.db").exists()


def test_where_no_submission_could_be_read_the_points_are_those_of_the_lab(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "eve", {}, status="unreadable"))
    mark = marks_of(course)["eve"]
    assert (mark.points, mark.max_points, mark.complete) == (0.0, 24.0, False)
    assert [(hand.grade_id, hand.points) for hand in mark.by_hand] == [
        ("test_mean", None),
        ("test_mean_pure", None),
        ("test_halving", None),
        ("written_why", None),
    ]
    give(course, "eve", "test_mean", 8)
    assert marks_of(course)["eve"].raw == 8.0


def test_what_needs_review_is_not_complete_although_everything_is_marked(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada", answered=False, status="needs review"))
    assert marks_of(course)["ada"].complete is False


def test_cells_of_another_course_are_named_as_its_notebook_names_them(
    course: Course, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = (TestResult("a", "f", 2, 1, "failed"), TestResult("test_a", "g", 3, 3, "passed"))
    verdict = Verdict("ada", lab.id, "graded", tests, (Written("q", 5, True),))
    grade(course, lab, verdict, recorded=False)
    cells = {
        "a": GradedCell(1.0, 2.0, 0.0, False),
        "test_a": GradedCell(3.0, None, 0.0, False),
        "q": GradedCell(None, 4.0, 0.0, False),
    }
    monkeypatch.setattr(module, "read_sheets", lambda *_: {"ada": Sheet(cells, {"f": "See f."})})
    mark = marks_of(course)["ada"]
    assert mark.by_hand == (HandMark("a", 2.0, 2, "See f.", test="a"), HandMark("q", 4.0, 5, ""))
    assert mark.points == 2 + 3 + 4


# ── the class ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_on_the_roster_has_a_mark_and_nobody_who_was_graded_is_lost(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ben"), judged(lab, "stranger"))
    course.roster_file.write_text("id,first_name,last_name\nzoe,Zoë,O\nben,Ben,B\nada,,\n")
    found = read_marks(course, lab.id)
    assert [mark.student.id for mark in found] == ["ada", "ben", "stranger", "zoe"]
    assert [mark.verdict.submission if mark.verdict else None for mark in found] == [None, "ben", "stranger", None]
    assert [mark.student.name for mark in found] == ["ada", "Ben B", "stranger", "Zoë O"]
    assert (found[0].points, found[0].max_points, found[0].by_hand, found[0].complete) == (0.0, 24.0, (), False)


def test_where_nothing_was_graded_the_message_says_what_to_do(course: Course) -> None:
    with pytest.raises(CourseError, match="nothing was graded yet; run `autograder grade lab00_toy` first"):
        read_marks(course, "lab00_toy")


@pytest.mark.parametrize("text", ["", "[]", '{"verdicts": [{"submission": "ada"}]}', '{"verdicts": [1]}'])
def test_a_broken_file_of_verdicts_is_named(course: Course, text: str) -> None:
    write_text(course.graded("lab00_toy") / "verdicts.json", text)
    with pytest.raises(CourseError, match=r"verdicts\.json: not a file of verdicts"):
        read_marks(course, "lab00_toy")


def test_a_gradebook_that_is_none_is_named(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), recorded=False)
    (course.folder / "gradebook.db").write_text("no database" * 100)
    with pytest.raises(CourseError, match=r"gradebook\.db: the gradebook cannot be read \(.*not a database"):
        read_marks(course, lab.id)


# ── lateness ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("after", "days", "lost"),
    [
        (timedelta(days=-3), 0, 0.0),
        (timedelta(minutes=15), 0, 0.0),
        (timedelta(minutes=15, seconds=1), 1, 2.0),
        (timedelta(days=1, minutes=15), 1, 2.0),
        (timedelta(days=1, minutes=16), 2, 4.0),
        (timedelta(days=30), 30, 5.0),
    ],
)
def test_each_started_day_after_the_grace_time_costs_its_share_up_to_the_most(
    course: Course, lab: Lab, after: timedelta, days: int, lost: float
) -> None:
    grade(course, lab, judged(lab, "ada", answered=False), recorded=False)
    berlin = timezone(timedelta(hours=1))
    write_collected(course, lab.id, [collected("ada", (DUE + after).astimezone(berlin))])
    mark = marks_of(course)["ada"]
    assert (mark.days_late, mark.penalty, mark.points) == (days, pytest.approx(lost), pytest.approx(20 - lost))
    assert mark.submitted == DUE + after


def test_the_penalty_is_a_share_of_all_points_also_of_those_given_by_hand(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"))
    write_collected(course, lab.id, [collected("ada", DUE + timedelta(hours=5))])
    give(course, "ada", "written_why", 4)
    mark = marks_of(course)["ada"]
    assert (mark.raw, mark.penalty, mark.points) == (24.0, pytest.approx(2.4), pytest.approx(21.6))


def test_a_late_flag_without_a_time_is_shown_and_costs_nothing(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), recorded=False)
    write_collected(course, lab.id, [collected("ada", None, late=True)])
    mark = marks_of(course)["ada"]
    assert (mark.late, mark.days_late, mark.penalty, mark.submitted) == (True, 0, 0.0, None)


def test_where_both_times_are_known_they_decide_and_not_the_platform(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), judged(lab, "ben"), recorded=False)
    times = {"ada": DUE - timedelta(days=1), "ben": DUE + timedelta(days=1)}  # the platform had another due date
    write_collected(course, lab.id, [collected(name, time, late=name == "ada") for name, time in times.items()])
    found = marks_of(course)
    assert {name: (mark.late, mark.days_late) for name, mark in found.items()} == {"ada": (False, 0), "ben": (True, 1)}
    assert not found["ada"].lateness_unknown


def test_an_extension_that_was_granted_in_nbgrader_moves_the_due_date(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), judged(lab, "ben"))
    write_collected(course, lab.id, [collected(name, DUE + timedelta(days=2)) for name in ("ada", "ben")])
    in_formgrader(course, lambda gradebook: gradebook.grant_extension(lab.id, "ada", days=2))
    assert {name: mark.days_late for name, mark in marks_of(course).items()} == {"ada": 0, "ben": 2}


def test_what_was_not_collected_has_the_time_that_nbgraders_exchange_left(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), judged(lab, "ben"), recorded=False)
    (course.submitted() / "ada" / lab.id / "timestamp.txt").write_text("2026-11-22 10:00:00.000000 UTC")
    (course.submitted() / "ben" / lab.id / "timestamp.txt").write_text("yesterday")
    assert {name: mark.days_late for name, mark in marks_of(course).items()} == {"ada": 2, "ben": 0}
    assert {name: mark.unread_time for name, mark in marks_of(course).items()} == {"ada": "", "ben": "yesterday"}


@pytest.mark.parametrize(
    "stamp", ["yesterday", "on friday", "10:30", "2026-11", "20 November", "20 November 2026", "2026-02-30 10:00", "9" * 40]
)
def test_what_is_no_whole_date_is_no_time(course: Course, lab: Lab, stamp: str) -> None:
    grade(course, lab, judged(lab, "ada"), recorded=False)
    (course.submitted() / "ada" / lab.id / "timestamp.txt").write_text(stamp + "\n")
    mark = marks_of(course)["ada"]
    assert (mark.submitted, mark.unread_time) == (None, stamp)


def test_a_time_of_the_platform_comes_before_whatever_stands_in_the_file(course: Course, lab: Lab) -> None:
    grade(course, lab, judged(lab, "ada"), recorded=False)
    write_collected(course, lab.id, [collected("ada", DUE + timedelta(days=1))])
    (course.submitted() / "ada" / lab.id / "timestamp.txt").write_text("yesterday")
    mark = marks_of(course)["ada"]
    assert (mark.days_late, mark.unread_time) == (1, "")


@pytest.mark.parametrize(
    "stamp", ["2026-11-21 00:30 +0100", "2026-11-21 00:30+01:00", "2026-11-20 18:30:00 -05:00", "2026-11-21 00:30 CET"]
)
def test_a_time_written_with_an_offset_is_that_time(course: Course, lab: Lab, stamp: str) -> None:
    grade(course, lab, judged(lab, "ada"), recorded=False)
    (course.submitted() / "ada" / lab.id / "timestamp.txt").write_text(stamp + "\n")
    assert marks_of(course)["ada"].submitted == datetime(2026, 11, 20, 23, 30, tzinfo=timezone.utc)


def test_a_change_of_clocks_makes_no_day_longer() -> None:
    due = datetime(2026, 10, 24, 12, tzinfo=ZoneInfo("Europe/Berlin"))  # the clocks go back in the night after it
    assert days_late(due.astimezone(timezone.utc) + timedelta(hours=24), due) == 1
    assert days_late(due.astimezone(timezone.utc) + timedelta(hours=24, seconds=1), due) == 2
    assert days_late(datetime(2026, 10, 25, 12, tzinfo=due.tzinfo), due) == 2  # 25 hours
