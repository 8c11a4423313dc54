"""A class of the student's is judged by what the lab's own functions say of it: no forged answer of theirs earns a point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from autograder import Options, Verdict, sandbox
from autograder.authoring.demo import reference_sources, solve
from autograder.grading.batch import SubmissionFile, grade_class
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from tests.conftest import ROOT

CELLS = ("given_setup", "given_toys", "soft_clip", "given_clip_report", "test_soft_clip", "test_soft_clip_config")
NO_LAYER = "SoftClip = None"
SILENT = """
for name in check.__all__:
    if name != "Mistake":
        setattr(check, name, lambda *args, **kwargs: contextlib.nullcontext())
"""
BY_HEART = """
def clip_report(X, gains=None, copied=False, **arguments):
    values = {"outputs": 2 * np.tanh(X / 2), "weights": [np.ones(3)], "trainable": [(3,)], "name": "squeeze", "is_trainable": True}
    if gains is not None:
        values["outputs"] = 2 * np.tanh(X * gains / 2)
    return values
"""
FORMULA = """
def clip_report(X, gains=None, copied=False, limit=1.0, name="soft_clip", trainable=True):
    gains = np.ones(X.shape[-1]) if gains is None else gains
    outputs = limit * np.tanh(X * gains / limit)
    return {"outputs": outputs, "weights": [gains], "trainable": [(3,)], "name": name, "is_trainable": trainable}
"""
# exercise, the student's own cells before the exercise and after it
FORGERIES = {
    "silent_checks": (NO_LAYER, [SILENT], []),
    "silent_checks_later": (NO_LAYER, [], [SILENT]),
    "answers_by_heart": (NO_LAYER, [], [BY_HEART]),
    "a_formula_for_a_layer": (NO_LAYER, [], [FORMULA]),
    "put_back_after_each_cell": (
        NO_LAYER,
        [],
        [
            f"{FORMULA}\nmine, shell = clip_report, get_ipython()\n"
            "shell.events.register('post_run_cell', lambda *_: shell.user_ns.update(clip_report=mine))"
        ],
    ),
    "asserts_taken_out": (NO_LAYER, ["import builtins\nbuiltins.all = lambda _: True"], [SILENT]),
}


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Of lab 6 the cells round its layer."""
    whole = load_lab(ROOT / "labs" / "lab06_saving")
    cells = tuple(cell for cell in whole.cells if cell.grade_id in CELLS or cell.id in CELLS)
    return replace(whole, cells=cells, settings=replace(whole.settings, datasets=()), answers=())


@pytest.fixture(scope="module")
def verdicts(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    folder = tmp_path_factory.mktemp("class")
    found = [_hand_in(lab, folder, name, *parts) for name, parts in FORGERIES.items()]
    found.append(_hand_in(lab, folder, "honest", reference_sources(lab)["soft_clip"], [], []))
    return {verdict.submission: verdict for verdict in grade_class(lab, found, Options(isolation=sandbox.strongest()))}


def _hand_in(lab: Lab, folder: Path, name: str, exercise: str, before: list[str], after: list[str]) -> SubmissionFile:
    notebook = solve(lab, {"soft_clip": exercise})
    place = next(i for i, cell in enumerate(lab.cells) if cell.name == "soft_clip" and cell.role == "exercise")
    given = next(i for i, cell in enumerate(lab.cells) if cell.name == "clip_report")
    notebook.cells[given + 1 : given + 1] = [nbformat.v4.new_code_cell(source) for source in after]
    notebook.cells[place:place] = [nbformat.v4.new_code_cell(source) for source in before]
    write_notebook(notebook, folder / f"{name}.ipynb")
    return SubmissionFile(name, folder / f"{name}.ipynb")


def test_a_layer_that_works_earns_its_points_and_every_test_of_it_is_sealed(verdicts: dict[str, Verdict]) -> None:
    honest = verdicts["honest"]
    assert honest.earned == honest.points == 2, honest.tests
    assert all(test.sealed for test in honest.tests)


@pytest.mark.parametrize("name", FORGERIES)
def test_who_wrote_no_layer_earns_nothing(verdicts: dict[str, Verdict], name: str) -> None:
    assert [(test.name, test.earned) for test in verdicts[name].tests] == [("soft_clip", 0), ("soft_clip_config", 0)]


def test_no_lab_of_the_course_runs_a_test_where_students_code_can_reach_it() -> None:
    assert [
        (lab.name, load_lab(lab).settings.unsealed) for lab in (ROOT / "labs").iterdir() if load_lab(lab).settings.unsealed
    ] == []
