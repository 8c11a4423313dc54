"""The commands for a corrected test: regrade, and diff between two gradings.

What a command needs beyond its own options is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder.cli.app import app, load_labs, on_linux, open_course, stoppable
from autograder.cli.options import CourseFolder, Jobs
from autograder.cli.places import Places, check_listed
from autograder.cli.running import check_places, end_if_missing, grade_all, recorded_of, recorder_of, say_recorded
from autograder.errors import CourseError, SecretError
from autograder.reporting.terminal import be_quiet, console, fail, say, words, working

if TYPE_CHECKING:
    from autograder.course.config import Course
    from autograder.grading.verdict import Verdict
    from autograder.labs.model import Lab
    from autograder.reporting.comparing import Grading, Move
    from autograder.reporting.regrading import Regrade

__all__: list[str] = []

SHOWN = 40  # rows of the table
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]
HandMarks = Mapping[tuple[str, str], float]  # (student, test) → points that a person gave


@app.command()
@on_linux
@stoppable
def regrade(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    tests: Annotated[list[str], typer.Option("--test", help="A test that was corrected. May be given several times.")],
    jobs: Jobs = None,
    course: CourseFolder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change no mark; say which would move.")] = False,
    as_json: Json = False,
) -> None:
    """Run a corrected test of a lab again for the class, and show whose marks moved. Every other mark stays as it is.

    The test runs on the values that were kept from the last grading where it can, and with its settings. A test that calls functions of
    the students needs their notebooks to run again. Marks by hand stay; where one stands on a test whose result changed, the student waits
    in formgrader for another look. The results before are kept in COURSE/graded/LAB/earlier, for `diff`. Submissions that are new or
    changed are left to `grade`, and named.

    Exit status: 0 the test was graded again. 1 so it was, and a person is needed: a submission was left alone, needs review or could not
    be recorded. 2 it cannot be done: no such test, more than the test changed, or nothing was graded.
    """
    from autograder.grading.cache import ResultCache
    from autograder.reporting.comparing import compare
    from autograder.reporting.regrading import plan_regrade

    here = open_course(course)
    check_listed(here, lab)
    loaded = load_labs([lab], here.labs_folder)[0]
    folder = here.graded(lab)
    try:
        with nullcontext() if as_json else working(f"reading the results of {lab}"):
            plan = plan_regrade(here, loaded, tests)
    except (CourseError, SecretError) as error:
        fail(error)
    check_places(folder, here.folder)
    cache = ResultCache(folder / "kept")
    with _quiet(as_json):
        if same := plan.unchanged:
            say("[yellow]note[/] {} did not change since the class was graded", ", ".join(same))
        if dry_run:
            after, refused = plan.after([plan.settled(verdict) for verdict in _run(plan, loaded, jobs, cache)]), 0
        else:
            after, refused = _regrade(plan, here, loaded, jobs, cache)
    changed = [
        (name, f"its notebook changed since it was graded; `autograder grade {lab}` grades it")
        for name in _left_alone(plan, after)
    ]
    alone = sorted([*plan.alone, *changed])
    moves = compare(plan.before, after)
    if as_json:
        _print_json(lab, plan.before, after, moves, {"alone": dict(alone), "dry_run": dry_run})
    else:
        _say_moves(moves, plan.before, after, _hand_marks(here, lab), would=dry_run)
        for name, why in alone[:SHOWN]:
            say("  [yellow]left alone[/] {}: {}", name, why)
        if len(alone) > SHOWN:
            say("  … and {} more; --json lists all", len(alone) - SHOWN)
    review = any(after.verdicts[item.submission].status != "graded" for item in plan.found)
    raise typer.Exit(1 if alone or review or refused else 0)


@app.command()
def diff(
    lab: Annotated[str, typer.Argument(help="The lab's id.")],
    before: Annotated[
        str,
        typer.Argument(
            help="Earlier results: their time or its beginning, such as 2026-11-27, or a path. By default the newest.",
            show_default=False,
        ),
    ] = "",
    after: Annotated[str, typer.Argument(help="Later results, in the same way.")] = "now",
    course: CourseFolder = None,
    as_json: Json = False,
) -> None:
    """Compare two gradings of a lab: whose marks moved, on which test, and why.

    `grade` and `regrade` keep the results before in COURSE/graded/LAB/earlier. The reasons are what differs: the test, the submission, the
    lab, the data, a version. Where nothing that is known changed, a mark may depend on chance or on time. A path names the results of any
    other folder (verdicts.json); with two of them, no course is needed.

    Exit status: 0 no mark moved. 1 marks moved. 2 there are no two gradings to compare.
    """
    from autograder.reporting.comparing import compare, find_grading, read_grading

    paths = [Path(name) for name in (before, after)]
    try:
        if course is None and all(len(path.parts) and path.exists() for path in paths):
            old, new = (read_grading(path, lab, str(path)) for path in paths)
            hands: HandMarks = {}
        else:
            here = open_course(course)
            check_listed(here, lab)
            new = find_grading(here.graded(lab), lab, after)
            old = find_grading(here.graded(lab), lab, before)
            hands = _hand_marks(here, lab) if after == "now" else {}
        moves = compare(old, new)
    except CourseError as error:
        fail(error)
    if as_json:
        _print_json(lab, old, new, moves, {})
    else:
        _say_moves(moves, old, new, hands)
    raise typer.Exit(1 if moves else 0)


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Print errors only: standard output is for the JSON alone."""
    be_quiet(quiet)
    try:
        yield
    finally:
        be_quiet(False)


