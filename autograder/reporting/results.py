"""The files that a graded class leaves: verdicts.json, grades.csv and report.html, each written by itself.

Whether they can be written is found out before the work; one that cannot be made takes no other along. Knows files and pages;
grades nothing and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from autograder.errors import ResultsError
from autograder.files import try_writing, write_text
from autograder.grading.verdict import Verdict
from autograder.reporting.pages import grades_csv, report_html, verdicts_json

__all__ = ["FILES", "Left", "check_writable", "write_results"]

Left = Sequence[tuple[Path, str]]  # (path, reason) of what was found and not graded
FILES: Mapping[str, Callable[[Sequence[Verdict], Left], str]] = {
    "verdicts.json": lambda verdicts, left: verdicts_json(verdicts, left),
    "grades.csv": lambda verdicts, left: grades_csv(verdicts),
    "report.html": lambda verdicts, left: report_html(verdicts, left=left),
}


def check_writable(*folders: Path) -> None:
    """Try to write into each folder, or to make it. Raises ResultsError for one where results could not be written."""
    for folder in folders:
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        try:
            try_writing(folder)
            for place in missing:  # they are made when there is something to put into them
                place.rmdir()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(
                f"{folder}: results cannot be written there ({reason}); give another folder or make room"
            ) from error
        if blocked := [name for name in FILES if (folder / name).is_dir()]:
            raise ResultsError(f"{folder / blocked[0]}: a folder stands where this file goes; remove it or give another folder")


def write_results(verdicts: Sequence[Verdict], left: Left, folder: Path) -> dict[str, str]:
    """Write every file that can be made and written. Returns the others' names, each with the reason."""
    unwritten = {}
    for name, make in FILES.items():
        try:
            write_text(folder / name, make(verdicts, left))
        except OSError as error:
            unwritten[name] = error.strerror or str(error)
        except Exception as error:
            unwritten[name] = f"the grader itself failed on it ({type(error).__name__}: {error})"
    return unwritten
