"""The commands for the folder of a course: what they print, which status they end with, and what they leave alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.labs.model import Lab


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


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
