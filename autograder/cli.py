"""The command line of the project: `autograder --help` lists the commands. Each of them calls one function of the API.

Every command ends with status 0 when all is well; 1 when something needs a person: a lab that is not sound, a submission that
was not graded or not recorded, a test that the instructor's own solution fails; 2 when it was used wrongly, or when what it needs
(a folder, data, walls, room on the disk) is not there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal, ParamSpec

import nbformat
import typer
from rich.table import Table

from autograder import sandbox
from autograder.authoring.calibrate import band_name, write_bands
from autograder.authoring.calibrate import calibrate as calibrate_lab
from autograder.authoring.demo import make_class
from autograder.authoring.lectures import Lecture, find_lectures, lecture_notebook, load_lecture, run_lecture
from autograder.authoring.publish import publish as publish_course
from autograder.authoring.verify import Check, Effort
from autograder.authoring.verify import verify as verify_lab
from autograder.errors import (
    CollectError,
    LabError,
    LectureError,
    MachineError,
    PublishError,
    RecordError,
    ResultsError,
    SecretError,
    WorkerError,
)
from autograder.grading.assignments.load import load_assignment
from autograder.grading.batch import grade_class
from autograder.grading.cache import ResultCache
from autograder.grading.environment import isolation as level_of
from autograder.grading.environment import variables
from autograder.grading.options import Options
from autograder.grading.secret import find_secret
from autograder.grading.submissions.collect import SubmissionFile, collect, find_submissions
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.labs.source import find_labs, load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import build as build_course
from autograder.notebooks.release import release_notebook
from autograder.reporting.gradebook import Recorded, record
from autograder.reporting.pages import data_notice
from autograder.reporting.results import FILES, check_writable, write_results
from autograder.reporting.terminal import console, fail, progress, quote, say, show_left, show_marks, show_notes, warn, words

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    epilog="Exit status: 0 all is well, 1 something needs a person, 2 wrong usage or something is not there.",
)

_INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended

_LECTURE_SECONDS = 120  # what a reader should wait at most for a whole lecture, on two cores

LabNames = Annotated[list[str] | None, typer.Argument(help="Lab ids such as lab02_mlp; none means all.", show_default=False)]
Labs = Annotated[Path, typer.Option(help="The folder that holds the labs.")]
Notebooks = Annotated[Path, typer.Option(help="The folder of the committed notebooks.")]
Data = Annotated[
    Literal["real", "drawn", ""], typer.Option(help="real or drawn; without it: real if it can be had, else drawn.")
]
Fast = Annotated[bool, typer.Option("--fast/--full", help="The labs' reduced training budget, or the full one.")]
Isolation = Annotated[
    Literal["full", "process", ""],
    typer.Option(help="Walls that must hold, see `doctor`; without it the strongest that this machine has."),
]
NoCache = Annotated[bool, typer.Option("--again", help="Run everything anew, whatever was found out earlier.")]
Jobs = Annotated[int | None, typer.Option(help="Notebooks at once; by default about as many as there are cores.")]


@app.callback()
def main() -> None:
    """Release, verify and grade the labs of the course."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a terminal that lacks a letter still shows the rest


_P = ParamSpec("_P")


