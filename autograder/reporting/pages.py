"""Create the reports of a class: a page in HTML, a table of grades in CSV, and the verdicts in JSON.

This module reads verdicts only. Text that may come from a submission (names, messages) is made inert
in every format.
"""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from autograder.grading.basis import Basis
from autograder.grading.verdict import TestResult, Verdict
from autograder.printable import cell, line, printable

__all__ = ["data_notice", "grades_csv", "report_html", "verdicts_json"]

CSV_COLUMNS = ("submission", "lab", "status", "earned", "points", "by_hand", "message", "unsealed", "to_mark", "data", "budget")


@dataclass(frozen=True)
class Missed:
    """A test that submissions did not pass.

    Attributes:
        test: Name of the test.
        exercise: Name of the exercise.
        missed: Number of submissions that did not pass the test.
        graded: Number of graded submissions.
        message: The most frequent message.
    """

    test: str
    exercise: str
    missed: int
    graded: int
    message: str


def data_notice(verdicts: Sequence[Verdict]) -> str:
    """Describe the data and the budget behind the marks. The notice stands at the top of every report.

    Args:
        verdicts: Verdicts.

    Returns:
        One or more sentences.
    """
    drawn = sorted({v.lab for v in verdicts if v.data_source == "drawn"})
    real = sorted({v.lab for v in verdicts if v.data_source == "real"})
    parts = []
    if drawn:
        parts.append(f"Data: drawn stand-ins, not the real data sets ({', '.join(drawn)}).")
    if real:
        parts.append(f"Data: the real data sets ({', '.join(real)}).")
    if not parts:
        parts.append("Data: none used.")
    if any(v.reduced_budget for v in verdicts):
        parts.append("Training ran on the reduced budget.")
    return " ".join(parts)


def verdicts_json(
    verdicts: Sequence[Verdict], left: Sequence[tuple[object, str]] = (), basis: Mapping[str, Basis] | None = None
) -> str:
    """Create the content of verdicts.json.

    Args:
        verdicts: Verdicts.
        left: (path, reason) of files and folders that were not graded.
        basis: Lab → what its marks are based on.

    Returns:
        A JSON object {"notice": …, "verdicts": […]}, with "left": [{"path": …, "reason": …}] if
        `left` is not empty, and "basis": {lab: {…}} if it is known.
    """
    body: dict[str, Any] = {"notice": data_notice(verdicts)}
    if basis:
        body["basis"] = {lab: asdict(found) for lab, found in basis.items()}
    body["verdicts"] = [asdict(v) for v in verdicts]
    if left:
        body["left"] = [{"path": str(path), "reason": reason} for path, reason in left]
    text = json.dumps(_sound(body), ensure_ascii=False, allow_nan=False, indent=1)
    lines = (said if said.isprintable() else "".join(map(_escaped, said)) for said in text.split("\n"))
    return "\n".join(lines) + "\n"


