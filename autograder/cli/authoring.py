"""The commands of a lab's author and of CI: build, run-lectures, verify, calibrate, publish.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from autograder.cli.app import app, load_labs, on_linux
from autograder.cli.options import Data, Fast, Jobs, LabNames, Labs, Notebooks, data_of
from autograder.cli.places import check_listed, course_here, given
from autograder.errors import LabError, LectureError, MachineError, PublishError, SecretError
from autograder.reporting.terminal import fail, progress, quote, say, working

if TYPE_CHECKING:
    from autograder.authoring.lectures import Lecture
    from autograder.authoring.verify import Check
    from autograder.course.config import Course
    from autograder.labs.model import Lab

__all__: list[str] = []

LECTURE_SECONDS = 120  # what a reader should wait at most for a whole lecture, on two cores


@app.command()
def build(
    context: typer.Context,
    names: LabNames = None,
    labs: Labs = Path("labs"),
    notebooks: Notebooks = Path("notebooks/labs"),
    course: Annotated[Path | None, typer.Option(help="Also write source/ and release/ into this nbgrader course.")] = None,
) -> None:
    """Build the notebooks that students open, lectures too, and, with --course, an nbgrader course around the labs.

    In the folder of a course (see `init`) and without options, it writes source/ and release/ of the course's labs there, and
    nothing else.
    """
    from autograder.authoring.lectures import lecture_notebook
    from autograder.notebooks.io import write_notebook
    from autograder.notebooks.release import build as build_course
    from autograder.notebooks.release import release_notebook

    if not any(given(context, option) for option in ("labs", "notebooks", "course")) and (here := course_here()):
        _build_in(here, names)
        return
    lectures = _load_lectures(names, notebooks.parent / "lectures")
    only_labs = [name for name in names or () if not name.startswith("lecture")]
    for lab in load_labs(only_labs, labs) if only_labs or not names else ():
        path = notebooks / f"{lab.id}.ipynb"
        write_notebook(release_notebook(lab), path)
        say("{}  {} cells, {} points", path, len(lab.cells), f"{lab.points:g}")
        if course:
            for written in build_course(lab, course):
                say("{}", written)
    for lecture in lectures:
        path = notebooks.parent / "lectures" / f"{lecture.id}.ipynb"
        write_notebook(lecture_notebook(lecture), path)
        say("{}  {} cells", path, len(lecture.cells))


@app.command("run-lectures")
@app.command("lectures", hidden=True)  # its name in earlier versions
def run_lectures(
    names: Annotated[list[str] | None, typer.Argument(help="Lectures such as lecture01_neurons; none means all.")] = None,
    folder: Annotated[Path, typer.Option(help="The folder of the lectures' notebooks, with source/ in it.")] = Path(
        "notebooks/lectures"
    ),
    data: Data = "auto",
    fast: Annotated[bool, typer.Option("--fast/--full", help="The lectures' reduced budget, or the full one.")] = False,
) -> None:
    """Run lectures from top to bottom, each in a kernel of its own, and print seconds, file size and errors."""
    import nbformat

    from autograder.authoring.lectures import lecture_notebook, run_lecture

    failed = 0
    say(f"{'lecture':32}{'seconds':>8}{'file kB':>9}")
    for lecture in _load_lectures(names, folder):
        with working(f"running {lecture.id}"):
            run = run_lecture(lecture, fast=fast, data=data_of(data))
        size = len(nbformat.writes(lecture_notebook(lecture)).encode()) / 1000
        slow = f"  longer than {LECTURE_SECONDS} seconds" if run.seconds > LECTURE_SECONDS else ""
        say("{}{}", f"{lecture.id:32}", f"{run.seconds:8.0f}{size:9.0f}{slow}")
        if run.error:
            failed += 1
            quote(run.error, style="red")
    raise typer.Exit(1 if failed else 0)


@app.command()
@on_linux
def verify(
    names: LabNames = None,
    every: Annotated[bool, typer.Option("--all", hidden=True)] = False,
    labs: Labs = Path("labs"),
    notebooks: Notebooks = Path("notebooks/labs"),
    data: Data = "auto",
    fast: Fast = True,
    repeats: Annotated[int, typer.Option(help="Runs of each test that does not train, on the reference.")] = 50,
    seeds: Annotated[int, typer.Option(help="Runs of each test that trains.")] = 10,
    draws: Annotated[int, typer.Option(min=1, help="Runs of each known answer's tests that do not train.")] = 10,
    exercise: Annotated[list[str] | None, typer.Option(help="Only this exercise's tests and answers; may be repeated.")] = None,
    twins: Annotated[
        Literal["all", "sample", "none"], typer.Option(help="How many hostile twins of the known answers to try.")
    ] = "all",
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Also try every mutant of the reference solutions; takes minutes.")
    ] = False,
    secret: Annotated[
        str, typer.Option(help="Draw the tests' random numbers from this text; without it, and without --kept, anew each time.")
    ] = "",
    kept: Annotated[
        Path | None,
        typer.Option(
            show_default=False,
            help="Keep outcomes in this folder, and run only what is not there yet: answers, cells and tests that changed. "
            "Without --secret, the random numbers come from the secret kept there. What no run needed for 30 days is deleted.",
        ),
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Prove each lab: the reference gets every point, the release none, every known answer exactly its marks, nothing leaks.

    The hostile twin of an answer overwrites whatever a test gives it, and must gain nothing by that. A mutant is the
    reference with one slip that a student could make, and must lose points.
    """
    from autograder.authoring.verify import Effort
    from autograder.authoring.verify import verify as verify_lab
    from autograder.grading.cache import ResultCache
    from autograder.grading.options import Options
    from autograder.grading.secret import find_secret, new_secret

    try:
        secret = secret or (find_secret(kept) if kept else new_secret())[:12]
    except SecretError as error:
        fail(error)
    cache = ResultCache(kept) if kept else None
    if cache:
        cache.forget(days=30)
    effort = Effort(repeats, seeds, draws, jobs or Effort().jobs, twins=twins, mutants="all" if mutants else "none")
    failed = False
    for lab in load_labs([] if every else names, labs):
        with progress(f"verify {lab.id}") as advance:
            try:
                checks = verify_lab(
                    lab,
                    Options(data_of(data), fast, secret=secret),
                    effort,
                    released=notebooks,
                    exercises=exercise or (),
                    kept=cache,
                    on_done=advance,
                )
            except (LabError, MachineError) as error:
                fail(error)
        _print_checks(lab, checks)
        failed |= any(check.problems for check in checks)
    if cache and cache.problem:
        say("Not everything could be kept: {}", cache.problem)
    if failed:
        say("The same random numbers come again with --secret {}.", shlex.quote(secret))
    raise typer.Exit(1 if failed else 0)