def _stoppable(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, which Ctrl-C ends with one sentence."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            warn("stopped; what was found out is kept: run the same command to go on")
            raise typer.Exit(_INTERRUPTED) from None

    return wrapped


@app.command()
def build(
    names: LabNames = None,
    labs: Labs = Path("labs"),
    notebooks: Notebooks = Path("notebooks/labs"),
    course: Annotated[Path | None, typer.Option(help="Also write source/ and release/ into this nbgrader course.")] = None,
) -> None:
    """Build the notebooks that students open, lectures too, and, with --course, an nbgrader course around the labs."""
    lectures = _load_lectures(names, notebooks.parent / "lectures")
    only_labs = [name for name in names or () if not name.startswith("lecture")]
    for lab in _load(only_labs, labs) if only_labs or not names else ():
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


@app.command()
def lectures(
    names: Annotated[list[str] | None, typer.Argument(help="Lectures such as lecture01_neurons; none means all.")] = None,
    folder: Annotated[Path, typer.Option(help="The folder of the lectures' notebooks, with source/ in it.")] = Path(
        "notebooks/lectures"
    ),
    data: Data = "",
    fast: Annotated[bool, typer.Option("--fast/--full", help="The lectures' reduced budget, or the full one.")] = False,
) -> None:
    """Run lectures from top to bottom, each in a kernel of its own, and say how long each takes and what goes wrong."""
    failed = 0
    say(f"{'lecture':32}{'seconds':>8}{'file kB':>9}")
    for lecture in _load_lectures(names, folder):
        run = run_lecture(lecture, fast=fast, data=data)
        size = len(nbformat.writes(lecture_notebook(lecture)).encode()) / 1000
        slow = f"  longer than {_LECTURE_SECONDS} seconds" if run.seconds > _LECTURE_SECONDS else ""
        say("{}{}", f"{lecture.id:32}", f"{run.seconds:8.0f}{size:9.0f}{slow}")
        if run.error:
            failed += 1
            quote(run.error, style="red")
    raise typer.Exit(1 if failed else 0)


@app.command()
def verify(
    names: LabNames = None,
    every: Annotated[bool, typer.Option("--all", help="Every lab, which no names mean too.")] = False,
    labs: Labs = Path("labs"),
    notebooks: Notebooks = Path("notebooks/labs"),
    data: Data = "",
    fast: Fast = True,
    repeats: Annotated[int, typer.Option(help="Runs of each test that does not train.")] = 50,
    seeds: Annotated[int, typer.Option(help="Runs of each test that trains.")] = 10,
    exercise: Annotated[list[str] | None, typer.Option(help="Only this exercise's tests and answers; may be repeated.")] = None,
    twins: Annotated[
        Literal["all", "sample", "none"], typer.Option(help="How many hostile twins of the known answers to try.")
    ] = "all",
    jobs: Jobs = None,
) -> None:
    """Prove each lab: the reference gets every point, the release none, every known answer exactly its marks, nothing leaks.

    The hostile twin of an answer overwrites whatever a test gives it, and must gain nothing by that.
    """
    effort = Effort(repeats, seeds, jobs or Effort().jobs, twins=twins)
    failed = False
    for lab in _load([] if every else names, labs):
        with progress(f"verify {lab.id}") as advance:
            try:
                checks = verify_lab(
                    lab, Options(data, fast), effort, released=notebooks, exercises=exercise or (), on_done=advance
                )
            except (LabError, MachineError) as error:
                fail(error)
        _print_checks(lab, checks)
        failed |= any(check.problems for check in checks)
    raise typer.Exit(1 if failed else 0)


@app.command()
def calibrate(
    name: Annotated[str, typer.Argument(help="The lab's id.")],
    labs: Labs = Path("labs"),
    data: Data = "",
    fast: Annotated[bool, typer.Option("--fast/--full", help="The reduced training budget, or the full one.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of the reference, each with another seed.")] = 5,
    write: Annotated[bool, typer.Option("--write", help="Put the bands into lab.toml.")] = False,
) -> None:
    """Measure every figure that a lab's prose states: mean and band over seeds, for lab.toml."""
    lab = _load([name], labs)[0]
    options = Options(data, fast)
    band = band_name(options, variables(lab, options))
    least = "at full budget about" if not fast else "at most"
    minutes = math.ceil(seeds * lab.settings.running_seconds / 60)
    say("{}, {}: {} runs, {} {} minutes on two cores", lab.id, band, seeds, least, minutes)

    def hear(done: int, total: int, left: float) -> None:
        say("  run {} of {}; {} minutes to go", done, total, f"{left / 60:.1f}")

    try:
        measured = calibrate_lab(lab, options, range(seeds), on_run=hear)
    except (LabError, MachineError) as error:
        fail(error)
    for figure in measured:
        say("[bold]{}[/]  standard deviation {}", figure.name, f"{figure.deviation:.3g}")
        say("  {} = {}", band, figure.toml)
    if write:
        changed = write_bands(lab, band, measured)
        say("{}: {} lines changed", lab.folder / "lab.toml", len(changed))


@app.command()
@_stoppable
def grade(
    name: Annotated[str, typer.Argument(help="The lab's id, or the source notebook (.ipynb) of any nbgrader assignment.")],
    submissions: Annotated[Path, typer.Argument(help="Folder with the submissions, or one notebook.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where verdicts.json, grades.csv and report.html go.")] = Path(
        "graded"
    ),
    labs: Labs = Path("labs"),
    data: Data = "",
    fast: Fast = False,
    seed: Annotated[int, typer.Option(help="Seed that the set-up cell sets.")] = 42,
    jobs: Jobs = None,
    isolation: Isolation = "",
    sealed_only: Annotated[bool, typer.Option("--sealed-only", help="No test may run in a student's own process.")] = False,
    again: NoCache = False,
    gpu_slots: Annotated[int, typer.Option(min=0, help="Notebooks on a GPU at once; 0: all on the CPU.")] = 0,
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
        typer.Option("--accept-broken", help="Grade though the solution of ASSIGNMENT.ipynb itself fails some of its tests."),
    ] = False,
) -> None:
    """Grade a folder of submissions to one lab and, with --course, record the marks in nbgrader's gradebook.

    What was found out is kept in OUTPUT/kept: run the same command again and only what changed is run. OUTPUT/kept/secret is what the
    lab's sealed data are drawn from, unless COURSE/.secret holds it: keep it to yourself.

    Exit status: 0 every submission is graded; 1 something needs a person: a submission that needs review, could not be read or
    could not be recorded, or tests of ASSIGNMENT.ipynb that its own solution fails (then nobody is graded without
    --accept-broken); 2 it cannot be done: wrong usage, no walls, no data, no room for the results.
    """
    foreign = name.endswith(".ipynb")
    lab = None if foreign else _load([name], labs)[0]
    if course and submissions.is_file() and submissions.stem == Path(name).stem:
        fail(f"{submissions}: whose is it? With --course, give the folder of the submissions or a file named STUDENT.ipynb")
    _check_writable(output, *([course] if course else []))
    options = Options(
        data,
        fast,
        seed,
        isolation=isolation,
        sealed_only=sealed_only,
        gpu_slots=gpu_slots,
        accept_broken=accept_broken,
    )
    keep = ResultCache(output / "kept")
    lab = lab or _assignment(Path(name), options, keep)
    found, left = _collect(submissions, lab)
    options = replace(options, secret=_secret(output, course))  # only now: who asked for the wrong folder finds nothing new
    verdicts = _grade_all([(lab, found)], options, jobs, keep, again, dask)
    unwritten = write_results(verdicts, left, output)
    recorded = _record(lab, verdicts, found, course) if course else None
    _report(verdicts, output, unwritten)
    show_left(left)
    refused = _report_recorded(recorded) if isinstance(recorded, Recorded) else 0
    _end_if_missing(unwritten, output, keep, recorded)
    raise typer.Exit(1 if refused or any(verdict.status != "graded" for verdict in verdicts) else 0)


