"""Output in the terminal: lines, errors, progress bars, tables of marks.

Only literals of this project may contain markup. All values are printed as text without control
characters. This module knows verdicts; it grades nothing and writes no files.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.grading.verdict import Verdict
from autograder.printable import line, printable

__all__ = [
    "be_quiet",
    "console",
    "fail",
    "progress",
    "quote",
    "say",
    "show_left",
    "show_marks",
    "show_notes",
    "show_verdict",
    "warn",
    "words",
    "working",
]

# A log or CI has no terminal width.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)

TABLE_STUDENTS = 30  # a larger class is summarised instead of shown in a table
LOG_SECONDS = 15.0  # between two lines about long work where there is no terminal
NOTES = 40  # lines about submissions that a person should look at
_NAME_CHARS = 20  # characters of a student's name in a column header
_TEST_CHARS = 60  # characters of a test's name
_BAR_CHARS = 40  # characters of the longest bar


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def words(template: str, *values: object) -> Text:
    """Insert values into a template.

    Args:
        template: A literal in rich's markup, with one `{}` per value.
        *values: Values, which are inserted as one line of plain text each.

    Returns:
        The text.
    """
    rest, made = Text.from_markup(template), Text()
    for value in values:
        at = rest.plain.index("{}")
        style = next((span.style for span in rest.spans if span.start <= at < span.end), "")
        before, _, rest = rest.divide([at, at + 2])
        made.append_text(before).append(line(str(value)), style)
    return made.append_text(rest)


def say(template: str, *values: object, style: str = "") -> None:
    """Print one line, which is not wrapped.

    Args:
        template: Template, as for `words`.
        *values: Values, as for `words`.
        style: Style of the line, in rich's notation.
    """
    console.print(words(template, *values), style=style, soft_wrap=True)


def quote(text: str, style: str = "") -> None:
    """Print a text of several lines, indented.

    Args:
        text: The text.
        style: Style of the text, in rich's notation.
    """
    console.print(Text("    " + printable(text).replace("\n", "\n    ")), style=style, soft_wrap=True)


def warn(message: object) -> None:
    """Print a message to stderr.

    Args:
        message: The message.
    """
    Console(stderr=True, highlight=False).print(Text(printable(str(message))), soft_wrap=True)


def fail(message: object) -> NoReturn:
    """Print an error and end the command with exit status 2, which means wrong usage or a missing requirement.

    Args:
        message: The message.

    Raises:
        typer.Exit: Always.
    """
    text = Text.from_markup("[bold red]error:[/] ").append(printable(str(message)).replace("\n", "\n  "))
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)
    raise typer.Exit(2)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show progress: a bar on a terminal; in a log, a line every LOG_SECONDS and one at the end.

    Args:
        title: Title of the bar.

    Yields:
        A function that updates the bar; its arguments are the number of finished steps and the
        total number of steps.
    """
    if not console.is_terminal:
        with _logged(title) as advance:
            yield advance
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(line(title), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def working(title: str) -> Iterator[None]:
    """Show that something of unknown length is being done: a spinner on a terminal, a line every LOG_SECONDS in a log."""
    if console.is_terminal:
        with console.status(Text(line(title))):
            yield
        return
    with _logged(title):
        yield


@contextmanager
def _logged(title: str) -> Iterator[Callable[[int, int], None]]:
    start, over, state = time.monotonic(), Event(), [0, 0]

    def advance(done: int, total: int) -> None:
        state[:] = done, total

    def report() -> None:
        while not over.wait(LOG_SECONDS):
            _say_progress(title, state[0], state[1], time.monotonic() - start)

    thread = Thread(target=report, daemon=True)
    thread.start()
    try:
        yield advance
    finally:
        over.set()
        thread.join()
    if state[1]:
        _say_progress(title, state[0], state[1], time.monotonic() - start)


def _say_progress(title: str, done: int, total: int, seconds: float) -> None:
    say("{}{}, {} s", title, f": {done} of {total}" if total else "", f"{seconds:.0f}")


def be_quiet(quiet: bool) -> None:
    """From here on print errors only, or everything."""
    console.quiet = quiet


def show_verdict(verdict: Verdict) -> None:
    """One line about one submission."""
    say("{}: {} of {} points, {}", verdict.submission, f"{verdict.earned:g}", f"{verdict.points:g}", verdict.status)


# ── a class ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def show_marks(lab: str, verdicts: Sequence[Verdict]) -> None:
    """Print the marks of one lab: a table with a column per student, or a summary of a large class.

    Args:
        lab: Id of the lab.
        verdicts: Verdicts on submissions to the lab.
    """
    if len(verdicts) <= TABLE_STUDENTS:
        unsealed = _unsealed(verdicts)
        for some in _beside_each_other(verdicts):
            console.print(_marks_table(lab, some, unsealed))
    else:
        _sum_up(lab, verdicts)
    if _unsealed(verdicts):
        say("† ran in the student's own process, where the student's code could reach the test")
    if waiting := sum(v.to_mark for v in verdicts):
        say("{} answer{} for a person to mark", waiting, "s" * (waiting != 1))


def show_notes(verdicts: Sequence[Verdict]) -> None:
    """Print one line per submission that a person should look at, for at most NOTES submissions.

    Args:
        verdicts: Verdicts.
    """
    odd = [verdict for verdict in verdicts if verdict.status != "graded" or verdict.flags]
    for verdict in odd[:NOTES]:
        notes = "; ".join([*([verdict.message] if verdict.message else []), *(flag.message for flag in verdict.flags)])
        name = line(verdict.submission, 80)
        console.print(words("  {}, {}: [bold]{}[/] {}", name, verdict.lab, verdict.status, notes))
    if len(odd) > NOTES:
        say("  … and {} more, all in report.html", len(odd) - NOTES)


def show_left(rows: Sequence[tuple[object, str]]) -> None:
    """Print the files and folders that were not graded, at most NOTES of them.

    Args:
        rows: (path, reason) of each.
    """
    for path, reason in rows[:NOTES]:
        say("[yellow]not graded[/] {}: {}", path, reason)
    if len(rows) > NOTES:
        say("  … and {} more, all in report.html", len(rows) - NOTES)


def _beside_each_other(verdicts: Sequence[Verdict]) -> list[Sequence[Verdict]]:
    """Split the verdicts into tables that are not wider than the terminal."""
    tests = max((len(line(test.name, _TEST_CHARS)) + 2 for v in verdicts for test in v.tests), default=4)
    widest = max((min(len(v.submission), _NAME_CHARS) for v in verdicts), default=4)
    fitting = max(1, (console.width - tests - 10) // (max(widest, 4) + 2))
    return [verdicts[i : i + fitting] for i in range(0, len(verdicts), fitting)]


def _marks_table(lab: str, verdicts: Sequence[Verdict], unsealed: frozenset[str]) -> Table:
    table = Table(title=words("{}", lab), title_justify="left", box=None, padding=(0, 1))
    graded = next((v for v in verdicts if v.tests), None)
    tests = graded.tests if graded else ()
    names = [_test_name(test.name, unsealed) for test in tests]
    table.add_column("test", no_wrap=True, min_width=max(map(len, names), default=4))
    table.add_column("of", justify="right")
    for verdict in verdicts:
        table.add_column(words("{}", line(verdict.submission, _NAME_CHARS)), justify="right")
    earned = [{test.name: f"{test.earned:g}" for test in v.tests} for v in verdicts]
    for name, test in zip(names, tests, strict=True):
        table.add_row(Text(name), f"{test.points:g}", *(marks.get(test.name, "–") for marks in earned))
    totals = [f"{v.earned:g}" if v.tests else "–" for v in verdicts]
    table.add_row("total", f"{graded.points:g}" if graded else "–", *totals, style="bold")
    if graded and unsealed:
        points = sum(test.points for test in tests if test.name in unsealed)
        table.add_row("of it †", f"{points:g}", *(f"{v.unsealed:g}" if v.tests else "–" for v in verdicts))
    return table


def _unsealed(verdicts: Sequence[Verdict]) -> frozenset[str]:
    """Return the names of the tests that ran in a student process."""
    return frozenset(test.name for v in verdicts for test in v.tests if not test.sealed)


def _test_name(name: str, unsealed: frozenset[str]) -> str:
    return line(name, _TEST_CHARS) + (" †" if name in unsealed else "")


def _sum_up(lab: str, verdicts: Sequence[Verdict]) -> None:
    """Print the distribution of the marks, and how often each test was missed."""
    graded = [v for v in verdicts if v.tests]
    say("[bold]{}[/]: {} submissions, {} graded", lab, len(verdicts), len(graded))
    if not graded:
        return
    marks, points, unsealed = [v.earned for v in graded], graded[0].points, _unsealed(verdicts)
    middle = f"mean {statistics.mean(marks):.1f}, median {statistics.median(marks):.1f}"
    say("  {} of {} points by tests", middle, f"{points:g}")
    for low, high, count in _spread(marks, points):
        bar = "#" * max(round(_BAR_CHARS * count / len(graded)), count > 0)
        say("  {} {} {}", f"{low:5g} to {high:<5g}", f"{count:6}", bar)
    for test in graded[0].tests:
        missed = sum(other.earned < other.points for v in graded for other in v.tests if other.name == test.name)
        say("  {} missed {}", f"{missed:6}", _test_name(test.name, unsealed))


def _spread(marks: Sequence[float], points: float, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (lowest mark, highest mark, number of marks) of equal intervals from 0 to `points`."""
    width = points / bins or 1.0
    places = [min(max(int(mark / width), 0), bins - 1) for mark in marks]
    return [(width * i, width * (i + 1), places.count(i)) for i in range(bins)]
