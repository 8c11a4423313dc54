"""`mapping.csv`: the people whom nobody recognised, for the instructor to complete, and read at the next `collect`.

Each line names a person as the platform does; the column `student` holds the id from the roster, or
`-` for nobody of the class. Lines that are there are kept. This module knows the file alone.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CollectError
from autograder.files import write_text
from autograder.printable import cell

__all__ = ["MAPPING", "Unknown", "read_mapping", "shown_who", "write_mapping"]

MAPPING = "mapping.csv"
_COLUMNS = ("source", "who", "student", "reason", "candidates", "file")


@dataclass(frozen=True)
class Unknown:
    """A person to be completed."""

    source: str
    who: str
    reason: str
    candidates: str
    file: str


def read_mapping(path: Path) -> dict[str, dict[str, str]]:
    """Read what the instructor wrote.

    Args:
        path: Path of the file, which need not exist.

    Returns:
        Kind of the download → who → id of the student; people without a student are left out.

    Raises:
        CollectError: The file cannot be read, or says two things of one person.
    """
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for number, row in enumerate(_rows(path), start=2):
        source, who, student = (row.get(column, "").strip() for column in _COLUMNS[:3])
        if not student:
            continue
        if told[source].setdefault(who, student) != student:
            raise CollectError(
                f"{path}: line {number}: {who!r} is {told[source][who]!r} in a line before; remove one of the two"
            )
    return dict(told)


def write_mapping(path: Path, unknown: Iterable[Unknown]) -> int:
    """Add people to the file, each once.

    Args:
        path: Path of the file.
        unknown: The people.

    Returns:
        How many were added.

    Raises:
        CollectError: The file cannot be read.
        OSError: The file cannot be written.
    """
    rows = _rows(path)
    there = {(row.get("source", "").strip(), row.get("who", "").strip()) for row in rows}
    new: dict[tuple[str, str], dict[str, str]] = {}
    for one in unknown:
        values = (one.source, cell(one.who), "", cell(one.reason), cell(one.candidates), cell(one.file))
        if (key := (one.source, cell(one.who).strip())) not in there:
            new.setdefault(key, dict(zip(_COLUMNS, values, strict=True)))
    if new:
        out = io.StringIO(newline="")
        columns = list(dict.fromkeys([*_COLUMNS, *(column for row in rows for column in row)]))
        writer = csv.DictWriter(out, columns, restval="")
        writer.writeheader()
        writer.writerows([*rows, *new.values()])
        write_text(path, "\ufeff" + out.getvalue())
    return len(new)


def shown_who(who: str) -> str:
    """Return a person's name as it stands in the file."""
    return cell(who).strip()


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise CollectError(f"{path}: cannot be read ({error}); save it as 'CSV UTF-8'") from error
    head = next(iter(text.splitlines()), "")
    separator = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True, restval="", restkey="")
        rows = [{name: value for name, value in row.items() if name and isinstance(value, str)} for row in reader]
    except csv.Error as error:
        raise CollectError(f"{path}: not CSV ({error}); look for a quote that is not closed") from error
    if text.strip() and not {"source", "who", "student"} <= set(reader.fieldnames or ()):
        raise CollectError(f"{path}: expected the columns source, who and student (there are: {head[:80]})")
    return rows
