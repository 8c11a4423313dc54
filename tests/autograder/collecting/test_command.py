"""The command `autograder collect`: what it prints, and which status it ends with."""

from __future__ import annotations

import json

from tests.autograder.collecting.conftest import Class, notebook
from tests.autograder.commands import run

JANE = {"doejane_4711_1_lab.ipynb": notebook("jane")}


def call(nn: Class, *arguments: object) -> tuple[int, str]:
    return run("collect", "toylab", *arguments, "--course", nn.course.folder)


def test_everyone_matched_is_status_0(nn: Class) -> None:
    code, said = call(nn, nn.zip(JANE))
    assert code == 0
    assert "d.zip: canvas" in said
    assert "written: 1 new, 0 newer, 0 as before, 0 older and left out" in said
    assert nn.mark("S1") == "jane"


def test_what_needs_a_person_is_status_1_and_the_text_of_strangers_is_escaped(nn: Class) -> None:
    code, said = call(nn, nn.zip({**JANE, "[red]\x1b[2J‮eve_9_9_a.ipynb": notebook()}))
    assert code == 1
    assert "unmatched user 9 ([red]\\x1b[2J\\u202eeve): nobody in the roster" in said
    assert "complete the column student of mapping.csv (1 new line)" in said
    assert "\x1b" not in said


def test_a_download_that_is_not_there_is_status_2(nn: Class) -> None:
    code, said = call(nn, nn.downloads / "none.zip")
    assert code == 2
    assert "no such file or folder" in said


def test_json_is_nothing_but_json_and_a_dry_run_writes_nothing(nn: Class) -> None:
    code, said = call(nn, nn.zip(JANE), "--json", "--dry-run")
    facts = json.loads(said)
    assert code == 0
    assert facts["counts"]["matched"] == 1
    assert facts["submissions"][0]["student"] == "S1"
    assert nn.students() == set()


def test_a_kind_and_a_pattern_exclude_each_other(nn: Class) -> None:
    assert call(nn, nn.zip(JANE), "--from", "canvas", "--pattern", "(?P<name>.)")[0] == 2
