"""Two instructors work on one course at the same time: nothing is lost, whoever comes first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve
from autograder.course.config import load_course
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.reporting.marks import read_marks
from tests.autograder.commands import call

STUDENTS = ("ada", "ben", "cem", "dee", "eve", "fay")
ONCE = {"halving": "w = w / 2"}  # earns 12 of 20 points by tests, the others all


@pytest.fixture
def course(toy: Lab, tmp_path: Path) -> Path:
    """A course in which ada's question was marked by hand, and the others handed in since."""
    folder = tmp_path / "nn"
    folder.mkdir()
    (folder / "course.toml").write_text(f'labs_folder = "{toy.folder.parent}"\n[labs.{toy.id}]\n')
    hand_in(toy, folder, STUDENTS[:1])
    assert call("grade", toy.id, "--course", folder, "--jobs", 1)[0] == 0
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("written_why", toy.id, toy.id, "ada")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    hand_in(toy, folder, STUDENTS[1:])
    return folder


def hand_in(toy: Lab, folder: Path, students: tuple[str, ...]) -> None:
    for student in students:
        answers = {**reference_sources(toy), **(ONCE if student == "eve" else {})}
        write_notebook(solve(toy, answers), folder / "submitted" / student / toy.id / f"{toy.id}.ipynb")


def test_two_gradings_at_once_record_everybody_and_keep_marks_by_hand(toy: Lab, course: Path) -> None:
    command = [sys.executable, "-m", "autograder", "grade", toy.id, "--course", str(course), "--jobs", "1"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]
    statuses = sorted(process.returncode for process in both)
    assert statuses in ([0, 0], [0, 2]), said
    if statuses == [0, 2]:  # the one that had to wait too long says what to do
        assert any("close what else uses it, and record again" in text for text in said), said
    by_tests = {"eve": 12.0}
    marks = {mark.student.id: mark for mark in read_marks(load_course(course), toy.id)}
    assert {name: mark.raw for name, mark in marks.items()} == {
        name: by_tests.get(name, 20.0) + 3.0 * (name == "ada") for name in STUDENTS
    }
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        recorded = {row.student.id: row.score for row in gradebook.assignment_submissions(toy.id)}
    assert recorded == {name: mark.raw for name, mark in marks.items()}
    assert json.loads((course / "graded" / toy.id / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
