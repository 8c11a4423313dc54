"""The kinds of downloads: find out which one it is, and read its names. Each module here knows one kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.collecting.archives import Download, Entry, Left
from autograder.collecting.sources import blackboard, canvas, drive, exchange, folders, git, gradescope, moodle, pattern
from autograder.collecting.sources.pieces import Piece
from autograder.errors import CollectError

__all__ = ["KINDS", "Parsed", "parse_download"]

KINDS = ("canvas", "moodle", "gradescope", "blackboard", "drive", "git", "exchange", "folders")
ENOUGH = 0.6  # share of the files that must have a platform's names for the platform to be recognised
_CLASSROOM = re.compile(r"[^/]+-submissions/[^/]+/")
_PARSERS: dict[str, Callable[[Download], Iterator[tuple[str, Piece]]]] = {
    "canvas": canvas.parse,
    "moodle": moodle.parse,
    "gradescope": gradescope.parse,
    "blackboard": blackboard.parse,
    "drive": drive.parse,
    "git": git.parse,
    "exchange": exchange.parse,
    "folders": folders.parse,
}
# Asked in this order: the first are the least likely to be mistaken.
_RECOGNISERS = {
    "exchange": exchange.recognises,
    "moodle": moodle.recognises,
    "blackboard": blackboard.recognises,
    "canvas": canvas.recognises,
    "drive": drive.recognises,
}


@dataclass(frozen=True)
class Parsed:
    """A download whose names were read.

    Attributes:
        kind: Kind of the download.
        pieces: (kind to record, file) of each file whose name was understood.
        left: The files that were not taken.
    """

    kind: str
    pieces: tuple[tuple[str, Piece], ...]
    left: tuple[Left, ...]


def parse_download(download: Download, kind: str = "", regex: str = "") -> Parsed:
    """Find out of which kind a download is, and whose its files are.

    Args:
        download: The download.
        kind: One of KINDS; "" to find out.
        regex: A pattern for the names, which is used in place of a kind; "" for none.

    Returns:
        The files with their students, and those whose names say nothing.

    Raises:
        CollectError: No name fits the kind or the pattern.
    """
    compiled = pattern.compile_pattern(regex) if regex else None
    for view in _views(download):
        found = kind or ("pattern" if compiled else _kind_of(view))
        pieces = tuple(pattern.parse(view, compiled) if compiled else _PARSERS[found](view))
        if pieces:
            left = (*download.left, *_not_understood(view, pieces, found))
            return Parsed(found, _with_original_names(pieces, view, download), left)
    if not download.entries:
        raise CollectError(
            f"{download.path}: there are no files in it; give the download of the platform, or the folder with the submissions"
        )
    said = f"the pattern {regex}" if regex else f"the names of {found}"
    names = ", ".join(entry.name for entry in download.entries[:3])
    advice = "leave out --from to have it found out" if kind else "say with --from or --pattern how they are named"
    raise CollectError(f"{download.path}: no file fits {said} (there are: {names or 'none'}); {advice}")


def _kind_of(download: Download) -> str:
    names = [entry.name for entry in download.entries]
    if any(gradescope.recognises(name) for name in names):
        return "gradescope"
    if download.repositories and all("/" in name for name in names):
        return "git"
    for kind, recognises in _RECOGNISERS.items():
        if names and sum(map(recognises, names)) >= ENOUGH * len(names):
            return kind
    return "folders"


def _views(download: Download) -> Iterator[Download]:
    """Yield the download without the one folder around it that some programs add, and then as it is."""
    tops = {entry.name.partition("/")[0] for entry in download.entries}
    inside = [entry.name.partition("/")[2] for entry in download.entries]
    if len(tops) == 1 and all(inside) and not download.repositories and _kind_of(download) == "folders":
        stripped = [replace(entry, name=name) for entry, name in zip(download.entries, inside, strict=True)]
        view = replace(download, entries=tuple(stripped))
        notebooks = [name for name in inside if name.lower().endswith((".ipynb", ".zip"))]
        several = len({name.partition("/")[0] for name in notebooks}) > 1
        if _kind_of(view) != "folders" or several:
            if _kind_of(view) == "folders" and _CLASSROOM.match(download.entries[0].name):
                view = _of_classroom(view, next(iter(tops)))
            yield view
            return
    yield download


def _of_classroom(view: Download, top: str) -> Download:
    """Name the folders of GitHub Classroom, `ASSIGNMENT-submissions/ASSIGNMENT-USER`, after their users."""
    prefix = f"{top.removesuffix('-submissions')}-"
    return replace(view, entries=tuple(replace(entry, name=entry.name.removeprefix(prefix)) for entry in view.entries))


def _with_original_names(
    pieces: Sequence[tuple[str, Piece]], view: Download, download: Download
) -> tuple[tuple[str, Piece], ...]:
    """Give the entries the names that they have in the download, and files of a zip within it their own."""
    original = {id(mine): own for mine, own in zip(view.entries, download.entries, strict=True)}
    return tuple((kind, _restored(piece, original[id(piece.entry)])) for kind, piece in pieces)


def _restored(piece: Piece, entry: Entry) -> Piece:
    return replace(piece, entry=entry, file=entry.inner if piece.file and entry.inner else piece.file)


def _not_understood(view: Download, pieces: Sequence[tuple[str, Piece]], kind: str) -> list[Left]:
    """Return the notebooks whose names the reader did not understand."""
    known = {id(piece.entry) for _, piece in pieces}
    return [
        Left(entry.name, f"its name is none of {kind}; give it in a folder of its own, or write a --pattern")
        for entry in view.entries
        if id(entry) not in known and (entry.inner or entry.name).lower().endswith(".ipynb")
    ]
