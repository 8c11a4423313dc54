"""The command line of the project: `autograder --help` lists the commands. Each of them calls one function of the API."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Literal, NoReturn, ParamSpec

import nbformat
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from autograder import walls
from autograder.assignments import load_assignment
from autograder.build import build as build_course
from autograder.build import release_notebook, write_notebook
from autograder.calibrate import band_name, write_bands
from autograder.calibrate import calibrate as calibrate_lab
from autograder.demo import make_class
from autograder.files import write_text
from autograder.keep import Keep
from autograder.labs import Lab, LabError, find_labs, load_lab
from autograder.lectures import Lecture, LectureError, find_lectures, lecture_notebook, load_lecture, run_lecture
from autograder.pages import data_notice, grades_csv, report_html, verdicts_json
from autograder.processes import FaultError
from autograder.publish import PublishError
from autograder.publish import publish as publish_course
from autograder.record import RecordError, record
from autograder.schedule import CollectError, Found, find_submissions, grade_class
from autograder.secret import SecretError, find_secret
from autograder.surroundings import Options, SurroundingsError, environment
from autograder.surroundings import isolation as level_of
from autograder.verdict import Verdict
from autograder.verify import Check, Effort
from autograder.verify import verify as verify_lab

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Release, verify and grade the labs of the course.")
# Where nobody watches (a log, CI) there is no terminal width to respect.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)

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
Again = Annotated[bool, typer.Option("--again", help="Run everything anew, whatever was found out earlier.")]
Jobs = Annotated[int | None, typer.Option(help="Notebooks at once; by default about as many as there are cores.")]


_P = ParamSpec("_P")


def _stoppable(command: Callable[_P, None]) -> Callable[_P, None]:
    """The command, which Ctrl-C ends with one sentence."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            said = "stopped; what was found out is kept: run the same command to go on"
            Console(stderr=True, highlight=False).print(said)
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
        console.print(f"{path}  {len(lab.cells)} cells, {lab.points:g} points")
        if course:
            for written in build_course(lab, course):
                console.print(str(written))
    for lecture in lectures:
        path = notebooks.parent / "lectures" / f"{lecture.id}.ipynb"
        write_notebook(lecture_notebook(lecture), path)
        console.print(f"{path}  {len(lecture.cells)} cells")


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
    console.print(f"{'lecture':32}{'seconds':>8}{'file kB':>9}")
    for lecture in _load_lectures(names, folder):
        run = run_lecture(lecture, fast=fast, data=data)
        size = len(nbformat.writes(lecture_notebook(lecture)).encode()) / 1000
        slow = f"  longer than {_LECTURE_SECONDS} seconds" if run.seconds > _LECTURE_SECONDS else ""
        console.print(f"{lecture.id:32}{run.seconds:8.0f}{size:9.0f}{slow}")
        if run.error:
            failed += 1
            console.print(f"  {run.error}", markup=False, style="red", soft_wrap=True)
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
        with _progress(f"verify {lab.id}") as advance:
            try:
                checks = verify_lab(
                    lab, Options(data, fast), effort, released=notebooks, exercises=exercise or (), on_done=advance
                )
            except (LabError, SurroundingsError) as error:
                _fail(escape(str(error)))
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
    band = band_name(options, environment(lab, options))
    least = "at full budget about" if not fast else "at most"
    console.print(
        f"{lab.id}, {band}: {seeds} runs, {least} {math.ceil(seeds * lab.settings.running_seconds / 60)} minutes on two cores"
    )

    def hear(done: int, total: int, left: float) -> None:
        console.print(f"  run {done} of {total}; {left / 60:.1f} minutes to go")

    try:
        measured = calibrate_lab(lab, options, range(seeds), on_run=hear)
    except (LabError, SurroundingsError) as error:
        _fail(escape(str(error)))
    for figure in measured:
        console.print(
            f"[bold]{figure.name}[/]  standard deviation {figure.deviation:.3g}\n  {band} = {figure.toml}", markup=True
        )
    if write:
        changed = write_bands(lab, band, measured)
        console.print(f"{lab.folder / 'lab.toml'}: {len(changed)} lines changed")


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
    again: Again = False,
    gpu_slots: Annotated[int, typer.Option(min=0, help="Notebooks on a GPU at once; 0: all on the CPU.")] = 0,
    dask: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Run notebooks on the workers of this Dask scheduler, such as tcp://host:8786."),
    ] = "",
    course: Annotated[
        Path | None,
        typer.Option(help="Also record the marks in this nbgrader course.", exists=True, file_okay=False, show_default=False),
    ] = None,
) -> None:
    """Grade a folder of submissions to one lab and, with --course, record the marks in nbgrader's gradebook.

    What was found out is kept in OUTPUT/kept: run the same command again and only what changed is run. OUTPUT/kept/secret is what the
    lab's sealed data are drawn from, unless COURSE/.secret holds it: keep it to yourself.
    """
    options = Options(
        data,
        fast,
        seed,
        isolation=isolation,
        sealed_only=sealed_only,
        gpu_slots=gpu_slots,
        secret=_secret(output, course),
    )
    lab = _assignment(Path(name), options, output) if name.endswith(".ipynb") else _load([name], labs)[0]
    if course and submissions.is_file() and submissions.stem == lab.id:
        _fail(f"{submissions}: whose is it? With --course, give the folder of the submissions or a file named STUDENT.ipynb")
    try:
        found = (
            [Found(submissions.stem, submissions)]
            if submissions.is_file()
            else find_submissions(submissions, lab.id, lab.assignment)
        )
    except CollectError as error:
        _fail(str(error))
    verdicts = _grade_all([(lab, found)], options, jobs, output, again, dask)
    _report(verdicts, output)
    if course:
        _record(lab, verdicts, found, course)


