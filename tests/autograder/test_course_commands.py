"""The commands for the folder of a course: what they print, which status they end with, and what they leave alone."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args, get_type_hints
from unittest.mock import Mock

import pytest

from autograder.authoring.demo import reference_sources, solve
from autograder.cli.course import init
from autograder.course.config import LMS
from autograder.files import write_text
from autograder.grading import batch
from autograder.grading.submissions.collect import SubmissionFile
from autograder.grading.submissions.reading import read_submission
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Flag, TestResult, Verdict, Written
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.pages import verdicts_json
from tests.autograder.commands import call

OnGraded = Callable[[Verdict, Submission], None] | None


@pytest.fixture
def course(toy: Lab, tmp_path: Path) -> Path:
    folder = tmp_path / "nn"
    assert call("init", folder, "--labs", toy.folder.parent)[0] == 0
    return folder


# ── init ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_init_says_what_it_wrote_and_what_to_do_next(toy: Lab, tmp_path: Path) -> None:
    code, said = call("init", tmp_path / "nn", "lab00_toy", "--labs", toy.folder.parent, "--lms", "moodle")
    assert code == 0
    assert f"wrote {tmp_path}/nn/course.toml" in said
    assert f"1. write your students into {tmp_path}/nn/roster.csv" in said
    assert (tmp_path / "nn" / "roster.csv").read_text() == "id,first_name,last_name,email,moodle_id\n"


def test_init_again_takes_the_labs_of_the_course(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "labs")  # where --labs would find none
    code, said = call("init", course)
    assert code == 0
    assert "wrote" not in said
    assert f"kept {course}/release/lab00_toy/lab00_toy.ipynb" in said


def test_init_names_an_edited_notebook_with_status_1(course: Path) -> None:
    (course / "source" / "lab00_toy" / "lab00_toy.ipynb").write_text("mine")
    code, said = call("init", course)
    assert code == 1
    assert f"which is not what lab00_toy builds now; `autograder build lab00_toy --course {course}` writes it anew" in said


def test_init_refuses_a_lab_that_the_settings_do_not_list(course: Path) -> None:
    code, said = call("init", course, "lab01_other")
    assert code == 2
    assert "add the line [labs.lab01_other] to it" in said


def test_a_dry_run_of_init_prints_json_and_writes_nothing(toy: Lab, tmp_path: Path) -> None:
    code, said = call("init", tmp_path / "nn", "--labs", toy.folder.parent, "--dry-run", "--json")
    assert code == 0
    assert [Path(step["path"]).name for step in json.loads(said)][:2] == ["course.toml", "roster.csv"]
    assert not (tmp_path / "nn").exists()


def test_init_offers_every_platform_that_the_settings_know() -> None:
    offered = get_args(get_args(get_type_hints(init, include_extras=True)["lms"])[0])
    assert sorted(offered) == sorted(LMS)


# ── grade and build in a course ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grading gives everybody half of the points; the names of those that were asked for."""
    asked: list[str] = []

    def grade_class(
        lab: Lab, found: Sequence[SubmissionFile], *_: object, on_graded: OnGraded = None, **__: object
    ) -> list[Verdict]:
        asked.extend(item.submission for item in found)
        verdicts = [verdict_on(lab, item.submission) for item in found]
        for verdict, item in zip(verdicts, found, strict=True):
            if on_graded:
                on_graded(verdict, read_submission(lab, item.path, pictures=True))
        return verdicts

    monkeypatch.setattr(batch, "grade_class", grade_class)
    return asked


def verdict_on(lab: Lab, name: str, **fields: object) -> Verdict:
    tests = tuple(TestResult(t.name, t.exercise, t.points, t.points / 2, "failed", "count the steps") for t in lab.of("tests"))
    return replace(Verdict(name, lab.id, "graded", tests, (Written("why", 4, True),)), **fields)


def hand_in(lab: Lab, course: Path, *names: str) -> None:
    for name in names:
        write_notebook(solve(lab, reference_sources(lab)), course / "submitted" / name / lab.id / f"{lab.id}.ipynb")


