"""The command that writes marks for a learning platform, or as a table: export.

What it needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from autograder.cli.app import app, load_labs, open_course, stoppable
from autograder.cli.giving_back import DryRun, Json, marks_of, say_list, unknown_times
from autograder.cli.options import CourseFolder
from autograder.cli.places import check_listed
from autograder.errors import CourseError, ExportError, LabError
from autograder.reporting.terminal import fail, say, working

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.gradescope.handing_out import HandOut
    from autograder.reporting.export.filling import Filled, Rules
    from autograder.reporting.marks import Mark

__all__: list[str] = []

NAMED = 10  # people who are left out for one reason and named; --json names all
ENDINGS = {"parquet": ".parquet", "gradescope": "-gradescope.zip"}  # of other files than LAB-PLATFORM.csv


@app.command()
@stoppable
def export(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    to: Annotated[
        Literal["canvas", "moodle", "gradescope", "csv", "parquet"], typer.Option("--to", help="What the file is for.")
    ],
    template: Annotated[
        Path | None,
        typer.Option(
            help="Canvas: the gradebook as exported there. Moodle: the grading worksheet as downloaded there.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The file to write. By default COURSE/feedback/LAB-canvas.csv, LAB-gradescope.zip or LAB.parquet.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str,
        typer.Option(
            help="Canvas: the assignment's title or number. Moodle: the header of the grade column. By default found."
        ),
    ] = "",
    comments: Annotated[
        bool, typer.Option("--comments", help="Moodle: also fill the feedback comments, with what each test says.")
    ] = False,
    scale: Annotated[bool, typer.Option("--scale", help="Convert marks where the column has another maximum.")] = False,
    missing_as_zero: Annotated[
        bool, typer.Option("--missing-as-zero", help="Write 0 for students who handed in nothing.")
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Also write marks that wait for a person; an answer without a mark counts 0.")
    ] = False,
    course: CourseFolder = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write the final marks of a lab for Canvas, Moodle or Gradescope, or as a tidy table: tests, marks by hand and lateness.

    For Canvas and Moodle, one column of the platform's own export is filled, and every other byte stays as it is. The command lists which
    marks would change there, who is missing on either side, and which marks are left out because a person has not completed them.
    For Moodle, --comments also fills the empty cells of the column of feedback comments. Gradescope takes no table: the archive is an
    autograder that gives each student the mark and what the tests say, by e-mail address. The tidy table (--to csv or parquet) has one
    row per student and test or question, and every student.

    Exit status: 0 every mark is in the file. 1 a person is needed: marks were left out or are not final, or somebody is missing on one
    side. 2 it cannot be done: nothing was graded, the export is of another course, or the points differ and --scale was not given.
    """
    from autograder.files import write_bytes
    from autograder.reporting.export.filling import Rules
    from autograder.reporting.returned import note_returned

    here = open_course(course)
    check_listed(here, lab)
    target = output or here.feedback() / f"{lab}{ENDINGS.get(to, f'-{to}.csv')}"
    if template and target.exists() and template.exists() and target.samefile(template):
        fail(f"{target}: this is the export itself, which is kept; give another file with -o")
    _check_options(to, template, comments=comments, scale=scale, missing_as_zero=missing_as_zero)
    rules = Rules(scale, missing_as_zero, incomplete)
    filled: Filled | None = None
    handed: HandOut | None = None
    try:
        with nullcontext() if as_json else working(f"marks of {lab}"):
            marks = marks_of(here, lab)
            if to in ("csv", "parquet"):
                data = _table(marks, lab, to)
            elif to == "gradescope":
                handed = _handed_out(here, lab, marks, rules)
                data = handed.data
            else:
                filled = _filled(here, lab, marks, to, template, column, rules, comments=comments)
                data = filled.data
        if not dry_run:
            write_bytes(target, data)
            if target.parent == here.feedback():
                note_returned(here, lab, [target.name], marks)
    except (CourseError, ExportError) as error:
        fail(error)
    except OSError as error:
        fail(f"{error.filename or target}: {error.strerror or error}; give another file with -o, or make room")
    notes = unknown_times(here, lab, marks)
    if as_json:
        report = {key: value for key, value in asdict(made).items() if key != "data"} if (made := filled or handed) else {}
        file = None if dry_run else str(target)
        typer.echo(json.dumps({"file": file, "lab": lab, "to": to, **report, "notes": notes}, indent=1))
    else:
        if filled:
            _say_filled(filled, dry_run)
        if handed:
            _say_handed_out(handed)
        say_list("  [yellow]note[/] {}", [(note,) for note in notes])
        say("{} {}", "would write" if dry_run else "wrote", target)
    open_ends: Any = (
        (filled.left or filled.without_row or filled.unknown or filled.provisional) if filled else handed and handed.left
    )
    raise typer.Exit(1 if open_ends else 0)


