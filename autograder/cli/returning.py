"""The commands that give marks and feedback back: feedback, export.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, open_course, stoppable
from autograder.cli.options import CourseFolder
from autograder.cli.places import check_listed
from autograder.errors import CourseError, ExportError, LabError
from autograder.reporting.terminal import fail, progress, say, working

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.grading.submissions.submission import Submission
    from autograder.labs.model import Lab
    from autograder.reporting.export.filling import Filled
    from autograder.reporting.feedback.content import Page
    from autograder.reporting.marks import Mark

__all__: list[str] = []

SHOWN = 40  # lines of a kind
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]


@app.command()
def export(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    to: Annotated[Literal["canvas", "moodle", "csv", "parquet"], typer.Option("--to", help="What the file is for.")],
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
            help="The file to write. By default COURSE/feedback/LAB-canvas.csv or LAB.parquet.",
            show_default=False,
        ),
    ] = None,
    column: Annotated[
        str,
        typer.Option(
            help="Canvas: the assignment's title or number. Moodle: the header of the grade column. By default found."
        ),
    ] = "",
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
    """Write the final marks of a lab for Canvas or Moodle, or as a tidy table: tests, marks by hand and lateness.

    For Canvas and Moodle, one column of the platform's own export is filled, and every other byte stays as it is. The command lists which
    marks would change there, who is missing on either side, and which marks are left out because a person has not completed them.
    The tidy table (--to csv or parquet) has one row per student and test or question, and every student.

    Exit status: 0 every mark is in the file. 1 a person is needed: marks were left out or are not final, or somebody is missing on one
    side. 2 it cannot be done: nothing was graded, the export is of another course, or the points differ and --scale was not given.
    """
    from autograder.files import write_bytes

    here = open_course(course)
    check_listed(here, lab)
    target = output or here.feedback() / (f"{lab}.parquet" if to == "parquet" else f"{lab}-{to}.csv")
    if template and target.exists() and template.exists() and target.samefile(template):
        fail(f"{target}: this is the export itself, which is kept; give another file with -o")
    filled = None
    try:
        with nullcontext() if as_json else working(f"marks of {lab}"):
            marks = _marks(here, lab)
            if to == "csv":
                from autograder.reporting.export.tidy import tidy_csv

                data = tidy_csv(marks, lab).encode(errors="backslashreplace")
            elif to == "parquet":
                from autograder.reporting.export.tidy import tidy_parquet

                data = tidy_parquet(marks, lab)
            else:
                filled = _filled(here, lab, marks, to, template, column, (scale, missing_as_zero, incomplete))
                data = filled.data
        if not dry_run:
            write_bytes(target, data)
    except (CourseError, ExportError) as error:
        fail(error)
    except OSError as error:
        fail(f"{error.filename or target}: {error.strerror or error}; give another file with -o, or make room")
    if as_json:
        report = {key: value for key, value in asdict(filled).items() if key != "data"} if filled else {}
        typer.echo(json.dumps({"file": None if dry_run else str(target), "lab": lab, "to": to, **report}, indent=1))
    else:
        if filled:
            _say_filled(filled, dry_run)
        _list("  [yellow]note[/] {}", [(note,) for note in _late_without_a_time(here, lab, marks)])
        say("{} {}", "would write" if dry_run else "wrote", target)
    raise typer.Exit(1 if filled and (filled.left or filled.without_row or filled.unknown or filled.provisional) else 0)


def _marks(course: Course, lab: str) -> list[Mark]:
    from autograder.reporting.marks import read_marks

    marks = read_marks(course, lab)
    if not marks:
        raise CourseError(
            f"{course.graded(lab)}: no submission was graded, and the roster is empty; there is nothing to give back"
        )
    return marks


def _filled(
    course: Course,
    lab: str,
    marks: list[Mark],
    to: str,
    template: Path | None,
    column: str,
    rules: tuple[bool, bool, bool],
) -> Filled:
    from autograder.course.records import read_collected
    from autograder.reporting.export.canvas import fill_canvas
    from autograder.reporting.export.filling import Rules
    from autograder.reporting.export.moodle import fill_moodle
    from autograder.reporting.export.people import People

    if template is None:
        where = "Grades > Export" if to == "canvas" else "Assignment > Submissions > Download grading worksheet"
        raise ExportError(
            f"--template is missing: give the file that {to.capitalize()} exports ({where}); its column is filled"
        )
    people = People(marks, read_collected(course, lab))
    if to == "moodle":
        return fill_moodle(template.read_bytes(), template.name, people, Rules(*rules), column)
    return fill_canvas(template.read_bytes(), template.name, people, Rules(*rules), column, _titles(course, lab))


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
    _list("  {}: {} → {}", [(change.name, change.old or "empty", change.new) for change in filled.changes])
    _list("  [yellow]left out[/] {}: {}", filled.left)
    _list("  [yellow]no row in the export[/] {}", [(student,) for student in filled.without_row])
    _list("  [yellow]fits no student of the course[/] {}", [(name,) for name in filled.unknown])
    _list(
        "  [yellow]not final[/] {}: a person has not completed this mark; run this again afterwards", _ids(filled.provisional)
    )


def _ids(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [(name,) for name in names]


def _late_without_a_time(course: Course, lab: str, marks: list[Mark]) -> list[str]:
    """Sentences about late work from which the rule of the course takes nothing, because nobody knows when it came."""
    if not course.late.percent_per_day or lab not in course.labs or course.labs[lab].due is None:
        return []
    said = "late, but the platform gives no time, so nothing is taken off; write the time, such as `{}`, into {} and run this again"
    return [
        f"{mark.student.id}: "
        + said.format("2026-11-26 09:30 +0100", course.submitted() / mark.student.id / lab / "timestamp.txt")
        for mark in marks
        if mark.verdict is not None and mark.lateness_unknown
    ]


def _list(template: str, rows: list[tuple[str, ...]] | tuple[tuple[str, ...], ...]) -> None:
    for row in rows[:SHOWN]:
        say(template, *row)
    if len(rows) > SHOWN:
        say("  … and {} more; --json lists all", len(rows) - SHOWN)


@app.command()
@stoppable
def feedback(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    student: Annotated[str, typer.Option(help="Write the page of this student only.", show_default=False)] = "",
    pack: Annotated[
        Literal["auto", "canvas", "moodle", "none"],
        typer.Option("--zip", help="Also pack the pages as the platform takes them back. auto: the platform of course.toml."),
    ] = "auto",
    markdown: Annotated[bool, typer.Option("--markdown", help="Also write each page as Markdown.")] = False,
    course: CourseFolder = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write a page for each student who handed in: the mark, what the tests say, the student's code, figures, and comments by hand.

    A page is one HTML file, COURSE/feedback/STUDENT/LAB/LAB.html, without scripts and external addresses. It shows no line of a hidden
    test or of the solution. The archive for the platform is COURSE/feedback/LAB-canvas.zip or LAB-moodle.zip.

    Exit status: 0 every page is written. 1 a person is needed: a mark is not final, a notebook cannot be shown, or a page has no place
    in the archive.
    2 it cannot be done: nothing was graded, there is no such student, or no room.
    """
    here = open_course(course)
    check_listed(here, lab)
    lms = (here.lms if here.lms in ("canvas", "moodle") else "none") if pack == "auto" else pack
    lms = "none" if student and pack == "auto" else lms
    if student and lms != "none":
        fail("--zip and --student: an archive holds the pages of the whole class; leave one of the two out")
    try:
        # Standard output is for the JSON alone.
        with nullcontext(_silent) if as_json else progress(f"feedback on {lab}") as advance:
            written, notes = _write_pages(here, lab, student, lms, advance, markdown=markdown, dry_run=dry_run)
    except (CourseError, LabError) as error:
        fail(error)
    except OSError as error:
        fail(
            f"{error.filename or here.feedback()}: {error.strerror or error}; make room or grant access, and run the command again"
        )
    if as_json:
        typer.echo(json.dumps({"lab": lab, "files": list(map(str, written)), "notes": notes}, indent=1))
    else:
        pages = sum(path.suffix == ".html" for path in written)
        say("{} {} pages in {}", "would write" if dry_run else "wrote", pages, here.feedback())
        for path in written:
            if path.suffix == ".zip":
                say("{} {}", "would write" if dry_run else "wrote", path)
        _list("  [yellow]note[/] {}", [(note,) for note in notes])
    raise typer.Exit(1 if notes else 0)


