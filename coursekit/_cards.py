"""Cards: short reports below a cell, as HTML for notebooks and as text for terminals and screen readers.

The HTML has inline style only, neither a script nor an address, and takes its colours from the page, so that it can be read
on light and on dark. A word says what the colour of its edge says. Knows nothing of what is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from coursekit import _console

__all__ = ["Card", "Section", "show"]

# The edge of a card and the word in its title. Each has a contrast of at least 3 to 1 on white and on black.
_EDGES = {"good": "#2e8b57", "bad": "#d1495b", "open": "#b8860b"}


@dataclass(frozen=True)
class Section:
    """A part of a card: a heading, "" for none, and lines below it."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A report.

    Attributes:
        title: The whole in a line.
        tone: "good", "bad" or "open".
        sections: Its parts. Those without lines are not shown.
    """

    title: str
    tone: str
    sections: tuple[Section, ...] = ()

    def text(self) -> str:
        """Return the card as plain text."""
        blocks = [self.title]
        for section in self.sections:
            if section.lines:
                indent = "  " if section.heading else ""
                blocks += [section.heading] * bool(section.heading)
                blocks += [indent + line for line in "\n".join(section.lines).split("\n")]
        return "\n".join(blocks)

    def html(self) -> str:
        """Return the card as HTML."""
        parts = "".join(map(_section, self.sections))
        edge = _EDGES[self.tone]
        return (
            f'<section style="border:1px solid {edge};border-left-width:6px;border-radius:4px;padding:0.5em 0.9em;'
            'margin:0.3em 0;max-width:60em;line-height:1.45;color:inherit;overflow-wrap:anywhere">'
            f'<strong style="font-size:1.05em">{escape(self.title)}</strong>{parts}</section>'
        )


def _section(section: Section) -> str:
    if not section.lines:
        return ""
    lines = "".join(f'<li style="margin:0.1em 0;white-space:pre-wrap">{escape(line)}</li>' for line in section.lines)
    heading = f'<div style="margin-top:0.5em;font-weight:600">{escape(section.heading)}</div>' if section.heading else ""
    return f'{heading}<ul style="margin:0.2em 0 0;padding-left:1.3em">{lines}</ul>'


def show(card: Card) -> None:
    """Display a card below the cell that runs, or print it where there is no notebook."""
    from coursekit import _front_end

    shell = _front_end.shell()
    if getattr(shell, "kernel", None) is None:
        _console.say(card.text())
        return
    from IPython.display import display

    display({"text/plain": card.text(), "text/html": card.html()}, raw=True)
