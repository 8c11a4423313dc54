"""One submission in, one verdict out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import Options, Verdict, grade
from autograder.build import release_notebook, write_notebook
from autograder.demo import make_class, solve
from autograder.grading import Job
from autograder.labs import Cell, Lab, LabError
from autograder.runs import Outcome
from autograder.schedule import Found, find_submissions, grade_class
from autograder.surroundings import NoDataError, surroundings

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
    assert said(verdict)["mean"] == "that is the sum: divide by the number of entries"
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


def test_marks_do_not_depend_on_order_or_on_how_many_run_at_once(toy: Lab, tmp_path: Path) -> None:
    make_class(toy, tmp_path)
    found = [item for item in find_submissions(tmp_path, toy.id) if item.submission != "ines"]
    one = {v.submission: marks(v) for v in grade_class(toy, found, jobs=1)}
    many = {v.submission: marks(v) for v in grade_class(toy, reversed(found), jobs=3)}
    assert one == many


def test_a_fault_of_the_grader_stops_nobody_else(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        write_notebook(solve(toy, RIGHT), tmp_path / f"{name}.ipynb")
    from autograder import schedule

    real = schedule.prepare

    def failing(lab: Lab, path: Path, *args: object, **kwargs: object) -> object:
        if path.stem == "a":
            raise RuntimeError("boom")
        return real(lab, path, *args, **kwargs)

    monkeypatch.setattr(schedule, "prepare", failing)
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
    assert surroundings(lab, Options(data="drawn")).env["COURSEKIT_DATA"] == "drawn"
    assert (tmp_path / "killed").exists()


@pytest.mark.parametrize(("students", "threads"), [(1, 8), (3, 2), (20, 1)])
def test_fewer_notebooks_than_cores_share_them(
    students: int, threads: int, toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[int] = []

    def watched(job: Job, keep: object = None, *, gpu: str = "", threads: int = 0) -> Verdict:
        used.append(threads)
        return job.verdict([Outcome("ok")] * len(job.steps), 0.0)

    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr(Job, "run", watched)
    for number in range(students):
        write_notebook(solve(toy, RIGHT), tmp_path / f"student{number}.ipynb")
    grade_class(toy, find_submissions(tmp_path, toy.id))
    assert used == [threads] * students


def test_a_submission_that_vanished_is_an_unreadable_verdict(toy: Lab, tmp_path: Path) -> None:
    (verdict,) = grade_class(toy, [Found("eva", tmp_path / "gone.ipynb")])
    assert verdict.status == "unreadable"
