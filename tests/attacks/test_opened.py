"""Answers of a notebook of another course that its tests run or unpickle: never where the examiner keeps its tests."""

from __future__ import annotations

from collections.abc import Mapping

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder import Options, Verdict, sandbox
from autograder.grading.assignments.load import load_assignment
from autograder.grading.batch import SubmissionFile, grade_class

# Code that lets every test after it pass, wherever it is run.
TAKE_OVER = (
    "(lambda shell: [shell.events.register('pre_run_cell', lambda info: shell.user_ns.update(number=42)), 42][1])"
    "(__import__('IPython').get_ipython())"
)
SOLUTIONS = {
    "formula": "def formula():\n    return '6 * 7'",
    "packed": "import pickle\ndef packed(x):\n    return pickle.dumps(x)",
    "number": "number = 42",
}
WRONG = "number = 41"
ATTACKS: Mapping[str, Mapping[str, str]] = {
    "evaluated": {"formula": f"def formula():\n    return {TAKE_OVER!r}", "number": WRONG},
    "unpickled": {
        "packed": f"import pickle\nclass Bomb:\n    def __reduce__(self): return eval, ({TAKE_OVER!r},)\n"
        "def packed(x):\n    return pickle.dumps(Bomb())",
        "number": WRONG,
    },
}


def cell(source: str, name: str, points: float = 0.0) -> nbformat.NotebookNode:
    noted = {
        "grade_id": name,
        "schema_version": 3,
        "task": False,
        "grade": points > 0,
        "solution": points == 0,
        "locked": points > 0,
    }
    return new_code_cell(source, metadata={"nbgrader": {**noted, **({"points": points} if points else {})}})


def notebook(answers: Mapping[str, str] | None = None) -> nbformat.NotebookNode:
    """The source, or a submission with these answers beside right ones."""
    made = {name: f"### BEGIN SOLUTION\n{text}\n### END SOLUTION" for name, text in SOLUTIONS.items()}
    made = made if answers is None else {**SOLUTIONS, **answers}
    return new_notebook(
        cells=[
            *(cell(text, name) for name, text in made.items()),
            new_code_cell("import pickle\n\n\ndef unpacked(data):\n    return pickle.loads(data)"),
            cell("assert eval(formula()) == 42", "formula_right", 1),
            cell("assert unpacked(packed(42)) == 42", "packed_right", 1),
            cell("assert number == 42", "number_right", 1),
        ]
    )


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    folder = tmp_path_factory.mktemp("opened")
    source = folder / "source" / "opened.ipynb"
    source.parent.mkdir()
    nbformat.write(notebook(), source)
    options = Options(isolation=sandbox.strongest())
    lab, found = load_assignment(source, options).lab, []
    for name, answers in {"honest": {}, **ATTACKS}.items():
        nbformat.write(notebook(answers), folder / f"{name}.ipynb")
        found.append(SubmissionFile(name, folder / f"{name}.ipynb"))
    return {verdict.submission: verdict for verdict in grade_class(lab, found, options, jobs=2)}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("attack", ATTACKS)
def test_code_that_a_test_runs_reaches_no_other_test(attack: str, verdicts: Mapping[str, Verdict]) -> None:
    tests = {test.name: test for test in verdicts[attack].tests}
    assert (tests["number_right"].earned, tests["number_right"].sealed) == (0, True)


@pytest.mark.timeout(300)
def test_a_test_that_runs_what_it_is_given_is_shown_as_unsealed(verdicts: Mapping[str, Verdict]) -> None:
    honest = verdicts["honest"]
    assert (honest.earned, honest.unsealed) == (3, 2)
    assert [test.name for test in honest.tests if not test.sealed] == ["formula_right", "packed_right"]
