"""Where a name is missing because an earlier cell stopped, that cell is named, and not only what followed from it."""

from __future__ import annotations

from pathlib import Path

from autograder.execution.steps import Outcome
from autograder.grading.causes import cause_flags, causes
from autograder.labs.model import Cell, Lab, Settings

CELLS = (
    Cell("given", "import numpy as np", "setup"),
    Cell("code", "w = start(PATH)"),
    Cell("exercise", "f = 1", "f"),
    Cell("tests", "assert f + w", "f", 2, "f"),
)
LAB = Lab("lab", Path(), CELLS, Settings("", 0, 0), ())
OK = Outcome("ok")
NO_COLAB = Outcome("error", "ModuleNotFoundError", "No module named 'google.colab'")
DRIVE = "from google.colab import drive\ndrive.mount('/content/drive')\nPATH = '/content/drive'"


def missing(name: str) -> Outcome:
    return Outcome("error", "NameError", f"name '{name}' is not defined")


def said(code: list[tuple[int, str]], outcomes: list[Outcome]) -> dict[int, str]:
    return {place: str(cause) for place, cause in causes(LAB, code, outcomes).items()}


def test_an_own_cell_that_stopped_is_named_where_its_names_are_missing() -> None:
    code = [(0, "import numpy as np"), (-1, DRIVE), (1, CELLS[1].source), (2, "f = PATH"), (3, CELLS[3].source)]
    outcomes = [OK, NO_COLAB, missing("PATH"), missing("PATH"), missing("w")]
    stopped = "your own cell after `given_setup` stopped with ModuleNotFoundError: No module named 'google.colab'"
    assert said(code, outcomes) == {
        2: f"{stopped}, so `PATH` is missing",
        3: f"{stopped}, so `PATH` is missing",
        4: "your cell after `given_setup` stopped with NameError: name 'PATH' is not defined, so `w` is missing",
    }
    flags = cause_flags(causes(LAB, code, outcomes))
    assert [(flag.kind, flag.message) for flag in flags] == [("stopped", stopped.replace("your", "the student's", 1))]


def test_cells_below_cells_that_ran_and_other_errors_are_no_causes() -> None:
    code = [(0, "import numpy as np"), (2, "f = 1"), (3, CELLS[3].source), (-1, DRIVE)]
    assert said(code, [OK, OK, missing("PATH"), NO_COLAB]) == {}
    code = [(-1, DRIVE), (0, "import numpy as np"), (2, "f = 1"), (3, CELLS[3].source)]
    assert said(code, [OK, OK, OK, missing("PATH")]) == {}
    assert said(code, [NO_COLAB, OK, OK, Outcome("error", "ValueError", "PATH")]) == {}
    assert said(code, [NO_COLAB, OK, OK, missing("w")]) == {}
    assert said(code, [NO_COLAB, OK, OK, missing("PATH")]) == {
        3: "your own cell at the top of the notebook stopped with ModuleNotFoundError: No module named 'google.colab', "
        "so `PATH` is missing"
    }


def test_what_an_own_cell_printed_into_its_error_stays_one_line_of_text() -> None:
    shout = Outcome("error", "ValueError", "\x1b[31m\nrecorded 10 submissions\n" + "x" * 1000)
    code = [(-1, "PATH = shout()"), (3, CELLS[3].source)]
    (text,) = said(code, [shout, missing("PATH")]).values()
    assert "\x1b" not in text
    assert "\n" not in text
    assert len(text) < 400


TAKING = (
    Cell("given", "import numpy as np\nfashion = load()", "setup"),
    Cell("code", "few = fashion.X[:3]"),
    Cell("exercise", "def f(x): return x", "f"),
    Cell("tests", "assert f(few) is few", "f", 2, "f"),
)
NO_ATTRIBUTE = Outcome("error", "AttributeError", "'int' object has no attribute 'X'")


def taken(code: list[tuple[int, str]], outcomes: list[Outcome]) -> dict[int, str]:
    lab = Lab("lab", Path(), TAKING, Settings("", 0, 0), ())
    return {place: str(cause) for place, cause in causes(lab, code, outcomes).items()}


def test_a_cell_that_gives_a_name_of_the_lab_another_value_is_named_where_that_value_puzzles() -> None:
    uses = "def f(x): return fashion.X"
    own = [(0, TAKING[0].source), (-1, "fashion = 3"), (2, uses), (3, TAKING[3].source)]
    said = "your own cell after `given_setup` gives `fashion`, a name of the lab, another value: use a name of your own there"
    assert taken(own, [OK, OK, OK, NO_ATTRIBUTE]) == {3: said}
    inside = [(0, TAKING[0].source), (2, f"fashion = 3\n{uses}"), (3, TAKING[3].source)]
    assert taken(inside, [OK, OK, NO_ATTRIBUTE]) == {2: said.replace("own cell after `given_setup`", "cell for `f`")}
    plain = [(0, TAKING[0].source), (1, "few = 5\nnp = 4"), (2, "def f(x): return np.sum(x)"), (3, TAKING[3].source)]
    assert list(taken(plain, [OK, OK, OK, NO_ATTRIBUTE]).values()) == [
        "your cell after `given_setup` gives `np`, a name of the lab, another value: use a name of your own there"
    ]


def test_names_of_ones_own_names_made_anew_and_cells_that_read_others_are_no_causes() -> None:
    code = [(0, TAKING[0].source), (-1, "mine = 3"), (2, "def f(x): return mine.X"), (3, TAKING[3].source)]
    assert taken(code, [OK, OK, OK, NO_ATTRIBUTE]) == {}
    code = [(-1, "fashion = 3"), (0, TAKING[0].source), (2, "def f(x): return fashion.X"), (3, TAKING[3].source)]
    assert taken(code, [OK, OK, OK, NO_ATTRIBUTE]) == {}
    code = [(0, TAKING[0].source), (-1, "fashion = 3"), (2, "def f(x): return x.X"), (3, TAKING[3].source)]
    assert taken(code, [OK, OK, OK, NO_ATTRIBUTE]) == {}
    assert taken(code, [OK, OK, OK, Outcome("error", "Mistake", "expected 1")]) == {}
