"""A tidy table of a class: one row per student and test or question, in CSV or Parquet.

Texts are made inert, because people open the table in spreadsheet programs. This module knows marks;
it knows no platform.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from autograder.errors import ExportError
from autograder.printable import cell
from autograder.reporting.marks import HandMark, Mark

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "tidy_csv", "tidy_frame", "tidy_parquet"]

COLUMNS = (
    *("student", "last_name", "first_name", "email", "lab", "kind", "name", "exercise", "max_points", "points"),
    *("by_hand", "status", "message", "comment", "sealed", "days_late", "penalty", "total", "total_max", "complete"),
)

_NUMBERS = ("max_points", "points", "penalty", "total", "total_max")
_YES_OR_NO = ("by_hand", "sealed", "complete")


def tidy_csv(marks: Sequence[Mark], lab: str) -> str:
    """Make the table.

    The columns are student, last_name, first_name, email, lab; kind ("test" or "question"), name,
    exercise, max_points, points (empty: still to be marked by hand), by_hand (whether a person gave
    them), status, message, comment, sealed; and, the same in all rows of a student, days_late,
    penalty, total, total_max and complete. A student without results has one row with an empty kind
    and the status "missing", "needs review" or "unreadable".

    Args:
        marks: Marks of a class.
        lab: Id of the lab.

    Returns:
        The table with its header.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for mark in marks:
        student, verdict = mark.student, mark.verdict
        who = [*map(cell, (student.id, student.last_name, student.first_name, student.email)), lab]
        total = ["" if verdict is None else _shown(mark.points), _shown(mark.max_points), str(mark.complete).lower()]
        ends = [str(mark.days_late), _shown(mark.penalty), *total]
        rows = list(_rows(mark))
        if not rows:
            status, message = (verdict.status, verdict.message) if verdict else ("missing", "")
            rows = [["", "", "", "", "", "", status, cell(message), "", ""]]
        writer.writerows([*who, *row, *ends] for row in rows)
    return out.getvalue()


def tidy_frame(marks: Sequence[Mark], lab: str) -> pd.DataFrame:
    """Make the table as a frame, with numbers as numbers and yes or no as booleans.

    Args:
        marks: Marks of a class.
        lab: Id of the lab.

    Returns:
        The columns of `tidy_csv`. What is not there is a missing value.
    """
    import pandas as pd

    frame = pd.read_csv(io.StringIO(tidy_csv(marks, lab)), dtype=str, keep_default_na=False)
    for name in _NUMBERS:
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("float64")
    frame["days_late"] = frame["days_late"].astype("int64")
    for name in _YES_OR_NO:
        frame[name] = frame[name].map({"true": True, "false": False}).astype("boolean")
    return frame


def tidy_parquet(marks: Sequence[Mark], lab: str) -> bytes:
    """Make the table in Parquet, for which pandas needs the package pyarrow.

    Args:
        marks: Marks of a class.
        lab: Id of the lab.

    Returns:
        Content of the file.

    Raises:
        ExportError: pyarrow is not installed.
    """
    out = io.BytesIO()
    try:
        tidy_frame(marks, lab).to_parquet(out, engine="pyarrow", index=False)
    except ImportError as error:
        raise ExportError(
            "--to parquet needs the package pyarrow; install it with `pip install pyarrow`, or take --to csv"
        ) from error
    return out.getvalue()


def _rows(mark: Mark) -> Iterator[list[str]]:
    tests = mark.verdict.tests if mark.verdict else ()
    given = {hand.test: hand for hand in mark.by_hand if hand.test}
    for test in tests:
        hand = given.get(test.name)
        points = _points(hand) if hand else _shown(test.earned)
        row = ["test", test.name, test.exercise, _shown(test.points), points, str(hand is not None).lower()]
        said = [test.status, cell(test.message), cell(hand.comment if hand else ""), str(test.sealed).lower()]
        yield [*row, *said]
    for hand in mark.by_hand:
        if not hand.test:
            status = "to mark" if hand.points is None or hand.again else "marked"
            yield [
                "question",
                hand.grade_id,
                "",
                _shown(hand.max_points),
                _points(hand),
                "true",
                status,
                "",
                cell(hand.comment),
                "",
            ]


def _points(hand: HandMark) -> str:
    return "" if hand.points is None else _shown(hand.points)


def _shown(number: float) -> str:
    return f"{number:.10g}"
