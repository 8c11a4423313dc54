"""Make untrusted text safe to display in terminals, browsers and spreadsheets.

Names, messages and paths come from submissions. Control characters and invisible characters are
shown as escapes. This module knows characters; it does not know terminals, pages or verdicts.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["cell", "line", "printable"]

# Joiners are part of words and emoji in several scripts; all other format characters only hide text or reverse its direction.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Characters that begin a formula in some spreadsheet program; their full-width forms do so in some languages.
_FORMULA = "=+-@|\N{MINUS SIGN}"
# Characters that some spreadsheet programs accept as the separator of cells.
_SEPARATORS = ",;|"


def printable(text: str, most: int = 10_000) -> str:
    """Escape control characters, invisible characters and surrogates; newlines and tabs are kept.

    Args:
        text: Any text.
        most: Number of characters of `text` to which it is shortened.

    Returns:
        Text that is safe to display.
    """
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    # Fast path: most text needs no escapes.
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def line(text: str, most: int = 500) -> str:
    """Escape a text as `printable` does and put it on one line.

    Args:
        text: Any text.
        most: Number of characters to which it is shortened.

    Returns:
        One line of text that is safe to display.
    """
    return printable(re.sub(r"\s*[\n\r]\s*|\t", " ", text[: 2 * most]), most)


def cell(text: str, most: int = 2000) -> str:
    """Make a text safe as a cell of a CSV file: no spreadsheet program reads it as a formula, whatever its separator.

    Args:
        text: Any text.
        most: Number of characters to which it is shortened.

    Returns:
        One line of text, with a `'` before each character that could begin a formula.
    """
    made, fresh = [], True  # fresh: some spreadsheet program may begin a new cell here
    for character in line(text, most):
        if fresh and unicodedata.normalize("NFKC", character)[:1] in _FORMULA:
            made.append("'")
        fresh = character in _SEPARATORS or (fresh and (character.isspace() or character in "'\""))
        made.append(character)
    return "".join(made)


def _shown(character: str) -> str:
    if character in "\n\t" or character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # Python's code for a byte of a file name that is not UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
