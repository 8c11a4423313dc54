"""Variations of a solution do what they say, and leave what they do not change as it was."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.grading.assignments.variants import variants

STACK = """
class Stack:
    def __init__(self):
        self.items = []
    def push(self, x):
        self.items.append(x)
        return x
"""
EXERCISES = {
    "double": "def double(x):\n    '''Twice.'''\n    return [2 * v for v in x]",
    "Stack": STACK,
    "limit": "LIMIT = 3\nNAME = 'a'",
}
BLANK = dict.fromkeys(EXERCISES, "raise NotImplementedError()")
VARIANTS = dict(variants(EXERCISES, BLANK))


def made(sources: Mapping[str, str]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for source in sources.values():
        exec(source, names)
    return names


def test_some_answer_nothing_or_a_part() -> None:
    assert VARIANTS["nothing is answered"] == BLANK
    half = VARIANTS["every second exercise is answered"]
    assert [half[name] == EXERCISES[name] for name in EXERCISES] == [True, False, True]


@pytest.mark.parametrize(
    ("what", "result", "argument"),
    [
        ("returns nothing", None, [1, 2]),
        ("returns its first argument", [1, 2], [1, 2]),
        ("changes its arguments", [2, 4], [1, 2, 7]),
    ],
)
def test_functions_answer_otherwise_or_touch_what_they_are_given(what: str, result: Any, argument: list[int]) -> None:
    given = [1, 2]
    assert made(VARIANTS[what])["double"](given) == result
    assert given == argument


@pytest.mark.parametrize("given", [{1}, {"a": 1}, np.zeros(3)])
def test_arguments_of_every_kind_are_changed(given: Any) -> None:
    before = repr(given)
    made(VARIANTS["changes its arguments"])["double"](given)
    assert repr(given) != before


def test_methods_are_changed_as_functions_are() -> None:
    stack = made(VARIANTS["returns nothing"])["Stack"]()
    assert stack.push(1) is None
    assert stack.items == [1]


def test_some_do_more_than_they_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with redirect_stdout(io.StringIO()) as printed, pytest.warns(UserWarning, match="a warning more"):
        assert made(VARIANTS["has additional side effects"])["double"]([1]) == [2]
    assert printed.getvalue() == "a line more\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a_file_more.txt"]


def test_values_and_operators_are_others() -> None:
    names = made(VARIANTS["numbers, texts and operators are changed"])
    assert (names["LIMIT"], names["NAME"]) == (4, "ax")
    assert names["double"]([1]) != [2]


def test_an_exercise_that_does_not_parse_stays_as_it_is() -> None:
    found = dict(variants({"odd": "def ("}, {"odd": ""}))
    assert found["nothing is answered"] == {"odd": ""}
