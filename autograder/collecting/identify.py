"""Find the notebook of a lab among the files of a submission, by its content and never by its name.

The labs' own search does the work (`grading/submissions`): a notebook's metadata and grade ids say to
which lab it belongs, and one that lost both is compared with the release, cell by cell. This module
knows files of one person; it knows no platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.collecting.sources.pieces import Piece
from autograder.errors import UnreadableError
from autograder.grading.submissions.attempts import Candidate, Patience, newest
from autograder.grading.submissions.reading import read_submission
from autograder.labs.model import Lab
from autograder.notebooks.io import shown

__all__ = ["Identified", "identify", "is_notebook"]

MAX_NOTEBOOKS = 20  # notebooks of one attempt that are read


@dataclass(frozen=True)
class Identified:
    """What the notebooks of one attempt are.

    Attributes:
        notebook: The notebook of the lab; None if there is none.
        others: How many more notebooks of the lab there are.
        repaired: What is odd about the notebook and is repaired when it is graded; "" if nothing is.
        problem: Why there is none: "wrong lab", "no notebook" or "unreadable"; "" if there is one.
        said: The details of the problem.
    """

    notebook: Piece | None
    others: int = 0
    repaired: str = ""
    problem: str = ""
    said: str = ""


def identify(pieces: Sequence[Piece], lab: Lab) -> Identified:
    """Find the notebook of a lab among the files of one attempt.

    Args:
        pieces: The files.
        lab: The lab.

    Returns:
        The notebook, or why there is none. Of several, the newest counts.
    """
    ids, patience = frozenset(cell.id for cell in lab.cells if cell.grade_id), Patience()
    notebooks = [piece for piece in pieces if is_notebook(piece)]
    if not notebooks:
        there = ", ".join(shown(piece.file) for piece in pieces if piece.file) or "a text or link, typed into the platform"
        return Identified(None, problem="no notebook", said=f"there is: {there[:200]}")
    found = {Candidate(p.entry.path, lab.id, ids, True, False, patience): p for p in notebooks[:MAX_NOTEBOOKS]}
    ours = {candidate: piece for candidate, piece in found.items() if candidate.is_ours}
    texts = {c: said for c in found if not ours and not c.said.lab and not c.said.error and (said := _by_text(c, lab))}
    ours |= {candidate: found[candidate] for candidate in texts}
    if not ours:
        return _none(found)
    taken = _newest(ours)
    return Identified(ours[taken], len(ours) - 1, texts.get(taken) or _lost(taken, len(ids)))


def is_notebook(piece: Piece) -> bool:
    """Return whether a file is a notebook by its name; `lab.ipynb.json` and `lab.ipynb.txt` are what some browsers save."""
    return piece.file.lower().endswith((".ipynb", ".ipynb.json", ".ipynb.txt"))


def _newest(ours: dict[Candidate, Piece]) -> Candidate:
    """Return the notebook that was uploaded last, by the numbers of the platform or else by names and times."""
    if len(ours) > 1 and all("attachment" in piece.lms for piece in ours.values()):
        return max(ours, key=lambda candidate: int(ours[candidate].lms["attachment"]))
    return newest(list(ours))[0]


def _by_text(candidate: Candidate, lab: Lab) -> str:
    """Return what happened to a notebook whose cells are those of the lab, though nothing says so; "" if they are not."""
    try:
        read_submission(lab, candidate.path)
    except UnreadableError:
        return ""
    return "its metadata are lost; its cells are recognised by their text"


def _lost(candidate: Candidate, ids: int) -> str:
    lost = []
    if not candidate.said.lab:
        lost.append("it does not name its lab any more")
    if candidate.said.known < ids:
        lost.append(f"{ids - candidate.said.known} of {ids} cells lost their ids")
    return "; ".join(lost)


def _none(found: Iterable[Candidate]) -> Identified:
    """Return why none of the notebooks is the lab's: another lab is said before a file that cannot be read."""
    for candidate in found:
        if candidate.other_lab:
            return Identified(None, problem="wrong lab", said=f"it is the notebook of {candidate.other_lab}")
    errors = [candidate.said.error for candidate in found if candidate.said.error]
    if errors:
        return Identified(None, problem="unreadable", said=errors[0])
    return Identified(None, problem="wrong lab", said="its cells are not those of the lab; is it of another course?")
