"""A mended test is graded again for a class: what moves, what stays, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve
from autograder.cli.explanations import say_explanation
from autograder.course.roster import Student
from autograder.execution import runner
from autograder.grading.basis import basis_of
from autograder.grading.options import Options
from autograder.grading.replay import Check, ReplayedTest
from autograder.grading.secret import find_secret
from autograder.grading.verdict import TestResult, Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.explain import ExplainedTest, Explanation
from autograder.reporting.marks import Mark
from autograder.reporting.results import read_graded, write_results
from tests.autograder.commands import call, run

LAB = "lab00_toy"
MENDED = 'check.close(w, 2.0**-STEPS, hint="count the steps")'
TOO_KIND = "check.between(w, 0.0, 0.6)"
ONCE = {"halving": "w = w / 2"}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def hand_in(lab: Lab, course: Path, student: str, answers: Mapping[str, str] | None = None) -> None:
    path = course / "submitted" / student / lab.id / f"{lab.id}.ipynb"
    write_notebook(solve(lab, {**reference_sources(lab), **(answers or {})}), path)


def verdicts(course: Path) -> dict[str, Verdict]:
    found = read_graded(course / "graded" / LAB / "verdicts.json").verdicts
    return {verdict.submission: verdict for verdict in found}


def marks(course: Path) -> dict[str, list[float]]:
    return {name: [test.earned for test in verdict.tests] for name, verdict in verdicts(course).items()}


@pytest.fixture
def course(toy: Lab, tmp_path: Path) -> Path:
    """A course with four students, of whom ben and eve earned points from a test that was too kind; ben's points are by hand."""
    edit(toy.folder / "lab.py", MENDED, TOO_KIND)
    folder = tmp_path / "nn"
    folder.mkdir()
    (folder / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    for student, answers in {"ada": {}, "ben": ONCE, "eve": ONCE, "sam": {"mean": "def mean(x):\n    return x.sum()"}}.items():
        hand_in(toy, folder, student, answers)
    code, said = call("grade", LAB, "--course", folder, "--jobs", 2)
    assert code == 0, said
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("test_halving", LAB, LAB, "ben")
        grade.manual_score, grade.needs_manual_grade = 5.0, False
        gradebook.db.commit()
    return folder


def test_a_mended_test_moves_its_own_marks_only_and_diff_shows_the_same(
    toy: Lab, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = marks(course)
    assert before == {"ada": [8, 4, 8], "ben": [8, 4, 8], "eve": [8, 4, 8], "sam": [0, 4, 8]}
    edit(toy.folder / "lab.py", TOO_KIND, MENDED)
    hand_in(toy, course, "sam")  # later work, which is not regraded
    hand_in(toy, course, "zoe")
    monkeypatch.chdir(course)
    text = (course / "graded" / LAB / "verdicts.json").read_bytes()
    roles: list[str] = []
    monkeypatch.setattr(runner, "Process", _counted(runner.Process, roles))

    code, said = call("regrade", LAB, "--test", "halving", "--dry-run")
    assert code == 1
    assert "marks of 2 of 4 students would move: before" in said
    assert (course / "graded" / LAB / "verdicts.json").read_bytes() == text
    assert not (course / "graded" / LAB / "earlier").exists()
    ran = list(roles)

    code, said = call("regrade", LAB, "--test", "halving")
    assert code == 1
    assert "halving: 0 up, 2 down, -16 points together" in said
    assert "ben halving 8 0 8 the test changed; the mark by hand counts: 5" in said
    assert "eve halving 8 0 8 the test changed" in said
    assert "left alone sam: its notebook changed since it was graded; `autograder grade lab00_toy` grades it" in said
    assert "left alone zoe: it was not graded before" in said
    assert marks(course) == before | {"ben": [8, 4, 0], "eve": [8, 4, 0]}
    assert set(ran) == {"examiner"}  # on the values that were kept; sam's later work is the same as ada's
    assert json.loads(call("explain", LAB, "ben", "--json")[1])["points"] == 8 + 4 + 5
    assert json.loads(call("status", "--json")[1])["labs"][0]["to_grade"] == 2  # sam and zoe

    code, said = call("explain", LAB, "eve", "halving", "--replay")
    assert code == 0
    assert "run again: 0 of 8, failed ✓ line 2: check.between(w, 0, 0.5) value = 0.5 low = 0 high = 0.5" in said
    assert "✗ line 4: check.close(w, 2.0 ** (-STEPS)) actual = 0.5 expected = 6.2" in said
    assert "Mistake: count the steps" in said
    edit(toy.folder / "lab.py", MENDED, TOO_KIND)
    code, said = call("explain", LAB, "sam", "--replay")
    assert code == 1
    assert "the notebook changed since it was graded, and the one that is there now ran" in said
    assert "run again: 8 of 8, passed, which is not the mark above" in said
    edit(toy.folder / "lab.py", TOO_KIND, MENDED)

    code, said = call("diff", LAB)
    assert code == 1
    assert "marks of 2 of 4 students moved: " in said
    assert "eve halving 8 0 8 the test changed" in said
    moves = json.loads(run("diff", LAB, "--json")[1])["moves"]
    assert [(move["submission"], move["test"], move["before"], move["after"]) for move in moves] == [
        ("ben", "halving", 8, 0),
        ("eve", "halving", 8, 0),
    ]

    code, said = call("regrade", LAB, "--test", "halving")
    assert "halving did not change since the class was graded" in said
    assert "no mark moved" in said
    call("grade", LAB)
    assert marks(course) == before | {"ben": [8, 4, 0], "eve": [8, 4, 0], "sam": [8, 4, 8], "zoe": [8, 4, 8]}
    code, said = call("diff", LAB)
    assert "sam mean 0 8 8 the submission changed" in said
    assert "zoe as a whole – 20 20 it was not graded before" in said


def _counted(real: type, roles: list[str]) -> object:
    def start(role: str, *rest: object) -> object:
        roles.append(role)
        return real(role, *rest)

    return start


def test_a_regrade_that_would_move_more_than_the_test_is_refused(toy: Lab, tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    hand_in(toy, tmp_path, "ada")
    folder, source = tmp_path / "graded" / LAB, toy.folder / "lab.py"
    tests = tuple(TestResult(test.name, test.exercise, test.points, 0.0, "failed") for test in toy.of("tests"))
    options = Options(secret=find_secret(folder / "kept", tmp_path))
    write_results([Verdict("ada", LAB, "graded", tests, work="w")], (), folder, {LAB: basis_of(toy, options)})
    text = (folder / "verdicts.json").read_bytes()

    def refused(test: str) -> str:
        code, said = call("regrade", LAB, "--test", test, "--course", tmp_path)
        assert code == 2
        return said

    edit(source, MENDED, TOO_KIND)
    assert "lab00_toy has no test of that name; it has mean, mean_pure, halving; did you mean halving?" in refused("halvin")
    assert "did you mean halving?" in refused("test_halving")
    assert "lab00_toy: halving changed too since it was graded; name it with --test, or restore it." in refused("mean")
    edit(source, "w = 1.0", "w = 2.0")
    said = refused("halving")
    assert "changed since it was graded: other cells or limits of the lab; so all notebooks have to be run again" in said
    assert (folder / "verdicts.json").read_bytes() == text
    edit(folder / "verdicts.json", '"basis"', '"old"')
    assert "these results are of an older version and do not say which tests gave them" in refused("halving")


def test_without_a_grading_there_is_nothing_to_regrade_or_compare(toy: Lab, tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    code, said = call("regrade", LAB, "--test", "mean", "--course", tmp_path)
    assert (code, "nothing was graded yet; run `autograder grade lab00_toy` first" in said) == (2, True)
    code, said = call("diff", LAB, "--course", tmp_path)
    assert (code, "verdicts.json: no such file" in said) == (2, True)


def test_the_check_at_which_a_test_ended_has_a_cross(capsys: pytest.CaptureFixture[str]) -> None:
    result = TestResult("mean", "mean", 8, 0, "failed", "wrong")
    checks = (Check(1, "check.true(a)", {}), Check(2, "check.explained(b)", {}))
    test = ExplainedTest(result, None, ReplayedTest(result, "Mistake: b", 2, "", checks))
    say_explanation(Explanation(Mark(Student("ada"), Verdict("ada", LAB, "graded", (result,)), (), 8, 0, 0.0), (test,), ()))
    said = capsys.readouterr().out
    assert "✓ line 1: check.true(a)" in said
    assert "✗ line 2: check.explained(b)" in said
