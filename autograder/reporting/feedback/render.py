"""Write a feedback page as HTML or as Markdown.

The HTML is one file without scripts and external addresses, below MAX_BYTES: figures, and then parts
of long texts, are left out until it fits. The Markdown is for Gradescope and for release notes. Text
of the student is inert in both. This module knows pages as data; it knows no files.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from autograder.printable import line, printable
from autograder.reporting.feedback.content import Page, Result, Section

__all__ = ["ICONS", "MAX_BYTES", "feedback_html", "feedback_markdown", "literal", "result_markdown"]

MAX_BYTES = 200_000
_MAX_LINES, _MAX_LINE = 400, 500  # of one text
ICONS = {"passed": "✓", "partly": "◐", "missed": "✗", "waits": "…"}
WORDS = {"passed": "passed", "partly": "partly passed", "missed": "not passed", "waits": "waits for a mark"}


def feedback_html(page: Page) -> str:
    """Write the page as HTML.

    Args:
        page: The page.

    Returns:
        A self-contained HTML page of less than MAX_BYTES bytes.
    """
    most, made = _MAX_LINES, ""
    for shown in (page, replace(page, sections=tuple(replace(section, figures=()) for section in page.sections))):
        made = _rendered(shown, most)
        if len(made.encode()) < MAX_BYTES:
            return made
    page = shown
    while len(made.encode()) >= MAX_BYTES and most:
        most //= 2
        made = _rendered(page, most)
    return made


def feedback_markdown(page: Page) -> str:
    """Write the page as Markdown, without the student's code and figures.

    Args:
        page: The page.

    Returns:
        The text.
    """
    mark = page.mark
    lines = [f"# {literal(page.title)}", "", f"**{mark.points:.4g} of {mark.max_points:.4g} points**", ""]
    lines += [f"- {literal(note)}" for note in page.notes]
    lines += ["", "| exercise | points | |", "|---|---|---|"]
    for section in page.sections:
        points = f"{section.points:.4g} of {section.max_points:.4g}"
        lines.append(f"| {literal(section.name)} | {points} | {ICONS[section.kind]} {WORDS[section.kind]} |")
    for section in page.sections:
        lines += ["", f"## {literal(section.name)}", ""]
        for result in section.results:
            lines.append(f"- {ICONS[result.kind]} {literal(result.name or 'Question')}, {_said(result)}")
        if section.comment:
            lines += ["", f"Comment: {literal(section.comment, 5000)}"]
    return "\n".join(lines) + "\n"


def result_markdown(result: Result) -> str:
    """Write one result as a line of Markdown, without its name.

    Args:
        result: The result of a test, or the mark of a question.

    Returns:
        The line, without a line break.
    """
    return f"{ICONS[result.kind]} {_said(result)}"


def _said(result: Result) -> str:
    got = "" if result.points is None else f", {result.points:.4g} of {result.max_points:.4g} points"
    return f"{result.word}{got}" + (f": {literal(result.message)}" if result.message else "")


def _rendered(page: Page, most: int) -> str:
    return _template().render(page=page, mark=page.mark, icons=ICONS, words=WORDS, lines=lambda section: _lines(section, most))


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("autograder.reporting"), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_printed
    )
    environment.filters["number"] = lambda value: f"{value:.4g}"
    environment.filters["name"] = _name
    return environment.get_template("feedback.html")


def _lines(section: Section, most: int) -> list[str]:
    """Return the lines of the student's text, at most `most` of them."""
    lines = [text[:_MAX_LINE] for text in section.text.splitlines()]
    return lines if len(lines) <= most else [*lines[:most], f"… {len(lines) - most} more lines"]


def _name(text: str) -> Markup:
    """Return a name that may be broken after an underscore, so that a narrow screen breaks no word."""
    return Markup("_<wbr>").join(printable(text).split("_"))


def _printed(value: Any) -> Any:
    """Make text from anywhere inert before the template prints it."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def literal(text: str, most: int = 1000) -> str:
    """Return a text as one line of Markdown that shows it literally; no tag, link or table in it is active.

    Args:
        text: The text.
        most: Number of characters to which it is shortened.

    Returns:
        The line.
    """
    marked = re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", line(text, most).replace("&", "&amp;"))
    return marked.replace("<", "&lt;").replace(">", "&gt;").replace("://", r":\/\/")
