"""A helper of the student's survives a check that has a variable of the same name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from coursekit import _check_cards, _front_end
from coursekit._record import Record
from coursekit._set_aside import SetAside

from . import tinylab
from .tinylab import CHECK_MEAN


def check_ran(aside: SetAside, names: dict[str, Any], **bound: Any) -> list[str]:
    """What is given back after a check that binds these names."""
    aside.begin(names)
    names.update(bound)
    return aside.end(names)


def test_a_name_of_the_students_means_again_what_it_meant() -> None:
    helper = np.mean
    names: dict[str, Any] = {"found": helper, "rate": 0.1}
    assert check_ran(SetAside(), names, found=[1, 2], fresh=3) == ["found"]
    assert names == {"found": helper, "rate": 0.1, "fresh": 3}


def test_a_deleted_name_comes_back() -> None:
    aside, names = SetAside(), {"rate": 0.1}
    aside.begin(names)
    del names["rate"]
    assert aside.end(names) == ["rate"]
    assert names == {"rate": 0.1}


def test_what_a_check_made_the_next_check_may_bind_anew() -> None:
    aside, names = SetAside(), {}
    assert check_ran(aside, names, found=[1]) == []
    assert check_ran(aside, names, found=[2]) == []
    assert names["found"] == [2]
    assert check_ran(aside, names, found=[3]) == []
    assert names["found"] == [3]


def test_a_check_may_change_what_an_array_holds_and_ipythons_own_names_are_left_alone() -> None:
    aside, names = SetAside(), {"weights": np.zeros(2), "_": 1, "Out": {}}
    aside.begin(names)
    names["weights"][0] = 5
    names["_"], names["Out"] = 2, {1: 2}
    assert aside.end(names) == []
    assert (names["weights"][0], names["_"], names["Out"]) == (5, 2, {1: 2})


def test_a_name_that_the_student_binds_after_a_check_is_the_students() -> None:
    aside, names = SetAside(), {}
    check_ran(aside, names, found=[1])
    names["found"] = "mine"
    assert check_ran(aside, names, found=[2]) == ["found"]
    assert names["found"] == "mine"


def test_an_end_without_a_check_changes_nothing() -> None:
    aside, names = SetAside(), {"rate": 0.1}
    assert aside.end(names) == []
    check_ran(aside, names)
    names["rate"] = 0.2
    assert aside.end(names) == []
    assert names == {"rate": 0.2}


@pytest.mark.parametrize("success", [True, False])
def test_it_holds_for_the_checks_of_a_lab_and_for_no_other_cell(monkeypatch: pytest.MonkeyPatch, success: bool) -> None:
    record = Record("tiny", {}, frozenset())
    record.__dict__["outline"] = tinylab.outline()
    names: dict[str, Any] = {"x": "mine", "y": "mine"}
    shell = SimpleNamespace(kernel=None, user_ns=names, _coursekit_record=record)
    monkeypatch.setattr(_front_end, "shell", lambda: shell)
    for source, name in ((CHECK_MEAN, "x"), ("y = 3", "y")):
        info = SimpleNamespace(raw_cell=source, cell_id=None)
        _check_cards._before(info)
        names[name] = "bound anew"
        _check_cards._after(SimpleNamespace(success=success, info=info, error_in_exec=None, error_before_exec=None))
    assert names == {"x": "mine", "y": "bound anew"}
