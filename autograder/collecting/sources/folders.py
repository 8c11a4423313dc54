"""A folder or a file per student, with no platform's names: `STUDENT/…/LAB.ipynb`, `STUDENT.ipynb`, or the file of coursekit.submit.

That one is called `LAB-STUDENT-TIME.ipynb`. Its time is that of the student's computer, so it tells attempts
apart and says nothing about lateness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse"]

_HANDED_IN = re.compile(r"[\w.]+-(?P<student>.+)-(?P<time>\d{8}T\d{6})(?: \(\d+\))?")


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file. The first folder, or else the file, is named after the student."""
    for entry in download.entries:
        folder, slash, file = entry.name.partition("/")
        own = folder if slash else folder.rpartition(".")[0] or folder
        made = None if slash else _HANDED_IN.fullmatch(own)
        person, time = (_person_of_file(made["student"]), made["time"]) if made else (_person(own), "")
        yield "folders", Piece(entry, person, file if slash else folder, time)


def _person(text: str) -> Person:
    """The name of a folder may be an id, a login, an address or a name; of a file, also the beginning of its name."""
    parts = text.split("_")
    begins = tuple("_".join(parts[:i]) for i in range(len(parts), 0, -1))
    return Person(who=text, name=text, email=text if "@" in text else "", logins=begins)


def _person_of_file(text: str) -> Person:
    """The student in the name of a file of coursekit.submit; the id of the lab before it may hold `-`, as the student's may."""
    parts = text.split("-")
    ends = tuple("-".join(parts[i:]) for i in range(len(parts)))
    return Person(who=text, email=text if "@" in text else "", logins=ends)
