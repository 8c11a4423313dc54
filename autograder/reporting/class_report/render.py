"""Write a class report as HTML: one file without external addresses, whole without its small script.

Text of students is inert. This module knows reports as data; it knows no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from autograder.analysis.items import FEW, Item
from autograder.printable import line, printable
from autograder.reporting.class_report.content import ClassReport, Section
from autograder.reporting.class_report.histogram import histogram
from autograder.reporting.marks import Mark

__all__ = ["class_report_html"]

_LINES, _LINE = 40, 160  # of an example


def class_report_html(report: ClassReport, sections: Sequence[Section] = ()) -> str:
    """Write the page.

    Args:
        report: The report.
        sections: Further parts, after the tests.

    Returns:
        A self-contained HTML page.
    """
    found = report.statistics
    return _template().render(
        report=report,
        found=found,
        plot=histogram(found.distribution.bins) if found.distribution else Markup(""),
        flagged=sorted((item for item in found.items if item.findings), key=_urgency),
        sections=sections,
        few=FEW,
    )


def _urgency(item: Item) -> tuple[bool, float]:
    """Order tests that may be wrong before the others, and those that strong students fail most clearly before the rest."""
    return not item.suspect, -2.0 if item.correlation.value is None else item.correlation.value


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("autograder.reporting"), autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_printed
    )
    environment.filters |= {
        "number": lambda value: f"{value:.4g}",
        "percent": lambda value: f"{100 * value:.0f} %",
        "signed": lambda value: f"{value:.2f}".replace("-", "−"),
        "name": _name,
        "code": _code,
        "line": line,
        "state": _state,
        "lateness": _lateness,
    }
    return environment.get_template("class_report.html")


def _state(mark: Mark) -> tuple[str, str, str]:
    """Return the class, the icon and the words for the state of a mark."""
    if mark.verdict is None:
        return "none", "–", "nothing handed in"
    if mark.verdict.status != "graded":
        return "bad", "!", mark.verdict.status
    return ("good", "✓", "final") if mark.complete else ("open", "…", "to mark by hand")


def _lateness(mark: Mark) -> str:
    if mark.days_late:
        return f"{mark.days_late} day{'s' * (mark.days_late != 1)}, −{mark.penalty:.4g} points"
    return "late" if mark.late else ""


def _name(text: str) -> Markup:
    """Return a name that may be broken after an underscore, so that a narrow screen breaks no word."""
    return Markup("_<wbr>").join(line(text, 300).split("_"))


def _code(text: str) -> str:
    """Return the first lines of an answer."""
    lines = [shown[:_LINE] for shown in text.splitlines()]
    return "\n".join(lines if len(lines) <= _LINES else [*lines[:_LINES], f"… {len(lines) - _LINES} more lines"])


def _printed(value: Any) -> Any:
    """Make text from anywhere inert before the template prints it."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
