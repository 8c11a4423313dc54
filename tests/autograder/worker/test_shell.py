"""A cell ends with a number, an error of its own, or one that came from the other process."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.worker.rpc import _exception
from autograder.worker.shell import Errors, make_shell, run_cell


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    shell = make_shell()
    yield shell
    type(shell).clear_instance()


@pytest.mark.parametrize(
    ("value", "marks"),
    [
        (2, 2),
        (1.5, 1.5),
        (np.float64(2.0), 2),
        (np.int64(3), 3),
        (np.array(0.5), 0.5),
        (Fraction(1, 4), 0.25),
        (Decimal("0.75"), 0.75),
        (-1, -1),
        (True, None),
        (np.True_, None),
        ("2", None),
        (np.ones(1), None),
        (2j, None),
        (10**400, None),
    ],
    ids=repr,
)
def test_the_last_expression_counts_if_it_is_one_number(shell: InteractiveShell, value: Any, marks: float | None) -> None:
    shell.user_ns["value"] = value
    assert run_cell(shell, "value")["value"] == marks


def test_an_error_of_the_other_process_is_told_on_one_short_line(shell: InteractiveShell) -> None:
    said = {"name": "ValueError", "message": "z was\n" + "0.25 " * 500, "bases": ["ValueError"]}

    def fail() -> None:
        raise _exception(said)

    shell.user_ns["fail"] = fail
    told = run_cell(shell, "fail()")["error"]
    assert told["name"] == "ValueError"
    assert told["message"].startswith("z was 0.25 0.25")
    assert len(told["message"]) == 200
    full = run_cell(shell, "try:\n    fail()\nexcept ValueError as error:\n    assert len(str(error)) > 2000")
    assert full["error"] is None  # a test may look at all of it


def test_the_other_process_cannot_say_that_the_grader_met_its_limit() -> None:
    raised = _exception({"name": "CannotCross", "message": "look at me", "bases": ["Exception"]})
    assert type(raised).__name__ == "Exception"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("1", False),
        ("import sys\nprint('x', file=sys.stderr)", True),
        ("import io, contextlib, sys\nwith contextlib.redirect_stderr(io.StringIO()):\n    print('x', file=sys.stderr)", False),
        ("import os\nos.write(2, b'a native library')", False),
    ],
)
def test_what_a_cell_writes_to_stderr_is_noted(
    shell: InteractiveShell, source: str, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", Errors())
    assert run_cell(shell, source)["stderr"] is written


def test_what_is_displayed_is_no_part_of_what_is_printed(shell: InteractiveShell) -> None:
    source = "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    display(3)\nassert not out.getvalue()"
    assert run_cell(shell, source)["error"] is None


def test_figures_are_closed_when_they_are_shown_and_at_the_end_of_a_cell(shell: InteractiveShell) -> None:
    cells = ["%matplotlib inline\nimport matplotlib.pyplot as plt", "plt.plot([1])\nplt.show()\nplt.get_fignums() == []"]
    cells += ["assert _\nplt.plot([1])\nassert plt.get_fignums() == [1]", "assert plt.get_fignums() == []"]
    cells += ["%config InlineBackend.close_figures = False", "plt.plot([1])", "assert plt.get_fignums() == [1]"]
    cells += ["%config InlineBackend.close_figures = True"]
    assert [run_cell(shell, source)["error"] for source in cells] == [None] * len(cells)


def test_an_error_says_whether_it_came_from_a_function_of_another_cell_or_process(shell: InteractiveShell) -> None:
    run_cell(shell, "def first(values):\n    return values[0]")
    shell.user_ns["elsewhere"] = lambda: (_ for _ in ()).throw(
        _exception({"name": "KeyError", "message": "x", "bases": ["KeyError"]})
    )
    for source, of_student, came in (
        ("first([])", True, True),
        ("first([])", False, False),
        ("[][0]", True, False),
        ("def own():\n    return [][0]\nown()", True, False),
        ("elsewhere()", False, True),
    ):
        assert run_cell(shell, source, of_student=of_student)["error"]["elsewhere"] is came
