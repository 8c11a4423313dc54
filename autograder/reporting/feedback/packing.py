"""Pack feedback pages as Canvas and Moodle take them back.

Canvas finds the submission by the first two numbers between underscores: the user and the attachment.
Moodle finds the participant by the second part of the folder's name. This module knows names of
entries; it knows no pages.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from autograder.course.records import CollectedFile

__all__ = ["entry_name", "pack"]

_MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_file")
_ILLEGAL = re.compile(r'[\x00-\x1f/\\:*?"<>|_]')
_EPOCH = (1980, 1, 1, 0, 0, 0)  # equal pages give equal archives


def entry_name(file: CollectedFile, lab: str, lms: str) -> str | None:
    """Name the entry of a student's page.

    Args:
        file: What collect noted about the submission.
        lab: Id of the lab.
        lms: "canvas" or "moodle".

    Returns:
        Name of the entry; None if collect noted no ids of that platform.
    """
    return _for_canvas(file, lab) if lms == "canvas" else _for_moodle(file, lab)


def pack(pages: Mapping[str, str], files: Sequence[CollectedFile], lab: str, lms: str) -> tuple[bytes, list[str]]:
    """Pack the pages of a class.

    Args:
        pages: Id of a student → page.
        files: What collect noted.
        lab: Id of the lab.
        lms: "canvas" or "moodle".

    Returns:
        The archive, and the ids of the students whose pages have no place in it.
    """
    names = {file.student: name for file in files if (name := entry_name(file, lab, lms))}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in sorted(pages):
            if student in names:
                entry = zipfile.ZipInfo(names[student], _EPOCH)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, pages[student], zipfile.ZIP_DEFLATED)
    return out.getvalue(), sorted(pages.keys() - names.keys())


def _for_canvas(file: CollectedFile, lab: str) -> str | None:
    attachment, user = file.lms.get("attachment", ""), file.lms.get("user", "")
    anonymous = file.lms.get("anon", "")
    if not attachment.isdecimal() or not (user.isdecimal() or anonymous):
        return None
    if not user:
        return f"anon_{anonymous}_{attachment}_{lab}.html"
    # The entry of a notebook in a zip within the download is "work.zip » folder/lab.ipynb".
    name = PurePosixPath(file.entry.split(" » ")[0]).name.split("_", 1)[0]
    # A name of digits alone would be taken for the user.
    safe = "" if name.isdecimal() or name.startswith(".") else _ILLEGAL.sub("", name)[:60]
    return f"{safe or 'student'}_{user}_{attachment}_{lab}.html"


def _for_moodle(file: CollectedFile, lab: str) -> str | None:
    participant = file.lms.get("participant", "")
    if not participant.isdecimal():
        return None
    found = [match for part in PurePosixPath(file.entry).parts if (match := _MOODLE.match(part)) and match["id"] == participant]
    name = found[0]["name"] if found and not found[0]["name"].startswith((".", "~")) else "Participant"
    head = f"{name}_{participant}_assignsubmission_file"
    return f"{head}_{lab}.html" if file.source == "moodle-flat" else f"{head}/{lab}.html"
