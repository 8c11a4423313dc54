"""The record of what was collected for a lab, `collected/LAB.json`: whose file it is, where it came from, and when.

It keeps what the way back to the learning platform needs: its ids and the original names of the
entries. This module knows the record; it knows no platform and opens no archive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import pairwise
from typing import Any

from autograder.course.config import Course
from autograder.errors import CourseError
from autograder.files import write_text

__all__ = ["CollectedFile", "read_collected", "write_collected"]


@dataclass(frozen=True)
class CollectedFile:
    """One collected submission.

    Attributes:
        student: Id of the student.
        source: Kind of the download, such as "canvas" or "moodle-flat".
        archive: File name of the archive or folder that it came from.
        entry: Name of the entry in it, as it was.
        lms: Ids that the platform needs on the way back, such as {"user": "4711", "attachment": "90210"}.
        submitted: When it was handed in, with a time zone; None if that is not known.
        late: Whether the platform calls it late; None if it does not say.
        attempt: Number of the attempt; None if it is not known.
        sha256: SHA-256 of the notebook as it was handed in, in hexadecimal digits.
    """

    student: str
    source: str
    archive: str
    entry: str
    lms: Mapping[str, str]
    submitted: datetime | None
    late: bool | None
    attempt: int | None
    sha256: str

    def __post_init__(self) -> None:
        """Raise ValueError for a time without a time zone, which could not be compared with a due date."""
        if self.submitted is not None and self.submitted.utcoffset() is None:
            raise ValueError(f"{self.student}: expected a time with its time zone, not {self.submitted.isoformat()}")


def write_collected(course: Course, lab: str, files: Sequence[CollectedFile]) -> None:
    """Write the record of one lab, atomically.

    Args:
        course: The course.
        lab: Id of the lab.
        files: What was collected, in any order; one file per student.

    Raises:
        CourseError: The file cannot be written, or a student occurs twice.
    """
    path = course.collected_file(lab)
    rows = [_row(file) for file in sorted(files, key=lambda file: file.student)]
    for before, after in pairwise(rows):
        if before["student"] == after["student"]:
            raise CourseError(f"{path}: two submissions of {after['student']!r}; the record holds one per student")
    try:
        write_text(path, json.dumps({"lab": lab, "files": rows}, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise CourseError(
            f"{path}: cannot be written ({error.strerror or error}); make room or grant access, and collect again"
        ) from error


def read_collected(course: Course, lab: str) -> tuple[CollectedFile, ...]:
    """Read the record of one lab.

    Args:
        course: The course.
        lab: Id of the lab.

    Returns:
        What was collected, sorted by student; empty if nothing was collected yet.

    Raises:
        CourseError: The file cannot be read, or is not such a record.
    """
    path = course.collected_file(lab)
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["files"]
        return tuple(_file(row) for row in rows)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CourseError(
            f"{path}: not a record of collected submissions ({type(error).__name__}: {error}); "
            f"collect again to have it written anew"
        ) from error


def _row(file: CollectedFile) -> dict[str, Any]:
    when = file.submitted.isoformat() if file.submitted else None
    return {field.name: getattr(file, field.name) for field in fields(file)} | {"lms": dict(file.lms), "submitted": when}


def _file(row: Mapping[str, Any]) -> CollectedFile:
    values = {field.name: row[field.name] for field in fields(CollectedFile)}
    when = values["submitted"]
    return CollectedFile(**{**values, "lms": dict(values["lms"]), "submitted": datetime.fromisoformat(when) if when else None})
