"""Google Classroom and Drive: `STUDENT - TITLE.ipynb`, `Copy of …`, ` (1)`. Nothing of this is documented, so the roster decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse", "recognises"]

_COPY = re.compile(r"^(?:copy of|kopie von|copie de|copia de|copia di) ", re.IGNORECASE)
_DASH = re.compile(r" [-–—] ")


def recognises(name: str) -> bool:
    """Return whether a name may be one of a folder of Classroom."""
    return bool(_DASH.search(PurePosixPath(name).name))


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file. The text before ` - ` is the name of the student."""
    for entry in download.entries:
        own = PurePosixPath(entry.name).name
        plain = _COPY.sub("", own)
        name, dash, _ = plain.partition(found[0]) if (found := _DASH.search(plain)) else ("", "", plain)
        person = Person(who=name.strip() if dash else own, name=name.strip() if dash else "")
        yield "drive", Piece(entry, person, own, own)
