"""Text for consoles that cannot show every character, such as those of Windows in cp1252, cp437 or cp932, and for notebooks,
which break a long line of printed text within a word.

Uses the standard library only. Knows nothing of what is said.
"""

from __future__ import annotations

import sys
import textwrap
import unicodedata
from typing import TextIO

from coursekit import _front_end

__all__ = ["fitting", "say", "wrapped"]

_WIDTH = 80  # characters that fit into the output of a notebook, also in a window of half a screen

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
    """Print a text on stdout, or on `file`, in characters that it can show. Before a person at a notebook, break long lines."""
    text = wrapped(text) if _front_end.watched(getattr(_front_end.shell(), "kernel", None)) else text
    print(fitting(text, file), file=file or sys.stdout, flush=True)


def wrapped(text: str) -> str:
    """Return a text with its long lines broken at blanks. JupyterLab would break them anywhere, also within a word."""
    return "\n".join("\n".join(_parts(line)) for line in text.split("\n"))


def _parts(line: str) -> list[str]:
    """Return a line in parts that are not too long. A part goes on as deep as the line begins; none begins with a separator."""
    indent = " " * (len(line) - len(line.lstrip(" ")))
    bound = line.replace(" · ", "\0· ")
    parts = textwrap.wrap(
        bound, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    )
    return [part.replace("\0", " ") for part in parts] or [line]


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
