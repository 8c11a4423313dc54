"""Fill one assignment's column of a gradebook that was exported from Canvas, so that Canvas takes it back.

Canvas finds an assignment by the number at the end of its header and creates a new one for a header
that it does not know, so headers are never written. Excused (EX) and unassigned (N/A) cells and the
test student are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from autograder.errors import ExportError
from autograder.reporting.export.filling import Entry, Filled, Rules, fill
from autograder.reporting.export.kinds import are_participants, is_gradebook
from autograder.reporting.export.people import People
from autograder.reporting.export.sheet import Row, Sheet, number

__all__ = ["fill_canvas"]

_ASSIGNMENT = re.compile(r"(?P<title>.*\S)\s+\((?P<id>\d+)\)", re.DOTALL)
_POINTS = "points possible"
_READ_ONLY = "(read only)"
_TEST_STUDENT = "student, test"
_AS_FORMULA = re.compile(r'="(.*)"', re.DOTALL)  # how Canvas writes a name that begins with `=`
_KINDS = {"ID": ("canvas_id", "id"), "SIS User ID": ("sis_id", "id"), "SIS Login ID": ("login", "id", "email")}


def fill_canvas(data: bytes, name: str, people: People, rules: Rules, column: str = "", titles: Sequence[str] = ()) -> Filled:
    """Fill the column of an assignment.

    Args:
        data: Canvas's gradebook export.
        name: Name of the file, for messages.
        people: The students and their marks.
        rules: What the instructor wants.
        column: Title or number of the assignment; "" finds it by `titles`, or takes the only one.
        titles: What the assignment may be called.

    Returns:
        The filled export.

    Raises:
        ExportError: It is no gradebook export of Canvas, the assignment is not clear, the points
            differ, or it is the export of another course.
    """
    sheet = Sheet(data, name)
    header = [cell.text.strip() for cell in sheet.rows[0].cells]
    split = header[:2] == ["LastName", "FirstName"]
    if not is_gradebook(header):
        other = any(are_participants(sheet.rows[1:], at) for at in range(len(header)))
        raise ExportError(
            f"{name}: not a gradebook of Canvas: expected a first line that begins with Student,ID; "
            + ("it looks like a grading worksheet of Moodle: give --to moodle" if other else "take the file of Grades > Export")
        )
    if len(sheet.rows) < 2:
        raise ExportError(f"{name}: a first line and nothing below it, so the file is not whole; download the export again")
    possible = next((row for row in sheet.rows[1:] if row.text(0).casefold().startswith(_POINTS)), None)
    if possible is None:
        raise ExportError(f"{name}: no row 'Points Possible', so the maximum is not known; take the whole export of Canvas")
    place = _assignment(name, header, possible, column, titles)
    maximum = number(possible.text(place))
    if maximum is None:
        raise ExportError(
            f"{name}: row 'Points Possible' holds {possible.text(place)!r} for {header[place]!r}; expected the points of the assignment"
        )
    ids = {title: header.index(title) for title in _KINDS if title in header}
    entries = []
    for index, row in enumerate(sheet.rows):
        if index == 0 or row is possible or not any(row.text(at) for at in ids.values()):
            continue  # the header, and the rows about posting and points
        called = f"{row.text(0)}, {row.text(1)}" if split else row.text(0)
        if called.casefold() == _TEST_STUDENT:
            continue
        entries.append(Entry(index, called, people.find(_claims(row, ids, called)), _special(row.text(place))))
    numbers = [row.text(at) for row in sheet.rows[1:] for at, title in enumerate(header) if _ASSIGNMENT.fullmatch(title)]
    return fill(
        sheet, place, header[place], dict.fromkeys(range(len(sheet.rows)), maximum), entries, people, rules, numbers=numbers
    )


def _claims(row: Row, ids: dict[str, int], called: str) -> Iterator[tuple[str, str]]:
    for title, at in ids.items():
        if value := row.text(at):
            yield from ((kind, value) for kind in _KINDS[title])
    formula = _AS_FORMULA.fullmatch(called)
    yield "name", formula[1] if formula else called


def _special(text: str) -> str:
    return {"EX": "excused in Canvas (EX)", "N/A": "not assigned to this student in Canvas (N/A)"}.get(text.upper(), "")


def _assignment(name: str, header: Sequence[str], possible: Row, wanted: str, titles: Sequence[str]) -> int:
    """Return the index of the assignment's column."""
    found = {
        at: match
        for at, title in enumerate(header)
        if (match := _ASSIGNMENT.fullmatch(title)) and possible.text(at).casefold() != _READ_ONLY
    }
    if not found:
        raise ExportError(
            f"{name}: no column of an assignment such as `Lab 2 (1234)`; create the assignment in Canvas and export again"
        )
    if wanted:
        chosen = [at for at, match in found.items() if wanted.strip() in (match["id"], header[at])]
        chosen = chosen or [at for at, match in found.items() if _plain(match["title"]) == _plain(wanted)]
    else:
        plain = {_plain(title) for title in titles}
        chosen = [at for at, match in found.items() if _plain(match["title"]) in plain]
        chosen = chosen or (list(found) if len(found) == 1 else [])
    if len(chosen) == 1:
        return chosen[0]
    listed = "; ".join(
        f"--column {match['id']} for {header[at]!r}" for at, match in found.items() if not chosen or at in chosen
    )
    if chosen:
        raise ExportError(f"{name}: several assignments are called so; give the number of yours: {listed}")
    raise ExportError(f"{name}: {f'no assignment {wanted!r}.' if wanted else 'which assignment is it?'} Give one of {listed}")


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