def test_in_a_course_the_lab_alone_is_enough(
    toy: Lab, course: Path, graded: list[str], empty_gradebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(toy, course, "ada", "ben")
    shutil.copy(empty_gradebook, course)
    monkeypatch.chdir(course / "submitted" / "ada")
    code, said = call("grade", toy.id)
    assert (code, graded) == (0, ["ada", "ben"])
    assert {path.name for path in (course / "graded" / toy.id).iterdir()} == {"verdicts.json", "grades.csv", "report.html"}
    assert f"recorded 2 submissions in sqlite:///{course}/gradebook.db" in said
    assert (course / "autograded" / "ada" / toy.id / f"{toy.id}.ipynb").is_file()


def test_a_dry_run_of_grade_says_who_is_new_or_changed_and_writes_nothing(
    toy: Lab, course: Path, graded: list[str], empty_gradebook: Path
) -> None:
    hand_in(toy, course, "ada", "ben")
    shutil.copy(empty_gradebook, course)
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    code, said = call("grade", toy.id, "--course", course, "--dry-run")
    assert code == 0
    assert "would grade 2 submissions to lab00_toy: 2 new, 0 changed" in said
    assert {path: path.read_bytes() for path in course.rglob("*") if path.is_file()} == before
    assert graded == []
    assert call("grade", toy.id, "--course", course)[0] == 0
    hand_in(toy, course, "cem")
    os.utime(course / "submitted" / "ada" / toy.id / f"{toy.id}.ipynb", (2e10, 2e10))
    found = json.loads(call("grade", toy.id, "--course", course, "--dry-run", "--json")[1])
    assert {row["submission"]: row["state"] for row in found["submissions"]} == {
        "ada": "changed",
        "ben": "graded",
        "cem": "new",
    }


def test_grade_prints_nothing_but_json_if_asked(toy: Lab, course: Path, graded: list[str], empty_gradebook: Path) -> None:
    hand_in(toy, course, "ada", "ben")
    shutil.copy(empty_gradebook, course)
    (course / "submitted" / "notes.txt").write_text("not a submission")
    code, said = call("grade", toy.id, "--course", course, "--json")
    found = json.loads(said)
    assert (code, found["dry_run"]) == (0, False)
    assert [(row["submission"], row["earned"], row["points"], row["to_mark"]) for row in found["submissions"]] == [
        ("ada", 10, 20, 1),
        ("ben", 10, 20, 1),
    ]
    assert found["recorded"]["submissions"] == 2
    assert all(Path(file).is_file() for file in found["files"])
    assert "next" in call("status", "--course", course)[1]  # what comes later is printed again


def test_the_gradebook_is_the_one_that_the_settings_name(
    toy: Lab, course: Path, graded: list[str], empty_gradebook: Path, tmp_path: Path
) -> None:
    hand_in(toy, course, "ada")
    shutil.copy(empty_gradebook, course / "marks.db")
    with (course / "course.toml").open("r+") as file:
        text = file.read()
        file.seek(0)
        file.write('gradebook = "sqlite:///marks.db"\n' + text)
    for arguments in ((), (course / "submitted", "-o", tmp_path / "out", "--labs", toy.folder.parent)):
        code, said = call("grade", toy.id, *arguments, "--course", course)
        assert code == 0
        assert f"recorded 1 submissions in sqlite:///{course}/marks.db" in said
    assert not (course / "gradebook.db").exists()
    assert (tmp_path / "out" / "verdicts.json").is_file()


def test_what_the_command_line_says_comes_before_the_course(
    toy: Lab, course: Path, graded: list[str], empty_gradebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(toy, course, "ada")
    write_notebook(solve(toy, {}), tmp_path / "in" / "eve.ipynb")
    monkeypatch.chdir(course)
    assert call("grade", toy.id, tmp_path / "in", "--labs", toy.folder.parent)[0] == 0
    assert graded == ["eve"]
    assert (course / "graded" / "verdicts.json").is_file()  # as -o says by default
    assert not (course / "gradebook.db").exists()
    shutil.copy(empty_gradebook, course)
    assert call("grade", toy.id, "-o", tmp_path / "out")[0] == 0
    assert (graded, (tmp_path / "out" / "verdicts.json").is_file()) == (["eve", "ada"], True)


def test_without_submissions_and_without_a_course_the_status_is_2(
    toy: Lab, course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = call("grade", toy.id)
    assert code == 2
    assert "SUBMISSIONS is missing; give the folder of the submissions, or change to the folder of a course" in said
    code, said = call("grade", toy.id, "--course", tmp_path)
    assert code == 2
    assert "course.toml: no such file" in said
    code, said = call("grade", "lab01_other", "--course", course)
    assert code == 2
    assert "no lab 'lab01_other'; it lists lab00_toy" in said
    code, said = call("grade", toy.id, "--course", course)
    assert code == 2
    assert f"{course}/submitted: no such folder" in said


def test_build_in_a_course_writes_its_notebooks_anew_and_nothing_else(
    toy: Lab, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course)
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    (course / "source" / toy.id / f"{toy.id}.ipynb").write_text("mine")
    code, said = call("build")
    assert code == 0
    assert said.count("lab00_toy.ipynb") == 2
    assert {path: path.read_bytes() for path in course.rglob("*") if path.is_file()} == before
    assert call("build", "lab01_other")[0] == 2


# ── status ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_shows_a_line_per_lab_from_any_folder_of_the_course(
    toy: Lab, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (course / "roster.csv").write_text("id\nada\nben\n")
    hand_in(toy, course, "ada", "[b]eve")
    monkeypatch.chdir(course / "submitted")
    code, said = call("status")
    assert code == 0
    assert "nn, 2 students" in said
    assert "lab00_toy – yes 2 (1 missing) 0 0 0 – next for lab00_toy: autograder grade lab00_toy" in said
    assert "not on the roster [b]eve" in said
    assert json.loads(call("status", "--json")[1])["labs"][0]["to_grade"] == 2


def test_status_that_could_not_read_everything_is_1_and_without_a_course_2(course: Path, tmp_path: Path) -> None:
    (course / "roster.csv").unlink()
    code, said = call("status", "--course", course)
    assert code == 1
    assert "roster.csv: no such file; expected the list of students" in said
    assert call("status", "--course", tmp_path)[0] == 2


def test_status_of_a_folder_without_access_names_it_with_status_2(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (course / "submitted").mkdir()
    monkeypatch.setattr(Path, "iterdir", Mock(side_effect=PermissionError(13, "Permission denied")))
    code, said = call("status", "--course", course)
    assert code == 2
    assert f"{course}/submitted: cannot be read (Permission denied)" in said


# ── explain ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def explained(toy: Lab, course: Path) -> Path:
    """A course in which ada's work was graded, and ben handed in nothing."""
    (course / "roster.csv").write_text("id,first_name,last_name\nada,Ada,Lovelace\nben,Ben,B\n")
    with (course / "course.toml").open("a") as file:
        file.write("due = 2026-11-20T23:59:00Z\n")
    hand_in(toy, course, "ada")
    (course / "submitted" / "ada" / toy.id / "timestamp.txt").write_text("2026-11-22 00:00:00 UTC")
    verdict = verdict_on(toy, "ada", flags=(Flag("edited", ("test_mean",), "the test [b]mean[/b] was edited"),))
    own = replace(verdict.tests[1], sealed=False, note="assert z == 1 failed", message="it did not pass")
    write_text(
        course / "graded" / toy.id / "verdicts.json",
        verdicts_json([replace(verdict, tests=(verdict.tests[0], own, verdict.tests[2]))]),
    )
    return course


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts this process into a time zone."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_explain_says_what_each_test_gave_and_why(toy: Lab, explained: Path) -> None:
    code, said = call("explain", toy.id, "ada", "--course", explained)
    assert code == 0
    assert "ada (Ada Lovelace): 10 of 24 points, graded, not final" in said
    assert "2 days late: 0 of 10 points lost" in said
    assert "edited the test [b]mean[/b] was edited" in said
    assert "✗ mean (mean): 4 of 8, failed count the steps" in said
    assert "✗ mean_pure (mean): 2 of 4, failed, ran in the own process of the student it did not pass only for you:" in said
    assert "assert z == 1 failed" in said
    assert "question written_why: waits for a mark" in said
    assert "HIDDEN" not in said


@pytest.mark.parametrize(("zone", "shown"), [("Asia/Tokyo", "2026-11-22 09:00:00 +0900"), ("UTC", "2026-11-22 00:00:00 +0000")])
def test_explain_shows_the_time_on_the_instructors_clock(
    toy: Lab, explained: Path, set_clock: Callable[[str], None], zone: str, shown: str
) -> None:
    set_clock(zone)
    assert f"handed in {shown}" in call("explain", toy.id, "ada", "--course", explained)[1]


def test_explain_of_one_test_shows_its_hidden_part_and_the_cell_of_the_student(toy: Lab, explained: Path) -> None:
    code, said = call("explain", toy.id, "ada", "halving", "--course", explained)
    assert code == 0
    assert 'check.close(w, 2.0**-STEPS, hint="count the steps")' in said
    assert "for _ in range(STEPS): w = w / 2" in said
    assert "mean_pure" not in said
    data = json.loads(call("explain", toy.id, "ada", "halving", "--course", explained, "--json")[1])
    assert [(test["name"], test["earned"], test["counts"]) for test in data["tests"]] == [("halving", 4, 4)]
    assert data["code"]["test"] == toy.tests["halving"].source


@pytest.mark.parametrize("name", ["written_why", "why"])
def test_explain_of_a_written_question_shows_it_and_its_answer(toy: Lab, explained: Path, name: str) -> None:
    code, said = call("explain", toy.id, "ada", name, "--course", explained)
    assert code == 0
    assert "question written_why: waits for a mark" in said
    assert "halving" not in said
    data = json.loads(call("explain", toy.id, "ada", name, "--course", explained, "--json")[1])
    (question,) = toy.by_hand
    assert (data["tests"], data["code"]["question"]) == ([], question.source)
    path = explained / "submitted" / "ada" / toy.id / f"{toy.id}.ipynb"
    handed_in = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]}
    assert data["code"]["answer"] == handed_in[question.id]


def test_a_name_leads_to_everybody_who_has_it_with_or_without_accents(toy: Lab, explained: Path) -> None:
    with (explained / "roster.csv").open("a", encoding="utf-8") as roster:
        roster.write("s4,Kim,Lee\ns5,Kim,Lee\ns6,Zoë,O'Neil\n")
    for typed, found in (("kim lee", "s4 or s5?"), ("zoe", "s6?")):
        code, said = call("explain", toy.id, typed, "--course", explained)
        assert code == 2
        assert f"did you mean {found}" in said


def test_explain_of_who_handed_in_nothing_says_so(toy: Lab, explained: Path) -> None:
    assert call("explain", toy.id, "ben", "--course", explained) == (0, "ben (Ben B): handed in nothing")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("lab00_toy", "adda"),
            "'adda': no student of that id on the roster or among the submissions to lab00_toy; did you mean ada?",
        ),
        (("lab00_toy", "ben b"), "did you mean ben"),
        (("lab00_toy", "ada", "men"), "'men': no test of that name was run for ada; there are: mean, mean_pure, halving"),
        (("lab00_toy", "ben", "mean"), "there are: none"),
        (("lab01", "ada"), "no lab 'lab01'; it lists lab00_toy"),
    ],
)
def test_explain_names_what_is_not_there_with_status_2(explained: Path, arguments: tuple[str, ...], said: str) -> None:
    code, output = call("explain", *arguments, "--course", explained)
    assert code == 2
    assert said in output


def test_explain_before_grading_says_what_to_do(toy: Lab, course: Path) -> None:
    code, said = call("explain", toy.id, "ada", "--course", course)
    assert code == 2
    assert "nothing was graded yet; run `autograder grade lab00_toy` first" in said
