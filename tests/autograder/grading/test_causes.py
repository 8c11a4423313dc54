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
