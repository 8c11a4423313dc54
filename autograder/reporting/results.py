"""Write the result files of a class: verdicts.json, grades.csv and report.html; read verdicts.json again.

`check_writable` finds out before grading whether they can be written. A file that cannot be created
does not stop the others. Before a verdicts.json is replaced by other results, it is kept in EARLIER.
This module knows files and reports; it grades nothing and prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from autograder.errors import CourseError, ResultsError
from autograder.files import try_writing, write_bytes, write_text
from autograder.grading.basis import Basis
from autograder.grading.verdict import Verdict
from autograder.reporting.pages import grades_csv, report_html, verdicts_json

__all__ = ["EARLIER", "FILES", "VERDICTS", "Graded", "Left", "check_writable", "read_graded", "read_verdicts", "write_results"]

VERDICTS, EARLIER = "verdicts.json", "earlier"
Left = Sequence[tuple[Path, str]]  # (path, reason) of files and folders that were not graded
FILES: Mapping[str, Callable[[Sequence[Verdict], Left], str]] = {
    VERDICTS: lambda verdicts, left: verdicts_json(verdicts, left),
    "grades.csv": lambda verdicts, left: grades_csv(verdicts),
    "report.html": lambda verdicts, left: report_html(verdicts, left=left),
}


@dataclass(frozen=True)
class Graded:
    """A file of verdicts.

    Attributes:
        verdicts: The verdicts, in the order in which they were written.
        basis: Lab → what its marks are based on; empty if the file is of an older version.
    """

    verdicts: tuple[Verdict, ...]
    basis: Mapping[str, Basis]


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


def write_results(
    verdicts: Sequence[Verdict], left: Left, folder: Path, basis: Mapping[str, Basis] | None = None
) -> dict[str, str]:
    """Write all result files. A verdicts.json with other results is kept in the folder EARLIER before.

    Args:
        verdicts: Verdicts.
        left: (path, reason) of files and folders that were not graded.
        folder: Folder of the results.
        basis: Lab → what its marks are based on.

    Returns:
        Name of each file that could not be written → the reason.
    """
    makers = {**FILES, VERDICTS: lambda verdicts, left: verdicts_json(verdicts, left, basis)}
    unwritten = {}
    try:
        _keep_earlier(folder, verdicts, basis or {})
    except OSError as error:
        unwritten[EARLIER] = error.strerror or str(error)
    for name, make in makers.items():
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
    try:
        return list(read_graded(folder / VERDICTS).verdicts)
    except FileNotFoundError:
        raise CourseError(
            f"{folder / VERDICTS}: no such file, because nothing was graded yet; run `autograder grade {folder.name}` first"
        ) from None


def read_graded(path: Path) -> Graded:
    """Read a file of verdicts.

    Args:
        path: Path of the file, such as a verdicts.json.

    Returns:
        What stands in it.

    Raises:
        FileNotFoundError: There is no such file.
        CourseError: It cannot be read, or it is not a file of verdicts.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        verdicts = tuple(Verdict.from_dict(fields) for fields in data["verdicts"])
        return Graded(verdicts, {lab: Basis.from_dict(fields) for lab, fields in data.get("basis", {}).items()})
    except NotADirectoryError as error:
        raise FileNotFoundError(*error.args) from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CourseError(
            f"{path}: not a file of verdicts ({type(error).__name__}: {error}); run `autograder grade {path.parent.name}` to have it "
            f"written anew"
        ) from error


def _keep_earlier(folder: Path, verdicts: Sequence[Verdict], basis: Mapping[str, Basis]) -> None:
    """Copy the verdicts.json that is about to be replaced, named by its time, unless the new one holds the same results."""
    path = folder / VERDICTS
    if not path.is_file():
        return
    try:
        before = read_graded(path)
    except CourseError:
        before = None  # not readable here, but perhaps for a person
    if before and _essence(before) == _essence(Graded(tuple(verdicts), basis)):
        return
    noted = [found.when for found in before.basis.values()] if before else []
    when = datetime.fromisoformat(noted[0]) if noted else datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    target = folder / EARLIER / f"{when:%Y-%m-%dT%H-%M-%S}.json"
    number = 1
    while target.exists():  # two gradings in one second
        number += 1
        target = target.with_name(f"{when:%Y-%m-%dT%H-%M-%S}_{number}.json")
    write_bytes(target, path.read_bytes())


def _essence(graded: Graded) -> object:
    """Return the results without what differs each time."""
    verdicts = [replace(verdict, seconds=0.0, cpu_seconds=0.0) for verdict in graded.verdicts]
    return verdicts, {lab: asdict(found) | {"when": ""} for lab, found in graded.basis.items()}
