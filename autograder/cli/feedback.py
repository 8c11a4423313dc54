"""The command that writes pages for students: feedback.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, open_course, stoppable
from autograder.cli.giving_back import DryRun, Json, marks_of, say_list, unknown_times
from autograder.cli.options import CourseFolder
from autograder.cli.places import check_listed
from autograder.errors import CourseError, LabError
from autograder.reporting.terminal import fail, progress, say

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.grading.submissions.submission import Submission
    from autograder.labs.model import Lab
    from autograder.reporting.feedback.content import Page
    from autograder.reporting.marks import Mark

__all__: list[str] = []


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
        say("{} {} page{} in {}", "would write" if dry_run else "wrote", pages, "s" * (pages != 1), here.feedback())
        for path in written:
            if path.suffix == ".zip":
                say("{} {}", "would write" if dry_run else "wrote", path)
        say_list("  [yellow]note[/] {}", [(note,) for note in notes])
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
    from autograder.reporting.returned import PAGES, note_returned

    lab = load_lab(course.labs_folder / lab_id)
    marks = [mark for mark in marks_of(course, lab_id) if mark.verdict and only in ("", mark.student.id)]
    if not marks:
        raise CourseError(
            f"{only or lab_id}: no submission was graded; check the name, or run `autograder grade {lab_id}` first"
        )
    pages: dict[str, str] = {}
    written: list[Path] = []
    notes = unknown_times(course, lab_id, marks)
    if only:
        archives = [name for name in (f"{lab_id}-canvas.zip", f"{lab_id}-moodle.zip") if (course.feedback() / name).exists()]
        notes += [f"{name} still holds the page of before; run this without --student to pack it again" for name in archives]
    if open_marks := sum(not mark.complete for mark in marks):
        are = "is" if open_marks == 1 else "are"
        notes.append(f"{open_marks} of {len(marks)} marks {are} not final, and the pages say so; run this again when they are")

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
    if not dry_run:
        note_returned(course, lab_id, [PAGES], marks, whole=not only)
    if lms != "none":
        data, without = pack(pages, read_collected(course, lab_id), lab_id, lms)
        if len(without) == len(pages):
            return written, [*notes, f"no archive: collect noted no ids of {lms.capitalize()} for {lab_id}"]
        written.append(course.feedback() / f"{lab_id}-{lms}.zip")
        if not dry_run:
            write_bytes(written[-1], data)
            note_returned(course, lab_id, [written[-1].name], marks)
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
        work = read_submission(lab, path, pictures=True, look=False)
    except UnreadableError as error:
        notes.append(f"{mark.student.id}: the page shows no code: {error}")
        return None
    if path.stat().st_mtime > (course.graded(lab.id) / "verdicts.json").stat().st_mtime:
        notes.append(
            f"{mark.student.id}: the notebook is newer than its mark; run `autograder grade {lab.id}` and then this again"
        )
    return work
