"""Read the list of students, `roster.csv`, as instructors have it: made by hand, from a spreadsheet or from a learning platform.

A byte-order mark, `;` or tabs between the cells, headers in other languages, and numbers that a
spreadsheet wrote as 4711,0 are understood. What could put work under a wrong name is a CourseError
that names the line and the column. This module knows the list; it knows no submissions.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.course.headers import ID_COLUMNS, column
from autograder.course.ids import id_problem
from autograder.errors import CourseError

__all__ = ["Roster", "Student", "read_roster"]

_OWN = ("id", "first_name", "last_name", "name", "email")
_UNIQUE = (*ID_COLUMNS, "moodle_id")
_SEPARATORS = ",;\t"
# What spreadsheets make of a number: 4711 becomes 4711.0 or 4711,0, and 1234567890123 becomes 1.23457E+12.
_AS_FLOAT = re.compile(r"(\d+)[.,]0+")
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_OF_WORKSHEET = re.compile(r"[^\W\d]+ \d+")  # "Participant 123" in a grading worksheet, in any language
_AS_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_CANVAS = {"id", "sis login id", "section"}  # headers of an export of Canvas's gradebook, in lower case
_CANVAS_TEST_STUDENT = "Student, Test"


@dataclass(frozen=True)
class Student:
    """A student of the class.

    Attributes:
        id: Id of the student, which names folders and rows of the gradebook.
        first_name: First name.
        last_name: Last name.
        email: E-mail address.
        lms_ids: Column of the list → value, such as "canvas_id", "moodle_id", "sis_id", "login"
            or "github".
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """First name and last name; the id of a student without a name."""
        return f"{self.first_name} {self.last_name}".strip() or self.id

    @property
    def sortable_name(self) -> str:
        """Last name, comma, first name; the id of a student without a name."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part) or self.id


@dataclass(frozen=True)
class Roster:
    """The students of a class, each with an id of its own.

    Attributes:
        students: The students, in the order of the list.
    """

    students: tuple[Student, ...]

    def get(self, id: str) -> Student | None:
        """Return the student with this id, or None."""
        return self._by_id.get(id)

    @cached_property
    def _by_id(self) -> dict[str, Student]:
        return {student.id: student for student in self.students}


def read_roster(path: Path) -> Roster:
    """Read a list of students.

    The first line names the columns. One of them is the id; an export of Canvas's gradebook is a
    list too, whose ids are the SIS user ids or else the logins.

    Args:
        path: Path of the CSV file.

    Returns:
        The students.

    Raises:
        CourseError: The file cannot be read, or a line of it cannot be used.
    """
    path = Path(path)
    lines = list(_lines(_text(path), path))
    if not lines:
        raise CourseError(f"{path}: empty; expected a line with the names of the columns: id,first_name,last_name,email")
    head, *rows = lines
    columns = _columns(head[1], path)
    if _is_canvas(head[1]):
        rows = [(number, cells) for number, cells in rows if _is_student_of_canvas(_named(columns, cells))]
    id_column = _id_column(columns, rows, path)
    students = []
    lines_of: dict[tuple[str, str], int] = {}
    for number, cells in rows:
        place = _Place(path, number)
        student = _student(columns, id_column, cells, place)
        _check_unique(student, id_column, place, lines_of)
        students.append(student)
    return Roster(tuple(students))


def _check_unique(student: Student, id_column: str, place: _Place, lines_of: dict[tuple[str, str], int]) -> None:
    """Raise CourseError if an earlier line has the same id, or an id of a platform that is the same but for its case."""
    known = {id_column: student.id, "email": student.email, **student.lms_ids}
    for name, value in known.items():
        if not value or name not in _UNIQUE:
            continue
        before = lines_of.setdefault((name, value.casefold()), place.line)
        if before != place.line:
            raise place.error(name, f"{value!r} stands in line {before} already; it must not be that of two students")


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CourseError(
            f"{path}: no such file; expected the list of students, with a line id,first_name,last_name,email"
        ) from None
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror or error})") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # what spreadsheets call Unicode text
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CourseError(
            f"{path}: line {line}: a letter that is not UTF-8; save the list as 'CSV UTF-8', so that no name is misread"
        ) from error


def _lines(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the line, cells) of every line that has a cell with a text in it."""
    separator, start = _separator(text), 0
    if told := re.match(r"sep=(.)\r?\n", text):  # a line for Excel alone
        separator, start = told[1], told.end()
    reader = csv.reader(io.StringIO(text[start:], newline=""), delimiter=separator, strict=True)
    first, before = 1 + (start > 0), 0
    try:
        for cells in reader:
            cleaned = [_cleaned(cell) for cell in cells]
            if any(cleaned):
                yield first + before, cleaned
            before = reader.line_num
    except csv.Error as error:
        raise CourseError(f"{path}: line {first + before}: not CSV ({error}); look for a quote that is not closed") from error


