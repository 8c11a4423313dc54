"""Text for consoles that cannot show every character, such as those of Windows in cp1252, cp437 or cp932.

Uses the standard library only. Knows nothing of what is said.
"""

from __future__ import annotations

import sys
import unicodedata
from typing import TextIO

__all__ = ["fitting", "say"]

# What stands for a character that a console does not have. Others become their plain letters (ü: u) or a question mark.
_SUBSTITUTES = {
    "·": "-",
    "–": "-",
    "—": "-",
    "−": "-",
    "×": "x",
    "✓": "+",
    "█": "#",
    "░": ".",
    "≈": "~",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "²": "^2",
    "³": "^3",
}


def say(text: str, file: TextIO | None = None) -> None:
    """Print a text on stdout, or on `file`, in characters that it can show."""
    print(fitting(text, file), file=file or sys.stdout, flush=True)


def fitting(text: str, file: TextIO | None = None) -> str:
    """Return a text in characters that stdout, or `file`, can show."""
    encoding = getattr(file or sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
        return text
    except (UnicodeEncodeError, LookupError):
        return "".join(_shown(character, encoding) for character in text)


def _shown(character: str, encoding: str) -> str:
    """Return what stands for one character in an encoding."""
    try:
        character.encode(encoding)
        return character
    except (UnicodeEncodeError, LookupError):  # LookupError: an encoding that Python does not know
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        return _SUBSTITUTES.get(character) or plain or "?"
