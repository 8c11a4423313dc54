"""Read `course.toml`: the labs of a course, their due dates, the rule for late work, and where things lie.

Every mistake in the file is a CourseError that names the key, what was expected and what stands there.
This module knows the settings; it knows neither labs, students nor marks.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from autograder.errors import CourseError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["COURSE_FILE", "LMS", "Course", "CourseLab", "LateRule", "find_course", "load_course"]

COURSE_FILE = "course.toml"
LMS = ("", "canvas", "moodle", "gradescope", "blackboard", "drive", "git", "exchange")
_KEYS = ("name", "lms", "timezone", "labs_folder", "roster", "gradebook", "late", "labs")
_EXAMPLE = "due = 2026-11-20T23:59:00+01:00"
_LOCAL_SQLITE = "sqlite:///"
_HOW_TO_WRITE = f"Texts need quotes. A date has none, and is one that the calendar has, with the seconds: `{_EXAMPLE}`"


@dataclass(frozen=True)
class LateRule:
    """What late work loses.

    Attributes:
        percent_per_day: Percent of the earned points lost per started day after the due date and
            the grace time.
        grace_minutes: Minutes after the due date in which work is still on time.
        max_percent: The most that is lost, in percent of the earned points.
    """

    percent_per_day: float = 0.0
    grace_minutes: float = 0.0
    max_percent: float = 100.0


@dataclass(frozen=True)
class CourseLab:
    """A lab of the course.

    Attributes:
        id: Id of the lab.
        due: When it is due, with its time zone; None if it is never late.
    """

    id: str
    due: datetime | None = None


@dataclass(frozen=True)
class Course:
    """The settings of a course.

    Attributes:
        folder: Folder of the course.
        name: Name of the course.
        labs_folder: Folder that holds the sources of the labs.
        labs: Lab id → lab, in the order of `course.toml`.
        late: What late work loses.
        lms: Learning platform, one of LMS; "" if there is none.
        roster_file: Path of the list of students.
        gradebook: Database URL of the gradebook; "" is `gradebook.db` in the folder.
    """

    folder: Path
    name: str
    labs_folder: Path
    labs: Mapping[str, CourseLab]
    late: LateRule
    lms: str
    roster_file: Path
    gradebook: str

    def submitted(self) -> Path:
        """Return the folder of the submissions, `STUDENT/LAB/LAB.ipynb` in it."""
        return self.folder / "submitted"

    def graded(self, lab: str) -> Path:
        """Return the folder of the results of one lab."""
        return self.folder / "graded" / lab

    def feedback(self) -> Path:
        """Return the folder of the pages for students and of what goes back to the learning platform."""
        return self.folder / "feedback"

    def collected_file(self, lab: str) -> Path:
        """Return the path of the record of what was collected for one lab."""
        return self.folder / "collected" / f"{lab}.json"


def load_course(folder: Path) -> Course:
    """Read the settings of a course.

    Args:
        folder: Folder with a `course.toml`.

    Returns:
        The settings, with paths and an SQLite gradebook relative to that folder.

    Raises:
        CourseError: The file is missing or not valid. The message names the key.
    """
    folder = Path(folder).resolve()
    path = folder / COURSE_FILE
    table = _Table(_read(path), path)
    table.only(_KEYS)
    zone = _zone(table)
    return Course(
        folder=folder,
        name=table.text("name", folder.name),
        labs_folder=folder / table.text("labs_folder", "labs"),
        labs=_labs(table.table("labs"), zone),
        late=_late(table.table("late")),
        lms=table.choice("lms", LMS),
        roster_file=folder / table.text("roster", "roster.csv"),
        gradebook=_gradebook(table.text("gradebook", ""), folder),
    )


def find_course(start: Path | None = None) -> Course:
    """Find the course that a folder belongs to.

    Args:
        start: A folder of the course; by default the current folder.

    Returns:
        The settings of the course in that folder or in the nearest folder above it.

    Raises:
        CourseError: There is no course, or its `course.toml` is not valid.
    """
    start = Path(start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / COURSE_FILE).is_file():
            return load_course(folder)
    raise CourseError(
        f"{start}: no {COURSE_FILE} here or in a folder above; change to the folder of your course, give it with --course, "
        f"or make one with `autograder init DIR`"
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise CourseError(
            f"{path}: no such file; expected the folder of a course. `autograder init {path.parent}` makes one"
        ) from None
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path}: not TOML: {error}. {_HOW_TO_WRITE}") from error


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Table:
    """One table of the file, whose values are checked when they are asked for."""

    def __init__(self, values: Mapping[str, Any], path: Path, name: str = "") -> None:
        self.values, self.path, self.name = values, path, name

    def only(self, known: tuple[str, ...]) -> None:
        if unknown := [key for key in self.values if key not in known]:
            raise CourseError(f"{self.path}: {self._key(unknown[0])} is not known here; expected one of {', '.join(known)}")

    def text(self, key: str, default: str) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value.isprintable():
            raise self.wrong(key, "a text in quotes, on one line")
        return value.strip() or default

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        value = self.text(key, "").lower()
        if value not in known:
            raise self.wrong(key, " or ".join(f'"{item}"' for item in known))
        return value

    def number(self, key: str, default: float, most: float = math.inf) -> float:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most or math.isinf(value):
            raise self.wrong(key, f"a number from 0 to {most:g}" if math.isfinite(most) else "a number of 0 or more")
        return float(value)

    def table(self, key: str) -> _Table:
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"a section [{key}]")
        return _Table(value, self.path, f"{self.name}.{key}" if self.name else key)

    def wrong(self, key: str, expected: str) -> CourseError:
        return CourseError(f"{self.path}: {self._key(key)}: expected {expected}, not {_shown(self.values[key])}")

    def _key(self, key: str) -> str:
        return f"{key!r} in [{self.name}]" if self.name else repr(key)


def _labs(table: _Table, zone: tzinfo | None) -> dict[str, CourseLab]:
    labs = {}
    for name in table.values:
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise CourseError(f"{table.path}: [labs.{name}]: expected the id of a lab such as lab02_mlp")
        entry = table.table(name)
        entry.only(("due",))
        labs[name] = CourseLab(name, _due(entry, zone))
    return labs


def _due(entry: _Table, zone: tzinfo | None) -> datetime | None:
    value = entry.values.get("due")
    if value is None:
        return None
    if not isinstance(value, datetime):
        day = isinstance(value, date)
        raise entry.wrong("due", f"a date with a time{' of day' if day else ', without quotes'}, such as `{_EXAMPLE}`")
    if value.tzinfo is None and zone is None:
        raise entry.wrong("due", f'a date with its time zone, such as `{_EXAMPLE}`, or `timezone = "Europe/Berlin"` at the top')
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _late(table: _Table) -> LateRule:
    table.only(tuple(field.name for field in fields(LateRule)))
    return LateRule(
        table.number("percent_per_day", 0.0, 100), table.number("grace_minutes", 0.0), table.number("max_percent", 100.0, 100)
    )


def _zone(table: _Table) -> tzinfo | None:
    name = table.text("timezone", "")
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # LookupError: not found; OSError: the name of a folder
        raise table.wrong("timezone", 'a name such as "Europe/Berlin" or "UTC"') from None


def _gradebook(url: str, folder: Path) -> str:
    """Return the URL with a relative SQLite file placed in the folder."""
    if url and "://" not in url:
        raise CourseError(
            f"{folder / COURSE_FILE}: 'gradebook': expected a database URL such as postgresql://me@host/course, not {url!r}"
        )
    file = url.removeprefix(_LOCAL_SQLITE)
    if file == url or not file or file == ":memory:" or Path(file).is_absolute():
        return url
    return _LOCAL_SQLITE + (folder / file).as_posix()


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else repr(value)[:100]
