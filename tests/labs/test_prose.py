"""What every lab tells its students, and what its written questions ask for."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest

from autograder.labs.model import Lab
from autograder.labs.source import find_labs, load_lab

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=find_labs(ROOT / "labs"), ids=lambda folder: folder.name, scope="module")
def lab(request: pytest.FixtureRequest) -> Lab:
    return load_lab(request.param)


def test_a_lab_says_how_ai_tools_may_be_used_and_how_to_see_where_one_stands(lab: Lab) -> None:
    start = lab.cells[0].source
    assert "**AI tools.**" in start
    assert "your course has rules of its own" in " ".join(start.split())
    assert "`coursekit.progress()`" in start
    assert "Run All Above Selected Cell" in " ".join(start.split()).replace("* *", " ")


def test_a_lab_says_at_its_start_how_checks_are_run_and_which_cells_are_locked(lab: Lab) -> None:
    start = " ".join(lab.cells[0].source.split())
    assert "Press *Shift+Enter* in your answer, then once more for each check; leave them folded." in start
    assert "**Locked cells.**" in start


def test_a_lab_names_the_live_curve_once_where_a_student_trains(lab: Lab) -> None:
    assert "`live=True`" in "\n".join(cell.source for cell in lab.cells if not cell.is_code)


def test_no_default_is_a_number_of_the_budget_which_a_student_may_change_later(lab: Lab) -> None:
    budget = {
        name.id
        for cell in lab.cells
        if cell.parameters
        for name in ast.walk(ast.parse(cell.source))
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    assert budget
    for cell in lab.cells:
        for node in ast.walk(ast.parse(cell.source if cell.is_code else "")):
            if isinstance(node, ast.arguments):
                defaults = [value for value in (*node.defaults, *node.kw_defaults) if value is not None]
                named = {name.id for value in defaults for name in ast.walk(value) if isinstance(name, ast.Name)}
                assert not named & budget, ast.unparse(node)


def test_a_written_question_asks_for_a_prediction_and_a_result_of_the_students_own(lab: Lab) -> None:
    questions = [" ".join(above.source.split()) for above, cell in pairwise(lab.cells) if cell.role == "written"]
    assert len(questions) == len(lab.of("written")) > 0
    for question in questions:
        asked = question[question.rindex("uestion ") :].lower()
        assert "your" in asked
        assert "predict" in asked


def test_the_marking_says_that_these_are_needed(lab: Lab) -> None:
    for cell in lab.of("written"):
        assert "own" in cell.source or "cell printed" in cell.source or "printed it" in cell.source, cell.name


def test_a_lab_ends_with_progress_and_hand_in(lab: Lab) -> None:
    assert [cell.source.strip() for cell in lab.cells[-2:]] == ["coursekit.progress()", "coursekit.submit()"]