@app.command()
@_stoppable
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the course, the class and the results.")] = Path("demo"),
    labs: Labs = Path("labs"),
    fast: Fast = True,
    jobs: Jobs = None,
    isolation: Isolation = "",
    again: NoCache = False,
) -> None:
    """Build every lab, make a class of ten from the known answers, grade it and report."""
    classes: list[tuple[Lab, list[SubmissionFile]]] = []
    _check_writable(output)
    for lab in _load(None, labs):
        build_course(lab, output / "course")
        submitted = output / "course" / "submitted"
        make_class(lab, submitted)
        classes.append((lab, find_submissions(submitted, lab.id)))
    options = Options(fast=fast, cell_seconds=30, isolation=isolation, secret=_secret(output))
    keep = ResultCache(output / "kept")
    verdicts = _grade_all(classes, options, jobs, keep, again)
    unwritten = write_results(verdicts, (), output)
    _report(verdicts, output, unwritten)
    _end_if_missing(unwritten, output, keep)


@app.command()
def doctor() -> None:
    """Try every wall round students' code on this machine, and say which hold."""
    table = Table(box=None, padding=(0, 1))
    for column in ("wall", "holds", "why not"):
        table.add_column(column)
    for name, reason in sandbox.probe().items():
        table.add_row(name, "[red]no[/]" if reason else "[green]yes[/]", words("{}", reason))
    console.print(table)
    say("isolation: [bold]{}[/]", sandbox.strongest())


@app.command()
def publish(
    target: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    root: Annotated[Path, typer.Option(help="The project's checkout.")] = Path("."),
) -> None:
    """Write the tree that students may have: no labs' sources, no autograder, no tests."""
    try:
        files = publish_course(root, target)
    except PublishError as error:
        fail(error)
    say("{}: {} files", target, len(files))


# ── shared by the commands ───────────────────────────────────────────────────────────────────────────────────────────


def _load(names: Sequence[str] | None, labs: Path) -> list[Lab]:
    folders = [labs / name for name in names] if names else find_labs(labs)
    if not folders:
        fail(f"{labs}: no labs here; expected folders with a lab.py (say where they are with --labs)")
    try:
        return [load_lab(folder) for folder in folders]
    except LabError as error:
        fail(error)


def _load_lectures(names: Sequence[str] | None, folder: Path) -> list[Lecture]:
    """The lectures among `names`, or all of them if there are no names."""
    paths = (
        [folder / "source" / f"{name}.py" for name in names if name.startswith("lecture")] if names else find_lectures(folder)
    )
    try:
        return [load_lecture(path) for path in paths]
    except LectureError as error:
        fail(error)


def _assignment(source: Path, options: Options, keep: ResultCache) -> Lab:
    """A lab made of an nbgrader notebook; says which tests cannot be sealed.

    Ends the command when the instructor's own solution fails a test: everybody would lose its points.
    """
    try:
        with console.status(words("running the solution in {}", source.name)):
            made = load_assignment(source, options, keep=keep)
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
        say(
            "[bold red]nobody was graded[/]: the solution in {} fails {} of its own tests, first {}. Mend the notebook or what it "
            "needs here; with --accept-broken the class is graded, and a person must look at every submission",
            *(source.name, len(made.broken), first.rstrip(".")),
        )
        raise typer.Exit(1)
    return made.lab


