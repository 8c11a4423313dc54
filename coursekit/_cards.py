"""Cards: short reports below a cell, as HTML for notebooks and as text for terminals and screen readers.

The HTML has inline style only, neither a script nor an address outside of the page, and takes its colours from the page, so
that it can be read on light and on dark. A word says what the colour of its edge says. Knows nothing of what is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from coursekit import _console

__all__ = ["Card", "Link", "Section", "hold_place", "show"]

# The edge of a card and the word in its title. Each has a contrast of at least 3 to 1 on white and on black.
_EDGES = {"good": "#2e8b57", "bad": "#d1495b", "open": "#b8860b"}

_CODE = re.compile("`([^`\n]+)`")


@dataclass(frozen=True)
class Link:
    """A line that leads to a heading of the notebook.

    Attributes:
        text: The words that lead there.
        anchor: Fragment of the heading, without #; "" if it has none, and the line is plain text.
        rest: What follows the words in the line.
    """

    text: str
    anchor: str
    rest: str = ""

    @classmethod
    def about(cls, text: str, anchor: str, said: str) -> Link:
        """Return a line that says something about what it leads to."""
        return cls(text, anchor, f" {said}" if text.endswith("?") else f": {said}")

    def __str__(self) -> str:
        return self.text + self.rest

    def html(self) -> str:
        """Return the line as HTML."""
        if not self.anchor:
            return _html(str(self))
        # JupyterLab follows a fragment only if it is written as the browser writes it.
        place = f"#{quote(self.anchor, safe=_IN_FRAGMENTS)}"
        link = f'<a href="{place}" style="color:inherit;text-decoration:underline">{_html(self.text)}</a>'
        return link + _html(self.rest)


_IN_FRAGMENTS = "!$&'()*+,/:;=?@"


@dataclass(frozen=True)
class Section:
    """A part of a card: a heading, "" for none, and lines below it."""

    heading: str
    lines: tuple[str | Link, ...]


@dataclass(frozen=True)
class Card:
    """A report.

    Attributes:
        title: The whole in a line.
        tone: "good", "bad" or "open".
        sections: Its parts. Those without lines are not shown.
        share: What a bar below the title shows, from 0 to 1, and the title says in words; None for no bar.
    """

    title: str
    tone: str
    sections: tuple[Section, ...] = ()
    share: float | None = None

    def text(self) -> str:
        """Return the card as plain text."""
        blocks = [self.title]
        for section in self.sections:
            if section.lines:
                indent = "  " if section.heading else ""
                blocks += [section.heading] * bool(section.heading)
                blocks += [indent + line for line in "\n".join(map(str, section.lines)).split("\n")]
        return "\n".join(blocks)

    def html(self) -> str:
        """Return the card as HTML."""
        parts = "".join(map(_section, self.sections))
        edge = _EDGES[self.tone]
        return (
            f'<section style="border:1px solid {edge};border-left-width:6px;border-radius:4px;padding:0.5em 0.9em;'
            'margin:0.3em 0;max-width:60em;line-height:1.45;color:inherit;overflow-wrap:anywhere">'
            f'<strong style="font-size:1.05em">{_html(self.title)}</strong>{self._bar()}{parts}</section>'
        )

    def _bar(self) -> str:
        """Return the bar, which says nothing to a screen reader: the title has said it."""
        if self.share is None:
            return ""
        return (
            '<div aria-hidden="true" style="margin:0.4em 0;max-width:24em;height:0.5em;border:1px solid;border-radius:4px">'
            f'<div style="width:{self.share:.1%};height:100%;background:{_EDGES["good"]}"></div></div>'
        )


def _section(section: Section) -> str:
    if not section.lines:
        return ""
    lines = "".join(f'<li style="margin:0.1em 0;white-space:pre-wrap">{_line(line)}</li>' for line in section.lines)
    heading = f'<div style="margin-top:0.5em;font-weight:600">{_html(section.heading)}</div>' if section.heading else ""
    return f'{heading}<ul style="margin:0.2em 0 0;padding-left:1.3em">{lines}</ul>'


def _line(line: str | Link) -> str:
    return line.html() if isinstance(line, Link) else _html(line)


def _html(text: str) -> str:
    """Return a text as HTML: what stands in backticks is code, as in Markdown, and nothing else is markup."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def show(card: Card, place: Any = None) -> None:
    """Display a card below the cell that runs, or print it where there is no notebook.

    Args:
        card: The card.
        place: What `hold_place` returned, to put the card there; None for a new place.
    """
    from coursekit import _front_end

    shell = _front_end.shell()
    if getattr(shell, "kernel", None) is None:
        _console.say(card.text())
        return
    from IPython.display import display

    data = {"text/plain": card.text(), "text/html": card.html()}
    if place is None:
        display(data, raw=True)
    else:
        place.update(data, raw=True)


def hold_place(text: str) -> Any:
    """Display a line below the cell that runs, where a card will stand, and return the place for `show`."""
    from IPython.display import display

    line = f'<p style="color:inherit;opacity:0.8">{_html(text)}</p>'
    return display({"text/plain": text, "text/html": line}, raw=True, display_id=True)
