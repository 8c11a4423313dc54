"""An error of a student's own code gets its line there and what usually causes it, in a check and outside of one."""

from __future__ import annotations

import linecache
from typing import Any

import keras
import numpy as np
import pytest

from coursekit import _check_cards, _errors, check

from . import tinylab
from .tinylab import CHECK_MEAN, CHECK_RATES

ANSWER = """
def mean(x):
    total = np.zeros(3)
    if total > 0:  # a whole array
        return 1
    return total + x
"""

COMPILED = """
network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
network.compile("adam", "mse", ["accuracy"])
network.fit(np.ones((3, 2)), np.ones(3), verbose=0)
"""


class Notebook:
    """Runs cells as IPython does: each in a file of its own, all with one set of names."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"np": np, "check": check}
        self._count = 0

    def run(self, source: str) -> None:
        self._count += 1
        file = f"<cell {self._count}>"
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(source, file, "exec"), self.names)

    def fail(self, source: str) -> Exception:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - any of them
            self.run(source)
        return caught.value


@pytest.fixture
def notebook() -> Notebook:
    made = Notebook()
    made.run(ANSWER)
    return made


def found(source: str) -> Any:
    return tinylab.outline().find_check(source)


def test_the_line_is_that_of_the_answer_not_of_the_check(notebook: Notebook) -> None:
    error = notebook.fail("x = 1\nmean(x)")
    assert _errors.lines_of_code(error, notebook.names) == ("line 4 of its cell, in `mean`: `if total > 0:  # a whole array`",)
    assert _errors.line_of_cell(error, notebook.names) == "`mean(x)`"


def test_the_line_is_found_below_code_of_libraries_and_through_an_explanation(notebook: Notebook) -> None:
    notebook.run("def apply(f):\n    return np.apply_along_axis(f, 0, np.ones(3))\n\ndef fails(v):\n    return v @ np.ones(7)")
    error = notebook.fail("apply(fails)")
    assert _errors.lines_of_code(error, notebook.names) == ("line 5 of its cell, in `fails`: `return v @ np.ones(7)`",)
    error = notebook.fail("with check.explained({'ValueError': 'a hint'}):\n    apply(fails)")
    assert isinstance(error, check.Mistake)
    assert "in `fails`" in _errors.lines_of_code(error, notebook.names)[0]


def test_where_another_exercise_was_called_both_lines_are_shown(notebook: Notebook) -> None:
    notebook.run("def inner(x):\n    return x @ np.ones(7)\n\ndef helper(x):\n    return inner(x)")
    notebook.run("def outer(x):\n    w = 1\n    return helper(x)")
    error = notebook.fail("outer(np.ones(3))")
    assert _errors.lines_of_code(error, notebook.names) == (
        "line 3 of its cell, in `outer`: `return helper(x)`",
        "line 2 of its cell, in `inner`: `return x @ np.ones(7)`",
    )


def test_a_name_that_nothing_defines_leads_to_one_like_it(notebook: Notebook) -> None:
    notebook.run("def shrink(weights):\n    return wieghts - 1\n\ndef lost():\n    return qqq")
    assert _errors.undefined_name(notebook.fail("shrink(2)"), notebook.names) == (
        "Nothing defines `wieghts`. Did you mean `weights`?"
    )
    assert _errors.undefined_name(notebook.fail("maen([1])"), notebook.names).endswith("Did you mean `mean`?")
    assert _errors.undefined_name(notebook.fail("lost()"), notebook.names).startswith("Nothing defines `qqq`. Is it spelt as")
    assert _errors.undefined_name(notebook.fail("def f():\n    n += 1\nf()"), notebook.names) == ""
    assert _errors.undefined_name(ValueError("x"), notebook.names) == ""


def test_an_error_of_the_cell_itself_has_no_line_in_the_answer(notebook: Notebook) -> None:
    error = notebook.fail("a, b = None")
    assert _errors.lines_of_code(error, notebook.names) == ()
    assert _errors.line_of_cell(error, notebook.names) == "`a, b = None`"
    assert _errors.lines_of_code(ValueError("never raised"), notebook.names) == ()


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("bool(np.ones(3) > 0)", "np.where"),
        ("bool(keras.ops.ones((3,)) > 0)", "np.where"),
        ("float(np.ones((3, 2)))", "one number"),
        ("float(keras.ops.ones((3, 2)))", "one number"),
        ("np.ones((3, 2)) @ np.ones(3)", "columns of A"),
        ("np.dot(np.ones((3, 2)), np.ones(3))", "columns of A"),
        ("keras.ops.matmul(keras.ops.ones((3, 2)), keras.ops.ones((3, 2)))", "columns of A"),
        ("np.ones((3, 2)) + np.ones(3)", ".shape"),
        ("keras.ops.ones((3, 2)) + keras.ops.ones((3, 3))", ".shape"),
        ("np.ones(3).sum(axis=1)", "fewer axes"),
        ("keras.ops.sum(keras.ops.ones((3,)), axis=1)", "fewer axes"),
        ("np.array([[1, 2], [3]])", "one length"),
        ("np.ones(3)[5]", "no such entry"),
        ("[1, 2][2]", "no such entry"),
        ("np.ones(3)[0, 1]", "no such entry"),
        (COMPILED, "in third place"),
        ("keras.ops.ones((3,))[0, 1]", "no such entry"),
        ("a, b = None", "return"),
        ("a, b = 1, 2, 3", "left of `=`"),
        ("x = None\nx + 1", "is None"),
        ("x = None\nx[0]", "is None"),
        ("(lambda x: x)()", "`def` line"),
        ("(lambda x: x)(1, y=2)", "`def` line"),
        ("n = 3\nn(4)", "`*`"),
        ("sum + 1", "with parentheses"),
        ("np.ones(3).append(1)", "do not grow"),
        ("def f():\n    n += 1\nf()", "its own"),
        ("x = [1.0]\nx * 0.5", "do not calculate"),
        ("[1.0] - 1", "do not calculate"),
        ("w = np.ones(2, int)\nw += 0.5", "whole numbers"),
        ("x = (1, 2)\nx[0] = 2", "cannot be changed"),
        ("np.broadcast_to(1.0, 3)[0] = 2", "copy()"),
    ],
)
def test_common_errors_as_python_numpy_and_keras_word_them_have_a_cause(code: str, word: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any of them
        exec(code, {"np": np, "keras": keras})
    assert word in _errors.usual_cause(caught.value), repr(caught.value)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("Boolean value of Tensor with more than one value is ambiguous", "np.where"),
        ("a Tensor with 6 elements cannot be converted to Scalar", "one number"),
        ("only one element tensors can be converted to Python scalars", "one number"),
        ("mat1 and mat2 shapes cannot be multiplied (3x2 and 3x2)", "columns of A"),
        ("The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1", ".shape"),
        ("Dimension out of range (expected to be in range of [-1, 0], but got 1)", "fewer axes"),
        ("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.", "convert_to_numpy"),
    ],
)
def test_common_errors_as_pytorch_words_them_have_a_cause(said: str, word: str) -> None:
    assert word in _errors.usual_cause(RuntimeError(said))


@pytest.mark.parametrize("error", [ValueError("my own words"), ZeroDivisionError("division by zero"), KeyError("rate")])
def test_a_cause_that_is_not_known_is_not_guessed(error: Exception) -> None:
    assert _errors.usual_cause(error) == ""


# ── on a card ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_check_that_stops_in_the_answer_gets_a_card_with_cause_and_line(notebook: Notebook) -> None:
    error = notebook.fail("mean(1)")
    card = _check_cards.error_card(error, notebook.names, found(CHECK_MEAN))
    assert card is not None
    lines = card.text().split("\n")
    assert lines[0] == "✗ Not yet: mean · 2 points"
    assert "np.where" in lines[lines.index("What usually causes this") + 1]
    assert lines[lines.index("What your code did") + 1].startswith("  it stopped with ValueError: The truth value")
    assert lines[lines.index("Where it stopped") + 1].startswith("  line 4 of its cell, in `mean`")
    assert lines[-1] == "  Exercise 1 (3 points)"


def test_a_check_that_stops_at_what_the_answer_gave_says_where(notebook: Notebook) -> None:
    error = notebook.fail("rate = 'fast'\nrate < 1")
    text = _check_cards.error_card(error, notebook.names, found(CHECK_RATES)).text()  # type: ignore[union-attr]
    assert "could not go on with what your code gave it\n  `rate < 1`" in text
    assert "What usually causes this" not in text


def test_another_cell_gets_a_card_only_if_there_is_something_to_add(notebook: Notebook) -> None:
    assert _check_cards.error_card(notebook.fail("1 / 0"), notebook.names) is None
    card = _check_cards.error_card(notebook.fail("mean(1)"), notebook.names)
    assert card is not None
    assert "in `mean`" in card.text()


def test_a_failed_check_with_a_listed_mistake_still_shows_what_came_and_what_was_expected() -> None:
    for failing, shown in (
        (lambda: check.equal([0, 1], [1, 1], mistakes={"swapped": [0, 1]}), "got [0, 1], expected [1, 1]"),
        (lambda: check.close(2.0, 1.0, mistakes={"twice": 2.0}), "got 2, expected 1"),
        (lambda: check.close([1.0, 2.0], 1.0, mistakes={"a mean": [1.0, 2.0]}), "the shape is (2,), expected ()"),
    ):
        with pytest.raises(check.Mistake) as caught:
            failing()
        assert "\n" not in str(caught.value)
        assert shown in _check_cards.mistake_card(str(caught.value), "", detail=caught.value.detail).text()


def test_a_failed_check_of_code_that_stopped_shows_the_students_line(notebook: Notebook) -> None:
    error = notebook.fail("with check.explained({'truth value': 'use np.where'}):\n    mean(1)")
    stopped = _errors.lines_of_code(error, notebook.names)
    lines = _check_cards.mistake_card(str(error), "line 1: with …", found(CHECK_MEAN), stopped=stopped).text().split("\n")
    assert lines[lines.index("What your code did") + 1].startswith("  your code stopped with ValueError")
    assert "in `mean`" in lines[lines.index("Where it stopped") + 1]
    assert not any("with …" in line for line in lines)


def test_a_failed_check_whose_own_line_stopped_says_what_happened() -> None:
    said = "one row for each sample\nthe check could not go on with your result: IndexError: too short"
    lines = _check_cards.mistake_card(said, "").text().split("\n")
    assert lines[lines.index("What happened") + 1] == "  the check could not go on with your result: IndexError: too short"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("np.linalg.nrom([3, 4])", "`numpy.linalg` has no `nrom`. Did you mean `norm`?"),
        ("keras.layers.Dens(3)", "has no `Dens`. Did you mean `Dense`?"),
        ("np.qqqqqq", ""),
        ("[].appendix(1)", ""),
    ],
)
def test_a_misspelt_function_of_a_module_is_named_with_one_like_it(code: str, said: str) -> None:
    with pytest.raises(AttributeError) as caught:
        exec(code, {"np": np, "keras": keras})
    assert said in _errors.undefined_name(caught.value, {})
    assert bool(said) is bool(_errors.undefined_name(caught.value, {}))
