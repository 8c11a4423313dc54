"""The roster changes in the middle of a lab: the renamed get their new names, who left keeps all marks and is named, who came is graded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from tests.autograder.commands import call

LAB = "lab00_toy"
BEFORE = "id,first_name,last_name\nada,Ada,Byron\nben,Ben,Left\n"
AFTER = "id,first_name,last_name\nada,Ada,Lovelace\ncem,Cem,New\n"
GRADES = "Student,ID,SIS Login ID,Section,Toy (7)\n    Points Possible,,,,24.00\n{}"


@pytest.fixture
def course(toy: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course whose class was graded and changed since."""
    folder = tmp_path / "nn"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    for roster, students in ((BEFORE, ("ada", "ben")), (AFTER, ("cem",))):
        Path("roster.csv").write_text(roster)
        for student in students:
            notebook = solve(toy, reference_sources(toy))
            for cell, node in zip(toy.cells, notebook.cells, strict=True):
                node.source = "" if cell.role == "written" else node.source
            write_notebook(notebook, folder / "submitted" / student / LAB / f"{LAB}.ipynb")
        assert call("grade", LAB)[0] == 0
    return folder


def test_nobody_is_lost_and_who_left_is_named(course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        names = {row.id: f"{row.first_name} {row.last_name}" for row in gradebook.students}
        scores = {row.student.id: row.score for row in gradebook.assignment_submissions(LAB)}
    assert (names["ada"], names["cem"]) == ("Ada Lovelace", "Cem New")
    assert scores == {"ada": 20, "ben": 20, "cem": 20}
    assert "not on the roster ben" in call("status")[1]
    rows = [line.split(",") for line in _table().splitlines()[1:]]
    assert {(row[0], row[1]) for row in rows} == {("ada", "Lovelace"), ("ben", ""), ("cem", "New")}
    Path("grades.csv").write_text(GRADES.format("Lovelace,1,ada,A,\nNew,3,cem,A,\n"))
    code, said = call("export", LAB, "--to", "canvas", "--template", "grades.csv", "--json")
    found = json.loads(said)
    assert (code, found["without_row"]) == (1, ["ben"])
    assert {change["student"]: change["new"] for change in found["changes"]} == {"ada": "20.00", "cem": "20.00"}


def _table() -> str:
    assert call("export", LAB, "--to", "csv", "-o", "table.csv")[0] == 0
    return Path("table.csv").read_text()
