"""What the commands that grade share: find a class, run it, record it and say what came out.

What a function needs beyond the terminal is imported when it runs, so that `--help` is fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.cli.places import Places
from autograder.errors import CollectError, CourseError, MachineError, RecordError, ResultsError, SecretError
from autograder.reporting.terminal import (
    console,
    fail,
    progress,
    say,
    show_marks,
    show_notes,
    show_verdict,
    working,
)

if TYPE_CHECKING:
    from autograder.course.roster import Roster
    from autograder.grading.cache import ResultCache
    from autograder.grading.options import Options
    from autograder.grading.submissions.collect import SubmissionFile
    from autograder.grading.submissions.submission import Submission
    from autograder.grading.verdict import Verdict
    from autograder.labs.model import Lab
    from autograder.reporting.gradebook import Recorded, Recorder

__all__ = [
    "check_places",
    "collect_class",
    "end_if_missing",
    "grade_all",
    "recorded_of",
    "recorder_of",
    "report_results",
    "say_recorded",
    "secret_of",
]


def collect_class(submissions: Path, lab: Lab) -> tuple[list[SubmissionFile], list[tuple[Path, str]]]:
    """The submissions, and (path, reason) of everything else that lies there."""
    from autograder.grading.submissions.collect import SubmissionFile, collect

    if submissions.is_file():
        return [SubmissionFile(submissions.stem, submissions)], []
    try:
        collected = collect(submissions, lab)
    except CollectError as error:
        fail(error)
    return list(collected.found), [(left.path, left.reason) for left in collected.left]


def check_places(output: Path, *more: Path) -> None:
    """End the command, before any work, where its results could not be written."""
    from autograder.reporting.results import check_writable

    try:
        check_writable(output, output / "kept", *more)
    except ResultsError as error:
        fail(error)


def secret_of(output: Path, course: Path | None = None) -> str:
    from autograder.grading.secret import find_secret

    try:
        return find_secret(output / "kept", course)
    except SecretError as error:
        fail(error)


def grade_all(
    classes: Sequence[tuple[Lab, list[SubmissionFile]]],
    options: Options,
    jobs: int | None,
    cache: ResultCache,
    dask: str = "",
    *,
    verbose: bool = False,
    recorder: Recorder | None = None,
    settle: Callable[[Verdict], Verdict | None] | None = None,
) -> list[Verdict]:
    """The verdicts on all classes. settle: makes of a verdict the one that is recorded, or None if it is not."""
    from autograder.grading.batch import grade_class

    _say_isolation(options)
    total = sum(len(found) for _, found in classes)
    verdicts: list[Verdict] = []
    with progress("grading") as advance:
        for lab, found in classes:
            done = len(verdicts)
            ready: list[Verdict] = []

            def on_verdict(verdict: Verdict, ready: list[Verdict] = ready, done: int = done) -> None:
                ready.append(verdict)
                advance(done + len(ready), total)
                if verbose:
                    show_verdict(verdict)

            paths = {item.submission: item.path for item in found}

            def on_graded(verdict: Verdict, work: Submission | None, paths: Mapping[str, Path] = paths) -> None:
                assert recorder is not None
                settled = settle(verdict) if settle else verdict
                if settled is not None:
                    recorder.add(settled, work, paths[verdict.submission])

            try:
                verdicts += grade_class(
                    lab,
                    found,
                    options,
                    jobs=jobs,
                    on_verdict=on_verdict,
                    on_graded=on_graded if recorder else None,
                    keep=cache,
                    dask=dask,
                )
            except MachineError as error:
                fail(error)
    return verdicts


def _say_isolation(options: Options) -> None:
    from autograder import sandbox
    from autograder.grading.environment import isolation as level_of

    try:
        level = level_of(options.isolation)
    except MachineError as error:
        fail(error)
    say("isolation: [bold]{}[/]", level)
    if level == "process":
        missing = ", ".join(name for name, reason in sandbox.probe().items() if reason) or "nothing: you asked for less"
        say(
            "[bold yellow]Students' code runs at isolation level `process`, without a full sandbox (missing: {}).[/] "
            "`autograder doctor` says what this machine lacks.",
            missing,
        )


def report_results(verdicts: Sequence[Verdict], output: Path, unwritten: Mapping[str, str]) -> None:
    from autograder.reporting.pages import data_notice
    from autograder.reporting.results import FILES

    console.print()
    say("[bold]{}[/]", data_notice(verdicts))
    for lab in sorted({v.lab for v in verdicts}):
        show_marks(lab, [v for v in verdicts if v.lab == lab])
    show_notes(verdicts)
    for name in FILES:
        if name not in unwritten:
            say("wrote {}", output / name)


def end_if_missing(
    unwritten: Mapping[str, str], output: Path, cache: ResultCache, recorded: Recorded | RecordError | None = None
) -> None:
    """Say what could not be written, kept or recorded, and where the work is; end the command if results are missing."""
    if cache.problem:
        say("[yellow]note[/] what was found out could not be kept for another run: {}", cache.problem)
    missing = [str(recorded)] if isinstance(recorded, RecordError) else []
    if unwritten:
        work = "the work has to be done again" if cache.problem else f"no work is lost: {cache.folder} holds what was found out"
        said = "; ".join(f"{name}: {why}" for name, why in unwritten.items())
        missing.append(
            f"{output}: not written: {said}. Where such a file is there, it is of an earlier run. Run the command again; {work}"
        )
    if missing:
        fail("\n".join(missing))


@contextmanager
def recorder_of(lab: Lab, found: Sequence[SubmissionFile], course: Path | None, places: Places) -> Iterator[Recorder | None]:
    """Open the gradebook of the course, if there is one; end the command, before any work, where it cannot be used."""
    if course is None:
        yield None
        return
    from autograder.reporting.gradebook import Recorder

    roster = _roster(places.roster)
    with ExitStack() as stack:
        try:
            with working(f"opening the gradebook of {course}"):
                names = [item.submission for item in found]
                recorder = stack.enter_context(Recorder(lab, course, names, db_url=places.gradebook, roster=roster))
        except RecordError as error:
            fail(error)
        yield recorder


def _roster(path: Path | None) -> Roster | None:
    """The students by name, for the gradebook; None where there is no list. A list that cannot be read stops no grading."""
    from autograder.course.roster import read_roster

    try:
        return read_roster(path) if path and path.exists() else None
    except CourseError as error:
        say("[yellow]note[/] the gradebook gets no names of students: {}", error)
        return None


def recorded_of(recorder: Recorder) -> Recorded | RecordError:
    try:
        return recorder.recorded()
    except RecordError as error:
        return error


def say_recorded(recorded: Recorded) -> int:
    """Say what is in the gradebook now; how many submissions are not."""
    say(
        "recorded {} submissions in {}: {} for a person to look at, {} cells still to mark by hand",
        *(len(recorded.submissions), recorded.database, len(recorded.review), recorded.by_hand),
    )
    for name, why in recorded.refused.items():
        say("  not recorded: {}: {}", repr(name), why)
    for note in recorded.notes:
        say("  {}", note)
    return len(recorded.refused)
