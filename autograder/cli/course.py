"""The commands for the folder of a course: init, status, explain.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, load_labs, open_course, stoppable
from autograder.cli.explanations import say_explanation
from autograder.cli.options import CourseFolder, LabNames, Labs
from autograder.cli.places import check_listed
from autograder.errors import CourseError, MachineError, SecretError, WorkerError
from autograder.reporting.terminal import console, fail, say, words, working

if TYPE_CHECKING:
    from autograder.course.create import Step
    from autograder.labs.model import Lab
    from autograder.reporting.status import CourseStatus, LabStatus

__all__: list[str] = []

STRANGERS = 10  # folders of people who are not on the roster that are named

DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder of the course. It is made if it is not there.")],
    names: LabNames = None,
    labs: Labs = Path("labs"),
    name: Annotated[str, typer.Option(help="The name of the course. By default that of the folder.", show_default=False)] = "",
    lms: Annotated[
        Literal["canvas", "moodle", "gradescope", "blackboard", "drive", "git", "exchange", ""],
        typer.Option(help="Where students hand in.", metavar="[canvas|moodle|gradescope|blackboard|drive|git|exchange]"),
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the folder of a course: course.toml, roster.csv, a secret, and the notebooks of its labs. It is an nbgrader course too.

    What is there is kept, so the command can be run again: after a lab was added to course.toml, or after it was interrupted.

    Exit status: 0 everything is there. 1 a notebook in source/ or release/ is not what its lab builds now; it is kept. 2 it cannot
    be done: wrong usage, a course.toml that is not valid, or no access to the folder.
    """
    from autograder.course.create import create_course

    chosen, labs = _labs_of(folder, names, labs)
    try:
        with nullcontext() if as_json else working(f"making {folder}"):
            steps = create_course(folder, chosen, name=name, lms=lms, labs_folder=labs, dry_run=dry_run)
    except CourseError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps([{"path": str(step.path), "state": step.state} for step in steps], indent=1))
    else:
        _say_steps(steps, folder, chosen, dry_run)
    raise typer.Exit(1 if any(step.state == "differs" for step in steps) else 0)


@app.command()
def status(course: CourseFolder = None, as_json: Json = False) -> None:
    """Show how far each lab of the course is: released, handed in, graded, to mark by hand, returned; and what to do next.

    Exit status: 0 everything could be read. 1 the roster, the results or the gradebook could not be read; what is wrong is said.
    2 there is no course, or no access to it.
    """
    from autograder.reporting.status import course_status

    here = open_course(course)
    try:
        with nullcontext() if as_json else working("reading the course"):
            found = course_status(here)
    except CourseError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        _say_status(found)
    raise typer.Exit(1 if found.problem or any(lab.problem for lab in found.labs) else 0)


@app.command()
@stoppable
def explain(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    student: Annotated[str, typer.Argument(help="The student's id.")],
    test: Annotated[
        str,
        typer.Argument(help="A test or a question, to see it and the student's cell too.", show_default=False),
    ] = "",
    replay: Annotated[
        bool, typer.Option("--replay", help="Run the submission again, and show what each check of the tests got and expected.")
    ] = False,
    course: CourseFolder = None,
    as_json: Json = False,
) -> None:
    """Explain the mark of one student: what each test got and said, what people gave, and what lateness took.

    With --replay, the submission runs again in the sandbox with the settings of its grading and the tests as they are now; no mark
    changes. It shows what students must not see: hidden tests, and what tests in a student's own process said.

    Exit status: 0 the mark was explained. 1 a replayed test gave other points than the mark says. 2 there is no course, or no such lab,
    student or test, nothing was graded, or the submission cannot be run.
    """
    from autograder.reporting.explain import explain_mark, replayed, show_code

    here = open_course(course)
    check_listed(here, lab)
    try:
        found = explain_mark(here, lab, student, test)
    except CourseError as error:
        fail(error)
    if test or replay:
        loaded = load_labs([lab], here.labs_folder)[0]
    if test:
        found = replace(found, code=show_code(here, loaded, student, test))
    if replay:
        try:
            with nullcontext() if as_json else working(f"running the submission of {student}"):
                found = replayed(here, loaded, found)
        except (CourseError, SecretError, MachineError, WorkerError) as error:
            fail(error)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        say_explanation(found)
    raise typer.Exit(0 if all(item.same for item in found.tests) else 1)