def _run(plan: Regrade, lab: Lab, jobs: int | None, cache: Any, recorder: Any = None) -> list[Verdict]:
    return grade_all([(lab, list(plan.found))], plan.options, jobs, cache, recorder=recorder, settle=plan.settled)


def _regrade(plan: Regrade, course: Course, lab: Lab, jobs: int | None, cache: Any) -> tuple[Grading, int]:
    """Run, record and write. Returns the new grading, and how many submissions could not be recorded."""
    from autograder.reporting.gradebook import Recorded
    from autograder.reporting.results import VERDICTS, write_results

    folder = course.graded(lab.id)
    places = Places(course.submitted(), folder, course.labs_folder, course.folder, course.gradebook, course.roster_file)
    with recorder_of(lab, plan.found, course.folder, places) as recorder:
        after = plan.after([plan.settled(verdict) for verdict in _run(plan, lab, jobs, cache, recorder)])
        when = (folder / VERDICTS).stat().st_mtime_ns
        unwritten = write_results(list(after.verdicts.values()), plan.left, folder, {lab.id: plan.basis})
        os.utime(folder / VERDICTS, ns=(when, when))  # by which later work is told, and later work was left alone
        recorded = recorded_of(recorder) if recorder else None
    refused = say_recorded(recorded) if isinstance(recorded, Recorded) else 0
    end_if_missing(unwritten, folder, cache, recorded)
    return after, refused


def _left_alone(plan: Regrade, after: Grading) -> list[str]:
    """Submissions that were run again and keep their earlier verdict."""
    return [item.submission for item in plan.found if after.verdicts[item.submission] is plan.before.verdicts[item.submission]]


def _hand_marks(course: Course, lab: str) -> HandMarks:
    """What people gave in place of tests; nothing where it cannot be read."""
    from autograder.reporting.marks import read_marks

    try:
        marks = read_marks(course, lab)
    except CourseError as error:
        say("[yellow]note[/] marks by hand are not shown: {}", error)
        return {}
    return {
        (m.student.id, hand.test): hand.points for m in marks for hand in m.by_hand if hand.test and hand.points is not None
    }


# ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _print_json(lab: str, before: Grading, after: Grading, moves: Sequence[Move], more: Mapping[str, object]) -> None:
    gradings = {"before": {"name": before.name, "when": before.when}, "after": {"name": after.name, "when": after.when}}
    report = {"lab": lab, **gradings, **more, "moves": [asdict(move) for move in moves]}
    typer.echo(json.dumps(report, ensure_ascii=False, indent=1))


def _say_moves(moves: Sequence[Move], before: Grading, after: Grading, hands: HandMarks, *, would: bool = False) -> None:
    """Print how many marks moved on which test, then a row for each."""
    students = len({move.submission for move in moves})
    between = f"{_called(before)} → {_called(after)}"
    if not moves:
        say("no mark {}: {}, {} submissions", "would move" if would else "moved", between, len(after.verdicts))
        return
    say("marks of {} of {} students {}: {}", students, len(after.verdicts), "would move" if would else "moved", between)
    for test in dict.fromkeys(move.test for move in moves if move.test):
        some = [(move.after or 0) - (move.before or 0) for move in moves if move.test == test]
        up, down = sum(by > 0 for by in some), sum(by < 0 for by in some)
        say("  {}: {} up, {} down, {} points together", test, up, down, f"{sum(some):+g}")
    _say_table(moves, hands)
    if strange := sum(not move.known for move in moves):
        say("[yellow]note[/] for {} of them no reason is known; such a mark may depend on chance: look at the test", strange)


def _say_table(moves: Sequence[Move], hands: HandMarks) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("student", "test", "before", "after", "of", "why"):
        table.add_column(column, justify="right" if column in ("before", "after", "of") else "left")
    for move in moves[:SHOWN]:
        why = "; ".join(move.why)
        if (given := hands.get((move.submission, move.test))) is not None:
            why += f"; the mark by hand counts: {given:g}"
        numbers = ("–" if points is None else f"{points:g}" for points in (move.before, move.after))
        cells = (move.submission, move.test or "as a whole", *numbers, f"{move.points:g}", why)
        table.add_row(*(words("{}", cell) for cell in cells))
    console.print(table)
    if len(moves) > SHOWN:
        say("  … and {} more; --json lists all", len(moves) - SHOWN)


def _called(grading: Grading) -> str:
    return f"{grading.name} ({grading.when})" if grading.when else grading.name
