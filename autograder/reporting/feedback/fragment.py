"""Write a feedback page as a short piece of HTML, as Moodle takes it in its column of feedback comments.

It has no style, picture, link or code, because Moodle shows it within a page of its own. Text of the
student is inert. This module knows pages as data; it knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape

from autograder.printable import line
from autograder.reporting.feedback.content import Page, Result, Section
from autograder.reporting.feedback.render import ICONS

__all__ = ["MARKER", "feedback_fragment"]

MARKER = "coursekit-feedback"  # by which a text of ours is known again in Moodle's worksheet
_MESSAGE_CHARS, _COMMENT_CHARS = 400, 5000


def feedback_fragment(page: Page) -> str:
    """Write the page as a piece of HTML on one line.

    Args:
        page: The page.

    Returns:
        The mark, notes, what each test says, and comments by hand.
    """
    mark = page.mark
    parts = [Markup("<p><strong>{} of {} points</strong></p>").format(f"{mark.points:.4g}", f"{mark.max_points:.4g}")]
    parts += [Markup("<p>{}</p>").format(line(note, _MESSAGE_CHARS)) for note in page.notes]
    parts += [_section(section) for section in page.sections]
    return f'<div class="{MARKER}">{Markup("").join(parts)}</div>'


def _section(section: Section) -> Markup:
    title = Markup("<p><strong>{}</strong></p>").format(line(section.name, _MESSAGE_CHARS))
    rows = Markup("").join(_result(result) for result in section.results)
    return title + Markup("<ul>{}</ul>").format(rows) + Markup("").join(_comment(section))


def _result(result: Result) -> Markup:
    points = "" if result.points is None else f", {result.points:.4g} of {result.max_points:.4g} points"
    name = f"{line(result.name, _MESSAGE_CHARS)}: " if result.name else ""
    said = escape(f": {line(result.message, _MESSAGE_CHARS)}") if result.message else ""
    return Markup("<li>{} {}{}{}{}</li>").format(ICONS[result.kind], name, result.word, points, said)


def _comment(section: Section) -> Iterator[Markup]:
    if section.comment:
        yield Markup("<p><em>{}</em></p>").format(line(section.comment, _COMMENT_CHARS))
