"""One submission in, one verdict out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder import Options, Verdict, grade
from autograder.authoring.demo import make_class, solve
from autograder.errors import LabError, NoDataError
from autograder.execution.steps import Outcome
from autograder.grading.batch import SubmissionFile, find_submissions, grade_class
from autograder.grading.environment import prepare_environment
from autograder.grading.job import Job, prepare
from autograder.grading.prepared import prepare_lab
from autograder.labs.model import Cell, Lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook
from autograder.worker.refusals import CannotCross, NotPlain, sentence

RIGHT = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}


def verdict_on(lab: Lab, sources: dict[str, str], folder: Path, **options: object) -> Verdict:
    path = folder / "someone.ipynb"
    write_notebook(solve(lab, sources), path)
    return grade(lab, path, Options(**options))


def marks(verdict: Verdict) -> dict[str, float]:
    return {test.name: test.earned for test in verdict.tests}


def said(verdict: Verdict) -> dict[str, str]:
    return {test.name: test.message for test in verdict.tests}


def test_right_work_gets_every_point_however_it_is_written(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, RIGHT, tmp_path)
    assert (verdict.status, verdict.submission, verdict.earned, verdict.points) == ("graded", "someone", 20, 20)
    assert verdict.written[0].answered
    assert verdict.versions["keras"]


def test_processor_time_is_that_of_cells_and_of_functions_that_tests_call(toy: Lab, tmp_path: Path) -> None:
    busy = "import time\n\ndef burn():\n    until = time.process_time() + 0.5\n    while time.process_time() < until:\n        pass\n"
    quick = verdict_on(toy, RIGHT, tmp_path).cpu_seconds
    in_cell = verdict_on(toy, {**RIGHT, "mean": f"{busy}\nburn()\nmean = lambda x: x.mean()"}, tmp_path).cpu_seconds
    in_calls = verdict_on(
        toy, {**RIGHT, "mean": f"{busy}\ndef mean(x):\n    burn()\n    return x.mean()"}, tmp_path
    ).cpu_seconds
    assert quick < 0.5 <= in_cell < 1.0
    assert in_calls >= 1.5  # three calls


def test_wrong_work_is_told_what_is_wrong(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, {**RIGHT, "mean": "mean = lambda x: x.sum()"}, tmp_path)
    assert marks(verdict) == {"mean": 0, "mean_pure": 4, "halving": 8}
    assert said(verdict)["mean"] == "a sum: divide by the number of entries"
    assert verdict.tests[0].status == "failed"


def test_blank_work_gets_nothing_and_hears_that_nothing_is_written(toy: Lab, tmp_path: Path) -> None:
    path = tmp_path / "blank.ipynb"
    write_notebook(release_notebook(toy), path)
    verdict = grade(toy, path)
    assert verdict.earned == 0
    assert set(said(verdict).values()) == {"nothing is written here yet"}
    assert not verdict.written[0].answered


def test_a_cell_that_fails_is_named_as_the_cause(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, {**RIGHT, "mean": "def mean(x)\n    return 1"}, tmp_path)
    assert "`mean` did not run" in said(verdict)["mean"]
    assert "SyntaxError" in said(verdict)["mean"]


def test_an_endless_cell_costs_its_own_points_only(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, {**RIGHT, "mean": "while True: pass"}, tmp_path, cell_seconds=1)
    assert marks(verdict) == {"mean": 0, "mean_pure": 0, "halving": 8}
    assert "longer than its 1 seconds" in said(verdict)["mean"]
    assert [test.status for test in verdict.tests] == ["timeout", "timeout", "passed"]


def test_marks_earned_before_a_crash_are_kept(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, {**RIGHT, "halving": "import os; os._exit(0)"}, tmp_path)
    assert marks(verdict) == {"mean": 8, "mean_pure": 4, "halving": 0}
    assert verdict.tests[2].status == "crashed"
    assert "process ended" in said(verdict)["halving"]


def judged(lab: Lab, folder: Path, **ended: Outcome) -> Verdict:
    """The verdict on right work whose tests ended in this way, without running anything."""
    path = folder / "someone.ipynb"
    write_notebook(solve(lab, RIGHT), path)
    job = prepare(prepare_lab(lab, Options()), path)
    assert isinstance(job, Job)
    names = [lab.cells[i].name if i >= 0 and lab.cells[i].role == "tests" else "" for i, _ in job.work.code]
    return job.verdict([ended.get(name, Outcome("ok")) for name in names], 0.0)


def test_a_value_that_does_not_cross_is_for_a_person_and_no_mistake(toy: Lab, tmp_path: Path) -> None:
    limit = Outcome("error", CannotCross.__name__, sentence("a TextIOWrapper"))
    verdict = judged(toy, tmp_path, mean=limit)
    assert (verdict.status, marks(verdict)["mean"], verdict.tests[0].status) == ("needs review", 0, "error")
    assert verdict.message == "mean could not inspect the values of the answer from outside the student's process: please look"
    assert said(verdict)["mean"].endswith("that is a limit of the grader, not a mistake of yours, and a person will look at it")


def test_an_object_of_an_own_class_is_a_wrong_answer_only_where_the_lab_says_so(toy: Lab, tmp_path: Path) -> None:
    limit = Outcome("error", NotPlain.__name__, sentence("an object of your class Net"))
    verdict = judged(toy, tmp_path, mean=limit)
    assert (verdict.status, marks(verdict)["mean"]) == ("graded", 0)
    assert "an object of your class Net" in said(verdict)["mean"]
    assert "the tests of this lab look at numbers" in said(verdict)["mean"]
    elsewhere = judged(replace(toy, part_of="another course"), tmp_path, mean=limit)
    assert (elsewhere.status, marks(elsewhere)["mean"]) == ("needs review", 0)
    assert "not a mistake of yours" in said(elsewhere)["mean"]
    assert "Keras" not in said(elsewhere)["mean"]


def test_what_a_students_code_says_in_an_error_is_one_short_line(toy: Lab, tmp_path: Path) -> None:
    hidden = "hidden:\n" + "0.123456 " * 400
    verdict = judged(
        toy, tmp_path, mean=Outcome("error", "ValueError", hidden, elsewhere=True), halving=Outcome("error", "Mistake", hidden)
    )
    assert said(verdict)["mean"].startswith("your code stopped with ValueError: hidden: 0.123456 ")
    assert len(said(verdict)["mean"]) <= 240
    assert "\n" not in said(verdict)["mean"]
    assert len(said(verdict)["halving"]) <= 1000


def test_a_number_of_points_that_a_test_cannot_give_is_for_a_person(toy: Lab, tmp_path: Path) -> None:
    """nbgrader gives all points for a number below 0, and none to anybody for one above the maximum."""
    for value, due, in_nbgrader in ((-1.0, 0, 8), (float("nan"), 0, 0), (99.0, 8, 8), (3.0, 3, 3)):
        ours = judged(toy, tmp_path, halving=Outcome("ok", value=value))
        theirs = judged(replace(toy, part_of="another course"), tmp_path, halving=Outcome("ok", value=value))
        assert (marks(ours)["halving"], marks(theirs)["halving"]) == (due, in_nbgrader)
        assert ours.status == "graded"
        assert theirs.status == ("graded" if value == 3 else "needs review")


def test_the_reduced_budget_reaches_the_parameters(toy: Lab, tmp_path: Path) -> None:
    assert verdict_on(toy, {**RIGHT, "halving": "w = 0.125"}, tmp_path, fast=True).earned == 20
    assert verdict_on(toy, {**RIGHT, "halving": "w = 0.125"}, tmp_path).earned == 12


def test_an_unreadable_file_is_a_verdict_and_a_broken_lab_an_error(toy: Lab, tmp_path: Path) -> None:
    (tmp_path / "x.ipynb").write_text("nonsense")
    verdict = grade(toy, tmp_path / "x.ipynb")
    assert verdict.status == "unreadable"
    assert "x.ipynb" in verdict.message
    with pytest.raises(LabError):
        grade(tmp_path, tmp_path / "x.ipynb")


def test_a_verdict_survives_json(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, RIGHT, tmp_path)
    assert Verdict.from_dict(json.loads(verdict.to_json())) == verdict


def test_an_own_cell_that_stopped_is_named_where_it_is_missed(toy: Lab, tmp_path: Path) -> None:
    notebook = solve(toy, {**RIGHT, "halving": "w = START * 2.0 ** -STEPS"})
    own = nbformat.v4.new_code_cell("import winsound\nwinsound.Beep(440, 100)\nSTART = 1.0")
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "mean")
    notebook.cells.insert(place, own)
    write_notebook(notebook, tmp_path / "windows.ipynb")
    verdict = grade(toy, tmp_path / "windows.ipynb")
    stopped = "own cell after `given_budget` stopped with ModuleNotFoundError: No module named 'winsound'"
    assert marks(verdict) == {"mean": 8, "mean_pure": 4, "halving": 0}
    assert "`halving` did not run to its end: NameError" in said(verdict)["halving"]
    assert f"your {stopped}" in said(verdict)["halving"]
    assert said(verdict)["halving"].endswith("so `START` is missing")
    (flag,) = [flag for flag in verdict.flags if flag.kind == "stopped"]
    assert stopped in flag.message


def test_lines_for_a_persons_machine_above_right_answers_cost_nothing(toy: Lab, tmp_path: Path) -> None:
    colab = "from google.colab import drive\ndrive.mount('/content/drive')\n"
    window = "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\nplt.figure()\n"
    verdict = verdict_on(toy, {"mean": colab + RIGHT["mean"], "halving": window + RIGHT["halving"]}, tmp_path)
    assert verdict.earned == 20


def test_a_notebook_of_another_course_stops_at_them_as_under_nbgrader(toy: Lab, tmp_path: Path) -> None:
    colab = "from google.colab import drive\n"
    verdict = verdict_on(replace(toy, part_of="week 1"), {**RIGHT, "halving": colab + RIGHT["halving"]}, tmp_path)
    assert {test.name: test.earned for test in verdict.tests} == {"mean": 8, "mean_pure": 4, "halving": 0}


def test_a_line_that_waits_for_a_person_is_named(toy: Lab, tmp_path: Path) -> None:
    verdict = verdict_on(toy, {**RIGHT, "halving": "n = int(input('How many? '))\n" + RIGHT["halving"]}, tmp_path)
    assert said(verdict)["halving"] == (
        "your cell for `halving` did not run to its end: EOFError: `n = int(input('How many? '))` waits for a person, "
        "and nobody answers here: remove the line, or write the value into the code"
    )


def test_an_error_in_a_students_function_is_told_from_one_in_the_tests_own_line(toy: Lab, tmp_path: Path) -> None:
    theirs = verdict_on(toy, {**RIGHT, "mean": "def mean(x):\n    return x.means()"}, tmp_path)
    assert said(theirs)["mean"].startswith("your code stopped with AttributeError: ")
    unnamed = verdict_on(toy, {**RIGHT, "mean": "average = lambda x: x.mean()"}, tmp_path)
    assert said(unnamed)["mean"] == "the test needs `mean`, which your notebook does not define"


def test_what_raises_notimplementederror_on_purpose_is_not_called_unwritten(toy: Lab, tmp_path: Path) -> None:
    later = "def mean(x):\n    raise NotImplementedError('later')"
    verdict = verdict_on(toy, {**RIGHT, "mean": later, "halving": "w = 1  # no NotImplementedError"}, tmp_path)
    assert said(verdict)["mean"] == "your code stopped with NotImplementedError: later"
    assert "nothing is written" not in said(verdict)["halving"]


def test_an_unsealed_test_tells_the_student_nothing_that_its_process_said(toy: Lab, tmp_path: Path) -> None:
    lab = replace(toy, settings=replace(toy.settings, unsealed=("halving",)))
    leak = "class Leak:\n    def __le__(self, other):\n        raise ValueError('hid')\n    __ge__ = __lt__ = __gt__ = __le__\nw = Leak()"
    verdict = verdict_on(lab, {**RIGHT, "halving": leak}, tmp_path)
    result = verdict.tests[2]
    assert not result.sealed
    assert result.message == "this test ran in your own process and did not pass"
    assert result.note
    assert verdict.unsealed == 0
    assert verdict_on(lab, RIGHT, tmp_path).unsealed == 8


# ── a class ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_class_of_ten_has_one_verdict_each_and_the_marks_that_are_due(toy: Lab, tmp_path: Path) -> None:
    make_class(toy, tmp_path)
    found = find_submissions(tmp_path, toy.id)
    heard: list[Verdict] = []
    verdicts = grade_class(toy, found, Options(cell_seconds=2), on_verdict=heard.append)
    by_name = {v.submission: v for v in verdicts}
    assert len(by_name) == len(verdicts) == len(heard) == 10
    assert [v.submission for v in verdicts] == sorted(by_name)
    assert all(by_name[name].earned == 20 for name in ("ada", "boris", "chen", "hana"))
    assert by_name["goran"].earned == 0
    assert all(20 - by_name[name].earned > 0 for name in ("dana", "emeka", "fatima"))
    assert any("longer than" in test.message for test in by_name["ines"].tests)
    assert by_name["ines"].earned > 0
    assert by_name["jonas"].status == "unreadable"
    assert {flag.kind for flag in by_name["hana"].flags} >= {"recovered"}


def test_a_small_class_shows_right_work_and_typical_mistakes(toy: Lab, tmp_path: Path) -> None:
    make_class(toy, tmp_path, few=True)
    verdicts = {v.submission: v for v in grade_class(toy, find_submissions(tmp_path, toy.id))}
    assert {name: v.earned == 20 for name, v in verdicts.items()} == {"ada": True, "chen": True, "emeka": False}


def test_marks_do_not_depend_on_order_or_on_how_many_run_at_once(toy: Lab, tmp_path: Path) -> None:
    make_class(toy, tmp_path)
    found = [item for item in find_submissions(tmp_path, toy.id) if item.submission != "ines"]
    one = {v.submission: marks(v) for v in grade_class(toy, found, jobs=1)}
    many = {v.submission: marks(v) for v in grade_class(toy, reversed(found), jobs=3)}
    assert one == many


def test_a_fault_of_the_grader_stops_nobody_else(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        write_notebook(solve(toy, RIGHT), tmp_path / f"{name}.ipynb")
    from autograder.grading import batch

    real = batch.prepare

    def failing(lab: Lab, path: Path, *args: object, **kwargs: object) -> object:
        if path.stem == "a":
            raise RuntimeError("boom")
        return real(lab, path, *args, **kwargs)

    monkeypatch.setattr(batch, "prepare", failing)
    first, second = grade_class(toy, find_submissions(tmp_path, toy.id))
    assert (first.status, second.earned) == ("needs review", 20)
    assert "boom" in first.message


def test_nobody_is_marked_where_the_data_of_the_lab_cannot_be_had(toy: Lab, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_notebook(solve(toy, RIGHT), tmp_path / f"{name}.ipynb")
    reads = Cell(
        "code", "from coursekit import data\ndata.load_fashion_mnist()\nraise OSError('the mirror is gone')", id="reads"
    )
    lab = replace(toy, cells=(*toy.cells, reads), settings=replace(toy.settings, datasets=("fashion-mnist",)))
    heard: list[Verdict] = []
    with pytest.raises(NoDataError, match=r"data cannot be loaded.* nobody can be graded\. OSError: the mirror is gone"):
        grade_class(lab, find_submissions(tmp_path, lab.id), Options(data="drawn"), on_verdict=heard.append)
    assert not heard
    with pytest.raises(NoDataError):
        grade(lab, tmp_path / "a.ipynb", Options(data="drawn"))


def test_a_process_that_loads_data_may_be_killed_once(toy: Lab, tmp_path: Path) -> None:
    kill = "import os, pathlib\nwas = pathlib.Path({!r})\nif not was.exists():\n    was.touch()\n    os.kill(os.getpid(), 9)\n"
    reads = kill.format(str(tmp_path / "killed")) + "from coursekit import data\ndata.load_fashion_mnist()"
    settings = replace(toy.settings, datasets=("fashion-mnist",))
    lab = replace(toy, id="killed", cells=(*toy.cells, Cell("code", reads, id="reads")), settings=settings)
    assert prepare_environment(lab, Options(data="drawn")).env["COURSEKIT_DATA"] == "drawn"
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize(("students", "threads"), [(1, 8), (3, 2), (9, 1)])
def test_fewer_notebooks_than_cores_share_them(
    students: int, threads: int, toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[int] = []

    def watched(job: Job, keep: object = None, **environment: Any) -> Verdict:
        used.append(environment["threads"])
        return job.verdict([Outcome("ok")] * len(job.steps), 0.0)

    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(Job, "run", watched)
    for number in range(students):
        write_notebook(solve(toy, RIGHT), tmp_path / f"student{number}.ipynb")
    grade_class(toy, find_submissions(tmp_path, toy.id))
    assert used == [threads] * students


def test_a_submission_that_vanished_is_an_unreadable_verdict(toy: Lab, tmp_path: Path) -> None:
    (verdict,) = grade_class(toy, [SubmissionFile("eva", tmp_path / "gone.ipynb")])
    assert verdict.status == "unreadable"
