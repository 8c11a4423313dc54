"""What people read after grading: a class report in HTML, a table of grades in CSV, verdicts in JSON.

Reads verdicts and nothing else. Whatever a submission could have written (names, messages) is inert in every format.
"""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from autograder.verdict import Verdict

__all__ = ["data_notice", "grades_csv", "report_html", "verdicts_json"]


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


def verdicts_json(verdicts: Sequence[Verdict]) -> str:
    """All verdicts as one JSON object: {"notice": …, "verdicts": […]}."""
    body = {"notice": data_notice(verdicts), "verdicts": [asdict(v) for v in verdicts]}
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def grades_csv(verdicts: Sequence[Verdict]) -> str:
    """One row a submission: name, lab, status, earned, points, written points still to mark, message, notice."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"# {data_notice(verdicts)}"])
    writer.writerow(["submission", "lab", "status", "earned", "points", "by_hand", "message"])
    for v in verdicts:
        by_hand = sum(item.points for item in v.written)
        notes = v.message or "; ".join(flag.message for flag in v.flags)
        row = [v.submission, v.lab, v.status, f"{v.earned:g}", f"{v.points:g}", f"{by_hand:g}", notes]
        writer.writerow([_inert(cell) for cell in row])
    return out.getvalue()


def report_html(verdicts: Sequence[Verdict], title: str = "Class report") -> str:
    """One self-contained page: marks, distribution, most-missed tests, and what needs a person, lab by lab."""
    environment = Environment(loader=PackageLoader("autograder"), autoescape=select_autoescape(default=True), trim_blocks=True)
    labs = [_lab_section([v for v in verdicts if v.lab == lab]) for lab in sorted({v.lab for v in verdicts})]
    page = environment.get_template("report.html")
    return page.render(title=title, notice=data_notice(verdicts), isolation=_isolation(verdicts), labs=labs)


def most_missed(verdicts: Sequence[Verdict], top: int = 8) -> list[Missed]:
    """The tests that the most graded submissions missed, blank ones not counted."""
    graded = [v for v in verdicts if v.tests and v.earned > 0]
    rows = []
    for i, test in enumerate(graded[0].tests if graded else ()):
        failed = [v.tests[i] for v in graded if v.tests[i].status != "passed"]
        if failed:
            message = Counter(result.message.splitlines()[0] for result in failed if result.message).most_common(1)
            rows.append(Missed(test.name, test.exercise, len(failed), len(graded), message[0][0] if message else ""))
    return sorted(rows, key=lambda row: -row.missed)[:top]


def _lab_section(verdicts: list[Verdict]) -> dict[str, object]:
    graded = [v for v in verdicts if v.tests]
    marks = [v.earned for v in graded]
    points = graded[0].points if graded else 0.0
    return {
        "lab": verdicts[0].lab,
        "verdicts": verdicts,
        "tests": graded[0].tests if graded else (),
        "points": points,
        "mean": statistics.mean(marks) if marks else None,
        "median": statistics.median(marks) if marks else None,
        "plot": Markup(_distribution(marks, points)) if marks else "",
        "missed": most_missed(verdicts),
        "attention": [v for v in verdicts if v.status != "graded" or v.flags or v.message],
    }


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


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
