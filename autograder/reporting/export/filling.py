"""Fill one column of a platform's own table with marks, and report what that would change.

A cell changes only if its number does. Whose row it is, and which rows are left alone, is the
platform's matter: canvas.py and moodle.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import ExportError
from autograder.reporting.export.people import People
from autograder.reporting.export.sheet import Sheet, decimal_comma, number
from autograder.reporting.marks import Mark

__all__ = ["Change", "Comments", "Entry", "Filled", "Rules", "fill", "not_ready"]

_NEAR = 1e-6
_FEW = 0.25  # where fewer of the rows, and of the marks, find each other, the table is that of another course
_ANYWAY = " (--incomplete writes what there is)"


@dataclass(frozen=True)
class Rules:
    """What the instructor wants.

    Attributes:
        scale: Whether marks are converted to another maximum.
        missing_as_zero: Whether a student who handed in nothing gets 0.
        incomplete: Whether marks are written that a person has not completed.
    """

    scale: bool = False
    missing_as_zero: bool = False
    incomplete: bool = False


@dataclass(frozen=True)
class Entry:
    """A row of the table that may get a mark.

    Attributes:
        row: Index of the row.
        name: What the table calls the student.
        student: Id of the student; None if the course has no such student.
        locked: Why the row must be left alone; "" if it need not.
    """

    row: int
    name: str
    student: str | None
    locked: str = ""


@dataclass(frozen=True)
class Change:
    """A cell that gets another number.

    Attributes:
        name: What the table calls the student.
        student: Id of the student.
        line: Number of the line in the file.
        old: What stood there.
        new: What stands there now.
    """

    name: str
    student: str
    line: int
    old: str
    new: str


@dataclass(frozen=True)
class Filled:
    """A filled table.

    Attributes:
        data: Content of the file.
        column: Header of the filled column.
        maximum: Points that the column can hold.
        changes: Cells that get another number.
        same: Number of cells that hold the mark already.
        left: (student, reason) of rows and marks that were left out.
        without_row: Ids of students with a mark who have no row.
        unknown: Names of rows that fit no student of the course.
        provisional: Ids of students whose mark in the file is not final.
        comments: Number of comments that are written beside marks.
        commented: Names of rows that keep a comment which a person wrote there.
    """

    data: bytes
    column: str
    maximum: float
    changes: tuple[Change, ...]
    same: int
    left: tuple[tuple[str, str], ...]
    without_row: tuple[str, ...]
    unknown: tuple[str, ...]
    provisional: tuple[str, ...] = ()
    comments: int = 0
    commented: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comments:
    """Texts that are written beside the marks.

    Attributes:
        column: Index of their column.
        texts: Id of a student → text.
        ours: What stands in every text of ours, and so tells it from one that a person wrote.
    """

    column: int
    texts: Mapping[str, str]
    ours: str


def fill(
    sheet: Sheet,
    column: int,
    header: str,
    maxima: Mapping[int, float],
    entries: Sequence[Entry],
    people: People,
    rules: Rules,
    *,
    numbers: Sequence[str],
    above: str = "",
    comments: Comments | None = None,
) -> Filled:
    """Fill a column.

    Args:
        sheet: The table.
        column: Index of the column.
        header: Its header, for messages.
        maxima: Index of a row → points that its cell can hold.
        entries: Rows that may get a mark.
        people: The students and their marks.
        rules: What the instructor wants.
        numbers: Texts of the table that show how it writes numbers.
        above: Why a mark above the maximum is left out; "" if it is written.
        comments: Texts for the rows whose mark is in the file; None for none.

    Returns:
        The filled table.

    Raises:
        ExportError: Hardly a row fits a student, or the column has another maximum than the lab.
    """
    matched = [entry for entry in entries if entry.student is not None]
    _check_course(sheet.name, entries, matched, people)
    maximum = _maximum(sheet, header, {maxima[entry.row] for entry in matched}, people, rules)
    comma = decimal_comma(numbers)
    twice = {student for student, count in Counter(entry.student for entry in matched).items() if count > 1}
    texts: dict[tuple[int, int], str] = {}
    changes, left, commented, said, same = [], [], [], 0, 0
    for entry in matched:
        mark = people.marks[str(entry.student)]
        row = sheet.rows[entry.row]
        old = row.text(column)
        points = _scaled(mark, maximum)
        reason = (
            entry.locked
            or (f"two rows fit the student {entry.student}; complete the ids in the roster" if entry.student in twice else "")
            or not_ready(mark, rules)
            or (above if above and round(points, 2) > maximum + _NEAR else "")
            or ("" if old in ("", "-") or number(old) is not None else f"the cell holds {old!r}, which is no number")
            or ("" if column < len(row.cells) else "the row ends before this column")
        )
        if reason:
            left.append((entry.name, reason))
            continue
        if comments:
            text, there = comments.texts.get(mark.student.id, ""), row.text(comments.column)
            if there and comments.ours not in there:
                commented.append(entry.name)
            elif text and comments.column < len(row.cells):
                texts[entry.row, comments.column] = text
                said += 1
        before = number(old)
        if before is not None and abs(round(before, 2) - round(points, 2)) < _NEAR:
            same += 1
            continue
        new = f"{points:.2f}".replace(".", "," if comma else ".")
        texts[entry.row, column] = new
        changes.append(Change(entry.name, str(entry.student), row.line, old, new))
    matching = {entry.student for entry in matched}
    without_row = tuple(id for id, mark in people.marks.items() if id not in matching and mark.verdict is not None)
    unknown = tuple(entry.name for entry in entries if entry.student is None)
    out = {name for name, _ in left}
    written = [people.marks[str(entry.student)] for entry in matched if entry.name not in out]
    provisional = tuple(mark.student.id for mark in written if mark.verdict is not None and not mark.complete)
    return Filled(
        sheet.with_cells(texts),
        header,
        maximum,
        tuple(changes),
        same,
        tuple(left),
        without_row,
        unknown,
        provisional,
        said,
        tuple(commented),
    )


def _check_course(name: str, entries: Sequence[Entry], matched: Sequence[Entry], people: People) -> None:
    """Raise ExportError where the table is rather that of another course, which may share a few students with this one."""
    if not entries:
        raise ExportError(f"{name}: no row of a student; download the export again")
    handed_in = [student for student, mark in people.marks.items() if mark.verdict is not None]
    students = {entry.student for entry in matched}
    with_row = sum(student in students for student in handed_in)
    if matched and (len(matched) >= _FEW * len(entries) or with_row >= _FEW * len(handed_in)):
        return
    found = "none" if not matched else f"only {len(matched)}"
    rows = f"{len(entries)} student{'s' * (len(entries) != 1)}"
    marks = f", and only {with_row} of {len(handed_in)} marks have a row" if matched else ""
    raise ExportError(
        f"{name}: {found} of its {rows} {'is one' if len(matched) < 2 else 'are students'} of this course{marks}; is it the export of "
        "another course? If not, add the ids that it holds to the roster, in a column such as canvas_id, login or email"
    )


def _maximum(sheet: Sheet, header: str, maxima: set[float], people: People, rules: Rules) -> float:
    if len(maxima) > 1:
        raise ExportError(
            f"{sheet.name}: column {header!r} has several maxima ({', '.join(f'{m:g}' for m in sorted(maxima))}); expected one"
        )
    maximum = next(iter(maxima))
    points = next(iter(people.marks.values())).max_points
    if maximum <= 0 or points <= 0:
        raise ExportError(
            f"{sheet.name}: column {header!r} is out of {maximum:g} points and the lab out of {points:g}; expected more than 0"
        )
    if abs(maximum - points) > _NEAR and not rules.scale:
        raise ExportError(
            f"{sheet.name}: column {header!r} is out of {maximum:g} points, the lab out of {points:g}; change the points there, or convert "
            f"the marks with --scale"
        )
    return maximum


def _scaled(mark: Mark, maximum: float) -> float:
    return mark.points * maximum / mark.max_points


def not_ready(mark: Mark, rules: Rules) -> str:
    """Say why a mark is not written.

    Args:
        mark: The mark.
        rules: What the instructor wants.

    Returns:
        The reason; "" if it is written.
    """
    if mark.verdict is None:
        return "" if rules.missing_as_zero else "nothing was handed in (--missing-as-zero writes 0)"
    if rules.incomplete or mark.complete:
        return ""
    if mark.verdict.status != "graded":
        return f"{mark.verdict.status}: a person must look at it first{_ANYWAY}"
    waiting = sum(hand.points is None for hand in mark.by_hand)
    if waiting:
        return f"{waiting} {'answer waits' if waiting == 1 else 'answers wait'} for a mark by hand{_ANYWAY}"
    return f"an answer or a test changed since it was marked by hand; look again{_ANYWAY}"
