"""What people read after grading: a class report in HTML, a table of grades in CSV, verdicts in JSON.

Reads verdicts and nothing else. Whatever a submission could have written (names, messages) is inert in every format.
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

from autograder.grading.verdict import TestResult, Verdict
from autograder.printable import cell, line, printable

__all__ = ["data_notice", "grades_csv", "report_html", "verdicts_json"]

CSV_COLUMNS = ("submission", "lab", "status", "earned", "points", "by_hand", "message", "unsealed", "to_mark", "data", "budget")


@dataclass(frozen=True)
class Missed:
    """A test and how many of the graded submissions missed it, with the message that most of them were given."""

    test: str
    exercise: str
    missed: int
    graded: int
    message: str

    @property
    def share(self) -> float:
        return self.missed / self.graded


def data_notice(verdicts: Sequence[Verdict]) -> str:
    """One sentence that says what the marks were made from; it stands at the top of every output."""
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


def verdicts_json(verdicts: Sequence[Verdict], left: Sequence[tuple[object, str]] = ()) -> str:
    """All verdicts as one JSON object: {"notice": …, "verdicts": […]}, and "left": [{"path": …, "reason": …}] if anything was."""
    body: dict[str, Any] = {"notice": data_notice(verdicts), "verdicts": [asdict(v) for v in verdicts]}
    if left:
        body["left"] = [{"path": str(path), "reason": reason} for path, reason in left]
    text = json.dumps(_sound(body), ensure_ascii=False, allow_nan=False, indent=1)
    lines = (said if said.isprintable() else "".join(map(_escaped, said)) for said in text.split("\n"))
    return "\n".join(lines) + "\n"


def grades_csv(verdicts: Sequence[Verdict]) -> str:
    """One row per submission, under one line of column names.

    Columns: submission, lab, status, earned and points (of tests), by_hand (points that a person gives), message, unsealed (the
    part of `earned` from tests that the student's code could reach), to_mark (answers that wait for a mark by hand), data ("real",
    "drawn" or "none") and budget ("full" or "reduced").
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


def report_html(verdicts: Sequence[Verdict], title: str = "Class report", left: Sequence[tuple[object, str]] = ()) -> str:
    """One self-contained page: marks, distribution, most-missed tests, and what needs a person, lab by lab.

    left: what was found and not graded.
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
    """The tests that the most graded submissions missed, blank ones not counted."""
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
    """The tests of a lab, as any of its submissions that could be graded has them."""
    return next((v.tests for v in verdicts if v.tests), ())


def _by_test(verdict: Verdict) -> Mapping[str, TestResult]:
    return {test.name: test for test in verdict.tests}


def _distribution(marks: Sequence[float], points: float) -> str:
    """An inline SVG histogram of marks."""
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
    """What the template prints in place of a value: text in which nothing acts, whatever it came from."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _escaped(character: str) -> str:
    """A character of JSON text, as JSON's own escape where a terminal or an eye would be deceived by it."""
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _sound(value: Any) -> Any:
    """JSON data that every parser reads: without halves of characters."""
    if isinstance(value, str):
        return re.sub(r"[\ud800-\udfff]", lambda half: printable(half.group()), value)
    if isinstance(value, Mapping):
        return {_sound(key): _sound(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(item) for item in value]
    return value
