"""What a kernel's history says about a notebook's file: work that is not saved, and cells that ran out of order.

Pure computation on texts. Knows nothing of where they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

__all__ = ["LOOKS", "out_of_order", "unsaved"]

_SIMILAR = 0.6  # two texts that are at least this similar are the same cell before and after an edit
_COMPARED = 3_000  # characters of a text that are compared
_RECENT = 80  # runs that are looked at
LOOKS = ("coursekit.progress(", "coursekit.submit(", "coursekit.doctor(")  # cells that only look may run at any time


def unsaved(ran: Sequence[str], saved: Sequence[str]) -> list[int]:
    """Find cells whose file differs from what ran last in the kernel.

    Args:
        ran: What the kernel ran, in its order.
        saved: The code cells of the file.

    Returns:
        Indices in `saved` of the cells that ran later with another text, sorted.
    """
    texts = [text.strip() for text in saved]
    found: set[int] = set()
    last = {text.strip(): place for place, text in enumerate(ran)}
    for place, run in list(enumerate(map(str.strip, ran)))[-_RECENT:]:
        if not run or run in texts or "submit(" in run:
            continue
        like = _most_similar(run, texts)
        # A text that ran after this one has replaced it.
        if like is not None and last.get(texts[like], -1) < place:
            found.add(like)
    return sorted(found)


def out_of_order(ran: Sequence[str], saved: Sequence[str]) -> list[tuple[int, int]]:
    """Find neighbours among the cells that ran, of which the lower one ran first.

    Cells that only look are left out, and so are cells with the same text: which of them ran is not known.

    Args:
        ran: What the kernel ran, in its order.
        saved: The code cells of the file.

    Returns:
        Pairs of indices in `saved`: (the upper cell, the lower cell that ran before it).
    """
    last = {text.strip(): place for place, text in enumerate(ran)}
    texts = [text.strip() for text in saved]
    placed = [
        (index, last[text])
        for index, text in enumerate(texts)
        if text in last and texts.count(text) == 1 and not text.startswith(LOOKS)
    ]
    return [(up, down) for (up, first), (down, second) in pairwise(placed) if second < first]


def _most_similar(text: str, others: Sequence[str]) -> int | None:
    """Return the index of the most similar text, or None if none is similar."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(text[:_COMPARED])
    best, place = _SIMILAR, None
    for index, other in enumerate(others):
        matcher.set_seq1(other[:_COMPARED])
        if matcher.real_quick_ratio() >= best and matcher.quick_ratio() >= best and (ratio := matcher.ratio()) >= best:
            best, place = ratio, index
    return place
