"""Canvas: one flat list of `NAME[_LATE]_USER_ATTACHMENT_FILE`, or `anon_ID_ATTACHMENT_FILE` where marking is anonymous.

The number before the file name is the attachment's, which grows with every upload. Names have lost
their spaces and marks, so they only serve to find a student by a roster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse", "recognises"]

_HEAD = r"(?:(?P<name>(?!LATE_|anon_).+?)_)?(?:(?P<late>LATE)_)?(?:anon_(?P<anon>[0-9A-Za-z]{5})|(?P<user>\d+))_"
_FILE = re.compile(rf"{_HEAD}(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_TYPED = re.compile(rf"{_HEAD}(?:text|link)\.html", re.DOTALL)


def recognises(name: str) -> bool:
    """Return whether a name may be one of this platform."""
    return "/" not in name and bool(_FILE.fullmatch(name) or _TYPED.fullmatch(name))


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file that has such a name."""
    for entry in download.entries:
        match = _FILE.fullmatch(entry.name) or _TYPED.fullmatch(entry.name)
        if match is None or "/" in entry.name:
            continue
        said = match.groupdict()
        user, anonymous = said["user"], said["anon"]
        lms = {"user": user} if user else {"anon": anonymous}
        if said.get("attachment"):
            lms["attachment"] = said["attachment"]
        person = Person(
            who=f"user {user}" if user else f"anon {anonymous}",
            name=said["name"] or "",
            ids=(("canvas_id", user),) if user else (),
        )
        yield "canvas", Piece(entry, person, said.get("file") or "", lms=lms, late=bool(said["late"]))