def _write_pages(
    course: Course, lab_id: str, only: str, lms: str, advance: Callable[[int, int], None], *, markdown: bool, dry_run: bool
) -> tuple[list[Path], list[str]]:
    """Write the pages and the archive; their paths, and sentences about what a person should know."""
    from autograder.course.records import read_collected
    from autograder.files import write_bytes, write_text
    from autograder.labs.source import load_lab
    from autograder.reporting.feedback.content import page_of
    from autograder.reporting.feedback.packing import pack
    from autograder.reporting.feedback.render import feedback_html, feedback_markdown

    lab = load_lab(course.labs_folder / lab_id)
    marks = [mark for mark in _marks(course, lab_id) if mark.verdict and only in ("", mark.student.id)]
    if not marks:
        raise CourseError(
            f"{only or lab_id}: no submission was graded; check the name, or run `autograder grade {lab_id}` first"
        )
    pages: dict[str, str] = {}
    written: list[Path] = []
    notes = _late_without_a_time(course, lab_id, marks)
    if open_marks := sum(not mark.complete for mark in marks):
        notes.append(f"{open_marks} of {len(marks)} marks are not final, and the pages say so; run this again when they are")

    def make(mark: Mark) -> tuple[Page, list[str]]:
        heard: list[str] = []
        return page_of(mark, lab, _work(course, lab, mark, heard)), heard

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # the next notebook is read while figures are made smaller
        for done, (mark, (page, heard)) in enumerate(zip(marks, pool.map(make, marks), strict=True), start=1):
            pages[mark.student.id] = feedback_html(page)
            texts = {".html": pages[mark.student.id]} | ({".md": feedback_markdown(page)} if markdown else {})
            for suffix, text in texts.items():
                written.append(course.feedback() / mark.student.id / lab_id / f"{lab_id}{suffix}")
                if not dry_run:
                    write_text(written[-1], text)
            notes += heard
            advance(done, len(marks))
    if lms != "none":
        data, without = pack(pages, read_collected(course, lab_id), lab_id, lms)
        if len(without) == len(pages):
            return written, [*notes, f"no archive: collect noted no ids of {lms.capitalize()} for {lab_id}"]
        written.append(course.feedback() / f"{lab_id}-{lms}.zip")
        if not dry_run:
            write_bytes(written[-1], data)
        notes += [f"{name}: not in the archive, because collect noted no ids of {lms.capitalize()} for it" for name in without]
    return written, notes


def _silent(done: int, total: int) -> None:
    """Show no progress."""


def _work(course: Course, lab: Lab, mark: Mark, notes: list[str]) -> Submission | None:
    """The submission behind a mark; None if it cannot be read. Notes a notebook that is newer than its mark."""
    from autograder.errors import UnreadableError
    from autograder.grading.submissions.reading import read_submission

    path = course.submitted() / mark.student.id / lab.id / f"{lab.id}.ipynb"
    if mark.verdict and mark.verdict.status == "unreadable":
        return None
    try:
        work = read_submission(lab, path, pictures=True)
    except UnreadableError as error:
        notes.append(f"{mark.student.id}: the page shows no code: {error}")
        return None
    if path.stat().st_mtime > (course.graded(lab.id) / "verdicts.json").stat().st_mtime:
        notes.append(
            f"{mark.student.id}: the notebook is newer than its mark; run `autograder grade {lab.id}` and then this again"
        )
    return work
