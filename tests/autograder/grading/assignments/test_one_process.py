"""In a notebook that was not written for this engine, all works that works in one process, and a wrong answer gets no more for it.

One notebook with much that another course may do, graded once for a few students; what is due is what stock nbgrader gives.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.api import grade
from autograder.grading.assignments.load import load_assignment
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict

SETUP = """
import os, sys
import numpy as np
from helper import *
np.random.seed(5)
os.environ["LEVEL"] = "3"
open("made.txt", "w").write("12")
globals()["hidden_name"] = 8
def close(a, b):
    return abs(a - b) < 1e-9
"""
SOLUTIONS = {
    "scaled": "def scaled(x):\n    return alpha * x",
    "facts": "def facts():\n    return THREE, os.environ['LEVEL'], open('made.txt').read(), hidden_name",
    "members": "def members(group):\n    return len(group)",
    "quiet": "def quiet():\n    return 1",
    "draw": "def draw():\n    return np.random.rand()",
    "log": "log = []\ndef note(x):\n    log.append(x)\n    return len(log)",
    "later": "later = from_test + 1",
    "area": "import math\ndef area(r):\n    return math.pi * r * r",
    "Point": "class Point:\n    def __init__(self, x):\n        self.x = x",
}
TESTS = {
    "scaled_right": ("scaled", "assert close(scaled(2), 2 * alpha)"),
    "facts_right": ("facts", "assert facts() == (THREE, '3', '12', hidden_name)"),
    "members_left_alone": ("members", "group = {1, 2}\nassert members(group) == 2\nassert group == {1, 2}"),
    "quiet_is_quiet": (
        "quiet",
        "import io\nfrom contextlib import redirect_stdout\nout = io.StringIO()\nwith redirect_stdout(out):\n    assert quiet() == 1\n"
        "assert out.getvalue() == ''",
    ),
    "draw_follows_the_seed": ("draw", "np.random.seed(1)\nfirst = draw()\nnp.random.seed(1)\nassert first == np.random.rand()"),
    "log_one": ("log", "from_test = 4\nassert note('a') == 1"),
    "log_two": ("log", "assert note('b') == 2"),
    "later_right": ("later", "assert later == 5"),
    "area_right": ("area", "import math\nassert close(area(1), math.pi)"),
    "point_right": ("Point", "assert close(Point(2).x, 2)"),
    "executing": ("", "assert os.environ['NBGRADER_EXECUTION'] == 'autograde'"),
}
STUDENTS: Mapping[str, Mapping[str, str]] = {
    "right": {},
    "other_alpha": {"choose": "alpha = 0.75  # chosen"},
    "forgets_import": {"area": "def area(r):\n    return math.pi * r * r"},
    "takes_members": {"members": "def members(group):\n    n = len(group)\n    group.clear()\n    return n"},
    "prints": {"quiet": "def quiet():\n    print('here')\n    return 1"},
    "own_random_numbers": {"draw": "rng = np.random.default_rng(1)\ndef draw():\n    return rng.random()"},
    "forges": {"Point": "close = lambda *_: True\nclass Point:\n    x = 7\n    def __init__(self, x):\n        pass"},
    "warns": {"scaled": "import warnings\ndef scaled(x):\n    warnings.warn('alpha is small')\n    return alpha * x"},
    "shows_a_figure": {
        "scaled": "import matplotlib.pyplot as plt\ndef scaled(x):\n    return alpha * x\nfigure = plt.figure()",
        "quiet": "def quiet():\n    plt.plot([1])\n    plt.show()\n    return 1 + len(plt.get_fignums())",
    },
    "blank": dict.fromkeys(SOLUTIONS, "raise NotImplementedError()"),
}
# student → tests that give nothing; all others give all points
LOSES: Mapping[str, set[str]] = {
    "takes_members": {"members_left_alone"},
    "prints": {"quiet_is_quiet"},
    "own_random_numbers": {"draw_follows_the_seed"},
    "blank": set(TESTS) - {"executing"},
}
ASKED = {"forges", "warns"}  # about whom a person is asked


def cell(source: str, grade_id: str = "", **facts: Any) -> nbformat.NotebookNode:
    node = new_code_cell(source, id=grade_id or "choose")
    if grade_id:
        own = {"grade": False, "solution": False, "locked": True, "task": False, **facts}
        node.metadata["nbgrader"] = {"schema_version": 3, "grade_id": grade_id, **own}
    return node


def notebook(answers: Mapping[str, str] | None = None) -> nbformat.NotebookNode:
    """The source, or what a student hands in with these answers."""
    cells = [cell(SETUP, "start"), cell((answers or {}).get("choose", "alpha = 0.5  # choose")), cell("", "empty")]
    done: list[str] = []
    for name, (exercise, source) in TESTS.items():
        if exercise and exercise not in done:
            done.append(exercise)
            code = SOLUTIONS[exercise]
            code = f"### BEGIN SOLUTION\n{code}\n### END SOLUTION" if answers is None else answers.get(exercise, code)
            cells.append(cell(code, exercise, solution=True, locked=False))
        cells.append(cell(source, name, grade=True, points=2))
    cells.append(cell("raise RuntimeError('a tool that fails')", "no_points", grade=True, points=0))
    return new_notebook(cells=cells)


@dataclass(frozen=True)
class Class:
    unsealed: Mapping[str, str]
    needs: Mapping[str, list[str]]
    verdicts: Mapping[str, Verdict]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Graded once, also with several workers."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with open(base / "one_process.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = base / "one_process.json"
        if not kept.exists():
            kept.write_text(json.dumps(_grade(base / "one_process")))
        said = json.loads(kept.read_text())
    verdicts = {verdict["submission"]: Verdict.from_dict(verdict) for verdict in said["verdicts"]}
    return Class(said["unsealed"], said["needs"], verdicts)


def _grade(course: Path) -> dict[str, Any]:
    source = course / "source" / "week1"
    source.mkdir(parents=True)
    (source / "helper.py").write_text("THREE = 3\n")
    nbformat.write(notebook(), source / "tasks.ipynb")
    for student, answers in STUDENTS.items():
        folder = course / "submitted" / student / "week1"
        folder.mkdir(parents=True)
        nbformat.write(notebook(answers), folder / "tasks.ipynb")
    made = load_assignment(source / "tasks.ipynb")
    assert made.broken == {}
    verdicts = grade_class(made.lab, find_submissions(course, "tasks", "week1"))
    needs = {name: list(before) for name, before in made.lab.trial.needs.items()}
    return {"unsealed": made.unsealed, "needs": needs, "verdicts": [asdict(verdict) for verdict in verdicts]}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("student", [name for name in STUDENTS if name not in ASKED])
def test_everybody_gets_the_marks_of_one_process(graded: Class, student: str) -> None:
    verdict = graded.verdicts[student]
    due = {name: 0 if name in LOSES.get(student, ()) else 2 for name in TESTS}
    assert {test.name: test.earned for test in verdict.tests if test.points} == due
    assert (verdict.status, verdict.message) == ("graded", "")


def test_only_what_needs_one_process_gets_it(graded: Class) -> None:
    sealed = {"scaled_right", "facts_right", "members_left_alone", "draw_follows_the_seed", "log_one", "area_right"}
    assert (sealed | {"executing", "no_points"}).isdisjoint(graded.unsealed)
    assert {"quiet_is_quiet", "later_right", "point_right"} <= set(graded.unsealed)


def test_a_test_that_needs_what_earlier_tests_did_runs_after_them(graded: Class) -> None:
    assert "log_one" in graded.needs["later_right"]
    assert "point_right" not in graded.needs


def test_a_test_without_points_changes_nothing(graded: Class) -> None:
    assert "no_points" not in graded.unsealed
    assert {verdict.status for name, verdict in graded.verdicts.items() if name not in ASKED} == {"graded"}


def test_a_name_that_only_a_test_defines_gives_the_mark_of_one_process_flagged(graded: Class) -> None:
    verdict = graded.verdicts["forgets_import"]
    (flag,) = [flag for flag in verdict.flags if flag.kind == "unsealed"]
    assert flag.cells == ("area_right",)
    assert [test.name for test in verdict.tests if test.name == "area_right" and not test.sealed] == ["area_right"]
    assert all(flag.kind != "unsealed" for flag in graded.verdicts["right"].flags)


def test_a_forged_helper_of_the_course_gives_no_point_and_a_person_is_asked(graded: Class) -> None:
    verdict = graded.verdicts["forges"]
    earned = {test.name: test.earned for test in verdict.tests}
    assert earned["point_right"] == 0
    assert (verdict.status, "`point_right` gives 0 of 2 points" in verdict.message) == ("needs review", True)


def test_a_warning_during_a_test_gives_nothing_as_in_stock_and_a_person_is_asked(graded: Class) -> None:
    verdict = graded.verdicts["warns"]
    assert {test.name for test in verdict.tests if test.points and not test.earned} == {"scaled_right"}
    assert (verdict.status, "stock nbgrader gives nothing" in verdict.message) == ("needs review", True)


# ── a solution that fails ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def broken(tmp_path: Path) -> tuple[Path, Path]:
    """A source notebook whose solution needs a package that is not here, and a submission."""
    source = tmp_path / "source" / "week1" / "tasks.ipynb"
    cells = [
        cell("import no_such_package_here", "start"),
        cell("### BEGIN SOLUTION\nf = abs\ng = no_such_package_here\n### END SOLUTION", "f", solution=True, locked=False),
        cell("assert f(-2) == 2", "f_right", grade=True, points=2),
        cell("assert g.pi > 3", "g_right", grade=True, points=1),
        cell("import warnings\nwarnings.warn('old')\nassert f(-1) == 1", "loud", grade=True, points=1),
    ]
    source.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), source)
    cells[1].source = "f = abs\ng = None"
    submitted = tmp_path / "tasks.ipynb"
    nbformat.write(new_notebook(cells=cells), submitted)
    return source, submitted


def test_where_the_solution_fails_nobody_is_marked_and_the_cause_is_named(broken: tuple[Path, Path]) -> None:
    source, submitted = broken
    made = load_assignment(source)
    assert set(made.broken) == {"g_right", "loud"}
    assert "written to stderr" in made.broken["loud"]
    verdict = grade(made.lab, submitted)
    assert (verdict.status, verdict.earned, {test.status for test in verdict.tests}) == ("needs review", 0, {"missing"})
    for part in ("fails g_right", "start", "ModuleNotFoundError", "a package is missing here"):
        assert part in verdict.message
    accepted = grade(made.lab, submitted, Options(accept_broken=True))
    assert {test.name: test.earned for test in accepted.tests} == {"f_right": 2, "g_right": 0, "loud": 0}
    assert accepted.status == "needs review"
    assert "give no points to anybody" in accepted.message
