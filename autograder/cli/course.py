"""The commands for the folder of a course: init, status.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, load_labs
from autograder.cli.options import LabNames, Labs
from autograder.errors import CourseError
from autograder.reporting.terminal import fail, say, working

if TYPE_CHECKING:
    from autograder.course.create import Step
    from autograder.labs.model import Lab

__all__: list[str] = []

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
        with working(f"making {folder}"):
            steps = create_course(folder, chosen, name=name, lms=lms, labs_folder=labs, dry_run=dry_run)
    except CourseError as error:
        fail(error)
    if as_json:
        typer.echo(json.dumps([{"path": str(step.path), "state": step.state} for step in steps], indent=1))
    else:
        _say_steps(steps, folder, chosen, dry_run)
    raise typer.Exit(1 if any(step.state == "differs" for step in steps) else 0)


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
    say("  1. write your students into {}", folder / "roster.csv")
    say("  2. set the due dates and what late work loses in {}", folder / "course.toml")
    say("  3. hand out {}", folder / "release" / first / f"{first}.ipynb")
    say(
        "  4. in {}: `autograder collect {} DOWNLOAD.zip`, `autograder grade {}`; `autograder status` shows the week",
        folder,
        first,
        first,
    )
