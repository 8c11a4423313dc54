"""The commands of an instructor: grade, demo, doctor.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.app import app, load_labs, on_linux, stoppable
from autograder.cli.grade_json import print_graded, print_plan
from autograder.cli.options import (
    Data,
    Fast,
    Isolation,
    Jobs,
    Labs,
    NoCache,
    NoCacheOldName,
    Quiet,
    Verbose,
    data_of,
    isolation_of,
)
from autograder.cli.places import places_of
from autograder.cli.running import (
    check_places,
    collect_class,
    end_if_missing,
    grade_all,
    recorded_of,
    recorder_of,
    report_results,
    say_recorded,
    secret_of,
)
from autograder.errors import LabError, MachineError, RecordError, WorkerError
from autograder.reporting.terminal import (
    be_quiet,
    console,
    fail,
    say,
    show_left,
    warn,
    words,
    working,
)

if TYPE_CHECKING:
    from autograder.grading.cache import ResultCache
    from autograder.grading.options import Options
    from autograder.grading.submissions.collect import SubmissionFile
    from autograder.labs.model import Lab

__all__: list[str] = []

WHOLE_CLASSES = 1  # labs of the demo that have a class of ten
DEMO_CELL_SECONDS = 20  # one student of the demo has an endless loop, which should not hold a newcomer up


@app.command()
@on_linux
@stoppable
def grade(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The lab's id, or the source notebook (.ipynb) of any nbgrader assignment.")],
    submissions: Annotated[
        Path | None,
        typer.Argument(
            help="The folder of the submissions, or one notebook. By default those of the course.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for verdicts.json, grades.csv and report.html.")
    ] = Path("graded"),
    labs: Labs = Path("labs"),
    data: Data = "auto",
    fast: Fast = False,
    seed: Annotated[int, typer.Option(help="The seed that the set-up cell sets.")] = 42,
    jobs: Jobs = None,
    isolation: Isolation = "auto",
    sealed_only: Annotated[bool, typer.Option("--sealed-only", help="Run no test in a student's own process.")] = False,
    no_cache: NoCache = False,
    again: NoCacheOldName = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    gpu_slots: Annotated[int, typer.Option(min=0, help="Notebooks on a GPU at once. 0: all on the CPU.")] = 0,
    dask: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Run notebooks on the workers of this Dask scheduler, such as tcp://host:8786."),
    ] = "",
    course: Annotated[
        Path | None,
        typer.Option(help="Also record the marks in this nbgrader course.", exists=True, file_okay=False, show_default=False),
    ] = None,
    accept_broken: Annotated[
        bool,
        typer.Option("--accept-broken", help="Grade even if the solution in ASSIGNMENT.ipynb fails some of its own tests."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Run and write nothing; say which submissions are new or changed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON instead of a table.")] = False,
) -> None:
    """Grade a folder of submissions to one lab and, with --course, record the marks in nbgrader's gradebook.

    In the folder of a course (see `init`), the lab is enough: its submissions lie in COURSE/submitted, its results go to
    COURSE/graded/LAB and into the gradebook of the course. --course COURSE does the same from elsewhere.

    Results are cached in OUTPUT/kept: run the same command again, and only what changed is run. The file OUTPUT/kept/secret, or
    COURSE/.secret where it exists, is what the lab's held-out data are drawn from: do not share it.

    Exit status: 0 every submission is graded. 1 a person is needed: a submission needs review, or could not be read or recorded, or
    the solution in ASSIGNMENT.ipynb fails its own tests (then nobody is graded without --accept-broken). 2 it cannot be done:
    wrong usage, no isolation, no data, no space for the results.
    """
    from autograder.grading.basis import basis_of
    from autograder.grading.cache import ResultCache
    from autograder.grading.options import Options
    from autograder.reporting.results import FILES, write_results

    be_quiet(quiet)
    places = places_of(context, name, submissions, output, labs, course)
    submissions, output, labs, course = places.submissions, places.output, places.labs, places.course
    foreign = name.endswith(".ipynb")
    lab = None if foreign else load_labs([name], labs)[0]
    if course and submissions.is_file() and submissions.stem == Path(name).stem:
        fail(f"{submissions}: whose is it? With --course, give the folder of the submissions or a file named STUDENT.ipynb")
    if dry_run:
        if lab is None:
            fail(f"--dry-run: the solution in {name} has to run to find out about its tests; --dry-run is for labs only")
        print_plan(lab, *collect_class(submissions, lab), output, as_json=as_json)
        return
    be_quiet(quiet or as_json)  # standard output is for the JSON alone
    check_places(output, *([course] if course else []))
    options = Options(
        data_of(data),
        fast,
        seed,
        isolation=isolation_of(isolation),
        sealed_only=sealed_only,
        gpu_slots=gpu_slots,
        accept_broken=accept_broken,
    )
    cache = ResultCache(output / "kept")
    if no_cache or again:
        cache.clear()
    lab = lab or _assignment(Path(name), options, cache)
    found, left = collect_class(submissions, lab)
    options = replace(options, secret=secret_of(output, course))  # only now: who asked for the wrong folder finds nothing new
    with recorder_of(lab, found, course, places) as recorder:
        verdicts = grade_all([(lab, found)], options, jobs, cache, dask, verbose=verbose, recorder=recorder)
        unwritten = write_results(verdicts, left, output, {lab.id: basis_of(lab, options)})
        recorded = recorded_of(recorder) if recorder else None
    report_results(verdicts, output, unwritten)
    show_left(left)
    refused = say_recorded(recorded) if recorded and not isinstance(recorded, RecordError) else 0
    end_if_missing(unwritten, output, cache, recorded)
    if as_json:
        be_quiet(quiet)
        files = [output / file for file in FILES]
        print_graded(lab, verdicts, left, files, recorded if recorded and not isinstance(recorded, RecordError) else None)
    raise typer.Exit(1 if refused or any(verdict.status != "graded" for verdict in verdicts) else 0)


@app.command()
@on_linux
@stoppable
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the course, the class and the results.")] = Path("demo"),
    labs: Labs = Path("labs"),
    fast: Fast = True,
    jobs: Jobs = None,
    isolation: Isolation = "auto",
    no_cache: NoCache = False,
    again: NoCacheOldName = False,
    quiet: Quiet = False,
    verbose: Annotated[
        bool, typer.Option("--verbose/--no-verbose", "-v", help="Print a line per submission as soon as it is graded.")
    ] = True,
    everyone: Annotated[bool, typer.Option("--all", help="Classes of ten in all labs, not in the first only.")] = False,
) -> None:
    """Build every lab, make classes from the known answers, grade them and report.

    The first lab has a class of ten, with a damaged notebook and an endless loop among them; the others have one of three: right,
    right in another way, and typical mistakes.
    """
    from autograder.authoring.demo import make_class
    from autograder.grading.cache import ResultCache
    from autograder.grading.options import Options
    from autograder.grading.submissions.collect import find_submissions
    from autograder.notebooks.release import build as build_course
    from autograder.reporting.results import write_results

    be_quiet(quiet)
    classes: list[tuple[Lab, list[SubmissionFile]]] = []
    check_places(output)
    for number, lab in enumerate(load_labs(None, labs)):
        build_course(lab, output / "course")
        submitted = output / "course" / "submitted"
        make_class(lab, submitted, few=number >= WHOLE_CLASSES and not everyone)
        classes.append((lab, find_submissions(submitted, lab.id)))
    options = Options(fast=fast, cell_seconds=DEMO_CELL_SECONDS, isolation=isolation_of(isolation), secret=secret_of(output))
    cache = ResultCache(output / "kept")
    if no_cache or again:
        cache.clear()
    verdicts = grade_all(classes, options, jobs, cache, verbose=verbose)
    unwritten = write_results(verdicts, (), output)
    report_results(verdicts, output, unwritten)
    end_if_missing(unwritten, output, cache)


@app.command()
@on_linux
def doctor() -> None:
    """Try every part of the sandbox on this machine, and say which work."""
    from rich.table import Table

    from autograder import sandbox

    table = Table(box=None, padding=(0, 1))
    for column in ("part of the sandbox", "works", "why not"):
        table.add_column(column)
    for name, reason in sandbox.probe().items():
        table.add_row(name, "[red]no[/]" if reason else "[green]yes[/]", words("{}", reason))
    console.print(table)
    say("isolation: [bold]{}[/]", sandbox.strongest())


def _assignment(source: Path, options: Options, cache: ResultCache) -> Lab:
    """A lab made of an nbgrader notebook; says which tests cannot be sealed.

    Ends the command when the instructor's own solution fails a test: everybody would lose its points.
    """
    from autograder.grading.assignments.load import load_assignment

    try:
        with working(f"running the solution in {source.name}"):
            made = load_assignment(source, options, keep=cache)
    except (LabError, MachineError, WorkerError) as error:
        fail(error)
    for test, why in made.unsealed.items():
        say("[yellow]unsealed[/] {} runs in the student's own process: {}", test, why)
    for note in made.notes:
        say("[yellow]note[/] {}", note)
    for test, why in made.broken.items():
        say("[bold red]broken[/] {} does not accept the solution in {}: {}", test, source.name, why)
    if made.broken and not options.accept_broken:
        first = made.cause or next(": ".join(item) for item in made.broken.items())
        said = words(
            "[bold red]nobody was graded[/]: the solution in {} fails {} of its own tests, first {}. Mend the notebook or what it "
            "needs here; with --accept-broken the class is graded, and a person must look at every submission",
            *(source.name, len(made.broken), first.rstrip(".")),
        )
        if console.quiet:
            warn(said.plain)
        console.print(said, soft_wrap=True)
        raise typer.Exit(1)
    return made.lab
