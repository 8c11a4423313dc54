"""Gradescope: `submission_NUMBER/FILE` beside a `submission_metadata.yml` that says who handed in what, and when.

Only the active submission's files are in the export. Each member of a group gets the submission.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece
from autograder.errors import CollectError

__all__ = ["METADATA", "parse", "recognises"]

METADATA = "submission_metadata.yml"
_IN_BRACES = re.compile(r"([{,]\s*):(\w+):")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the file may have tens of MB


def recognises(name: str) -> bool:
    """Return whether a file says that the download is one of this platform."""
    return name.rpartition("/")[2] == METADATA


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file and submitter. Raises CollectError if the list is damaged."""
    for listing in (entry for entry in download.entries if recognises(entry.name)):
        base = listing.name[: -len(METADATA)]
        facts = _read(listing.path)
        for entry in download.entries:
            folder, slash, file = entry.name.removeprefix(base).partition("/")
            fact = facts.get(folder)
            if not entry.name.startswith(base) or not slash or not isinstance(fact, Mapping):
                continue
            when = _time(fact.get(":created_at"))
            history = fact.get(":history")
            attempt = len(history) + 1 if isinstance(history, list) else None
            lms = {"submission": folder.removeprefix("submission_")}
            for person in _people(fact, folder):
                yield "gradescope", Piece(entry, person, file, folder, lms, when, attempt=attempt)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        facts = _load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise CollectError(
            f"{METADATA}: not the list that Gradescope exports ({error}); export the submissions again"
        ) from error
    if not isinstance(facts, Mapping):
        raise CollectError(f"{METADATA}: not the list that Gradescope exports; export the submissions again")
    return facts


def _load(text: str) -> Any:
    """Parse the list. Keys such as `:id` in braces are no YAML, though Ruby reads them; then they get quotes."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return yaml.load(_IN_BRACES.sub(r'\1":\2":', text), Loader=_Loader)


def _people(fact: Mapping[str, Any], folder: str) -> list[Person]:
    listed = fact.get(":submitters")
    people = []
    for row in listed if isinstance(listed, list) else ():
        said = (
            {key: str(row.get(f":{key}") or "").strip() for key in ("name", "sid", "email")} if isinstance(row, Mapping) else {}
        )
        who = said.get("email") or said.get("sid") or said.get("name")
        if who:
            ids = (("sid", said["sid"]),) if said["sid"] else ()
            people.append(Person(who, said["name"], said["email"], ids))
    return people or [Person(folder)]


def _time(value: object) -> datetime | None:
    """Return a time with its zone: YAML makes a time of some spellings, and leaves a text of others."""
    if isinstance(value, str):
        text = value.strip().replace(" Z", "+00:00").replace(" UTC", "+00:00")
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
