"""What of a notebook need not be run: the lab's own figures and demonstrations on which nothing graded rests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.api import grade
from autograder.grading.plan import plan, skippable
from autograder.labs.model import Cell, Lab, Settings
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import source_notebook

CELLS = """
# %% given="setup"
import time

# %%
table = [1, 2, 3]

# %%
slow = [time.sleep(60) for _ in table]  # a demonstration

# %% exercise="total"
### BEGIN SOLUTION
total = 6
### END SOLUTION

# %%
print(total, slow)

# %% tests="total" points=2
assert total == sum(table)
### BEGIN HIDDEN TESTS
assert total == 6
### END HIDDEN TESTS

# %%
shown = total * 2
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    folder = tmp_path / "lab00_show"
    folder.mkdir()
    (folder / "lab.py").write_text(CELLS.lstrip())
    (folder / "lab.toml").write_text('title = "Show"\nreading_minutes = 1\nrunning_seconds = 1\n[limits]\ncell_seconds = 20\n')
    return load_lab(folder)


def left_out(lab: Lab, *, exercise: str = "total = 6", shown: str = "shown = total * 2", extra: str = "") -> list[str]:
    """The first words of the cells left out of a submission with this exercise, last cell and own cell."""
    sources = {"total": exercise, lab.cells[-1].id: shown}
    code = [(i, sources.get(cell.id, cell.source)) for i, cell in enumerate(lab.cells)]
    code += [(-1, extra)] if extra else []
    return sorted(code[place][1].split()[0] for place in skippable(lab, code))


def test_a_demonstration_on_which_no_test_rests_is_left_out(lab: Lab) -> None:
    assert left_out(lab) == ["print(total,", "shown", "slow"]


def test_what_a_student_reads_is_run(lab: Lab) -> None:
    assert left_out(lab, exercise="total = 6 if slow else 0") == ["print(total,", "shown"]
    assert left_out(lab, extra="mine = shown + 1") == ["print(total,", "slow"]


def test_what_a_student_changed_is_run_with_what_it_needs(lab: Lab) -> None:
    assert left_out(lab, shown="shown = slow[0]") == ["print(total,"]


@pytest.mark.parametrize("hidden", ["%run other.py", "total = globals()['slow']", "total = eval('6')", "!ls"])
def test_nothing_is_left_out_where_a_student_hides_the_names_that_are_read(lab: Lab, hidden: str) -> None:
    assert left_out(lab, exercise=hidden) == []


def test_nothing_is_left_out_of_a_lab_that_writes_files(lab: Lab) -> None:
    assert left_out(replace(lab, settings=replace(lab.settings, files=True))) == []


def test_marks_do_not_wait_for_a_demonstration(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "eva.ipynb"
    write_notebook(source_notebook(lab), path)
    verdict = grade(lab, path)
    assert (verdict.earned, verdict.seconds < 15) == (2, True)


def test_a_test_may_use_what_an_earlier_test_imports_or_defines() -> None:
    cells = (
        Cell("exercise", "f = abs", "f"),
        Cell("tests", "import math\nroot = math.sqrt\ndef near(a, b):\n    return abs(root(a) - b) < 1", "one", 1, "f"),
        Cell("tests", "near(f(-4), 2)", "two", 1, "f"),
        Cell("tests", "near = 1\nnear", "three", 1, "f"),
    )
    ways = plan(Lab("x", Path(), cells, Settings("", 0, 0), ()))
    assert [line.split("(")[0] for line in ways.borrowed[2].splitlines()] == [
        "import math",
        "root = math.sqrt",
        "def near",
        "    return abs",
    ]
    assert ways.names[2] == ("f",)
    assert ways.borrowed[3] == ""


DESCRIBED = """
# %% given="setup"
import math

# %% exercise="shape"
### BEGIN SOLUTION
class Shape:
    side = 2
### END SOLUTION

# %% given="helpers"
TWO = 2


def square(x):
    return math.pow(x, 2)


def area(kind):
    return square(kind().side)


def unused(kind):
    return kind


# %% tests="shape" points=1
described = area(Shape)
assert described == 4
"""


def test_the_labs_own_functions_that_a_test_asks_for_are_restored_first(tmp_path: Path) -> None:
    lab = described(tmp_path, DESCRIBED.replace("area(Shape)", "describe()"))
    (restored,) = plan(lab).restores.values()
    assert [line for line in restored.splitlines() if not line.startswith(" ") and line] == [
        "import math",
        "def square(x):",
        "def area(kind):",
        "def describe():",
    ]


def test_a_function_that_an_exercise_defines_is_not_restored(tmp_path: Path) -> None:
    text = DESCRIBED.replace("class Shape:\n    side = 2", "def area(kind):\n    return 4").replace(
        "\n\ndef area(kind):\n    return square(kind().side)\n", ""
    )
    (restored,) = plan(described(tmp_path, text.replace("area(Shape)", "area(3)"), tail="")).restores.values()
    assert restored == ""


def described(tmp_path: Path, text: str, tail: str = "\n\ndef describe():\n    return area(Shape)\n") -> Lab:
    folder = tmp_path / "lab00_shape"
    folder.mkdir()
    (folder / "lab.py").write_text(text.replace("\n\n\n# %% tests", tail + "\n\n# %% tests").lstrip())
    (folder / "lab.toml").write_text('title = "Shape"\nreading_minutes = 1\nrunning_seconds = 1\n')
    return load_lab(folder)


@pytest.mark.parametrize("extra", ["x = " + "(" * 300, "a\0b", "x = '" + "y" * 300_000, "%x\n" * 100])
def test_above_a_cell_that_cannot_be_looked_at_nothing_is_left_out(lab: Lab, extra: str) -> None:
    assert left_out(lab) == ["print(total,", "shown", "slow"]
    assert left_out(lab, extra=extra) == []


def test_a_mistake_that_python_finds_late_keeps_no_demonstration_running(lab: Lab) -> None:
    assert left_out(lab, extra="return 1") == left_out(lab)


def test_a_cell_of_the_lab_that_cannot_be_looked_at_is_left_to_the_student_process(lab: Lab) -> None:
    cells = list(lab.cells)
    cells[1] = replace(cells[1], source="table = [1, 2, 3]\nx = " + "(" * 300)
    ways = plan(replace(lab, cells=tuple(cells)))
    assert 1 not in ways.given
    (test,) = ways.names
    assert "total" in ways.names[test]