def _check_options(to: str, template: Path | None, *, comments: bool, scale: bool, missing_as_zero: bool) -> None:
    """End the command where an option would do nothing."""
    if comments and to != "moodle":
        fail(f"--comments fills a column of Moodle's worksheet; leave it out for --to {to}")
    if to in ("canvas", "moodle"):
        return
    given = {"--template": template is not None, "--scale": scale, "--missing-as-zero": missing_as_zero}
    if named := [name for name, is_given in given.items() if is_given]:
        fail(f"{named[0]} is for Canvas and Moodle, whose own table is filled; leave it out for --to {to}")


def _table(marks: list[Mark], lab: str, to: str) -> bytes:
    from autograder.reporting.export.tidy import tidy_csv, tidy_parquet

    return tidy_parquet(marks, lab) if to == "parquet" else tidy_csv(marks, lab).encode(errors="backslashreplace")


def _handed_out(course: Course, lab: str, marks: list[Mark], rules: Rules) -> HandOut:
    from autograder.gradescope.handing_out import hand_out

    return hand_out(load_labs([lab], course.labs_folder)[0], marks, rules)


def _filled(
    course: Course,
    lab: str,
    marks: list[Mark],
    to: str,
    template: Path | None,
    column: str,
    rules: Rules,
    *,
    comments: bool,
) -> Filled:
    from autograder.course.records import read_collected
    from autograder.reporting.export.canvas import fill_canvas
    from autograder.reporting.export.moodle import fill_moodle
    from autograder.reporting.export.people import People

    if template is None:
        where = "Grades > Export" if to == "canvas" else "Assignment > Submissions > Download grading worksheet"
        raise ExportError(
            f"--template is missing: give the file that {to.capitalize()} exports ({where}); its column is filled"
        )
    people = People(marks, read_collected(course, lab))
    if to == "moodle":
        texts = _comments(course, lab, marks) if comments else None
        return fill_moodle(template.read_bytes(), template.name, people, rules, column, texts)
    return fill_canvas(template.read_bytes(), template.name, people, rules, column, _titles(course, lab))


def _comments(course: Course, lab: str, marks: list[Mark]) -> dict[str, str]:
    """Id of a student → a piece of HTML for Moodle."""
    from autograder.reporting.feedback.content import page_of
    from autograder.reporting.feedback.fragment import feedback_fragment

    loaded = load_labs([lab], course.labs_folder)[0]
    return {mark.student.id: feedback_fragment(page_of(mark, loaded, None)) for mark in marks if mark.verdict is not None}


def _titles(course: Course, lab: str) -> list[str]:
    """What the assignment may be called: the id and the title of the lab."""
    from autograder.labs.source import load_lab

    try:
        return [lab, load_lab(course.labs_folder / lab).settings.title]
    except LabError:
        return [lab]


def _say_filled(filled: Filled, dry_run: bool) -> None:
    would = "would change" if dry_run else "changed"
    count = len(filled.changes)
    say("[bold]{}[/]: {} mark{} {}, {} there already", filled.column, count, "s" * (count != 1), would, filled.same)
    if filled.comments:
        say("  {} feedback comments {}", filled.comments, "would be written" if dry_run else "written")
    say_list("  [yellow]comment kept[/] {}: a person wrote the one that stands there", _ids(filled.commented))
    say_list("  {}: {} → {}", [(change.name, change.old or "empty", change.new) for change in filled.changes])
    say_list("  [yellow]left out[/] {}: {}", _by_reason(filled.left))
    say_list("  [yellow]no row in the export[/] {}", [(student,) for student in filled.without_row])
    say_list("  [yellow]fits no student of the course[/] {}", [(name,) for name in filled.unknown])
    say_list(
        "  [yellow]not final[/] {}: a person has not completed this mark; run this again afterwards", _ids(filled.provisional)
    )


def _by_reason(left: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """(names, reason): in a large class, many are left out for the same reason."""
    names: dict[str, list[str]] = {}
    for name, reason in left:
        names.setdefault(reason, []).append(name)
    return [
        ("; ".join(some[:NAMED]) + (f" and {len(some) - NAMED} more" if len(some) > NAMED else ""), reason)
        for reason, some in names.items()
    ]


def _ids(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [(name,) for name in names]


def _say_handed_out(handed: HandOut) -> None:
    count = len(handed.students)
    say(
        "[bold]{}[/] mark{} in an autograder for Gradescope, which needs its smallest container only", count, "s" * (count != 1)
    )
    say_list("  [yellow]left out[/] {}: {}", _by_reason(handed.left))
    say("  1. upload it under Configure Autograder of an assignment with {} points", f"{handed.points:g}")
    say("  2. then Manage Submissions > Regrade All Submissions; a submission without a mark here shows an error and gets none")
