"""What `grade` would do, and what it did, as plain data for other programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from autograder.reporting.terminal import say, show_left

if TYPE_CHECKING:
    from autograder.grading.submissions.collect import SubmissionFile
    from autograder.grading.verdict import Verdict
    from autograder.labs.model import Lab
    from autograder.reporting.gradebook import Recorded

__all__ = ["print_graded", "print_plan"]

Left = Sequence[tuple[Path, str]]


def print_plan(lab: Lab, found: Sequence[SubmissionFile], left: Left, output: Path, *, as_json: bool) -> None:
    """Print what would be graded: who is new or changed since the results in `output` were written."""
    states = _states(found, output, lab.id)
    if as_json:
        rows = [{"submission": item.submission, "path": str(item.path), "state": states[item.submission]} for item in found]
        _print({"lab": lab.id, "dry_run": True, "submissions": rows, "left": _left(left)})
        return
    count = [sum(state == kind for state in states.values()) for kind in ("new", "changed")]
    said = f"{len(found)} submission{'s' * (len(found) != 1)}"
    say(
        "would grade {} to {}: {} new, {} changed since they were graded; of the others, what is kept counts",
        said,
        lab.id,
        *count,
    )
    say("would write the results to {}", output)
    show_left(left)


def print_graded(lab: Lab, verdicts: Sequence[Verdict], left: Left, files: Sequence[Path], recorded: Recorded | None) -> None:
    """Print the results of a class as JSON."""
    rows = [
        {
            "submission": verdict.submission,
            "status": verdict.status,
            "earned": verdict.earned,
            "points": verdict.points,
            "to_mark": verdict.to_mark,
            "message": verdict.message,
            "flags": [flag.kind for flag in verdict.flags],
        }
        for verdict in verdicts
    ]
    book = recorded and {
        "database": recorded.database,
        "submissions": len(recorded.submissions),
        "by_hand": recorded.by_hand,
        "refused": dict(recorded.refused),
    }
    _print(
        {
            "lab": lab.id,
            "dry_run": False,
            "files": list(map(str, files)),
            "submissions": rows,
            "left": _left(left),
            "recorded": book,
        }
    )


def _states(found: Sequence[SubmissionFile], output: Path, lab: str) -> dict[str, str]:
    """Return "new", "changed" or "graded" for each submission, as `status` tells them apart."""
    from autograder.errors import CourseError
    from autograder.reporting.results import VERDICTS, read_verdicts

    try:
        known = {verdict.submission for verdict in read_verdicts(output) if verdict.lab == lab}
        when = (output / VERDICTS).stat().st_mtime
    except CourseError:  # nothing was graded yet
        return dict.fromkeys((item.submission for item in found), "new")
    later = {item.submission for item in found if item.path.stat().st_mtime > when}
    return {
        name: "new" if name not in known else "changed" if name in later else "graded"
        for name in (item.submission for item in found)
    }


def _left(left: Left) -> list[dict[str, str]]:
    return [{"path": str(path), "reason": reason} for path, reason in left]


def _print(data: dict[str, Any]) -> None:
    typer.echo(json.dumps(data, indent=1))
