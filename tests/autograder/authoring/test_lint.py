"""A check that compares values says what to look at, whatever came."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.lint import lint
from autograder.labs.source import load_lab


def said(folder: Path, check: str) -> list[str]:
    """What is said about the toy lab where this stands in the visible part of its first test."""
    path = folder / "lab.py"
    text = path.read_text()
    start = text.index("check.close(mean(np.array([1.0")
    path.write_text(text[:start] + check + text[text.index("\n", start) :])
    return [problem for problem in lint(load_lab(folder)) if "needs a hint" in problem]


@pytest.mark.parametrize(
    "check",
    [
        "check.close(mean(np.ones(3)), 1.0)",
        'check.close(mean(np.ones(3)), 1.0, mistakes={"that is the sum": 3.0})',
        'check.equal(mean(np.ones(3)), 1.0, mistakes={"that is the sum": 3.0})',
        'if True:\n    check.equal(mean(np.ones(3)), 1.0, mistakes={"that is the sum": 3.0})',
    ],
)
def test_a_comparison_without_a_hint_is_named(toy_folder: Path, check: str) -> None:
    assert any("test mean, line" in problem for problem in said(toy_folder, check))


@pytest.mark.parametrize(
    "check",
    [
        'check.close(mean(np.ones(3)), 1.0, hint="all of them are 1")',
        'check.equal(mean(np.ones(3)), 1.0, "all of them are 1", mistakes={"that is the sum": 3.0})',
        'check.equal(mean(np.ones(3)), 1.0, hint="all of them are 1")',
        'check.true(mean(np.ones(3)) == 1.0, "all of them are 1")',
        "check.shape(mean(np.ones(3)), ())",
    ],
)
def test_one_with_a_hint_and_what_says_it_in_words_anyway_are_not(toy_folder: Path, check: str) -> None:
    assert said(toy_folder, check) == []
