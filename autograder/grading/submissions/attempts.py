"""Choose among several notebooks of one student: who the student is, which lab each is for, which attempt counts.

This module knows files and their names; it does not know folders or the content of cells.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.grading.submissions.reading import Recognised, recognise
from autograder.grading.submissions.stamps import MAX_STAMP, parse_stamp

__all__ = ["Candidate", "Patience", "newest", "student_name", "student_of_file"]

MAX_SECONDS = 20.0  # seconds for reading all notebooks of one student
_NUMBERED = re.compile(r" ?\((\d{1,4})\)$|[-_ ](?:v|attempt ?)?(\d{1,3})$", re.IGNORECASE)
_COPY = re.compile(r"^(?:copy of|kopie von|copie de) |[-_ ](?:copy|kopie)\d*$", re.IGNORECASE)
# What a learning platform inserts between the student's name and the file name: `_LATE`, then its own numbers.
_PLATFORM = re.compile(r"(?:_LATE(?:_(\d{2,})(?:_\d{2,})*)?|_(\d{2,})(?:_\d{2,})+)?$", re.IGNORECASE)
_KNOWN = 0.3  # share of the lab's grade ids from which a notebook without the lab's name counts as a notebook of the lab


class Patience:
    """Reads the notebooks of one student, for at most MAX_SECONDS seconds in all."""

    def __init__(self) -> None:
        self._left = MAX_SECONDS

    def recognise(self, path: Path, ids: frozenset[str]) -> Recognised:
        """Find out which lab a notebook belongs to, as `reading.recognise` does; an error if the time is over."""
        if self._left <= 0:
            return Recognised(error="not read, because the files before it took too long")
        started = time.monotonic()
        said = recognise(path, ids)
        self._left -= time.monotonic() - started
        return said


@dataclass(eq=False)
class Candidate:
    """A notebook that may be a student's submission.

    Attributes:
        path: Path of the notebook.
        lab: Id of the lab.
        ids: Grade ids of the lab; empty if they are not known.
        own_folder: Whether its folder holds only files of this student.
        expected: Whether it has the expected name and folder of a submission, whatever it contains.
        patience: Reads the notebook.
    """

    path: Path
    lab: str
    ids: frozenset[str]
    own_folder: bool
    expected: bool
    patience: Patience

    @cached_property
    def said(self) -> Recognised:
        """What the notebook says about itself; nothing for a link."""
        linked = self.path.is_symlink() or self.path.parent.is_symlink()
        return Recognised() if linked or not self.path.is_file() else self.patience.recognise(self.path, self.ids)

    @property
    def is_ours(self) -> bool:
        """Whether it is a notebook of this lab, by its metadata or by its grade ids."""
        return self.said.lab == self.lab or (not self.said.lab and self.said.known >= max(1, _KNOWN * len(self.ids)))

    @property
    def other_lab(self) -> str:
        """Id of the other lab that its metadata names; "" if there is none."""
        return self.said.lab if self.said.lab != self.lab else ""

    @property
    def certainty(self) -> int:
        """2 for a notebook of the lab, 1 for a notebook that may have lost its metadata, 0 if it cannot be read."""
        if self.said.error:
            return 0
        return 2 if self.is_ours else 1

    @cached_property
    def stamp(self) -> float:
        """Time of collection by nbgrader in seconds since the epoch; 0 if it is not known."""
        with suppress(OSError, ValueError, OverflowError, TypeError), open(self.path.parent / "timestamp.txt", "rb") as file:
            return parse_stamp(file.read(MAX_STAMP).decode(errors="replace")).timestamp()
        return 0.0

    @cached_property
    def changed(self) -> float:
        """Time of the last change in seconds since the epoch; 0 if it is not known."""
        try:
            return self.path.lstat().st_mtime
        except OSError:
            return 0.0


def newest(candidates: Sequence[Candidate]) -> tuple[Candidate, str]:
    """Choose the attempt that counts among the candidates with the highest certainty.

    Args:
        candidates: At least one candidate.

    Returns:
        The newest attempt, and how it was found, as a phrase for messages.
    """
    best = max(candidate.certainty for candidate in candidates)
    rest = [candidate for candidate in candidates if candidate.certainty == best]
    if len(rest) == 1:
        return rest[0], "the only one that is a notebook of this lab"
    if all(candidate.stamp for candidate in rest) and len({candidate.stamp for candidate in rest}) == len(rest):
        return max(rest, key=lambda candidate: candidate.stamp), "by timestamp.txt"
    names = [_name(candidate.path) for candidate in rest]
    if len({(candidate.path.parent, base) for candidate, (base, _) in zip(rest, names, strict=True)}) == 1 and not any(
        _COPY.search(candidate.path.stem) for candidate in rest
    ):
        numbers = [number for _, number in names]
        if len(set(numbers)) == len(numbers):
            return rest[numbers.index(max(numbers))], "by the number in its name"
    # Files from one archive may all have the same time: then prefer the plain name to a copy.
    return max(
        rest, key=lambda c: (int(c.changed), not _COPY.search(c.path.stem), c.path.name)
    ), "by the time of its last change"


def _name(path: Path) -> tuple[str, int]:
    """Return a file name without the number that browsers and platforms append, and that number."""
    stem = unicodedata.normalize("NFC", path.stem)
    match = _NUMBERED.search(stem)
    return (stem[: match.start()], int(match[1] or match[2])) if match else (stem, 0)


# ── names of students ────────────────────────────────────────────────────────────────────────────────────────────────


def student_name(text: str) -> str:
    """Normalise the name of a student, so that it is the same for files from every operating system.

    Args:
        text: Name of a file or folder.

    Returns:
        The name in Unicode normal form C, without surrogates.
    """
    raw = text.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # from old archives
    return unicodedata.normalize("NFC", text)


def student_of_file(stem: str, lab_id: str) -> tuple[str, str]:
    """Find the student in the name of a file that lies in one folder with the files of other students.

    `eva (1)`, `Copy of eva`, `eva_LATE_17_4711_lab01-2` and `lab01-eva-20261127T021530`, the name that
    `coursekit.submit` gives, all belong to eva. A number alone
    distinguishes students (`student-1`); after the name of the lab it counts attempts.

    Args:
        stem: File name without its suffix.
        lab_id: Id of the lab.

    Returns:
        Name of the student, and the number that a platform uses to distinguish students with the
        same name; "" if there is none.
    """
    stem = student_name(stem)
    plain = _COPY.sub("", re.sub(r" ?\(\d{1,4}\)$", "", stem))
    handed_in = re.fullmatch(rf"(.*)({re.escape(lab_id)})-(.+)-\d{{8}}T\d{{6}}", plain, re.IGNORECASE | re.DOTALL)
    if handed_in is not None:  # written by `coursekit.submit`, and perhaps named anew by a platform
        plain = f"{handed_in[1]}{handed_in[2]}" if handed_in[1].rstrip(" -_") else f"{handed_in[3]}-{handed_in[2]}"
    # Do not search in `plain.lower()`: `İ` becomes two characters there.
    last = re.fullmatch(rf"(.*){re.escape(lab_id)}(?:[-_ ]?\d{{1,3}})?", plain, re.IGNORECASE | re.DOTALL)
    if last is None:
        return plain.strip() or stem, ""
    before = last[1].rstrip(" -_")
    match = _PLATFORM.search(before)
    assert match is not None  # it may be empty
    name = before[: match.start()].rstrip(" -_")
    return (name, match[1] or match[2] or "") if name else (stem, "")