@app.command()
@_stoppable
def demo(
    output: Annotated[Path, typer.Option(help="Folder for the course, the class and the results.")] = Path("demo"),
    labs: Labs = Path("labs"),
    fast: Fast = True,
    jobs: Jobs = None,
    isolation: Isolation = "",
    again: Again = False,
) -> None:
    """Build every lab, make a class of ten from the known answers, grade it and report."""
    classes: list[tuple[Lab, list[Found]]] = []
    for lab in _load(None, labs):
        build_course(lab, output / "course")
        submitted = output / "course" / "submitted"
        make_class(lab, submitted)
        classes.append((lab, find_submissions(submitted, lab.id)))
    options = Options(fast=fast, cell_seconds=30, isolation=isolation, secret=_secret(output))
    verdicts = _grade_all(classes, options, jobs, output, again)
    _report(verdicts, output)


@app.command()
def doctor() -> None:
    """Try every wall round students' code on this machine, and say which hold."""
    table = Table(box=None, padding=(0, 1))
    for column in ("wall", "holds", "why not"):
        table.add_column(column)
    for name, reason in walls.probe().items():
        table.add_row(name, "[red]no[/]" if reason else "[green]yes[/]", reason)
    console.print(table)
    console.print(f"isolation: [bold]{walls.strongest()}[/]")


@app.command()
def publish(
    target: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    root: Annotated[Path, typer.Option(help="The project's checkout.")] = Path("."),
) -> None:
    """Write the tree that students may have: no labs' sources, no autograder, no tests."""
    try:
        files = publish_course(root, target)
    except PublishError as error:
        _fail(str(error))
    console.print(f"{target}: {len(files)} files")


# ── shared by the commands ───────────────────────────────────────────────────────────────────────────────────────────


def _load(names: Sequence[str] | None, labs: Path) -> list[Lab]:
    folders = [labs / name for name in names] if names else find_labs(labs)
    if not folders:
        _fail(f"{labs}: no labs here; expected folders with a lab.py (say where they are with --labs)")
    try:
        return [load_lab(folder) for folder in folders]
    except LabError as error:
        _fail(str(error))


def _load_lectures(names: Sequence[str] | None, folder: Path) -> list[Lecture]:
    """The lectures among `names`, or all of them if there are no names."""
    paths = (
        [folder / "source" / f"{name}.py" for name in names if name.startswith("lecture")] if names else find_lectures(folder)
    )
    try:
        return [load_lecture(path) for path in paths]
    except LectureError as error:
        _fail(str(error))


def _assignment(source: Path, options: Options, output: Path) -> Lab:
    """A lab made of an nbgrader notebook; says which tests cannot be sealed and which the instructor's own solution fails."""
    try:
        with console.status(f"running the solution in {source.name}"):
            made = load_assignment(source, options, keep=Keep(output / "kept"))
    except (LabError, SurroundingsError, FaultError) as error:
        _fail(escape(str(error)))
    for test, why in made.unsealed.items():
        console.print(f"[yellow]unsealed[/] {escape(test)} runs in the student's own process: {escape(why)}", markup=True)
    for test, why in made.broken.items():
        console.print(f"[bold red]broken[/] {escape(test)} does not accept the solution in {source.name}: {escape(why)}")
    return made.lab


