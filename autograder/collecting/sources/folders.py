"""A folder per student, or a file per student, with no platform's names: `STUDENT/…/LAB.ipynb` or `STUDENT.ipynb`."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse"]


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file. The first folder, or else the file, is named after the student."""
    for entry in download.entries:
        folder, slash, file = entry.name.partition("/")
        own = folder if slash else folder.rpartition(".")[0] or folder
        yield "folders", Piece(entry, _person(own), file if slash else folder, "")


def _person(text: str) -> Person:
    """The name of a folder may be an id, a login, an address or a name; of a file, also the beginning of its name."""
    parts = text.split("_")
    begins = tuple("_".join(parts[:i]) for i in range(len(parts), 0, -1))
    return Person(who=text, name=text, email=text if "@" in text else "", logins=begins)
