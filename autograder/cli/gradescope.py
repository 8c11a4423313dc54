"""The command that packs the grader for Gradescope: gradescope.

What it needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, load_labs, open_course, stoppable
from autograder.cli.options import CourseFolder, Data, Fast, Labs, data_of
from autograder.cli.places import check_listed, course_here, given
from autograder.errors import GradescopeError, SecretError
from autograder.reporting.terminal import fail, say, working

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.gradescope.package import Needs
    from autograder.gradescope.settings import Settings
    from autograder.labs.model import Lab

__all__: list[str] = []


@app.command()
@stoppable
def gradescope(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LAB", help="The lab's id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The archive to write.")] = Path("autograder.zip"),
    labs: Labs = Path("labs"),
    data: Data = "auto",
    fast: Fast = False,
    seed: Annotated[int, typer.Option(help="The seed that the set-up cell sets.")] = 42,
    minutes: Annotated[
        int, typer.Option(min=3, max=40, help="The time limit of the assignment in Gradescope; its own default is 10.")
    ] = 10,
    hidden_tests: Annotated[
        Literal["after_published", "after_due_date", "hidden", "visible"],
        typer.Option("--hidden-tests", help="When students see the results of tests with a hidden part."),
    ] = "after_published",
    wheel: Annotated[
        Path | None,
        typer.Option(
            help="The wheel of coursekit to pack, where this is no checkout.", exists=True, dir_okay=False, show_default=False
        ),
    ] = None,
    course: CourseFolder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")] = False,
) -> None:
    """Write the archive with which Gradescope grades a lab: upload it there in Configure Autograder.

    It holds the lab with its hidden tests and the secret of the course: give it to nobody. In the folder of a course (or with
    --course), marks are those that `grade` gives there, because the secret is the same; elsewhere a new secret is drawn.

    Students see every test with what to try next, but no line of a hidden test. By default, tests with a hidden part and the total
    are shown once grades are published.

    Exit status: 0 the archive is written. 2 it cannot be done: wrong usage, no such lab, no data, or no room.
    """
    from autograder.files import write_bytes
    from autograder.gradescope.package import make_archive, needs

    here = open_course(course) if course else course_here() if not given(context, "labs") else None
    if here:
        check_listed(here, name)
    lab = load_labs([name], here.labs_folder if here and not given(context, "labs") else labs)[0]
    settings = _settings(lab, data_of(data), fast, seed, minutes, hidden_tests)
    try:
        with nullcontext() if as_json else working(f"packing {lab.id}"):
            content = make_archive(lab, settings, _secret(here, lab.id, dry_run), wheel)
        if not dry_run:
            write_bytes(output, content)
            os.chmod(output, 0o600)  # it holds the secret
    except (GradescopeError, SecretError) as error:
        fail(error)
    except OSError as error:
        fail(f"{error.filename or output}: {error.strerror or error}; give another file with -o, or make room")
    needed = needs(lab)
    if as_json:
        report = {"file": None if dry_run else str(output), "bytes": len(content), **asdict(needed), **asdict(settings)}
        typer.echo(json.dumps(report, indent=1))
        return
    say("{} {}, {} kB", "would write" if dry_run else "wrote", output, f"{len(content) / 1e3:.0f}")
    _advise(lab, settings, needed, here)


def _settings(lab: Lab, data: Literal["real", "drawn", ""], fast: bool, seed: int, minutes: int, hidden: str) -> Settings:
    """The settings; which data auto means is decided here, so that every submission gets the same."""
    from autograder.gradescope.settings import Settings
    from autograder.grading.environment import variables
    from autograder.grading.options import Options

    if not lab.settings.datasets:
        data = ""
    elif not data:
        data = variables(lab, Options())["COURSEKIT_DATA"]  # type: ignore[assignment]
    return Settings(lab.id, data, fast, seed, minutes, hidden)  # type: ignore[arg-type]


def _secret(course: Course | None, lab: str, dry_run: bool) -> str:
    from autograder.grading.secret import find_secret, new_secret

    return new_secret() if course is None or dry_run else find_secret(course.graded(lab) / "kept", course.folder)


def _advise(lab: Lab, settings: Settings, needed: Needs, course: Course | None) -> None:
    points = sum(test.points for test in lab.of("tests"))
    say("[bold]in Gradescope[/], a programming assignment")
    say(
        "  container: at least {} GB of memory; the default of 0.75 GB does not hold TensorFlow. More processors shorten the wait",
        f"{needed.memory_gb:g}",
    )
    say("  time limit of the autograder: {} minutes (--minutes if it is another)", settings.minutes)
    if settings.minutes < needed.minutes:
        say(
            "  [yellow]note[/] with half a processor this lab may take {} minutes: raise the limit, or take a larger container",
            needed.minutes,
        )
    say("  points of the autograder: {}", f"{points:g}")
    if by_hand := lab.points - points:
        say("  written questions, {} points: mark them by hand", f"{by_hand:g}")
    if settings.data:
        say("  data: {}", "the real sets, which the image downloads" if settings.data == "real" else "drawn (synthetic)")
    say("  late work: as the assignment's due date says there")
    if course is None:
        say(
            "  [yellow]note[/] a new secret was drawn: what hidden tests draw differs from another archive, and from `autograder grade`"
        )
