"""Mistakes in visible checks are values; whatever computes one is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.giveaways import formulas
from autograder.authoring.lint import lint
from autograder.labs.model import BEGIN_HIDDEN, END_HIDDEN, Cell
from autograder.labs.source import load_lab


def found(value: str, before: str = "", key: str = '"the sign is wrong"') -> list[str]:
    source = f"{before}\ncheck.close(mean(x), 2.5, mistakes={{{key}: {value}}})"
    return [text for _, text in formulas(Cell("tests", source, "mean", 1), {"EPOCHS", "STEPS"})]


@pytest.mark.parametrize(
    "value",
    [
        "-2.5",
        "'foreign'",
        "[[0, -1.5], (True, None)]",
        "{'mean': 1.5}",
        "np.nan",
        "[-np.inf, 3]",
        "np.array([1, 2])",
        "path_of_w[4]",
        "record.history['loss'][-1]",
        "430 * EPOCHS",
        "10 * (EPOCHS + STEPS)",
    ],
)
def test_a_value_is_no_formula(value: str) -> None:
    assert found(value) == []


@pytest.mark.parametrize(
    "value",
    [
        "np.exp(z) / np.exp(z).sum(axis=0)",
        "47 / 15",
        "5 / 7**0.5",
        "[m / 255, v / 255]",
        "lambda: 2 * error(w)",
        "expected.T",
        "pairs[:, [0, 2, 1, 3]]",
        "[[1, 0]] * 3",
        "[w for w in weights]",
        "np.array([1, 2]) / 2",
        "{'mean': x.sum()}",
        "steps(EPOCHS) * EPOCHS",
        "not right",
    ],
)
def test_what_computes_is_a_formula(value: str) -> None:
    assert [text.replace(" ", "") for text in found(value)] == [value.replace(" ", "")]


@pytest.mark.parametrize(
    "before",
    [
        "wrong = x.sum()",
        "a, wrong = 1, x.sum()",
        "a, wrong = halves(x)",
        "total = x.sum()\nwrong = [total, 0]",
        "wrong = 2.5\nwrong /= 2",
        "if large:\n    wrong = x.sum()\nelse:\n    wrong = 1",
        "for name, wrong in (('sum', x.sum()), ('one', 1)):\n    pass",
        "print(wrong := x.sum())",
        "wrong = wrong",
    ],
)
def test_a_name_that_the_test_computes_is_a_formula(before: str) -> None:
    assert found("wrong", before) == ["wrong"]


@pytest.mark.parametrize("before", ["", "wrong = [1, 2]", "a, wrong = 1, np.array([1, 2])", "rows = [1, 2]\nwrong = rows[0]"])
def test_a_name_that_stands_for_a_value_is_none(before: str) -> None:
    assert found("wrong", before) == []


def test_a_message_may_insert_names_and_may_not_compute() -> None:
    assert found("1", key='f"these are the weights of {last}: {names[0]}"') == []
    assert found("1", key='f"divide by {z.sum()}"') != []
    assert found("1", key='"divide by " + str(n)') != []


def test_mistakes_that_are_no_dictionary_are_found_and_a_name_of_one_is_followed() -> None:
    call = "check.equal(f(x), 1, mistakes={})"
    follow = "wrong = {'halved': 0.5, 'squared': x**2}\n" + call.format("wrong")
    assert [text for _, text in formulas(Cell("tests", follow, "f", 1))] == ["x ** 2"]
    assert [text for _, text in formulas(Cell("tests", call.format("dict(halved=0.5)"), "f", 1))] == ["dict(halved=0.5)"]


def test_hidden_tests_may_hold_formulas_and_visible_ones_inside_a_block_may_not() -> None:
    check = "check.close(f(x), 1, mistakes={'squared': x**2})"
    hidden = f"{BEGIN_HIDDEN}\n{check}\n{END_HIDDEN}"
    assert list(formulas(Cell("tests", hidden, "f", 1))) == []
    inside = f"for x in (1, 2):\n    {check}\n{hidden}"
    assert list(formulas(Cell("tests", inside, "f", 1))) == [(2, "x ** 2")]


def test_the_lint_of_a_lab_names_the_test_and_the_formula(toy_folder: Path) -> None:
    source = (toy_folder / "lab.py").read_text()
    first = source.index("check.close(", source.index('# %% tests="mean"'))
    planted = source[:first] + 'check.close(1, 1, mistakes={"the sum": np.sum([1, 2])})\n' + source[first:]
    (toy_folder / "lab.py").write_text(planted)
    assert any("test mean, line" in said and "`np.sum([1, 2])`" in said for said in lint(load_lab(toy_folder)))
    (toy_folder / "lab.py").write_text(source)
    assert not any("formula" in said for said in lint(load_lab(toy_folder)))
