"""The command that shows the instructor a class: report.

What it needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.cli.app import app, open_course, stoppable
from autograder.cli.options import CourseFolder
from autograder.cli.places import check_listed
from autograder.errors import CourseError, LabError
from autograder.reporting.terminal import fail, say, working

if TYPE_CHECKING:
    from autograder.analysis.similarity import Similarity
    from autograder.analysis.works import Work
    from autograder.course.config import Course
    from autograder.labs.model import Lab
    from autograder.reporting.class_report.content import ClassReport
    from autograder.reporting.marks import Mark

__all__: list[str] = []


@app.command()
@stoppable
def report(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The page to write. By default COURSE/graded/LAB/class-report.html.", show_default=False
        ),
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Also write a tidy table beside the page: a row per student and test or question.")
    ] = False,
    archive: Annotated[
        list[Path] | None,
        typer.Option(
            "--archive",
            metavar="DIR",
            help="Compare also with the notebooks of an earlier year in this folder, without names. May be given several times.",
            show_default=False,
        ),
    ] = None,
    course: CourseFolder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statistics as JSON instead of sentences.")] = False,
) -> None:
    """Write the report of a class for its instructor: marks, statistics of the tests, the commonest wrong answers, and similar work.

    The page is one HTML file without external addresses. Per test it shows how many students got all, some or no points or wrote nothing,
    and how the test correlates with the others. It names tests that may be wrong, because strong students fail them or nobody passes.
    It ranks pairs of works that share rare code, gives no verdict, and shows them side by side. It holds names and what hidden tests said,
    so keep it from students.

    Exit status: 0 the report is written. 1 it is written, and a test may be wrong. 2 it cannot be done: nothing was graded, or no room.
    """
    from autograder.files import write_text
    from autograder.reporting.class_report.render import class_report_html
    from autograder.reporting.class_report.similar import similar_section
    from autograder.reporting.export.tidy import tidy_csv

    here = open_course(course)
    check_listed(here, lab)
    target = output or here.graded(lab) / "class-report.html"
    table = target.with_suffix(".csv")
    if csv and table == target:
        fail(f"{target}: the page and its table need two names; give the page another ending, such as .html")
    try:
        with nullcontext() if as_json else working(f"report on {lab}"):
            made, found = _report(here, lab, archive or [])
            names = {mark.student.id: mark.student.name for mark in made.marks}
            sections = [similar_section(found, names, made.handed_in)] if found else []
            texts = {target: class_report_html(made, sections)} | ({table: tidy_csv(made.marks, lab)} if csv else {})
        for path, text in texts.items():
            if not dry_run:
                write_text(path, text)
    except CourseError as error:
        fail(error)
    except OSError as error:
        fail(f"{error.filename or target}: {error.strerror or error}; give another file with -o, or make room")
    if as_json:
        typer.echo(json.dumps(_plain(made, found, [] if dry_run else list(texts)), indent=1))
    else:
        _say_report(made)
        if found:
            _say_similar(found)
        for path in texts:
            say("{} {}", "would write" if dry_run else "wrote", path)
    raise typer.Exit(1 if made.statistics.suspects else 0)


def _report(course: Course, lab: str, archives: Sequence[Path]) -> tuple[ClassReport, Similarity | None]:
    """Read the marks; where the lab is still there, read and compare the code behind them too."""
    from autograder.labs.source import load_lab
    from autograder.reporting.class_report.answers import CourseAnswers, NoAnswers
    from autograder.reporting.class_report.content import report_of
    from autograder.reporting.marks import read_marks

    marks = read_marks(course, lab)
    try:
        loaded = load_lab(course.labs_folder / lab)
    except LabError as error:
        return report_of(marks, lab, lab, NoAnswers(), [f"No examples of wrong answers and no similar work: {error}"]), None
    made = report_of(marks, lab, loaded.settings.title, CourseAnswers(course, loaded))
    return made, _similarity(course, loaded, marks, archives)


def _similarity(course: Course, lab: Lab, marks: Sequence[Mark], archives: Sequence[Path]) -> Similarity:
    from autograder.analysis.similarity import similarity_of
    from autograder.reporting.class_report.works import earlier_works, given_code, works_of_class

    works = list(works_of_class(course, lab, marks))
    earlier: list[Work] = []
    for folder in archives:
        earlier += earlier_works(lab, folder, course, first=len(earlier) + 1)
    return similarity_of([*works, *earlier], given_code(lab))


def _plain(made: ClassReport, similar: Similarity | None, files: list[Path]) -> dict[str, Any]:
    """Return the statistics as plain data; clusters give the number of students, not who they are."""
    found = asdict(made.statistics)
    found["clusters"] = {
        test: [{"message": cluster.message, "count": cluster.count} for cluster in clusters]
        for test, clusters in made.statistics.clusters.items()
    }
    return {
        "lab": made.lab,
        "files": list(map(str, files)),
        "students": len(made.marks),
        "handed_in": made.handed_in,
        "complete": made.complete,
        **found,
        "similarity": _plain_similarity(similar) if similar else None,
    }


def _plain_similarity(similar: Similarity) -> dict[str, Any]:
    return {
        "compared": similar.compared,
        "earlier": similar.earlier,
        "too_little_own_code": list(similar.little),
        "typical_score": similar.typical,
        "identical": [[work.name for work in group] for group in similar.identical],
        "pairs": [
            {
                "one": pair.one.name,
                "other": pair.other.name,
                "earlier": pair.other.earlier,
                "score": pair.score,
                "share": pair.share,
                "exercises": {
                    part.exercise: {"share": part.share, "only_theirs": part.rare, "same_mistakes": list(part.mistakes)}
                    for part in pair.exercises
                },
            }
            for pair in similar.pairs
        ],
    }


def _say_report(made: ClassReport) -> None:
    found, shown = made.statistics, made.statistics.distribution
    say("[bold]{}[/]: {} students, {} handed in, {} marks final", made.lab, len(made.marks), made.handed_in, made.complete)
    if made.flawless:
        say("  nobody lost a point by tests, so there are no statistics of them")
    elif shown:
        middle = f"mean {shown.mean:.4g}, median {shown.quartiles[1]:.4g}"
        say("  {} of {} points by tests", middle, f"{shown.points:g}")
        alpha, error, reason = found.reliability.alpha, found.reliability.error, found.reliability.reason
        known = alpha is not None and error is not None
        say("  reliability (α) {}", f"{alpha:.2f}, standard error {error:.3g} points" if known else f"–: {reason}")
    for item in () if made.flawless else found.items:
        for finding in item.findings if item not in made.passed_by_all else ():
            say("  [red]!{}[/] {}: {}" if finding.fault else "  [yellow]i{}[/] {}: {}", "", item.name, finding.text)
    if made.passed_by_all and not made.flawless:
        say("  [yellow]i[/] everyone who attempted them passes: {}", ", ".join(item.name for item in made.passed_by_all))
    for note in made.notes:
        say("  [yellow]note[/] {}", note)


def _say_similar(found: Similarity) -> None:
    ranked = f"{len(found.pairs)} pair{'s' * (len(found.pairs) != 1)} ranked in the page, without a verdict"
    little = f"; {len(found.little)} with too little own code" if found.little else ""
    say("  similar work: {}", ranked + little)
