"""Blackboard: `ASSIGNMENT_USER_attempt_TIME_FILE`, and one `ASSIGNMENT_USER_attempt_TIME.txt` about each attempt.

All attempts are in the download. Assignments and users may hold `_` themselves, so every text after a
`_` may be the user; the roster decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse", "recognises"]

_NAME = re.compile(r"(?P<head>.+_[^_]+)_attempt_(?P<when>\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)(?:_(?P<file>.+)|\.txt)", re.DOTALL)


def recognises(name: str) -> bool:
    """Return whether a name may be one of this platform."""
    return "/" not in name and _NAME.fullmatch(name) is not None


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file that has such a name. Times are taken as those of this machine's zone."""
    for entry in download.entries:
        match = _NAME.fullmatch(entry.name)
        when = _time(match["when"]) if match else None
        if match is None or when is None:
            continue
        parts = match["head"].split("_")
        logins = tuple("_".join(parts[i:]) for i in range(1, len(parts)))
        person = Person(who=match["head"], logins=logins)
        yield "blackboard", Piece(entry, person, match["file"] or "", match["when"], {"attempt": match["when"]}, when)


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d-%H-%M-%S").astimezone().astimezone(timezone.utc)
    except ValueError:
        return None
