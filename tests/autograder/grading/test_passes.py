"""Which steps each run of a submission takes, and that a test in the student's process finds the course's names as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder.api import grade
from autograder.execution.steps import Step
from autograder.grading.passes import alone, examined, together
from autograder.grading.submissions.submission import Submission
from autograder.labs.model import Cell, Lab, Settings
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import release_notebook

CELLS = (
    Cell("given", "import math", "start"),
    Cell("code", "alpha = 1"),
    Cell("exercise", "f = 1", "f"),
    Cell("tests", "near = f", "one", 1, "f"),
    Cell("exercise", "g = 2", "g"),
    Cell("tests", "assert near and g", "two", 1, "g"),
)


def lab(*unsealed: str, foreign: bool = True) -> Lab:
    settings = Settings("", 0, 0, unsealed=unsealed)
    return Lab("x", Path(), CELLS, settings, (), part_of="week1" if foreign else "")


def work(**changed: str) -> Submission:
    sources = {"": "alpha = 1", **changed}
    code = tuple((i, sources.get(cell.name, cell.source)) for i, cell in enumerate(CELLS))
    return Submission(code, {}, {}, (), False)


def sources(steps: list[Step]) -> list[str]:
    return [step.source for step in steps]


def test_nothing_of_a_test_that_runs_inside_is_in_the_run_of_the_others() -> None:
    steps = examined(lab("two"), work())
    assert [(step.kind, step.source) for step in steps[3:]] == [("test", "near = f"), ("cell", "g = 2"), ("cell", "")]


def test_a_test_runs_alone_with_what_it_borrows_of_earlier_ones() -> None:
    steps = alone(lab("two"), work(), "two")
    assert sources(steps) == ["", "import math", "alpha = 1", "f = 1", "g = 2", "near = f\nassert near and g"]
    assert [step.course for step in steps] == ["remember", "remember", "remember", "", "", "restore"]
    assert {"f", "g"} <= set(steps[-1].names)


def test_a_test_that_needs_earlier_ones_borrows_nothing_of_what_ran_in_its_process() -> None:
    steps = alone(lab("two"), work(), "two", ["one"])
    assert sources(steps)[-3:] == ["near = f", "g = 2", "assert near and g"]
    assert [step.course for step in steps][-3:] == ["restore", "", ""]


def test_a_plain_cell_that_the_student_changed_is_not_taken_for_the_courses() -> None:
    steps = alone(lab("two"), work(**{"": "alpha = 9"}), "two")
    assert (steps[2].source, steps[2].course) == ("alpha = 9", "")
    assert "alpha" in steps[-1].names


def test_in_the_courses_own_labs_only_what_a_test_needs_runs_with_it() -> None:
    assert sources(alone(lab("two", foreign=False), work(), "two")) == ["", "f = 1", "g = 2", "near = f\nassert near and g"]


def test_the_whole_notebook_is_what_was_handed_in_and_the_labs_tests() -> None:
    assert sources(together(lab(), work(f="f = 7"))) == [
        "import math",
        "alpha = 1",
        "f = 7",
        "near = f",
        "g = 2",
        "assert near and g",
    ]


def test_a_magic_gets_the_line_ends_of_the_file_where_all_runs_as_in_stock() -> None:
    handed_in = replace(work(f="%cd data\nf = 7"), windows=frozenset({2}))
    assert sources(together(lab(), handed_in))[2] == "%cd data\r\nf = 7"
    assert sources(examined(lab(), handed_in))[2] == "%cd data\nf = 7"


LAB = """
# %% given="setup"
from coursekit import check

# %% exercise="point"
### BEGIN SOLUTION
class Point:
    x = 3
### END SOLUTION

# %% tests="point" points=2
check.equal(Point().x, 3, "the x of a point")
"""


@pytest.mark.parametrize(
    ("forged", "earned"),
    [
        ("", 0),
        ("check.equal = lambda *_, **__: None\n", 0),
        ("class check:\n    equal = staticmethod(lambda *_, **__: None)\n", 0),
        ("x = 3\n", 2),
    ],
    ids=["wrong", "patched", "replaced", "right"],
)
def test_an_own_unsealed_test_is_not_passed_by_giving_check_another_meaning(forged: str, earned: float, tmp_path: Path) -> None:
    folder = tmp_path / "lab00_point"
    folder.mkdir()
    (folder / "lab.py").write_text(LAB.lstrip())
    (folder / "lab.toml").write_text('title = "Point"\nreading_minutes = 1\nrunning_seconds = 1\nunsealed = ["point"]\n')
    own = load_lab(folder)
    notebook = release_notebook(own)
    (cell,) = (node for node in notebook.cells if node.metadata.get("nbgrader", {}).get("solution"))
    cell.source = f"{forged}class Point:\n    x = {3 if earned else 4}"
    write_notebook(nbformat.from_dict(notebook), tmp_path / "eva.ipynb")
    (test,) = grade(own, tmp_path / "eva.ipynb").tests
    assert (test.earned, test.sealed) == (earned, False)
