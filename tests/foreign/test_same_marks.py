"""Notebooks in the manner of other courses get the marks that stock nbgrader gives, or a person is asked to look.

What stock nbgrader gives stands in `course/*/marks.csv`: measured by `tests.foreign.measure`, which runs nbgrader alone.
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from autograder.grading.assignments.load import load_assignment
from autograder.grading.batch import find_submissions, grade_class
from tests.benchmarks.stock import by_cell, same_mark
from tests.foreign.courses import known_work, release_of
from tests.foreign.topics import COURSE, Topic, notebook, read_marks, topics
from tests.stock import released

TOPICS = topics()
BROKEN = {"missing_module"}  # the solution in it fails
# Training networks takes minutes, and the others resemble notebooks that every run compares.
NIGHTLY = {
    *("keras_net", "answers_by_hash", "data_structures", "databases", "files_written"),
    *("simulation", "pandas_frames", "helper_modules", "essays", "old_schema"),
    *("functions", "linear_algebra", "sklearn_models", "text", "classes", "scipy_solvers", "plots", "numbers_and_dates"),
}
# topic → known submissions about which a person is asked, and why; about all others nobody is.
ASKED = {
    "partial_credit": {
        "numpy_numbers": "`primes_share` ends in the NumPy number",
        "partly": "`normalise_numpy` ends in the NumPy number",
        "whole_axis": "`normalise_numpy` ends in the NumPy number",
    },
    "generators": {"subtly_wrong": "`fibonacci_is_lazy` gives 1 of 1 points apart"},
    "pandas_frames": {"drops_a_row": "written to stderr"},
    "sklearn_models": {"by_other_means": "written to stderr"},
    "warnings_and_output": {"subtly_wrong": "written to stderr"},
}


@pytest.fixture(params=TOPICS, ids=lambda topic: topic.name)
def topic(request: pytest.FixtureRequest) -> Topic:
    return request.param


def test_known_submissions_get_stock_nbgraders_marks_or_ask_for_a_look(topic: Topic, tmp_path: Path) -> None:
    if topic.name in NIGHTLY and not os.environ.get("EVERY_STUDENT"):
        pytest.skip("`make nightly` compares this notebook")
    known_work(topic, tmp_path)
    made = load_assignment(tmp_path / "source" / topic.name / f"{topic.name}.ipynb")
    verdicts = grade_class(made.lab, find_submissions(tmp_path, topic.name, topic.name))
    stock = read_marks(topic)
    different = {
        (verdict.submission, cell): (mark, stock[verdict.submission, cell])
        for verdict in verdicts
        for cell, mark in by_cell(verdict).items()
        if verdict.status == "graded" and not same_mark(mark, stock[verdict.submission, cell])
    }
    assert different == {}, "(submission, cell): (engine's mark, stock's mark)"
    assert {verdict.submission for verdict in verdicts} == {student for student, _ in stock}
    # Asking a person about everything would be no grading: only a notebook that cannot run here is left to one.
    assert bool(made.broken) == (topic.name in BROKEN)
    asked = {verdict.submission: verdict.message for verdict in verdicts if verdict.status != "graded"}
    if topic.name in BROKEN:
        assert set(asked) == {verdict.submission for verdict in verdicts}
        return
    due = ASKED.get(topic.name, {})
    assert {name: said if due.get(name, "?") not in said else due[name] for name, said in asked.items()} == due
    for verdict in verdicts:
        flagged = {cell for flag in verdict.flags if flag.kind == "unsealed" for cell in flag.cells}
        assert {test.name for test in verdict.tests if not test.sealed and test.earned} <= set(made.unsealed) | flagged


def test_the_releases_that_are_handed_in_are_those_that_nbgrader_makes(tmp_path: Path) -> None:
    (own,) = (topic for topic in TOPICS if topic.name == "own_markers")
    source = known_work(own, tmp_path)
    path = release_of(tmp_path, own.name) / f"{own.name}.ipynb"
    made = released(source, tmp_path)
    assert [cell.source for cell in made.cells] == [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert any("...  # here" in cell.source for cell in made.cells)


def test_every_topic_is_described_and_has_known_submissions() -> None:
    said = (COURSE.parent / "README.md").read_text(encoding="utf-8")
    for topic in TOPICS:
        assert f"`{topic.name}`" in said
        assert topic.known
        assert {student for student, _ in read_marks(topic)} == {"reference", "release", *(work.name for work in topic.known)}


def test_every_reference_but_the_broken_one_gets_all_points_from_stock_nbgrader() -> None:
    for topic in TOPICS:
        points = {
            cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
            for cell in notebook(topic).cells
            if "points" in cell.metadata.get("nbgrader", {})
        }
        marks = read_marks(topic)
        lost = [name for name in points if marks["reference", name] not in (points[name], None)]
        assert bool(lost) == (topic.name in BROKEN), topic.name
