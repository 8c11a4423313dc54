"""What a reader of downloads returns: for each file, whose it is and what the platform says about it.

This module knows no platform; each module beside it knows one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from autograder.collecting.archives import Entry

__all__ = ["Person", "Piece"]


@dataclass(frozen=True)
class Person:
    """Somebody as a platform names them.

    Attributes:
        who: The platform's own name or number, the same in every download; it stands in `mapping.csv`.
        name: Name as the platform writes it; "" if it gives none.
        email: E-mail address; "" if it gives none.
        ids: (column of the roster, value) pairs that all hold.
        logins: Texts of which one may be the login, best first, where names of files do not say
            where a login begins.
    """

    who: str
    name: str = ""
    email: str = ""
    ids: tuple[tuple[str, str], ...] = ()
    logins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A file of a submission.

    Attributes:
        entry: The file.
        person: Who handed it in.
        file: Its path in the submission; "" for what is no file of the student, such as a text that
            was typed into the platform.
        attempt_key: Pieces of one person with the same key belong to one attempt.
        lms: Ids that the platform needs on the way back.
        submitted: When it was handed in; None if that is not known.
        late: Whether the platform calls it late; None if it does not say.
        attempt: Number of the attempt; None if it is not known.
    """

    entry: Entry
    person: Person
    file: str
    attempt_key: str = ""
    lms: Mapping[str, str] = field(default_factory=dict)
    submitted: datetime | None = None
    late: bool | None = None
    attempt: int | None = None