def grades_csv(verdicts: Sequence[Verdict]) -> str:
    """Create the content of grades.csv: one row per submission, under one row of column names.

    The columns are submission, lab, status, earned and points (of tests), by_hand (points that a
    person gives), message, unsealed (the part of `earned` from tests that the student's code could
    reach), to_mark (the number of answers that a person has to mark), data ("real", "drawn" or
    "none") and budget ("full" or "reduced").

    Args:
        verdicts: Verdicts.

    Returns:
        The table.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for v in verdicts:
        by_hand = sum(item.points for item in v.written)
        notes = v.message or "; ".join(flag.message for flag in v.flags)
        numbers = [f"{number:g}" for number in (v.earned, v.points, by_hand)]
        budget = "reduced" if v.reduced_budget else "full"
        row = [cell(v.submission), cell(v.lab), v.status, *numbers, cell(notes), f"{v.unsealed:g}", v.to_mark]
        writer.writerow([*row, cell(v.data_source or "none"), budget])
    return out.getvalue()


def report_html(verdicts: Sequence[Verdict], title: str = "Marks of the class", left: Sequence[tuple[object, str]] = ()) -> str:
    """Create the content of report.html: a self-contained page with one section per lab.

    A section shows the marks, their distribution, the tests that were missed most, and what a
    person must look at.

    Args:
        verdicts: Verdicts.
        title: Title of the page.
        left: (path, reason) of files and folders that were not graded.

    Returns:
        The page.
    """
    environment = Environment(
        loader=PackageLoader("autograder.reporting"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        finalize=_printed,
    )
    environment.filters["line"] = line
    labs = [_lab_section([v for v in verdicts if v.lab == lab]) for lab in sorted({v.lab for v in verdicts})]
    page = environment.get_template("report.html")
    return page.render(title=title, notice=data_notice(verdicts), isolation=_isolation(verdicts), labs=labs, left=left)


def most_missed(verdicts: Sequence[Verdict], top: int = 8) -> list[Missed]:
    """Return the `top` tests that most submissions did not pass. Submissions without any points are not counted."""
    graded = [_by_test(v) for v in verdicts if v.tests and v.earned > 0]
    rows = []
    for test in _tests(verdicts):
        failed = [results[test.name] for results in graded if test.name in results and results[test.name].status != "passed"]
        if failed:
            said = Counter(line(result.note or result.message) for result in failed if result.note or result.message)
            message = said.most_common(1)[0][0] if said else ""
            rows.append(Missed(test.name, test.exercise, len(failed), len(graded), message))
    return sorted(rows, key=lambda row: -row.missed)[:top]


def _lab_section(verdicts: list[Verdict]) -> dict[str, object]:
    graded = [v for v in verdicts if v.tests]
    tests = _tests(verdicts)
    marks = [v.earned for v in graded]
    points = graded[0].points if graded else 0.0
    return {
        "lab": verdicts[0].lab,
        "rows": [(v, [_by_test(v).get(test.name) for test in tests]) for v in verdicts],
        "graded": len(graded),
        "tests": tests,
        "unsealed": list(dict.fromkeys(test.name for v in graded for test in v.tests if not test.sealed)),
        "points": points,
        "mean": statistics.mean(marks) if marks else None,
        "median": statistics.median(marks) if marks else None,
        "plot": Markup(_distribution(marks, points)) if marks and points > 0 else "",
        "missed": most_missed(verdicts),
        "attention": [v for v in verdicts if v.status != "graded" or v.flags or v.message],
        "to_mark": sum(v.to_mark for v in verdicts),
    }


def _tests(verdicts: Sequence[Verdict]) -> tuple[TestResult, ...]:
    """Return the tests of a lab, taken from the first submission with tests."""
    return next((v.tests for v in verdicts if v.tests), ())


def _by_test(verdict: Verdict) -> Mapping[str, TestResult]:
    return {test.name: test for test in verdict.tests}


def _distribution(marks: Sequence[float], points: float) -> str:
    """Return an inline SVG histogram of marks."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    bins = 10 if points >= 10 else max(1, int(points))
    figure = Figure(figsize=(5.2, 2.4), layout="constrained")
    ax = figure.subplots()
    counts, _, _ = ax.hist(marks, bins=bins, range=(0, points), color="#0072B2", edgecolor="white")
    ax.set(xlabel=f"marks of {points:g}", ylabel="submissions", xlim=(0, points))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.spines[["top", "right"]].set_visible(False)
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()[out.getvalue().index("<svg") :]
    said = ", ".join(
        f"{int(n)} with {points * i / bins:.0f} to {points * (i + 1) / bins:.0f}" for i, n in enumerate(counts) if n
    )
    return svg.replace("<svg", f'<svg role="img" aria-label="Distribution of marks: {said}"', 1)


def _isolation(verdicts: Sequence[Verdict]) -> str:
    return ", ".join(sorted({v.isolation for v in verdicts if v.tests})) or "none"


def _printed(value: Any) -> Any:
    """Make text from anywhere inert before the template prints it."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _escaped(character: str) -> str:
    """Return a character of JSON text, as a JSON escape if it is not printable."""
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _sound(value: Any) -> Any:
    """Return JSON data without surrogates, which some parsers reject."""
    if isinstance(value, str):
        return re.sub(r"[\ud800-\udfff]", lambda half: printable(half.group()), value)
    if isinstance(value, Mapping):
        return {_sound(key): _sound(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(item) for item in value]
    return value