def _labs_of(folder: Path, names: Sequence[str] | None, labs: Path) -> tuple[list[Lab], Path]:
    """The chosen labs of a new course, or those that its course.toml lists; and the folder of their sources."""
    from autograder.course.config import COURSE_FILE, load_course

    if not (folder / COURSE_FILE).exists():
        return load_labs(names, labs), labs
    try:
        course = load_course(folder)
    except CourseError as error:
        fail(error)
    if new := [name for name in names or () if name not in course.labs]:
        fail(
            f"{folder / COURSE_FILE}: it does not list {new[0]}; add the line [labs.{new[0]}] to it, and run the same command again"
        )
    return load_labs(names or list(course.labs), course.labs_folder) if course.labs else [], course.labs_folder


def _say_steps(steps: Sequence[Step], folder: Path, labs: Sequence[Lab], dry_run: bool) -> None:
    for step in steps:
        if step.state == "made":
            say("would write {}" if dry_run else "wrote {}", step.path)
        elif step.state == "kept":
            say("kept {}", step.path)
        else:
            say(
                "[yellow]kept[/] {}, which is not what {} builds now; `autograder build {} --course {}` writes it anew",
                *(step.path, step.path.stem, step.path.stem, folder),
            )
    if dry_run or not labs:
        return
    first = labs[0].id
    say("[bold]next[/]")
    say("  1. write your students into {}, or put your platform's own list there", folder / "roster.csv")
    say("  2. set the due dates and what late work loses in {}", folder / "course.toml")
    say("  3. hand out {}", folder / "release" / first / f"{first}.ipynb")
    say(
        "  4. in {}: `autograder collect {} DOWNLOAD.zip`, `autograder grade {}`; `autograder status` shows the week",
        folder,
        first,
        first,
    )


def _say_status(status: CourseStatus) -> None:
    from rich.table import Table

    students = "" if status.students is None else f", {status.students} student{'s' * (status.students != 1)}"
    say("[bold]{}[/]{}", status.course, students)
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("lab", "due", "released", "handed in", "graded", "to look at", "to mark", "returned"):
        table.add_column(column, min_width=max(map(len, column.split())), no_wrap=column in ("lab", "due"))
    for lab in status.labs:
        table.add_row(*(words("{}", cell) for cell in _row(lab)))
    console.print(table)
    for lab in status.labs:
        if lab.next:
            say("[bold]next[/] for {}: {}", lab.lab, lab.next)
    if not status.labs:
        say("course.toml lists no lab; add a line such as [labs.lab01_perceptron] for each")
    if status.problem:
        say("[yellow]roster[/] {}", status.problem)
    if status.strangers:
        named, more = ", ".join(status.strangers[:STRANGERS]), len(status.strangers) - STRANGERS
        say("[yellow]not on the roster[/] {}{}", named, f" and {more} more" if more > 0 else "")


def _row(lab: LabStatus) -> tuple[str, ...]:
    due = f"{lab.due:%Y-%m-%d %H:%M}" if lab.due else "–"
    handed_in = f"{lab.handed_in} ({lab.missing} missing)" if lab.handed_in and lab.missing else str(lab.handed_in)
    graded = f"{lab.graded} (+{lab.to_grade} new)" if lab.graded and lab.to_grade else str(lab.graded)
    pages = [f"{lab.pages} page{'s' * (lab.pages != 1)}"] if lab.pages else []
    returned = ", ".join([*pages, *lab.exports]) or "–"
    if lab.outdated:
        returned += f" (older than the marks: {', '.join(lab.outdated)})"
    released = "yes" if lab.released else "no"
    return lab.lab, due, released, handed_in, graded, str(lab.to_review), str(lab.to_mark), returned
