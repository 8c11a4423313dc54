"""What the id of a student may look like. It names folders and rows of the gradebook, and stands in addresses and patterns."""

from __future__ import annotations

import unicodedata

__all__ = ["MAX_ID_BYTES", "id_problem"]

MAX_ID_BYTES = 128
_MARKS = " _.@'+-"


def id_problem(text: str) -> str:
    """Check whether a text can be the id of a student.

    Args:
        text: Any text.

    Returns:
        Why it cannot, as a sentence that begins with "a student's id"; "" if it can.
    """
    if not text or len(text.encode(errors="replace")) > MAX_ID_BYTES:
        return f"a student's id has 1 to {MAX_ID_BYTES} bytes"
    odd = sorted({c for c in text if not (c.isalnum() or unicodedata.category(c)[0] == "M" or c in _MARKS)})
    if odd or not (text[0].isalnum() or text[0] == "_") or text != text.strip():
        return (
            "a student's id begins with a letter or digit and holds letters, digits, spaces and "
            f"{' '.join(_MARKS.strip())} only{f' (not {odd})' if odd else ''}"
        )
    return ""
