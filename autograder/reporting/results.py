"""Write the result files of a class: verdicts.json, grades.csv and report.html; read verdicts.json again.

`check_writable` finds out before grading whether they can be written. A file that cannot be created
does not stop the others. This module knows files and reports; it grades nothing and prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from autograder.errors import CourseError, ResultsError
from autograder.files import try_writing, write_text
from autograder.grading.verdict import Verdict
from autograder.reporting.pages import grades_csv, report_html, verdicts_json

__all__ = ["FILES", "Left", "check_writable", "read_verdicts", "write_results"]

Left = Sequence[tuple[Path, str]]  # (path, reason) of files and folders that were not graded
FILES: Mapping[str, Callable[[Sequence[Verdict], Left], str]] = {
    "verdicts.json": lambda verdicts, left: verdicts_json(verdicts, left),
    "grades.csv": lambda verdicts, left: grades_csv(verdicts),
    "report.html": lambda verdicts, left: report_html(verdicts, left=left),
}


def check_writable(*folders: Path) -> None:
    """Check that results can be written to folders.

    Args:
        *folders: Folders, which need not exist.

    Raises:
        ResultsError: Results cannot be written to a folder.
    """
    for folder in folders:
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        try:
            try_writing(folder)
            for place in missing:  # they are created again when there are results
                place.rmdir()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ResultsError(
                f"{folder}: results cannot be written there ({reason}); give another folder or make room"
            ) from error
        if blocked := [name for name in FILES if (folder / name).is_dir()]:
            raise ResultsError(
                f"{folder / blocked[0]}: there is a folder with the name of this file; remove it or give another folder"
            )


def write_results(verdicts: Sequence[Verdict], left: Left, folder: Path) -> dict[str, str]:
    """Write all result files.

    Args:
        verdicts: Verdicts.
        left: (path, reason) of files and folders that were not graded.
        folder: Folder of the results.

    Returns:
        Name of each file that could not be written → the reason.
    """
    unwritten = {}
    for name, make in FILES.items():
        try:
            write_text(folder / name, make(verdicts, left))
        except OSError as error:
            unwritten[name] = error.strerror or str(error)
        except Exception as error:
            unwritten[name] = f"the grader itself failed on it ({type(error).__name__}: {error})"
    return unwritten


def read_verdicts(folder: Path) -> list[Verdict]:
    """Read the verdicts that `write_results` wrote.

    Args:
        folder: Folder of the results.

    Returns:
        The verdicts, in the order in which they were written.

    Raises:
        CourseError: Nothing was graded there, or the file is not one of verdicts.
    """
    path = folder / "verdicts.json"
    try:
        return [Verdict.from_dict(fields) for fields in json.loads(path.read_text(encoding="utf-8"))["verdicts"]]
    except (FileNotFoundError, NotADirectoryError):
        raise CourseError(
            f"{path}: no such file, because nothing was graded yet; run `autograder grade {folder.name}` first"
        ) from None
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CourseError(
            f"{path}: not a file of verdicts ({type(error).__name__}: {error}); run `autograder grade {folder.name}` to have it "
            f"written anew"
        ) from error