def _separator(text: str) -> str:
    head = next((line for line in text.splitlines() if line.strip()), "")
    outside = re.sub(r'"[^"]*"', "", head)
    return max(_SEPARATORS, key=outside.count)


def _cleaned(cell: str) -> str:
    if told := _AS_FORMULA.fullmatch(cell.strip()):
        cell = told[1]
    text = "".join(c for c in cell if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join(unicodedata.normalize("NFC", text).split())


# ── its columns ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _columns(head: Sequence[str], path: Path) -> list[str]:
    columns = [column(header) for header in head]
    if _is_canvas(head):
        own = {"student": "name", "id": "canvas_id"}
        columns = [own.get(header.lower(), name) for header, name in zip(head, columns, strict=True)]
    for name in columns:
        if name and columns.count(name) > 1:
            twice = " and ".join(repr(header) for header, other in zip(head, columns, strict=True) if other == name)
            raise CourseError(f"{path}: line 1: the columns {twice} both mean {name}; remove or rename one")
    return columns


def _is_canvas(head: Sequence[str]) -> bool:
    return {header.lower() for header in head} >= _CANVAS


def _is_student_of_canvas(values: Mapping[str, str]) -> bool:
    """Return whether a line of Canvas's export is about a student: notes such as "Points Possible" have no id of Canvas."""
    return "canvas_id" in values and values.get("name") != _CANVAS_TEST_STUDENT


def _named(columns: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return column → cell of the cells with a text."""
    return {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell}


def _id_column(columns: Sequence[str], rows: Sequence[tuple[int, list[str]]], path: Path) -> str:
    """Return the column that holds the ids: the one named so, or the first other one in which every line has a text.

    A column of ids in which no line has a text counts as none: Moodle has one for every class.
    """
    there = [name for name in ID_COLUMNS if name in columns]
    if not there:
        named = ", ".join(filter(None, columns)) or "none"
        raise CourseError(
            f"{path}: line 1: no column with the students' ids; expected a header such as id, student_id or login (there are: {named})"
        )
    texts = {name: [_named(columns, cells).get(name, "") for _, cells in rows] for name in there}
    if rows and all(_OF_WORKSHEET.fullmatch(text) for text in texts.get("id", [""])):
        raise CourseError(
            f"{path}: line {rows[0][0]}, column id: {texts['id'][0]!r} is the number of a student in one assignment of Moodle, and another "
            f"in the next; use the list of participants of the course"
        )
    used = [name for name in there if any(texts[name])] or there
    filled = [name for name in used if all(texts[name])]
    return "id" if "id" in used else (filled or used)[0]


@dataclass(frozen=True)
class _Place:
    """A line of the list, for messages."""

    path: Path
    line: int

    def error(self, column: str, problem: str) -> CourseError:
        return CourseError(f"{self.path}: line {self.line}, column {column}: {problem}")


def _student(columns: Sequence[str], id_column: str, cells: Sequence[str], place: _Place) -> Student:
    if any(cells[len(columns) :]):
        raise CourseError(
            f"{place.path}: line {place.line}: {len(cells)} cells under {len(columns)} columns; a text with a comma needs quotes"
        )
    values = _named(columns, cells)
    for name in values:
        if name not in ("first_name", "last_name", "name", "email"):
            values[name] = _number(values[name], name, place)
    student_id = values.get(id_column, "")
    if problem := id_problem(student_id):
        raise place.error(id_column, f"{student_id!r}: {problem}")
    first, last = _names(values)
    others = {name: value for name, value in values.items() if name not in _OWN}
    return Student(student_id, first, last, values.get("email", ""), others)


def _number(text: str, name: str, place: _Place) -> str:
    if _ROUNDED.fullmatch(text):
        raise place.error(
            name, f"{text!r} is a number that a spreadsheet has rounded; format the column as text and fill it anew"
        )
    told = _AS_FLOAT.fullmatch(text)
    return told[1] if told else text


def _names(values: Mapping[str, str]) -> tuple[str, str]:
    """Return first and last name; a full name is split at its comma, or before its last word."""
    first, last = values.get("first_name", ""), values.get("last_name", "")
    if first or last or "name" not in values:
        return first, last
    if "," in values["name"]:
        last, _, first = values["name"].partition(",")
        return first.strip(), last.strip()
    first, _, last = values["name"].rpartition(" ")
    return first, last