def _secret(output: Path, course: Path | None = None) -> str:
    try:
        return find_secret(output / "kept", course)
    except SecretError as error:
        _fail(escape(str(error)))


def _fail(message: str) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {message}", markup=True)
    raise typer.Exit(2)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _grade_all(
    classes: Sequence[tuple[Lab, list[Found]]], options: Options, jobs: int | None, output: Path, again: bool, dask: str = ""
) -> list[Verdict]:
    _say_walls(options)
    keep = Keep(output / "kept")
    if again:
        keep.clear()
    total = sum(len(found) for _, found in classes)
    verdicts: list[Verdict] = []
    with _progress("grading") as advance:
        for lab, found in classes:
            done = len(verdicts)
            ready: list[Verdict] = []

            def hear(verdict: Verdict, ready: list[Verdict] = ready, done: int = done) -> None:
                ready.append(verdict)
                advance(done + len(ready), total)

            try:
                verdicts += grade_class(lab, found, options, jobs=jobs, on_verdict=hear, keep=keep, dask=dask)
            except SurroundingsError as error:
                _fail(escape(str(error)))
    return verdicts


def _say_walls(options: Options) -> None:
    try:
        level = level_of(options.isolation)
    except SurroundingsError as error:
        _fail(str(error))
    console.print(f"isolation: [bold]{level}[/]")
    if level == "process":
        missing = ", ".join(name for name, reason in walls.probe().items() if reason) or "none: less was asked for"
        console.print(
            f"[bold yellow]Students' code is held by limits only, not by walls of its own (missing: {missing}).[/] "
            "`autograder doctor` says what this machine lacks."
        )


def _report(verdicts: Sequence[Verdict], output: Path) -> None:
    console.print(f"\n[bold]{data_notice(verdicts)}[/]")
    for lab in sorted({v.lab for v in verdicts}):
        console.print(_marks_table(lab, [v for v in verdicts if v.lab == lab]))
    for verdict in verdicts:
        if verdict.status != "graded" or verdict.flags:
            notes = "; ".join([*([verdict.message] if verdict.message else []), *(flag.message for flag in verdict.flags)])
            console.print(f"  {verdict.submission}, {verdict.lab}: [bold]{verdict.status}[/] {notes}", markup=True)
    written = {
        "verdicts.json": verdicts_json(verdicts),
        "grades.csv": grades_csv(verdicts),
        "report.html": report_html(verdicts),
    }
    for name, text in written.items():
        write_text(output / name, text)
        console.print(f"wrote {output / name}")


def _record(lab: Lab, verdicts: Sequence[Verdict], found: Sequence[Found], course: Path) -> None:
    try:
        recorded = record(lab, verdicts, {item.submission: item.path for item in found}, course)
    except RecordError as error:
        _fail(escape(str(error)))
    console.print(
        f"recorded {len(recorded.submissions)} submissions in {recorded.database}: {len(recorded.review)} need a person to look",
        markup=False,
        soft_wrap=True,
    )
    for name, why in recorded.refused.items():
        console.print(f"  not recorded: {name!r}: {why}", markup=False)
    for note in recorded.notes:
        console.print(f"  {note}", markup=False)
    if recorded.refused:
        raise typer.Exit(1)


def _marks_table(lab: str, verdicts: Sequence[Verdict]) -> Table:
    table = Table(title=lab, title_justify="left", box=None, padding=(0, 1))
    table.add_column("test", no_wrap=True, min_width=max((len(test.name) for v in verdicts for test in v.tests), default=4))
    table.add_column("of", justify="right")
    for verdict in verdicts:
        table.add_column(verdict.submission, justify="right")
    graded = next((v for v in verdicts if v.tests), None)
    for i, test in enumerate(graded.tests if graded else ()):
        marks = [f"{v.tests[i].earned:g}" if v.tests else "–" for v in verdicts]
        table.add_row(test.name, f"{test.points:g}", *marks)
    totals = [f"{v.earned:g}" if v.tests else "–" for v in verdicts]
    table.add_row("total", f"{graded.points:g}" if graded else "–", *totals, style="bold")
    return table


def _print_checks(lab: Lab, checks: Sequence[Check]) -> None:
    for check in checks:
        mark = "[red]✗[/]" if check.problems else "[green]✓[/]"
        console.print(f"{mark} {lab.id}: {check.name}")
        for problem in check.problems:
            console.print(f"    {problem}", markup=False)
