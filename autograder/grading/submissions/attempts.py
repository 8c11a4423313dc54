"""Notebooks that may be one student's submission: whose they are, what they say of themselves, and which of them counts.

Knows files and their names; nothing of folders or of what stands in a notebook's cells.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timezone
from functools import cached_property
from pathlib import Path

from autograder.grading.submissions.reading import Recognised, recognise

__all__ = ["Candidate", "Patience", "newest", "student_name", "student_of_file"]

MAX_SECONDS = 20.0  # for reading the notebooks of one student
_NUMBERED = re.compile(r" ?\((\d{1,4})\)$|[-_ ](?:v|attempt ?)?(\d{1,3})$", re.IGNORECASE)
_COPY = re.compile(r"^(?:copy of|kopie von|copie de) |[-_ ](?:copy|kopie)\d*$", re.IGNORECASE)
# What a learning platform puts between a student's name and the name of the file: `_LATE`, then numbers of its own.
_PLATFORM = re.compile(r"(?:_LATE(?:_(\d{2,})(?:_\d{2,})*)?|_(\d{2,})(?:_\d{2,})+)?$", re.IGNORECASE)
_KNOWN = 0.3  # share of the lab's ids from which on a notebook without its name is taken for one of it


class Patience:
    """Reads the notebooks of one student, until that has taken long enough."""

    def __init__(self) -> None:
        self._left = MAX_SECONDS

    def recognise(self, path: Path, ids: frozenset[str]) -> Recognised:
        if self._left <= 0:
            return Recognised(error="not looked at, because those before it took too long")
        started = time.monotonic()
        said = recognise(path, ids)
        self._left -= time.monotonic() - started
        return said


@dataclass(eq=False)
class Candidate:
    """A notebook that may be a student's submission. expected: it lies where one must, whatever it turns out to be."""

    path: Path
    lab: str
    ids: frozenset[str]
    own_folder: bool
    expected: bool
    patience: Patience

    @cached_property
    def said(self) -> Recognised:
        linked = self.path.is_symlink() or self.path.parent.is_symlink()
        return Recognised() if linked or not self.path.is_file() else self.patience.recognise(self.path, self.ids)

    @property
    def is_ours(self) -> bool:
        return self.said.lab == self.lab or (not self.said.lab and self.said.known >= max(1, _KNOWN * len(self.ids)))

    @property
    def other_lab(self) -> str:
        return self.said.lab if self.said.lab != self.lab else ""

    @property
    def certainty(self) -> int:
        """2: a notebook of the lab; 1: none that says so, but it may be one that lost its metadata; 0: cannot be read."""
        if self.said.error:
            return 0
        return 2 if self.is_ours else 1

    @cached_property
    def stamp(self) -> float:
        """Seconds at which nbgrader collected it, 0 if nobody noted that."""
        from nbgrader.utils import parse_utc  # takes a while to load, and few students hand in twice

        with suppress(OSError, ValueError, OverflowError, TypeError), open(self.path.parent / "timestamp.txt", "rb") as file:
            when = parse_utc(file.read(100).decode(errors="replace").strip())
            return when.replace(tzinfo=timezone.utc).timestamp()
        return 0.0

    @cached_property
    def changed(self) -> float:
        try:
            return self.path.lstat().st_mtime
        except OSError:
            return 0.0


def newest(candidates: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The attempt that counts among those that are equally certain, and how that was seen."""
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
    # Unpacked at once they may all be of one second: then the plain name, not the copy.
    return max(
        rest, key=lambda c: (int(c.changed), not _COPY.search(c.path.stem), c.path.name)
    ), "by the time of its last change"


def _name(path: Path) -> tuple[str, int]:
    """A file's name without the number that browsers and platforms put behind it, and that number."""
    stem = unicodedata.normalize("NFC", path.stem)
    match = _NUMBERED.search(stem)
    return (stem[: match.start()], int(match[1] or match[2])) if match else (stem, 0)


# ── whose it is ──────────────────────────────────────────────────────────────────────────────────────────────────────


def student_name(text: str) -> str:
    """A name that every file and database can hold; as Macs and other machines spell it, it is the same."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # such as old archives hold
    return unicodedata.normalize("NFC", text)


def student_of_file(stem: str, lab_id: str) -> tuple[str, str]:
    """Whose a file is that lies among others, and the number by which a platform tells students of one name apart, if it does.

    `eva (1)`, `Copy of eva` and `eva_LATE_17_4711_lab01-2` are eva's. A number alone tells students apart (`student-1`); behind
    the name of the lab it counts attempts.
    """
    stem = student_name(stem)
    plain = _COPY.sub("", re.sub(r" ?\(\d{1,4}\)$", "", stem))
    # Not by the place in `plain.lower()`: İ becomes two characters there.
    last = re.fullmatch(rf"(.*){re.escape(lab_id)}(?:[-_ ]?\d{{1,3}})?", plain, re.IGNORECASE | re.DOTALL)
    if last is None:
        return plain.strip() or stem, ""
    before = last[1].rstrip(" -_")
    match = _PLATFORM.search(before)
    assert match is not None  # it may be empty
    name = before[: match.start()].rstrip(" -_")
    return (name, match[1] or match[2] or "") if name else (stem, "")
