"""Fingerprints of code: long common pieces of two works share one.

Every statement is winnowed by itself (Schleimer, Wilkerson and Aiken, "Winnowing", 2003), so that
statements which were added, moved, or put into other cells change no fingerprint of their neighbours. A
run of K + WINDOW - 1 = 13 words within a statement is always found, and so is a shorter statement as a
whole. Fingerprints are the same on every machine. This module knows one source; it compares nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from autograder.analysis.tokens import statements_of

__all__ = ["LEAST", "WINDOW", "Fingerprint", "K", "every_piece", "fingerprints_of", "winnow"]

K = 10  # words per fingerprint; the literature's 12 to 25 do not fit answers of few lines
WINDOW = 4  # neighbouring runs of words of which one is kept
LEAST = 6  # words of the shortest statement that has a fingerprint: `x = 0` is nobody's own


class Fingerprint(NamedTuple):
    """A fingerprint of a piece of code.

    Attributes:
        digest: What stands for the piece, from 0 to 2**64 - 1.
        first: Number of its first line, from 0.
        last: Number of its last line.
    """

    digest: int
    first: int
    last: int


@lru_cache(maxsize=2**12)
def fingerprints_of(source: str) -> tuple[Fingerprint, ...]:
    """Compute the fingerprints of code.

    Args:
        source: The code, which need not be valid.

    Returns:
        The fingerprints, in order.
    """
    made = []
    for words, lines in statements_of(source):
        for place, digest in _chosen(words):
            made.append(Fingerprint(digest, lines[place], lines[min(place + K, len(lines)) - 1]))
    return tuple(made)


def every_piece(source: str) -> frozenset[int]:
    """Compute the digests of all pieces of code, also of those that winnowing leaves out.

    Args:
        source: The code.

    Returns:
        Digests. Whatever part of the code another work repeats, its fingerprints are among them.
    """
    return frozenset(digest for statement in statements_of(source) for digest in _digests(statement.words))


def winnow(digests: Sequence[int], window: int = WINDOW) -> list[int]:
    """Choose the digests that are kept: the rightmost minimum of every window.

    Args:
        digests: Digests of all runs of words, in order.
        window: Length of the windows. A shorter sequence is one window.

    Returns:
        Places of the chosen digests, ascending.
    """
    if not digests:
        return []
    starts = range(max(1, len(digests) - window + 1))
    return sorted({min(range(i, min(i + window, len(digests))), key=lambda place: (digests[place], -place)) for i in starts})


@lru_cache(maxsize=2**16)
def _chosen(words: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return (place, digest) of the fingerprints of a statement."""
    digests = _digests(words)
    return tuple((place, digests[place]) for place in winnow(digests))


def _digests(words: tuple[str, ...]) -> list[int]:
    """Return the digests of all runs of K words; of a shorter statement the only one, of a very short one none."""
    if len(words) < LEAST:
        return []
    return [_digest(words[place : place + K]) for place in range(max(1, len(words) - K + 1))]


def _digest(words: Sequence[str]) -> int:
    text = "\n".join(words)
    return int.from_bytes(blake2b(text.encode(errors="backslashreplace"), digest_size=8).digest(), "big")
