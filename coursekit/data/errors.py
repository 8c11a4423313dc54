"""The errors and messages of the data package. Knows nothing of files or the network.

Everything is printed on stdout: a grader takes any word on stderr as the sign of a failed cell.
"""

from __future__ import annotations

import textwrap

from coursekit._console import say

__all__ = ["Damaged", "DataError", "Unreachable", "Unusable", "box", "note", "say"]


class DataError(RuntimeError):
    """A data set cannot be obtained. The message says which files, what was tried and what to do."""


class Unusable(Exception):
    """A source did not give a file. The message says why. The next source is tried.

    Attributes:
        advice: What to do, as in "log in and run this again"; "" if there is nothing particular.
    """

    def __init__(self, why: str, advice: str = "") -> None:
        super().__init__(why)
        self.advice = advice


class Unreachable(Unusable):
    """The host of an address gives nothing now, whatever file is requested."""


class Damaged(Unusable):
    """A source gave other bytes than the registry expects."""


def note(text: str) -> None:
    """Print one line about something unusual that needs no immediate action."""
    say(f"coursekit: {text}")


def box(title: str, lines: list[str], width: int = 100) -> None:
    """Print a framed block of text.

    Args:
        title: First line of the block.
        lines: Paragraphs below the title, wrapped to the width. An item that starts with "- " is indented.
        width: Width of the block in characters.
    """
    inner = width - 6
    body: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + (2 if line.lstrip().startswith("- ") else 0))
        body += textwrap.wrap(line, inner, subsequent_indent=indent, break_on_hyphens=False) or [""]
    edge = "#" * width
    rows = [f"## {row:<{inner}} ##" for row in [title, "", *body]]
    say("\n".join([edge, *rows, edge]))
