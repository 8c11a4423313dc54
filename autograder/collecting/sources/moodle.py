"""Moodle: `FULL NAME_PARTICIPANT_assignsubmission_file/FILE`, flat with `_` before FILE, and `Participant_…` for blind marking.

The number is the participant's in this assignment, as in the grading worksheet; it is not the user's
id. Moodle before 4.1 wrote a `_` at the end of the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from autograder.collecting.archives import Download
from autograder.collecting.sources.pieces import Person, Piece

__all__ = ["parse", "recognises"]

_NAME = re.compile(
    r"(?P<name>.+?)_(?P<id>\d+)_(?P<plugin>assignsubmission|assignfeedback)_(?P<sub>[a-z]+)_?(?:(?P<way>[/_])(?P<file>.+))?",
    re.DOTALL,
)


def recognises(name: str) -> bool:
    """Return whether a name may be one of this platform."""
    return _NAME.fullmatch(name) is not None


def parse(download: Download) -> Iterator[tuple[str, Piece]]:
    """Yield (kind of the download, piece) for each file that has such a name; feedback of teachers is left out."""
    for entry in download.entries:
        match = _NAME.fullmatch(entry.name)
        if match is None or match["plugin"] != "assignsubmission":
            continue
        blind = "/" not in match["name"] and _is_blind(match["name"])
        name = "" if blind else match["name"]
        person = Person(
            who=f"{name}, participant {match['id']}".lstrip(", "), name=name, ids=(("moodle_participant", match["id"]),)
        )
        file = (match["file"] or "") if match["sub"] == "file" else ""
        kind = "moodle" if match["way"] == "/" else "moodle-flat"
        yield kind, Piece(entry, person, file, lms={"participant": match["id"], "name": match["name"]})


def _is_blind(name: str) -> bool:
    """Return whether the name is the word for a participant, in the languages that were seen."""
    return name.casefold() in (
        "participant",
        "teilnehmer/in",
        "teilnehmer",
        "teilnehmerin",
        "participante",
        "partecipante",
        "deelnemer",
    )
