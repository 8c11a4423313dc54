"""The part of a class report about similar work: pairs in words and side by side, and no verdict.

Text of students is inert. This module knows the comparison and the names of students; it reads no files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from autograder.analysis.fingerprints import fingerprints_of
from autograder.analysis.similarity import Pair, Shared, Similarity
from autograder.analysis.works import Work
from autograder.printable import line, printable
from autograder.reporting.class_report.content import Section

__all__ = ["similar_section"]

_LINE = 120  # characters of a line
_LINES = (80, 20, 5)  # lines of an answer; fewer where they would take more than MAX_BYTES
_EXERCISES = 12  # exercises of a pair that are shown side by side
MAX_BYTES = 4_000_000


@dataclass(frozen=True)
class _Line:
    """A line of code, and whether it belongs to what both works share."""

    text: str
    shared: bool = False


def similar_section(found: Similarity, names: Mapping[str, str], handed_in: int = 0) -> Section:
    """Write the part of the page.

    Args:
        found: The comparison.
        names: Name of a submission → name of its student.
        handed_in: Number of submissions; more than works, where some cannot be read any more.

    Returns:
        The part, without a script.
    """
    html = ""
    for most in _LINES:
        html = _rendered(found, names, max(0, handed_in - found.compared - len(found.little)), most)
        if len(html.encode()) <= MAX_BYTES:
            break
    return Section("Similar work", Markup(html))


def _rendered(found: Similarity, names: Mapping[str, str], unread: int, most: int) -> str:
    def named(name: str) -> str:
        full = line(names.get(name, ""), 200)
        return f"{full} ({line(name, 200)})" if full else line(name, 200)

    def called(work: Work) -> str:
        return f"an earlier year, {work.name}" if work.earlier else named(work.name)

    def sides(pair: Pair, part: Shared) -> list[tuple[str, list[_Line]]]:
        return [(called(work), list(_lines(work.cells[part.exercise], part.digests, most))) for work in (pair.one, pair.other)]

    return _template().render(
        found=found, unread=unread, named=named, called=called, said=_said, sides=sides, side_by_side=_EXERCISES
    )


def _said(part: Shared) -> str:
    """Say what two works share in one exercise."""
    words = [f"{part.share:.0%} of the shorter answer's own code".replace("%", " %")]
    if part.rare:
        words.append(f"{part.rare} piece{'s' * (part.rare != 1)} of code that nobody else has")
    else:
        words.append(f"its rarest piece in {part.fewest} works")
    if part.mistakes:
        words.append("the same rare mistake: " + "; ".join(f"“{line(message, 200)}”" for message in part.mistakes))
    return ", ".join(words)


def _lines(cells: Sequence[str], shared: frozenset[int], most: int) -> Iterator[_Line]:
    """Yield the first lines of the cells of one answer."""
    for number, source in enumerate(cells):
        if number:
            yield _Line("# ── next cell ──")
        marked = {
            place for digest, first, last in fingerprints_of(source) if digest in shared for place in range(first, last + 1)
        }
        lines = source.split("\n")
        for place, text in enumerate(lines[:most]):
            yield _Line(text[:_LINE], place in marked)
        if len(lines) > most:
            yield _Line("… more lines")
            return
        most -= len(lines)


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("autograder.reporting"), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_printed
    )
    return environment.get_template("similar.html")


def _printed(value: Any) -> Any:
    """Make text from anywhere inert before the template prints it."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
