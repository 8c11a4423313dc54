"""Decide what `collect` will do for each student: which attempt counts, and whether it replaces what is there.

An older download never replaces newer work, and the same download changes nothing. This module knows
submissions and the record of what was collected; it writes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Literal

from autograder.collecting.identify import Identified, is_notebook
from autograder.collecting.sources.pieces import Piece
from autograder.course.records import CollectedFile
from autograder.notebooks.support_files import MAX_BYTES, MAX_FILES

__all__ = ["Attempt", "Planned", "plan_student"]

CHANGED = "changed"  # in the record: the time that the archive gives to the entry
_RESUBMITTED = re.compile(r"(?P<stem>.+?)-(?:[1-7]|[0-9a-f]{8}-[0-9a-f-]{27})(?P<ext>\.[A-Za-z][\w.]*)")
_TAKEN = ("timestamp.txt", "submission_secret.txt")
_NO_HELPER = (".", "~", "__")


@dataclass(frozen=True)
class Attempt:
    """One attempt of a student, with the notebook that was found in it.

    Attributes:
        kind: Kind of the download.
        archive: File name of the download.
        pieces: Its files.
        found: What its notebooks are.
    """

    kind: str
    archive: str
    pieces: tuple[Piece, ...]
    found: Identified


@dataclass(frozen=True)
class Planned:
    """What happens to one student's submission.

    Attributes:
        record: What is noted about it.
        notebook: The notebook.
        helpers: Name beside the notebook → file.
        state: "new", "newer" if it replaces what was collected, "same", or "older" if newer work
            was collected before.
        notes: What was left out, as sentences.
    """

    record: CollectedFile
    notebook: Piece
    helpers: Mapping[str, Piece]
    state: Literal["new", "newer", "same", "older"]
    notes: tuple[str, ...] = field(default=())


def plan_student(student: str, attempts: Sequence[Attempt], before: CollectedFile | None) -> Planned:
    """Choose the attempt that counts.

    Args:
        student: Id of the student.
        attempts: Attempts that hold a notebook of the lab; at least one.
        before: What was collected of the student before.

    Returns:
        What is to be done.
    """
    records = [(_record(student, attempt), attempt) for attempt in attempts]
    record, taken = records[0]
    for other, attempt in records[1:]:
        if _compare(other, record) >= 0:
            record, taken = other, attempt
    assert taken.found.notebook is not None
    helpers, notes = _helpers(taken.pieces, taken.found.notebook)
    return Planned(record, taken.found.notebook, helpers, _state(record, before), notes)


def _state(record: CollectedFile, before: CollectedFile | None) -> Literal["new", "newer", "same", "older"]:
    if before is None:
        return "new"
    if before.sha256 == record.sha256 and before.entry == record.entry and before.submitted == record.submitted:
        return "same"
    return "newer" if _compare(record, before) >= 0 else "older"


def _record(student: str, attempt: Attempt) -> CollectedFile:
    piece = attempt.found.notebook
    assert piece is not None
    entry = f"{piece.entry.name} » {piece.entry.inner}" if piece.entry.inner else piece.entry.name
    lms = {**piece.lms, CHANGED: piece.entry.changed.astimezone(timezone.utc).isoformat()}
    sha256 = hashlib.sha256(piece.entry.path.read_bytes()).hexdigest()
    return CollectedFile(student, attempt.kind, attempt.archive, entry, lms, piece.submitted, piece.late, piece.attempt, sha256)


def _compare(one: CollectedFile, other: CollectedFile) -> int:
    """Return 1 if the first is the newer, -1 if it is the older, 0 if nothing says so."""
    a, b = (_number(record) for record in (one, other))
    if a is not None and b is not None and one.source == other.source and a != b:
        return 1 if a > b else -1
    if one.submitted and other.submitted and one.submitted != other.submitted:
        return 1 if one.submitted > other.submitted else -1
    c, d = (_changed(record) for record in (one, other))
    return (c > d) - (c < d)


def _number(record: CollectedFile) -> int | None:
    """Return a number of the platform that grows with every upload."""
    text = record.lms.get("attachment", "")
    return int(text) if text.isdecimal() else None


def _changed(record: CollectedFile) -> datetime:
    try:
        when = datetime.fromisoformat(record.lms.get(CHANGED, ""))
    except ValueError:
        when = datetime.min
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


# ── the files beside the notebook ────────────────────────────────────────────────────────────────────────────────────


def _helpers(pieces: Sequence[Piece], notebook: Piece) -> tuple[dict[str, Piece], tuple[str, ...]]:
    """Return the files in the notebook's folder by their names there, and notes about those that stay behind."""
    folder = PurePosixPath(notebook.file).parent
    text = notebook.entry.path.read_bytes()
    helpers: dict[str, Piece] = {}
    notes: list[str] = []
    seen: dict[str, str] = defaultdict(str)
    for piece in pieces:
        name = _name_beside(piece, notebook, folder)
        if name is None:
            continue
        name = _expected(name, text)
        if problem := _unusable(name, seen):
            notes.append(f"{piece.file} stays behind: {problem}")
            continue
        seen[name.casefold()] = name
        helpers[name] = piece
    size = sum(piece.entry.path.stat().st_size for piece in helpers.values())
    if len(helpers) > MAX_FILES or size > MAX_BYTES:
        return {}, (
            f"more than {MAX_FILES} files or {MAX_BYTES >> 20} MB beside the notebook: none of these files is collected",
        )
    return helpers, tuple(notes)


def _name_beside(piece: Piece, notebook: Piece, folder: PurePosixPath) -> str | None:
    """Return the name of a helper file, seen from the notebook; None for what is none."""
    path = PurePosixPath(piece.file)
    if not piece.file or is_notebook(piece) or not path.is_relative_to(folder):
        return None
    if bool(piece.entry.inner) != bool(notebook.entry.inner) and folder != PurePosixPath():
        return None
    name = path.relative_to(folder).as_posix()
    if name in _TAKEN or any(part.startswith(_NO_HELPER) for part in PurePosixPath(name).parts):
        return None
    return name


def _expected(name: str, notebook: bytes) -> str:
    """Return the name without the number that a platform added at a second upload, if the notebook speaks of that one."""
    match = _RESUBMITTED.fullmatch(name)
    if match is None or name.encode(errors="replace") in notebook:
        return name
    plain = match["stem"] + match["ext"]
    return plain if plain.encode(errors="replace") in notebook else name


def _unusable(name: str, seen: Mapping[str, str]) -> str:
    """Return why a file cannot lie beside the notebook; "" if it can."""
    if any(len(part.encode(errors="replace")) > 255 for part in name.split("/")):
        return "its name has more than 255 bytes"
    if not name.isprintable():
        return "its name holds characters that are no letters"
    if other := seen.get(name.casefold()):
        return f"{other} has the same name on some systems"
    below = [known for known in seen if known.startswith(f"{name.casefold()}/") or name.casefold().startswith(f"{known}/")]
    return f"{seen[below[0]]} needs a folder of the same name" if below else ""
