"""Any download whose names follow a regular expression of the instructor's, with nbgrader's names for the groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece
from autograder.errors import CollectError

__all__ = ["compile_pattern", "parse"]

_WHO = ("student_id", "login", "email", "name", "first_name", "last_name")
_GROUPS = (*_WHO, "file_id", "timestamp", "late", "attempt")


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern.

    Args:
        text: A regular expression with named groups: at least one of student_id, login, email,
            name or last_name; and file_id, timestamp, late and attempt, if names say so.

    Returns:
        The pattern.

    Raises:
        CollectError: It is not a regular expression, or its groups are not these.
    """
    try:
        pattern = re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise CollectError(f"--pattern: not a regular expression: {error}") from error
    odd = [group for group in pattern.groupindex if group not in _GROUPS]
    if odd or not any(group in pattern.groupindex for group in _WHO):
        raise CollectError(
            f"--pattern: expected named groups such as (?P<student_id>[^_]+); known are {', '.join(_GROUPS)}, "
            f"and one of the first six is needed (there are: {', '.join(pattern.groupindex) or 'none'})"
        )
    return pattern


def parse(download: Download, pattern: re.Pattern[str]) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file whose name begins as the pattern says."""
    for entry in download.entries:
        match = pattern.match(entry.name)
        if match is None:
            continue
        said = {group: (text or "").strip() for group, text in match.groupdict().items()}
        name = said.get("name") or f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
        ids = tuple((column, said[group]) for group, column in (("student_id", "id"), ("login", "login")) if said.get(group))
        email = said.get("email", "")
        who = next((said[group] for group in _WHO[:3] if said.get(group)), name)
        if who:
            file = entry.name.rpartition("/")[2]
            attempt = int(said["attempt"]) if said.get("attempt", "").isdecimal() else None
            late = bool(said["late"]) if "late" in said else None
            when = _time(said.get("timestamp", ""))
            yield (
                "pattern",
                Piece(entry, Person(who, name, email, ids), file, said.get("timestamp", ""), {}, when, late, attempt),
            )


def _time(text: str) -> datetime | None:
    digits = re.findall(r"\d+", text)
    try:
        parts = [int(part) for part in digits[:6]] if len(digits) > 1 else [int(digits[0][i:j]) for i, j in _COMPACT]
        return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type, misc]
    except (ValueError, IndexError, TypeError):
        return None


_COMPACT = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))  # 20261120180102
