"""A check that binds a name which a given cell below still needs is found by the lint of the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.lint import lint
from autograder.labs.source import load_lab

GIVEN = """
# %% given="scale"
def scaled(x):
    return x / 255


"""
USE = "\n# %%\nsmall = scaled(np.arange(3.0))\n"


def problems(folder: Path, *, visible: str, below: str, hidden: str = "") -> list[str]:
    """The problems that the lint finds in the toy lab after a given cell, lines of its first test and a cell below were added."""
    path = folder / "lab.py"
    before, start, rest = path.read_text().partition('# %% tests="mean"')
    line, _, rest = rest.partition("\n")
    first, _, rest = rest.partition("# %%")
    first = first.replace("### BEGIN HIDDEN TESTS\n", f"### BEGIN HIDDEN TESTS\n{hidden}\n")
    path.write_text(f"{before}{GIVEN}{start}{line}\n{visible}\n{first.rstrip()}\n{below}\n# %%{rest}")
    return [problem for problem in lint(load_lab(folder)) if "bound anew" in problem]


def test_a_check_that_overwrites_what_a_cell_below_calls_is_named(toy_folder: Path) -> None:
    (problem,) = problems(toy_folder, visible="scaled = [1]", below=USE)
    assert "tests mean: `scaled` is bound anew" in problem


@pytest.mark.parametrize(
    ("visible", "below", "hidden"),
    [
        ("scaled(np.arange(3.0))", USE, ""),  # only called
        ("scaled = [1]", "", ""),  # nobody needs it
        ("scaled = [1]", "\n# %%\nscaled = abs\nsmall = scaled(-1)\n", ""),  # bound again first
        ("own = [scaled for scaled in (1, 2)]", USE, ""),  # a name of its own
        ("", USE, "scaled = [1]"),  # no student runs it
    ],
)
def test_other_uses_of_the_name_are_no_problem(toy_folder: Path, visible: str, below: str, hidden: str) -> None:
    assert problems(toy_folder, visible=visible, below=below, hidden=hidden) == []
