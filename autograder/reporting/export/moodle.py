"""Fill the grade column of a grading worksheet of Moodle, so that Moodle takes it back.

The headers are in the language of the site, so columns are known by what they hold: the participant
numbers, the constant maximum, the grade left of it, yes or no for what may be changed. The time of the
last change stays as it is: Moodle compares it with its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import ExportError
from autograder.reporting.export.filling import Comments, Entry, Filled, Rules, fill
from autograder.reporting.export.kinds import PARTICIPANT, are_participants, is_gradebook
from autograder.reporting.export.people import People
from autograder.reporting.export.sheet import Row, Sheet, number
from autograder.reporting.feedback.fragment import MARKER

__all__ = ["fill_moodle"]

_YES = {"yes", "ja", "oui", "sí", "si", "sì", "sim", "tak", "ano", "igen", "kyllä", "evet", "да"}
_NO = {"no", "nein", "non", "não", "nee", "nej", "nei", "nie", "ne", "nem", "ei", "hayır", "нет"}
_COMMENTS = re.compile(r"comment|coment|komment|kommen|yorum|opmerking|комментар", re.IGNORECASE)
_MAXIMUM = re.compile(r"max|höchst|hoechst|bestwert|massim|máxim|maksim|højest|högst|høyest", re.IGNORECASE)
_ABOVE = "the mark is above the maximum, and Moodle skips such a row"
_KINDS = ("id", "email", "login", "sis_id", "name")


@dataclass(frozen=True)
class _Columns:
    """Indices of the columns: participant, grade, maximum, and whether the grade may be changed (None: it always may)."""

    participant: int
    grade: int
    maximum: int
    open: int | None


def fill_moodle(
    data: bytes, name: str, people: People, rules: Rules, column: str = "", comments: Mapping[str, str] | None = None
) -> Filled:
    """Fill the grades of a worksheet, and the comments if they are asked for.

    Args:
        data: Moodle's grading worksheet.
        name: Name of the file, for messages.
        people: The students and their marks.
        rules: What the instructor wants.
        column: Header of the grade column; "" takes the one left of the maximum.
        comments: Id of a student → HTML for the column of feedback comments; None leaves it as it is. A
            comment that a person wrote there stays.

    Returns:
        The filled worksheet.

    Raises:
        ExportError: It is no grading worksheet, its columns are not clear, the points differ, or
            it is the worksheet of another course.
    """
    sheet = Sheet(data, name)
    header = [cell.text.strip() for cell in sheet.rows[0].cells]
    rows = sheet.rows[1:]
    if not rows:
        raise ExportError(f"{name}: a header without students; download the grading worksheet again")
    columns = _columns(name, header, rows, column)
    entries, maxima = [], {}
    for index, row in enumerate(rows, start=1):
        participant = PARTICIPANT.fullmatch(row.text(columns.participant))
        maximum = number(row.text(columns.maximum))
        if participant is None or maximum is None:
            raise ExportError(
                f"{name}, line {row.line}: not a row of a grading worksheet: expected a participant and a maximum"
            )
        maxima[index] = maximum
        locked = row.text(columns.open).casefold() in _NO
        called = row.text(columns.participant + 1) if columns.participant + 1 < columns.grade else ""
        entries.append(
            Entry(
                index,
                called or row.text(columns.participant),
                people.find(_claims(row, participant["id"], columns)),
                "locked in Moodle: the grade cannot be changed there" if locked else "",
            )
        )
    if not column:
        _check_assignment(name, rows, entries, columns, people)
    numbers = [row.text(at) for row in rows for at in (columns.grade, columns.maximum)]
    beside = None if comments is None else Comments(_comments(name, header, columns), comments, MARKER)
    return fill(
        sheet,
        columns.grade,
        header[columns.grade],
        maxima,
        entries,
        people,
        rules,
        numbers=numbers,
        above=_ABOVE,
        comments=beside,
    )


def _check_assignment(name: str, rows: Sequence[Row], entries: Sequence[Entry], columns: _Columns, people: People) -> None:
    """Raise ExportError where the students are those of the course and their numbers those of another assignment."""
    numbers = {
        str(entry.student): found["id"]
        for entry, row in zip(entries, rows, strict=True)
        if entry.student in people.participants and (found := PARTICIPANT.fullmatch(row.text(columns.participant)))
    }
    if numbers and not any(number in people.participants[student] for student, number in numbers.items()):
        student, number = next(iter(numbers.items()))
        noted = " or ".join(sorted(people.participants[student]))
        raise ExportError(
            f"{name}: it numbers {student} as participant {number}, and the submission that was collected was that of participant {noted}, "
            "and so for all others; is it the worksheet of another assignment? If they belong there, name its grade column with --column"
        )


def _comments(name: str, header: Sequence[str], columns: _Columns) -> int:
    """Return the column of feedback comments, which stands behind the grade."""
    found = [at for at in range(columns.maximum + 1, len(header)) if _COMMENTS.search(header[at])]
    if len(found) != 1:
        raise ExportError(
            f"{name}: {'no column' if not found else 'more than one column'} for feedback comments; switch on `Feedback comments` in the "
            f"settings of the assignment and download the worksheet again, or leave out --comments: {'; '.join(header)}"
        )
    return found[0]


def _claims(row: Row, participant: str, columns: _Columns) -> Iterator[tuple[str, str]]:
    """Yield what a row says about its student: the participant's number, then anything that is left of the grade."""
    yield "participant", participant
    about = [row.text(at) for at in range(columns.grade) if at != columns.participant and row.text(at)]
    yield from ((kind, text) for kind in _KINDS for text in about)


