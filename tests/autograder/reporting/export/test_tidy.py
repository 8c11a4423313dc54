"""The tidy table as a frame has the types of its columns, and Parquet says which package it needs."""

from __future__ import annotations

import io
import sys

import pandas as pd
import pytest

from autograder.course.roster import Student
from autograder.errors import ExportError
from autograder.grading.verdict import TestResult, Verdict, Written
from autograder.reporting.export.tidy import COLUMNS, tidy_frame, tidy_parquet
from autograder.reporting.marks import HandMark, Mark

TESTS = (TestResult("t0", "e0", 4, 1.5, "failed", "true"), TestResult("t1", "e1", 4, 4, "passed"))
MARKS = [
    Mark(
        Student("007", "NA", "None"),
        Verdict("007", "lab", "graded", TESTS, (Written("why", 4, True),)),
        (HandMark("written_why", None, 4, ""),),
        12.0,
        2,
        0.5,
    ),
    Mark(Student("8", "", ""), None, (), 12.0, 0, 0.0),
]


def test_ids_and_names_stay_text_and_numbers_are_numbers() -> None:
    frame = tidy_frame(MARKS, "lab")
    assert list(frame.columns) == list(COLUMNS)
    assert list(frame["student"]) == ["007"] * 3 + ["8"]
    assert frame["first_name"][0] == "NA"
    assert frame["points"].sum() == 5.5
    assert frame["points"].isna().tolist() == [False, False, True, True]
    assert frame["complete"].tolist()[0] is False
    assert frame["by_hand"].isna().tolist() == [False, False, False, True]
    assert frame["message"][0] == "true"
    assert frame["days_late"].tolist() == [2, 2, 2, 0]


def test_without_pyarrow_parquet_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ExportError, match="pip install pyarrow"):
        tidy_parquet(MARKS, "lab")


def test_parquet_holds_the_frame() -> None:
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(tidy_parquet(MARKS, "lab"))), tidy_frame(MARKS, "lab"))