@app.command()
@on_linux
def calibrate(
    name: Annotated[str, typer.Argument(help="The lab's id.")],
    labs: Labs = Path("labs"),
    data: Data = "auto",
    fast: Annotated[bool, typer.Option("--fast/--full", help="The reduced training budget, or the full one.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of the reference, each with another seed.")] = 5,
    write: Annotated[bool, typer.Option("--write", help="Put the bands into lab.toml.")] = False,
) -> None:
    """Measure every figure that a lab's prose states: mean and band over seeds, for lab.toml."""
    from autograder.authoring.calibrate import band_name, write_bands
    from autograder.authoring.calibrate import calibrate as calibrate_lab
    from autograder.grading.environment import variables
    from autograder.grading.options import Options

    lab = load_labs([name], labs)[0]
    options = Options(data_of(data), fast)
    band = band_name(options, variables(lab, options))
    least = "at full budget about" if not fast else "at most"
    minutes = math.ceil(seeds * lab.settings.running_seconds / 60)
    say("{}, {}: {} runs, {} {} minutes on two cores", lab.id, band, seeds, least, minutes)

    def on_run(done: int, total: int, left: float) -> None:
        say("  run {} of {}; {} minutes to go", done, total, f"{left / 60:.1f}")

    try:
        with working(f"calibrating {lab.id}"):
            measured = calibrate_lab(lab, options, range(seeds), on_run=on_run)
    except (LabError, MachineError) as error:
        fail(error)
    for figure in measured:
        say("[bold]{}[/]  standard deviation {}", figure.name, f"{figure.deviation:.3g}")
        say("  {} = {}", band, figure.toml)
    if write:
        changed = write_bands(lab, band, measured)
        say("{}: {} lines changed", lab.folder / "lab.toml", len(changed))


@app.command()
def publish(
    target: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    root: Annotated[Path, typer.Option(help="The project's checkout.")] = Path("."),
) -> None:
    """Write a project of its own for students: the package, the notebooks and the data registry, without answers or grader."""
    from autograder.authoring.publish import publish as publish_course

    try:
        files = publish_course(root, target)
    except PublishError as error:
        fail(error)
    say("{}: {} files", target, len(files))


def _build_in(course: Course, names: Sequence[str] | None) -> None:
    """Write the source and the release of labs into their course, whatever stands there."""
    from autograder.notebooks.release import build as build_course

    chosen = list(names or course.labs)
    for name in chosen:
        check_listed(course, name)
    for lab in load_labs(chosen, course.labs_folder) if chosen else ():
        try:
            for written in build_course(lab, course.folder):
                say("{}", written)
        except OSError as error:
            fail(f"{course.folder}: the course cannot be written ({error.strerror or error}); make room or grant access")


def _load_lectures(names: Sequence[str] | None, folder: Path) -> list[Lecture]:
    """The lectures among `names`, or all of them if there are no names."""
    from autograder.authoring.lectures import find_lectures, load_lecture

    paths = (
        [folder / "source" / f"{name}.py" for name in names if name.startswith("lecture")] if names else find_lectures(folder)
    )
    try:
        return [load_lecture(path) for path in paths]
    except LectureError as error:
        fail(error)


def _print_checks(lab: Lab, checks: Sequence[Check]) -> None:
    for check in checks:
        say("[red]✗[/] {}: {}" if check.problems else "[green]✓[/] {}: {}", lab.id, check.name)
        for problem in check.problems:
            quote(problem)
