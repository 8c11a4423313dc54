"""Read what people gave in formgrader: marks, extra credit, comments and extensions, from nbgrader's gradebook.

This module knows the gradebook; it does not know verdicts, and writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.config import Course
from autograder.errors import CourseError, RecordError
from autograder.reporting.database import course_directory, open_gradebook

__all__ = ["GradedCell", "Sheet", "read_sheets"]


@dataclass(frozen=True)
class GradedCell:
    """The marks of one graded cell of a submission.

    Attributes:
        auto: Points that the autograder gave; None if it gave none.
        manual: Points that a person gave; None if nobody did.
        extra: Extra credit that a person gave.
        waits: Whether a person should mark the cell, or look again at a mark.
    """

    auto: float | None
    manual: float | None
    extra: float
    waits: bool


@dataclass(frozen=True)
class Sheet:
    """What the gradebook holds about one submission.

    Attributes:
        cells: Grade id → marks of the cell.
        comments: Grade id of an exercise or a question → comment that a person wrote.
        extension: Time that the student got in addition.
    """

    cells: Mapping[str, GradedCell] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    extension: timedelta = timedelta(0)


def read_sheets(course: Course, lab: str) -> dict[str, Sheet]:
    """Read what the gradebook holds about the submissions to one lab.

    Args:
        course: The course.
        lab: Id of the lab, which is the name of its notebook.

    Returns:
        Id of the student → what was given; empty if nothing was recorded for the lab.

    Raises:
        CourseError: The gradebook cannot be read.
    """
    try:
        folder = course_directory(course.folder, course.gradebook)
        url = make_url(folder.db_url)
        shown = url.render_as_string(hide_password=True)
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
            return {}
        with open_gradebook(folder) as gradebook:
            return _sheets(gradebook, lab)
    except RecordError as error:
        raise CourseError(str(error)) from error
    except (SQLAlchemyError, InvalidEntry) as error:
        first = str(error).splitlines()[0]
        raise CourseError(
            f"{shown}: the gradebook cannot be read ({first}); close what else uses it, and run the same command again"
        ) from error


def _sheets(gradebook: Gradebook, lab: str) -> dict[str, Sheet]:
    notebooks = gradebook.db.execute(
        select(Assignment.name, Notebook.id)
        .join(Assignment, Notebook.assignment_id == Assignment.id)
        .where(Notebook.name == lab)
    ).all()
    if len(notebooks) > 1:
        names = ", ".join(name for name, _ in notebooks)
        raise CourseError(f"the gradebook has a notebook {lab} in several assignments ({names}); rename all but one")
    if not notebooks:
        return {}
    submission = (SubmittedNotebook.assignment_id == SubmittedAssignment.id) & (
        SubmittedNotebook.notebook_id == notebooks[0][1]
    )
    extensions = gradebook.db.execute(
        select(SubmittedAssignment.student_id, SubmittedAssignment.extension).join(SubmittedNotebook, submission)
    ).all()
    cells, comments = _cells(gradebook, submission), _comments(gradebook, submission)
    return {student: Sheet(cells[student], comments[student], extension or timedelta(0)) for student, extension in extensions}


def _cells(gradebook: Gradebook, submission: ColumnElement[bool]) -> Mapping[str, Mapping[str, GradedCell]]:
    """Return student → grade id → marks, in one query for the class."""
    marks = (Grade.auto_score, Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
    rows = gradebook.db.execute(
        select(SubmittedAssignment.student_id, BaseCell.name, *marks)
        .join(SubmittedNotebook, submission)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
    )
    found: dict[str, dict[str, GradedCell]] = defaultdict(dict)
    for student, name, auto, manual, extra, waits in rows:
        found[student][name] = GradedCell(auto, manual, extra or 0.0, bool(waits))
    return found


def _comments(gradebook: Gradebook, submission: ColumnElement[bool]) -> Mapping[str, Mapping[str, str]]:
    """Return student → grade id → comment, in one query for the class."""
    rows = gradebook.db.execute(
        select(SubmittedAssignment.student_id, BaseCell.name, Comment.manual_comment)
        .join(SubmittedNotebook, submission)
        .join(Comment, Comment.notebook_id == SubmittedNotebook.id)
        .join(BaseCell, BaseCell.id == Comment.cell_id)
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for student, name, text in rows:
        if text and text.strip():
            found[student][name] = text.strip()
    return found
