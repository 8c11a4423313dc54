"""An nbgrader notebook that was not written as a lab is graded as stock nbgrader grades it, its tests sealed where they can be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.api import grade
from autograder.errors import LabError
from autograder.grading.assignments.load import load_assignment, read_assignment, siblings
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.reporting.gradebook import record
from tests.stock import stock_marks

EXAMPLE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"  # nbgrader's own example course
OLD = Path(nbgrader.__file__).parent / "tests" / "apps" / "files"  # notebooks with the metadata of earlier versions


# ── notebooks to grade ───────────────────────────────────────────────────────────────────────────────────────────────


def cell(source: str, grade_id: str, *, points: float | None = None, solution: bool = False, markdown: bool = False) -> Any:
    graded = points is not None
    facts = {"schema_version": 3, "grade_id": grade_id, "grade": graded, "solution": solution, "task": False}
    facts["locked"] = not solution
    node = (new_markdown_cell if markdown else new_code_cell)(source, id=grade_id)
    node.metadata["nbgrader"] = {**facts, **({"points": points} if graded else {})}
    return node


def solution(code: str) -> str:
    return f"### BEGIN SOLUTION\n{code}\n### END SOLUTION"


SOLUTIONS = {
    "double": "def double(x):\n    return 2 * x",
    "squares": "def squares(n):\n    return (i * i for i in range(n))",
    "Stack": "class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n        self.items.append(x)",
    "essay": "# a sentence in code",
}


def notebook(answers: Mapping[str, str] = {}, *, release: bool = False) -> nbformat.NotebookNode:
    """A course's notebook with all that a lab of ours would not do: the source, or a submission with these answers."""

    def answer(name: str) -> Any:
        code = answers.get(name, SOLUTIONS[name])
        return code if release else solution(code)

    cells = [
        cell("import math\nimport helper\nrows = open('table.csv').read().split()", "start"),
        new_markdown_cell("Write `double`."),
        cell(answer("double"), "double", solution=True),
        cell(
            "from math import isclose\nLIMIT = 5\ndef near(a, b):\n    return isclose(a, b, abs_tol=0.5)", "tools", points=0.0
        ),
        cell("assert near(double(2), 4)\nassert double(helper.THREE) == 6", "uses_helper", points=2.0),
        cell("good = sum(double(i) == 2 * i for i in range(LIMIT))\n3 * good / LIMIT", "partial", points=3.0),
        cell(answer("squares"), "squares", solution=True),
        cell("assert list(squares(3)) == [0, 1, 4]\nassert len(rows) == 2", "squares_right", points=1.0),
        cell(answer("Stack"), "Stack", solution=True),
        cell("s = Stack()\ns.push(1)\nassert s.items == [1]", "stack_right", points=4.0),
        cell(answer("essay"), "essay", points=5.0, solution=True),
        cell("Explain.", "why", points=2.0, solution=True, markdown=True),
    ]
    return new_notebook(cells=cells)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course with the assignment `week1`, whose notebook `tasks` has a module and a table beside it."""
    folder = tmp_path / "source" / "week1"
    folder.mkdir(parents=True)
    (folder / "helper.py").write_text("THREE = 3\n")
    (folder / "table.csv").write_text("a,b\nc,d\n")
    nbformat.write(notebook(), folder / "tasks.ipynb")
    return tmp_path


def hand_in(course: Path, student: str, answers: Mapping[str, str]) -> Path:
    """Hand in these answers, and the solution of every other exercise."""
    path = course / "submitted" / student / "week1" / "tasks.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook(answers, release=True), path)
    for name in ("helper.py", "table.csv"):
        shutil.copy(course / "source" / "week1" / name, path.parent)
    return path


def marks(verdicts: list[Verdict]) -> dict[tuple[str, str], float]:
    return {(verdict.submission, test.name): test.earned for verdict in verdicts for test in verdict.tests}


# ── the same marks as stock nbgrader ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.timeout(300)
@pytest.mark.skipif("EVERY_STUDENT" not in os.environ, reason="tests/foreign compares its kind; make nightly this one too")
def test_a_foreign_course_gets_the_marks_that_stock_nbgrader_gives(course: Path) -> None:
    hand_in(course, "right", {})
    hand_in(course, "partly", {"double": "def double(x):\n    return 2 * x if x < 3 else 6", "squares": "squares = None"})
    hand_in(course, "blank", dict.fromkeys(SOLUTIONS, "raise NotImplementedError()"))
    lab = load_assignment(course / "source" / "week1" / "tasks.ipynb").lab
    ours = marks(grade_class(lab, find_submissions(course, lab.id, lab.assignment)))
    stock = stock_marks(course, "week1")
    assert ours["partly", "partial"] == pytest.approx(3 * 4 / 5)
    assert ours["right", "stack_right"] == 4
    assert ours["blank", "uses_helper"] == 0
    by_hand = {name for name in stock if name[1] in ("essay", "why")}
    assert ours == {name: points for name, points in stock.items() if name not in by_hand}


@pytest.mark.timeout(300)
def test_nbgraders_own_example_gets_the_marks_that_stock_nbgrader_gives(tmp_path: Path) -> None:
    if not (EXAMPLE / "submitted").is_dir():
        pytest.skip("this nbgrader comes without its example course")
    for part in ("source", "submitted"):
        shutil.copytree(EXAMPLE / part, tmp_path / part)
    ours: dict[tuple[str, str], float] = {}
    for name in ("problem1", "problem2"):
        lab = load_assignment(tmp_path / "source" / "ps1" / f"{name}.ipynb").lab
        ours |= marks(grade_class(lab, find_submissions(tmp_path, lab.id, lab.assignment)))
    stock = stock_marks(tmp_path, "ps1")
    assert len(ours) == 8
    assert ours == {name: stock[name] for name in ours}


# ── sealed, unsealed, broken ─────────────────────────────────────────────────────────────────────────────────────────


def test_only_tests_whose_values_cannot_cross_run_inside_the_student_process(course: Path) -> None:
    hand_in(course, "right", {})
    made = load_assignment(course / "source" / "week1" / "tasks.ipynb")
    assert sorted(made.unsealed) == ["stack_right"]
    assert made.broken == {}
    (verdict,) = grade_class(made.lab, find_submissions(course, "tasks", "week1"))
    assert {test.name: test.sealed for test in verdict.tests} == {
        "tools": True,
        "uses_helper": True,
        "partial": True,
        "squares_right": True,
        "stack_right": False,
    }


def test_sealed_only_leaves_such_tests_to_a_person(course: Path) -> None:
    path = hand_in(course, "right", {})
    options = Options(sealed_only=True)
    verdict = grade(load_assignment(course / "source" / "week1" / "tasks.ipynb", options).lab, path, options)
    earned = {test.name: test.earned for test in verdict.tests}
    assert earned == {"tools": 0, "uses_helper": 2, "partial": 3, "squares_right": 1, "stack_right": 0}
    assert verdict.status == "needs review"


def test_a_test_that_the_solution_itself_does_not_pass_is_named(course: Path) -> None:
    path = course / "source" / "week1" / "tasks.ipynb"
    source = notebook()
    source.cells[4].source = "assert double(2) == 5, 'five is wanted'"
    nbformat.write(source, path)
    made = load_assignment(path)
    assert "five is wanted" in made.broken["uses_helper"]
    assert "uses_helper" not in made.unsealed


def test_grading_by_path_seals_what_can_be_sealed(course: Path) -> None:
    path = hand_in(course, "right", {})
    verdict = grade(course / "source" / "week1" / "tasks.ipynb", path)
    assert verdict.earned == verdict.points == 10


def test_a_forged_helper_beside_the_submission_is_not_the_one_that_tests_use(course: Path) -> None:
    path = hand_in(course, "mallory", {"double": "def double(x):\n    return 7"})
    (path.parent / "helper.py").write_text("THREE = 3.5\n")
    answers = {"double": "open('helper.py', 'w').write('THREE = 3.5')\ndef double(x):\n    return 7 if x == 3.5 else 4"}
    nbformat.write(notebook(answers, release=True), path)
    verdict = grade(load_assignment(course / "source" / "week1" / "tasks.ipynb").lab, path)
    assert {test.name: test.earned for test in verdict.tests}["uses_helper"] == 0


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_roles_points_and_files_come_from_the_notebook_and_its_folder(course: Path) -> None:
    lab = read_assignment(course / "source" / "week1" / "tasks.ipynb")
    roles = {c.grade_id: (c.role, c.points) for c in lab.cells if c.grade_id}
    assert roles["start"] == ("given", 0)
    assert roles["partial"] == ("tests", 3)
    assert roles["essay"] == ("exercise", 5)
    assert roles["why"] == ("written", 2)
    assert (lab.id, lab.assignment, lab.points) == ("tasks", "week1", 17)
    assert [name for name, _ in lab.beside] == ["helper.py", "table.csv"]
    assert [c.name for c in lab.by_hand] == ["essay", "why"]


@pytest.mark.parametrize("version", ["v0", "v1", "v2"])
def test_metadata_of_older_schemas_is_upgraded(version: str, tmp_path: Path) -> None:
    if not OLD.is_dir():
        pytest.skip("this nbgrader comes without its old notebooks")
    shutil.copy(OLD / f"test-{version}.ipynb", tmp_path / "old.ipynb")
    roles = [c.role for c in read_assignment(tmp_path / "old.ipynb").cells]
    assert roles.count("exercise") >= 1
    assert roles.count("tests") >= 1


def spoiled(course: Path, change: str) -> Path:
    path, source = course / "source" / "week1" / "tasks.ipynb", notebook()
    if change == "text":
        path.write_text("no JSON")
        return path
    if change == "unmarked":
        source.cells = [c for c in source.cells if not c.metadata.get("nbgrader")]
    elif change == "newer":
        source.cells[0].metadata.nbgrader.schema_version = 99
    elif change == "autotest":
        source.cells[4].source = "### AUTOTEST double(2)"
    else:
        source.cells[3].metadata.nbgrader.grade_id = "start"
    nbformat.write(source, path)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("text", "not a notebook"),
        ("unmarked", "no cell of it is marked"),
        ("newer", "too new"),
        ("autotest", "cell 5: AUTOTEST"),
        ("twice", "start"),
    ],
)
def test_a_notebook_that_cannot_be_used_is_refused_with_the_reason(course: Path, change: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        read_assignment(spoiled(course, change))


# ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_go_to_the_assignment_and_all_its_notebooks_are_known(course: Path) -> None:
    from nbgrader.api import Gradebook

    shutil.copy(course / "source" / "week1" / "tasks.ipynb", course / "source" / "week1" / "more.ipynb")
    path = hand_in(course, "right", {})
    lab = read_assignment(course / "source" / "week1" / "tasks.ipynb")
    assert [other.id for other in siblings(lab)] == ["more"]
    sealed: Lab = load_assignment(lab.folder / "tasks.ipynb").lab
    verdict = grade(sealed, path, submission="right")
    for _ in range(2):
        record(sealed, [verdict], {"right": path}, course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "default_course") as gradebook:
        assert [n.name for n in gradebook.find_assignment("week1").notebooks] == ["more", "tasks"]
        notes = {n.name: n for n in gradebook.find_submission("week1", "right").notebooks}
        assert notes["tasks"].score == 10
        assert {g.name for g in notes["tasks"].grades if g.needs_manual_grade} == {"essay", "why"}
    assert (course / "autograded" / "right" / "week1" / "tasks.ipynb").is_file()
