"""The table of `python -m tests.gpu`, which labs have an accuracy, and what the command says it lacks."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from autograder.labs.model import Lab
from autograder.labs.source import find_labs, load_lab
from tests.gpu import __main__ as command
from tests.gpu import percent
from tests.gpu.measuring import ACCURACY, Measured, class_of
from tests.gpu.table import Row, differences, table

RIGHT = Measured({"a": 2, "b": 1}, 3.4, 87.123)
LESS = Measured({"a": 2, "b": 0}, 1.2, 86.9, ("b: AssertionError no",))


def cells(row: Row) -> list[str]:
    return [cell.strip() for cell in table([row]).splitlines()[2].strip("|").split("|")]


def test_a_row_shows_both_devices() -> None:
    row = Row("lab", 3, [RIGHT], [LESS], (3.4, 1.2), ({"x": "", "y": ""}, {"x": "", "y": "a gives 0, expected 2"}))
    assert cells(row) == ["lab", "3 of 3", "2 of 3", "87.12", "86.90", "3", "1", "2 of 2", "1 of 2"]
    assert differences(row) == [
        "lab: b gives 1 on the CPU, 0 on the GPU",
        "lab, reference on the GPU: b: AssertionError no",
        "lab, on the GPU: y: a gives 0, expected 2",
    ]


def test_without_a_gpu_its_columns_are_empty_and_nothing_differs() -> None:
    row = Row("lab", 3, [RIGHT], (), (3.4, None), ({"x": ""}, {}))
    assert cells(row) == ["lab", "3 of 3", "", "87.12", "", "3", "", "1 of 1", ""]
    assert differences(row) == []


def test_a_class_is_compared_submission_by_submission() -> None:
    row = Row("class", 3, [RIGHT, LESS], [RIGHT, RIGHT], (9, 5))
    assert cells(row)[1:4] == ["5 of 6", "6 of 6", ""]
    assert differences(row) == ["class, submission 2: b gives 0 on the CPU, 1 on the GPU"]


def test_labs_are_read_without_jupytext_as_with_it(root: Path) -> None:
    for folder in find_labs(root / "labs"):
        assert load_lab(folder, read=percent.read) == load_lab(folder)


def test_every_accuracy_is_a_figure_of_its_lab(root: Path) -> None:
    for lab, figure in ACCURACY.items():
        assert figure in {one.name for one in load_lab(root / "labs" / lab).settings.figures}


def test_a_class_begins_with_the_reference_and_its_later_students_know_less(toy: Lab) -> None:
    works = class_of(toy, 6)
    changed = [sum(one.source != other.source for one, other in zip(toy.cells, work.cells, strict=True)) for work in works]
    assert changed[0] == 0
    assert changed == sorted(changed)
    assert changed[-1] > 0


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    here = {"nbformat": None, "sklearn": None}
    monkeypatch.setattr(command, "find_spec", lambda name: here.get(name, ModuleSpec(name, None)))
    assert command.lacking() == (["sklearn"], ["nbformat"])
    assert command.main([]) == 2
    assert capsys.readouterr().err == "not installed, and needed: sklearn\n"


def test_a_lab_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--lab", "lab99"]) == 2
    assert "there is no lab lab99" in capsys.readouterr().err
