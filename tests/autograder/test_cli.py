"""The command line does what the API does, says it plainly and exits with what CI needs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import surroundings, walls
from autograder.build import write_notebook
from autograder.cli import app
from autograder.demo import solve
from autograder.labs import Lab

RIGHT = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def test_build_writes_the_released_notebook_and_the_nbgrader_course(toy: Lab, tmp_path: Path) -> None:
    code, said = call("build", "--labs", toy.folder.parent, "--notebooks", tmp_path / "nb", "--course", tmp_path / "course")
    assert code == 0
    assert "24 points" in said
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.ipynb"))
    assert written == [
        "course/release/lab00_toy/lab00_toy.ipynb",
        "course/source/lab00_toy/lab00_toy.ipynb",
        "nb/lab00_toy.ipynb",
    ]


def test_verify_exits_0_for_a_sound_lab_and_1_for_a_broken_one(toy: Lab, tmp_path: Path) -> None:
    options = ("--labs", toy.folder.parent, "--notebooks", tmp_path / "nb", "--repeats", 2, "--seeds", 1)
    call("build", *options[:4])
    assert call("verify", *options)[0] == 0
    source = toy.folder / "lab.py"
    source.write_text(source.read_text().replace("x.sum() / len(x)", "x.sum() / 4").replace("toy lab", "toy"))
    code, said = call("verify", *options)
    assert code == 1
    assert "✗ lab00_toy: reference solution" in said
    assert "differs" in said


def test_grade_writes_three_files_and_a_table(toy: Lab, tmp_path: Path) -> None:
    for name in ("ada", "ben"):
        write_notebook(solve(toy, RIGHT if name == "ada" else {}), tmp_path / "in" / f"{name}.ipynb")
    code, said = call("grade", toy.id, tmp_path / "in", "--labs", toy.folder.parent, "-o", tmp_path / "out")
    assert code == 0
    assert "total 20 20 0" in said
    verdicts = json.loads((tmp_path / "out" / "verdicts.json").read_text())["verdicts"]
    assert [(v["submission"], v["status"]) for v in verdicts] == [("ada", "graded"), ("ben", "graded")]
    rows = list(csv.reader((tmp_path / "out" / "grades.csv").open()))
    assert [row[3] for row in rows[2:]] == ["20", "0"]
    assert "<h2>lab00_toy</h2>" in (tmp_path / "out" / "report.html").read_text()


def test_one_notebook_can_be_graded_alone(toy: Lab, tmp_path: Path) -> None:
    write_notebook(solve(toy, RIGHT), tmp_path / "ada.ipynb")
    assert call("grade", toy.id, tmp_path / "ada.ipynb", "--labs", toy.folder.parent, "-o", tmp_path / "out")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("grade", "lab77_no", "{tmp}", "--labs", "{labs}"), "labs beside it: lab00_toy"),
        (("grade", "lab00_toy", "{tmp}/none", "--labs", "{labs}"), "no such folder"),
        (("grade", "lab00_toy", "{labs}", "--labs", "{labs}"), "no submissions to lab00_toy"),
        (("verify", "--labs", "{tmp}/none"), "no labs here"),
        (("grade", "lab00_toy", "{tmp}", "--labs", "{labs}", "--data", "dreamt"), "is not one of"),
    ],
)
def test_what_cannot_be_done_is_said_with_exit_code_2(toy: Lab, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    code, output = call(*(part.format(tmp=tmp_path, labs=toy.folder.parent) for part in arguments))
    assert code == 2
    assert said in output.replace("│", "").replace("  ", " ")


def test_doctor_names_every_wall_and_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = call("doctor")
    assert code == 0
    assert all(name in said for name in walls.probe())
    assert f"isolation: {walls.strongest()}" in said


def test_grading_below_the_walls_that_were_asked_for_is_refused(
    toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "_strongest", lambda: "process")
    monkeypatch.setattr(walls, "probe", lambda: {"files": "no user namespaces"})
    write_notebook(solve(toy, RIGHT), tmp_path / "eva.ipynb")
    arguments = ("grade", toy.id, tmp_path / "eva.ipynb", "--labs", toy.folder.parent, "--output", tmp_path / "out")
    code, said = call(*arguments, "--isolation", "full")
    assert code == 2
    assert "full isolation was asked for, and this machine does not have it (files: no user namespaces)" in said
    assert not (tmp_path / "out" / "grades.csv").exists()
    code, said = call(*arguments)
    assert code == 0
    assert "isolation: process" in said
    assert "not by walls of its own (missing: files)" in said
