"""Which platform's table a file is, so that a table of the other platform is named instead of refused as unknown.

This module knows first lines and participants; it fills nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.reporting.export.sheet import Row

__all__ = ["PARTICIPANT", "are_participants", "is_gradebook"]

PARTICIPANT = re.compile(r"(?P<word>\D*[^\W\d]\D*)(?P<id>\d+)")  # such as `Participant 123`, in any language


def is_gradebook(header: Sequence[str]) -> bool:
    """Return whether the first line is that of a gradebook which Canvas exported."""
    if header[:2] == ["LastName", "FirstName"]:
        return "ID" in header[2:3]
    return len(header) > 1 and "Student" in header[0] and header[1] == "ID"


def are_participants(rows: Sequence[Row], column: int) -> bool:
    """Return whether a column holds the participants of a grading worksheet of Moodle."""
    matches = [PARTICIPANT.fullmatch(row.text(column)) for row in rows]
    return bool(matches) and matches[0] is not None and len({match["word"] if match else None for match in matches}) == 1