def _collect(submissions: Path, lab: Lab) -> tuple[list[SubmissionFile], list[tuple[Path, str]]]:
    """The submissions, and (path, reason) of everything else that lies there."""
    if submissions.is_file():
        return [SubmissionFile(submissions.stem, submissions)], []
    try:
        collected = collect(submissions, lab)
    except CollectError as error:
        fail(error)
    return list(collected.found), [(left.path, left.reason) for left in collected.left]


def _check_writable(output: Path, *more: Path) -> None:
    """End the command, before any work, where its results could not be written."""
    try:
        check_writable(output, output / "kept", *more)
    except ResultsError as error:
        fail(error)


def _secret(output: Path, course: Path | None = None) -> str:
    try:
        return find_secret(output / "kept", course)
    except SecretError as error:
        fail(error)


def _grade_all(
    classes: Sequence[tuple[Lab, list[SubmissionFile]]],
    options: Options,
    jobs: int | None,
    keep: ResultCache,
    again: bool,
    dask: str = "",
) -> list[Verdict]:
    _say_walls(options)
    if again:
        keep.clear()
    total = sum(len(found) for _, found in classes)
    verdicts: list[Verdict] = []
    with progress("grading") as advance:
        for lab, found in classes:
            done = len(verdicts)
            ready: list[Verdict] = []

            def hear(verdict: Verdict, ready: list[Verdict] = ready, done: int = done) -> None:
                ready.append(verdict)
                advance(done + len(ready), total)

            try:
                verdicts += grade_class(lab, found, options, jobs=jobs, on_verdict=hear, keep=keep, dask=dask)
            except MachineError as error:
                fail(error)
    return verdicts


def _say_walls(options: Options) -> None:
    try:
        level = level_of(options.isolation)
    except MachineError as error:
        fail(error)
    say("isolation: [bold]{}[/]", level)
    if level == "process":
        missing = ", ".join(name for name, reason in sandbox.probe().items() if reason) or "none: less was asked for"
        say(
            "[bold yellow]Students' code is held by limits only, not by walls of its own (missing: {}).[/] "
            "`autograder doctor` says what this machine lacks.",
            missing,
        )


# ── results: written first, then printed ─────────────────────────────────────────────────────────────────────────────


def _report(verdicts: Sequence[Verdict], output: Path, unwritten: Mapping[str, str]) -> None:
    console.print()
    say("[bold]{}[/]", data_notice(verdicts))
    for lab in sorted({v.lab for v in verdicts}):
        show_marks(lab, [v for v in verdicts if v.lab == lab])
    show_notes(verdicts)
    for name in FILES:
        if name not in unwritten:
            say("wrote {}", output / name)


def _end_if_missing(
    unwritten: Mapping[str, str], output: Path, keep: ResultCache, recorded: Recorded | RecordError | None = None
) -> None:
    """Say what could not be written, kept or recorded, and where the work is; end the command if results are missing."""
    if keep.problem:
        say("[yellow]note[/] what was found out could not be kept for another run: {}", keep.problem)
    missing = [str(recorded)] if isinstance(recorded, RecordError) else []
    if unwritten:
        work = "the work has to be done again" if keep.problem else f"no work is lost: {keep.folder} holds what was found out"
        said = "; ".join(f"{name}: {why}" for name, why in unwritten.items())
        missing.append(
            f"{output}: not written: {said}. Where such a file is there, it is of an earlier run. Run the command again; {work}"
        )
    if missing:
        fail("\n".join(missing))


def _record(lab: Lab, verdicts: Sequence[Verdict], found: Sequence[SubmissionFile], course: Path) -> Recorded | RecordError:
    try:
        return record(lab, verdicts, {item.submission: item.path for item in found}, course)
    except RecordError as error:
        return error


def _report_recorded(recorded: Recorded) -> int:
    """Say what is in the gradebook now; how many submissions are not."""
    say(
        "recorded {} submissions in {}: {} need a person to look, {} cells wait for marks by hand",
        *(len(recorded.submissions), recorded.database, len(recorded.review), recorded.by_hand),
    )
    for name, why in recorded.refused.items():
        say("  not recorded: {}: {}", repr(name), why)
    for note in recorded.notes:
        say("  {}", note)
    return len(recorded.refused)


def _print_checks(lab: Lab, checks: Sequence[Check]) -> None:
    for check in checks:
        say("[red]✗[/] {}: {}" if check.problems else "[green]✓[/] {}: {}", lab.id, check.name)
        for problem in check.problems:
            quote(problem)
