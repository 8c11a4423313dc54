"""What a person sees of a check: a card that says that it passes, or what differs.

A card is shown in a notebook with a person before it. Programs that run notebooks, the grader among them, get what they got
without it. Knows nothing of how a check compares, or of labs.
"""

from __future__ import annotations

import re
from typing import Any

from coursekit import _front_end
from coursekit._cards import Card, Section, show

__all__ = ["install", "passed_card", "show_mistake"]

_CHECK = re.compile(r"^\s*(?:with\s+)?check\.[a-z]\w*\(", re.MULTILINE)
# A message of one line that compares. In a message of several lines the last one does, and those above say what is likely wrong.
_COMPARES = re.compile(r"got |expected |.*, (?:got|expected) ")


def install(shell: Any) -> None:
    """Show a card below each cell whose checks pass, in a notebook.

    A second call changes nothing.
    """
    if getattr(shell, "kernel", None) is None or getattr(shell, "_coursekit_check_cards", False):
        return
    shell.events.register("post_run_cell", _after)
    shell._coursekit_check_cards = True


def show_mistake(message: str, where: str) -> bool:
    """Show a card for a failed check to a person at a notebook.

    Args:
        message: What the check says.
        where: The line of the cell that failed, "" if it is not known.

    Returns:
        Whether a card was shown.
    """
    if not _front_end.watched(getattr(_front_end.shell(), "kernel", None)):
        return False
    show(mistake_card(message, where))
    return True


def mistake_card(message: str, where: str) -> Card:
    """Return the card for a failed check: the likely mistake, what came and what was expected, and the line."""
    lines = message.split("\n")
    first = len(lines) - 1 if len(lines) > 1 or _COMPARES.match(message) else 1
    return Card(
        "✗ Not yet: a check failed",
        "bad",
        (
            Section("The likely mistake", tuple(lines[:first])),
            Section("What came and what was expected", tuple(lines[first:])),
            Section("Where", (where,) if where else ()),
        ),
    )


def passed_card() -> Card:
    """Return the card for a cell whose checks pass."""
    return Card("✓ Passed: all checks of this cell", "good", (Section("", ("More checks run when your notebook is marked.",)),))


def _after(result: Any) -> None:
    """Show the card of a cell that ran without an error and holds checks."""
    source = getattr(getattr(result, "info", None), "raw_cell", "") or ""
    if not result.success or not _CHECK.search(source):
        return
    if _front_end.watched(getattr(_front_end.shell(), "kernel", None)):
        show(passed_card())
