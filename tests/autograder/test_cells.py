"""A cell ends with a number, an error of its own, or one that came from the other process."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from autograder.cells import make_shell, run_cell
from autograder.link import _exception


@pytest.fixture(scope="module")
def shell() -> InteractiveShell:
    return make_shell()


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
