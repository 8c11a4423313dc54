"""Code as statements of normalised words, so that new names, comments, numbers and line breaks make no difference.

Names become `V`, except keywords, builtins, names of the libraries and what follows a dot; numbers
become `N` and strings `S`. The standard library's tokenizer refuses broken code, whose words must
count too, so one pattern splits all code. This module knows Python's words; it compares nothing.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["Statement", "statements_of"]

# Names by which notebooks of the course call libraries, their parts and what the labs import.
_LIBRARIES = (
    "np numpy scipy keras layers tf tensorflow plt matplotlib pd pandas coursekit check data models plotting ops optimizers"
)
_KEPT = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(_LIBRARIES.split())
_PREFIX = r"(?:[rR]|[bBfFuUtT]|[bBfFtT][rR]|[rR][bBfFtT])?"
_LEXER = re.compile(
    rf"""(?P<comment>\#[^\n]*)
    |(?P<string>{_PREFIX}(?:\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)
        |"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\Z)|'(?:[^'\\\n]|\\.)*(?:'|(?=\n)|\Z)))
    |(?P<number>(?:0[xXoObB][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)[jJ]?)
    |(?P<name>[^\W\d]\w*)
    |(?P<joined>\\\n)
    |(?P<newline>\n)
    |(?P<operator>\*\*=|//=|>>=|<<=|\.\.\.|->|:=|[-+*/%@&|^=!<>]=|\*\*|//|<<|>>|<>|[^\s])""",
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_STANDS_FOR = {"number": "N", "string": "S"}


class Statement(NamedTuple):
    """One logical line of code.

    Attributes:
        words: Its normalised words.
        lines: Number of the line, from 0, on which each word stands.
    """

    words: tuple[str, ...]
    lines: tuple[int, ...]


# A word before it is normalised: its kind ("name", "number", "string", "operator" or "newline"), its text and its line.
_Piece = tuple[str, str, int]


def statements_of(source: str) -> list[Statement]:
    """Split code into statements of normalised words.

    Args:
        source: The code, which need not be valid.

    Returns:
        The statements in order, without comments and without strings that stand alone, such as
        docstrings.
    """
    made, pieces = [], list[_Piece]()
    for piece in (*_pieces(source), ("newline", "\n", 0)):
        if piece[0] != "newline" and piece[1] != ";":
            pieces.append(piece)
        elif pieces:
            if any(kind != "string" for kind, _, _ in pieces):
                pieces = _without_layout(pieces)
                made.append(Statement(tuple(_normalised(pieces)), tuple(line for _, _, line in pieces)))
            pieces = []
    return made


def _without_layout(pieces: list[_Piece]) -> list[_Piece]:
    """Leave out what formatters add or take away: a comma before a closing bracket, brackets round a whole right side."""
    pairs = zip(pieces, [*pieces[1:], pieces[-1]], strict=True)
    kept = [piece for piece, after in pairs if piece[1] != "," or after[1] not in _CLOSING]
    texts = [text for _, text, _ in kept]
    start = next((place for place, text in enumerate(texts, start=1) if text in ("=", "return")), len(texts))
    if texts[start : start + 1] == ["("] and _closing(texts, start) == len(texts) - 1:
        return [*kept[:start], *kept[start + 1 : -1]]
    return kept


def _closing(texts: Sequence[str], start: int) -> int:
    """Return the place of the bracket that closes the one at `start`; -1 if there is none."""
    depth = 0
    for place in range(start, len(texts)):
        depth += (texts[place] in _OPENING) - (texts[place] in _CLOSING)
        if not depth:
            return place
    return -1


def _normalised(pieces: Sequence[_Piece]) -> Iterator[str]:
    before = ""
    for kind, text, _ in pieces:
        if kind == "name" and text not in _KEPT and before != ".":
            yield "V"
        else:
            yield _STANDS_FOR.get(kind, text)
        before = text


def _pieces(source: str) -> Iterator[_Piece]:
    """Split code into words. Line breaks within brackets end no statement."""
    line, position, depth = 0, 0, 0
    for found in _LEXER.finditer(source):
        line += source.count("\n", position, found.start())
        position = found.start()
        kind, text = str(found.lastgroup), found[0]
        if text in _OPENING:
            depth += 1
        elif text in _CLOSING:
            depth = max(0, depth - 1)
        if kind not in ("comment", "joined") and not (kind == "newline" and depth):
            yield kind, text, line
