"""A student's code is read by the ids of the cells, and the slower way only where ids are lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.demo import solve, without_metadata
from autograder.errors import UnreadableError
from autograder.grading.submissions import answers
from autograder.grading.submissions.answers import read_answers
from autograder.labs.model import Lab

SOLVED = {"mean": "mean = lambda x: x.mean()", "halving": "w = 2.0 ** -STEPS"}


def own(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


@pytest.fixture
def hand_in(toy: Lab, tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write a notebook with cells added right before or after others: {"before mean": source, "after test_mean": …}."""

    def written(added: dict[str, str]) -> Path:
        notebook = json.loads(json.dumps(solve(toy, SOLVED)))
        for where, source in added.items():
            side, name = where.split()
            cells = notebook["cells"]
            place = next(i for i, cell in enumerate(cells) if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)
            cells.insert(place + (side == "after"), own(source))
        path = tmp_path / "lab.ipynb"
        path.write_text(json.dumps(notebook))
        return path

    return written


@pytest.fixture
def fast_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(lab: Lab, path: Path, *, look: bool) -> None:
        raise AssertionError("the slow way")

    monkeypatch.setattr(answers, "read_submission", refuse)


@pytest.mark.usefixtures("fast_only")
def test_added_cells_belong_to_the_exercise_below_them_or_else_to_the_one_above(toy: Lab, hand_in: Callable[..., Path]) -> None:
    path = hand_in(
        {"before mean": "helper = 1", "after mean": "more = 2", "after test_mean": "try_it = 3", "before halving": "w = 4"}
    )
    assert read_answers(toy, path) == {
        "mean": ("helper = 1", SOLVED["mean"], "more = 2", "try_it = 3"),
        "halving": ("w = 4", SOLVED["halving"]),
    }


@pytest.mark.usefixtures("fast_only")
def test_more_code_than_anybody_writes_is_cut(toy: Lab, hand_in: Callable[..., Path]) -> None:
    path = hand_in({"after mean": "x" * (2 * answers.MAX_CHARS)})
    assert sum(len(source) for sources in read_answers(toy, path).values() for source in sources) == answers.MAX_CHARS


def test_a_notebook_without_ids_is_repaired_first(toy: Lab, tmp_path: Path) -> None:
    path = tmp_path / "lab.ipynb"
    path.write_text(json.dumps(without_metadata(solve(toy, SOLVED))))
    assert read_answers(toy, path) == {name: (source,) for name, source in SOLVED.items()}


def test_a_large_file_is_read_apart(toy: Lab, hand_in: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_HERE", 10)
    assert read_answers(toy, hand_in({})) == {name: (source,) for name, source in SOLVED.items()}


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[" * 100_000, "[1, 2]", '{"cells": 3}', '{"cells": [{"source": 7}], "nbformat": "x"}']
)
def test_what_is_no_notebook_of_the_lab_is_refused(toy: Lab, tmp_path: Path, text: str) -> None:
    path = tmp_path / "lab.ipynb"
    path.write_text(text)
    with pytest.raises(UnreadableError):
        read_answers(toy, path)


def test_a_missing_file_and_another_lab_are_refused(toy: Lab, tmp_path: Path, hand_in: Callable[..., Path]) -> None:
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_answers(toy, tmp_path / "none.ipynb")
    path = hand_in({})
    notebook = json.loads(path.read_text())
    notebook["metadata"]["coursekit"] = {"lab": "lab77_other"}
    path.write_text(json.dumps(notebook))
    with pytest.raises(UnreadableError, match="lab77_other"):
        read_answers(toy, path)
