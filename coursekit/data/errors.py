"""What the data package says and raises when something is wrong. Knows nothing of files or the network.

Everything is printed on standard output: a grader takes any word on standard error for a failed cell.
"""

from __future__ import annotations

import textwrap

__all__ = ["Damaged", "DataError", "Unreachable", "Unusable", "box", "note"]


class DataError(RuntimeError):
    """A data set cannot be had. The message says which files, what was tried and what to do."""


class Unusable(Exception):
    """One source of one file did not give it; the message says why. The next source is tried."""


class Unreachable(Unusable):
    """Nobody answers at that address, whatever file is asked for."""


class Damaged(Unusable):
    """The source gave other bytes than the registry expects."""


def note(text: str) -> None:
    """One line about something out of the ordinary that needs no action at once."""
    print(f"coursekit: {text}", flush=True)


def box(title: str, lines: list[str], width: int = 100) -> None:
    """A framed block that cannot be missed. ASCII only, so it prints on every console."""
    inner = width - 6
    body: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()) + (2 if line.lstrip().startswith("- ") else 0))
        body += textwrap.wrap(line, inner, subsequent_indent=indent, break_on_hyphens=False) or [""]
    edge = "#" * width
    rows = [f"## {row:<{inner}} ##" for row in [title, "", *body]]
    print("\n".join([edge, *rows, edge]), flush=True)