def _columns(name: str, header: Sequence[str], rows: Sequence[Row], wanted: str) -> _Columns:
    participant = next((at for at in range(len(header)) if are_participants(rows, at)), None)
    if participant is None:
        where = "take the file of Assignment > Submissions > Download grading worksheet"
        raise ExportError(
            f"{name}: not a grading worksheet of Moodle: expected a column of participants, such as `Participant 123`; "
            + ("it looks like a gradebook of Canvas: give --to canvas" if is_gradebook(header) else where)
        )
    constant = [at for at in range(participant + 1, len(header)) if _is_constant_number([row.text(at) for row in rows])]
    named = [at for at in constant if _MAXIMUM.search(header[at])]
    maxima = named or constant
    if wanted:
        chosen = [at for at, title in enumerate(header) if title.casefold() == wanted.strip().casefold()]
        if len(chosen) != 1:
            raise ExportError(f"{name}: {len(chosen)} columns are called {wanted!r}; expected one of: {'; '.join(header)}")
        maxima = [at for at in maxima if at == chosen[0] + 1] or [at for at in maxima if at > chosen[0]][:1]
        grade = chosen[0]
    else:
        grade = maxima[0] - 1 if len(maxima) == 1 else -1
    if len(maxima) != 1:
        raise ExportError(
            f"{name}: {'no column' if not maxima else 'more than one column'} could hold the maximum grade; an assignment with a scale or "
            f"without points takes no marks. If it has points, name the grade column with --column: {'; '.join(header)}"
        )
    if grade <= participant:
        raise ExportError(
            f"{name}: no column for the grade left of {header[maxima[0]]!r}; download the grading worksheet again"
        )
    return _Columns(participant, grade, maxima[0], _open(rows, maxima[0], len(header)))


def _open(rows: Sequence[Row], after: int, width: int) -> int | None:
    """Return the column that says whether the grade may be changed: the first with nothing but yes and no."""
    for at in range(after + 1, width):
        if {row.text(at).casefold() for row in rows} <= _YES | _NO:
            return at
    return None


def _is_constant_number(texts: Sequence[str]) -> bool:
    return len(set(texts)) == 1 and number(texts[0]) is not None
