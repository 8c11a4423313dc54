"""nbgrader's exchange: folders `STUDENT+ASSIGNMENT+TIME+RANDOM` of `inbound`, one per attempt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse", "recognises"]

_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ?([A-Za-z]*)")
_OURS = ("timestamp.txt", "submission_secret.txt")


def recognises(name: str) -> bool:
    """Return whether a path may be one of the exchange."""
    return _parts(name) is not None


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file of such a folder, except those that nbgrader adds."""
    for entry in download.entries:
        found = _parts(entry.name)
        if found is None:
            continue
        student, folder, when, file = found
        if file not in _OURS:
            person = Person(who=student, ids=(("id", student),))
            yield "exchange", Piece(entry, person, file, folder, {"folder": folder}, when)


def _parts(name: str) -> tuple[str, str, datetime, str] | None:
    """Return student, folder, time and path within the folder."""
    folder, slash, file = name.partition("/")
    parts = folder.rsplit("+", 3)
    match = _TIME.fullmatch(parts[2]) if slash and len(parts) == 4 else None
    if match is None or not parts[0]:
        return None
    try:
        when = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return parts[0], folder, when, file
