"""What a student's code says in the text of an error, kept to one short line wherever it is shown.

The code knows what the hidden part of a test handed to it, and a student reads its words in the feedback. In a line of 200 characters
little of that comes back, even over several submissions. Knows text alone.
"""

from __future__ import annotations

__all__ = ["one_line"]

READ_CHARS = 4000
SHOWN_CHARS = 200


def one_line(text: str) -> str:
    """The text on one line of at most 200 characters; "…" stands for what was cut."""
    words = " ".join(text[:READ_CHARS].split())
    return words if len(words) <= SHOWN_CHARS else f"{words[: SHOWN_CHARS - 1]}…"
