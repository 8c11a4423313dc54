"""The command for downloads of learning platforms: collect.

What it needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, load_labs, on_linux, open_course, stoppable
from autograder.cli.options import CourseFolder
from autograder.cli.places import check_listed
from autograder.errors import CollectError, CourseError
from autograder.reporting.terminal import NOTES, console, fail, progress, say, words

if TYPE_CHECKING:
    from autograder.collecting.report import CollectReport

__all__: list[str] = []


@app.command()
@on_linux
@stoppable
def collect(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="Zips or folders from where students hand in.")],
    kind: Annotated[
        Literal["canvas", "moodle", "gradescope", "blackboard", "drive", "git", "exchange", "folders", ""],
        typer.Option(
            "--from",
            metavar="[canvas|moodle|gradescope|blackboard|drive|git|exchange|folders]",
            help="What the sources are. By default their names say it.",
            show_default=False,
        ),
    ] = "",
    pattern: Annotated[
        str,
        typer.Option(
            metavar="REGEX",
            help="How names begin, with groups student_id, login, email or name; also timestamp, late, attempt.",
            show_default=False,
        ),
    ] = "",
    course: CourseFolder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")] = False,
) -> None:
    """Collect submissions from the download of a learning platform into submitted/STUDENT/LAB.

    The lab is known by the notebook's content, the student by the roster. Who is not known is written into mapping.csv, for you to
    complete. The newest attempt counts; the same download again changes nothing, and an older one replaces nothing.

    Exit status: 0 everyone was matched and has a notebook. 1 something needs a person; the rest was collected. 2 it cannot be done:
    wrong usage, a download that is not whole, no students in the roster, or no access to the course.
    """
    from autograder.collecting.collect import collect_downloads

    here = open_course(course)
    check_listed(here, lab)
    if kind and pattern:
        fail("--from and --pattern exclude each other; give the pattern alone")
    loaded = load_labs([lab], here.labs_folder)[0]
    try:
        with nullcontext(lambda done, total: None) if as_json else progress(f"collecting {lab}") as advance:
            report = collect_downloads(here, loaded, sources, kind=kind, pattern=pattern, dry_run=dry_run, advance=advance)
    except (CollectError, CourseError) as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=True, indent=1))
    else:
        _say_report(report, dry_run)
    raise typer.Exit(0 if report.complete else 1)


def _say_report(report: CollectReport, dry_run: bool) -> None:
    from rich.table import Table

    from autograder.collecting.report import COUNTED

    for source, kind in report.kinds.items():
        say("{}: {}", source, kind)
    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in COUNTED:
        table.add_column(name, justify="right")
    table.add_row(*(words("{}", report.counts[name]) for name in COUNTED))
    console.print(table)
    for line in report.lines[:NOTES]:
        who = f"{line.who} ({line.name})" if line.name else line.who
        say("[yellow]{}[/] {}: {}" if line.needs_person else "{} {}: {}", line.kind, who, line.said)
    if len(report.lines) > NOTES:
        say("… and {} more; --json lists all", len(report.lines) - NOTES)
    states = report.states()
    written = f"{states['new']} new, {states['newer']} newer, {states['same']} as before, {states['older']} older and left out"
    say("would write: {}" if dry_run else "written: {}", written)
    if report.added:
        say(
            "[bold]next[/] complete the column student of mapping.csv ({} new line{}), and run the same command again",
            *(report.added, "s" * (report.added != 1)),
        )
