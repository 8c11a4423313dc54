"""Shorten error messages of a student's code to one line, wherever they are shown.

The code sees the inputs of hidden tests, and the student reads its messages in the feedback. A line
of 200 characters reveals little of these inputs, even over several submissions. Knows only text.
"""

from __future__ import annotations

from coursekit._words import uncoloured

__all__ = ["one_line"]

READ_CHARS = 4000
SHOWN_CHARS = 200


def one_line(text: str) -> str:
    """Return the text, without colours, as one line of at most 200 characters; "…" marks what was cut."""
    words = " ".join(uncoloured(text[:READ_CHARS]).split())
    return words if len(words) <= SHOWN_CHARS else f"{words[: SHOWN_CHARS - 1]}…"
