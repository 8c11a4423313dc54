"""What a hand-in says of cells that stopped in its run, and of the order in which cells ran before."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from coursekit import _front_end
from coursekit._record import Ran, Record
from coursekit.submission import handing_in
from coursekit.submission import notebook as nb
from coursekit.submission.find import Found
from coursekit.submission.identity import Student
from coursekit.submission.run import Run
from coursekit.submission.stops import about_stops

from . import tinylab

EVA = Student("eva", "as the test says")


def cells(*sources: str) -> dict[str, Any]:
    return {"cells": [{"cell_type": "code", "source": source, "metadata": {}} for source in sources]}


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (("NotImplementedError: ",), "stopped with NotImplementedError: it needs an answer that is not written yet."),
        (
            ("NotImplementedError:", "NameError: name 'x' is not defined"),
            "stopped with NotImplementedError, and 1 more cell: they need an answer that is not written yet.",
        ),
        (("NameError: name 'own' is not defined",), "stopped with NameError: name 'own' is not defined: is an answer above it"),
    ],
)
def test_a_cell_that_stopped_says_what_it_lacks(errors: tuple[str, ...], said: str) -> None:
    (warning,) = about_stops(cells(*("own(1)" for _ in errors)), dict(enumerate(errors))).warnings
    assert said in warning


def test_a_name_whose_cell_was_deleted_leads_to_that_cell() -> None:
    makers = tinylab.outline().makers
    error = {0: "NameError: name 'several' is not defined"}
    (warning,) = about_stops(cells("print(several)"), error, makers=makers).warnings
    assert "`several` is made by the cell of “1 · Means” that begins with `several = " in warning
    assert "Your notebook has lost that cell" in warning
    (warning,) = about_stops(cells("print(several)", "several = mean([1])"), error, makers=makers).warnings
    assert "has lost" not in warning


# ── the order in which cells ran ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Returns the warnings about the order, for what ran in the kernel and what fails in the fresh run."""

    def warnings(ran: list[str], fails: str = "", *, failed_before: str = "", seconds: float = 1) -> list[str]:
        work = {**copy.deepcopy(tinylab.notebook()), "metadata": {"coursekit": {"lab": "lab98"}}}
        next(cell for cell in work["cells"] if cell["id"] == "mean")["source"] = MEAN
        record = Record("lab98", runs=[Ran(source, error="ValueError: no" * (source == failed_before)) for source in ran])
        history = SimpleNamespace(input_hist_raw=["", *ran])
        shell = SimpleNamespace(history_manager=history, _coursekit_record=record, user_ns={})
        monkeypatch.setattr(_front_end, "shell", lambda: shell)
        errors = {i: "NameError: no" * (nb.source(c) == fails) for i, c in enumerate(work["cells"]) if c["cell_type"] == "code"}
        monkeypatch.setattr(handing_in, "run_fresh", lambda *_: Run(errors, {}, ""))
        report = handing_in.prepare(Found(work, tmp_path, is_live=True), student=EVA, seconds=seconds)
        return [warning for warning in report.warnings if "out of order" in warning]

    return warnings


MEAN = "def mean(x):\n    return sum(x) / len(x)"


def test_the_order_is_spoken_of_only_if_a_cell_fails_from_the_top_that_passed_here(prepared: Any) -> None:
    late = [tinylab.CHECK_MEAN, MEAN]
    assert prepared(late) == []
    assert prepared(late, fails=tinylab.CHECK_RATES) == []  # which never passed here
    assert prepared(late, fails=tinylab.CHECK_MEAN, failed_before=tinylab.CHECK_MEAN) == []
    (warning,) = prepared(late, fails=tinylab.CHECK_MEAN)
    assert warning.startswith("Cells ran out of order: the check of Exercise 1 (3 points) before Exercise 1 (3 points), which")


def test_without_a_run_the_order_is_spoken_of_in_any_case(prepared: Any) -> None:
    assert len(prepared([tinylab.CHECK_MEAN, MEAN], seconds=0)) == 1
    assert prepared([MEAN, tinylab.CHECK_MEAN], seconds=0) == []
