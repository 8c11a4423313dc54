"""Text from a file as a person may see it: nothing in it acts on a terminal, a browser, a spreadsheet or a reader's eye.

Names, messages and paths come from submissions. What would act is written as an escape, so that it can be seen and told apart.
Knows characters; nothing of terminals, pages or verdicts.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["cell", "line", "printable"]

# Joiners are part of words and of pictures in several scripts; every other format character only hides or turns text round.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
# What begins a formula in some spreadsheet; wide forms of these count in some languages.
_FORMULA = "=+-@|\N{MINUS SIGN}"
# After these, a spreadsheet that takes another character than the comma for its separator begins a new cell.
_SEPARATORS = ",;|"


def printable(text: str, most: int = 10_000) -> str:
    """At most so many characters of `text`; what would act, and half of a character, is an escape. Lines and tabs stay."""
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    # Most text has nothing in it that must be looked at.
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def line(text: str, most: int = 500) -> str:
    """`printable` text in one line, so that no name begins a line of its own."""
    return printable(re.sub(r"\s*[\n\r]\s*|\t", " ", text[: 2 * most]), most)


def cell(text: str, most: int = 2000) -> str:
    """`text` as a cell that no spreadsheet takes for a formula, whatever it takes for the separator of cells."""
    made, fresh = [], True  # fresh: some spreadsheet may think that a cell begins here
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
    if 0xDC80 <= number <= 0xDCFF:  # how Python holds a byte of a file's name that is no UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
