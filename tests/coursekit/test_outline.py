"""What a lab asks is read from its notebook as it is handed out, and found again in a student's."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.demo import reference_sources
from autograder.labs.source import find_labs, load_lab
from coursekit import _outline

from . import tinylab


def test_an_outline_has_exercises_with_their_checks_points_and_headings() -> None:
    outline = tinylab.outline()
    assert [(e.name, e.title) for e in outline.exercises] == [
        ("mean", "Exercise 1 (3 points)"),
        ("rates", "Exercise 2 (2 points)"),
    ]
    assert [(c.name, c.points) for e in outline.exercises for c in e.checks] == [("mean", 2), ("mean_floats", 1), ("rates", 2)]
    assert [(q.name, q.label, q.place, q.points) for q in outline.written] == [
        ("why", "Written question 1 (4 points) · Means", "Exercise 2 (2 points)", 4)
    ]
    assert outline.written_points == 4
    assert [part.name for part in outline.parts] == ["mean", "rates", "why"]
    assert {name: str(maker) for name, maker in outline.makers.items()} == {
        **dict.fromkeys(("np", "check"), "the set-up cell, the first one of the notebook"),
        "shop": "the cell of “Tiny lab” that begins with `shop = {'prices': [1, 3]}`",
        "several": "the cell of “1 · Means” that begins with `several = [mean([i]) for i in range(3)]`",
    }


def test_a_check_is_known_by_its_text_and_else_by_its_cell() -> None:
    outline = tinylab.outline()
    for source, cell in (("\n" + tinylab.CHECK_RATES + "  \n", ""), ("edited", "test_rates")):
        found = outline.find_check(source, cell)
        assert found
        assert (found[0].name, found[1].name) == ("rates", "rates")
    assert outline.find_check("edited", "") is None


def test_an_answer_is_known_by_the_lines_that_were_handed_out_and_else_by_its_cell() -> None:
    outline = tinylab.outline()
    for source, cell in ((tinylab.answered(tinylab.MEAN, "return 1"), ""), ("all new", "mean")):
        exercise = outline.find_exercise(source, cell)
        assert exercise
        assert exercise.name == "mean"
    assert outline.find_exercise("x = mean([1])") is None


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("mean", "Exercise 1 (3 points)"),
        ("test_mean_floats", "the check of Exercise 1 (3 points)"),
        ("why", "Written question 1 (4 points)"),
        ("given_setup", "the set-up cell"),
        ("unknown", "unknown"),
    ],
)
def test_a_cell_is_called_by_what_it_is_for(name: str, called: str) -> None:
    assert tinylab.outline().called(name) == called


@pytest.mark.parametrize(("heading", "anchor"), [("Exercise 1 (3 points)", "Exercise-1-(3-points)"), ("1 · Means", "")])
def test_a_heading_has_an_anchor_where_jupyterlab_finds_it(heading: str, anchor: str) -> None:
    assert _outline.anchor(heading) == anchor


def test_every_answer_of_every_lab_is_found_again_and_every_exercise_and_question_can_be_linked(root: Path) -> None:
    for folder in find_labs(root / "labs"):
        lab, outline = load_lab(folder), _outline.read_outline(folder.name)
        assert outline
        assert [e.name for e in outline.exercises] == [cell.name for cell in lab.of("exercise")]
        assert sum(c.points for e in outline.exercises for c in e.checks) + outline.written_points == lab.points
        headings = [part.title if isinstance(part, _outline.Exercise) else part.place for part in outline.parts]
        assert all(_outline.anchor(heading) for heading in headings)
        assert len(set(headings)) == len(headings)
        assert [question.place for question in outline.written] == [question.title for question in outline.written]
        for name, source in reference_sources(lab).items():
            exercise = outline.find_exercise(source) or outline.find_exercise(source, name)
            assert exercise
            assert exercise.name == name


def test_no_lab_gives_a_name_of_pythons_own_another_meaning(root: Path) -> None:
    import builtins

    for folder in find_labs(root / "labs"):
        outline = _outline.read_outline(folder.name)
        assert outline
        assert [name for name in outline.makers if hasattr(builtins, name)] == []


def test_a_lab_that_the_package_does_not_hold_has_no_outline() -> None:
    assert _outline.read_outline("lab99_nothing") is None
