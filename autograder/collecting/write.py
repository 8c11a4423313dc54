"""Write submissions to `submitted/STUDENT/LAB`, each whole or not at all, whatever interrupts it.

A submission is made in a folder beside its place and renamed into it. What was there before is renamed
away first, and put back at the next run if a crash came between the two. This module knows folders; it
decides nothing.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timezone
from pathlib import Path

from autograder.collecting.plan import Planned
from autograder.course.config import Course
from autograder.errors import CollectError

__all__ = ["is_written", "lock", "mend", "place", "write_submission"]

_TEMPORARY, _PREVIOUS = ".collecting-", ".previous-"


@contextmanager
def lock(course: Course) -> Iterator[None]:
    """Keep other runs of `collect` in this course out.

    Raises:
        CollectError: Another run is at work, or the course cannot be written to.
    """
    path = course.collected_file("x").with_name(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError as error:
        raise CollectError(
            f"{path.parent}: cannot be written ({error.strerror or error}); make room or grant access"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CollectError(
                f"{course.folder}: somebody else is collecting in this course; wait for it and try again"
            ) from error
        yield


def place(course: Course, student: str, lab: str) -> Path:
    """Return the folder of a submission."""
    return course.submitted() / student / lab


def is_written(course: Course, lab: str, planned: Planned) -> bool:
    """Return whether the submission lies in its place with its helper files. The notebook may have been mended by hand."""
    folder = place(course, planned.record.student, lab)
    return (folder / f"{lab}.ipynb").is_file() and all(
        (folder / name).is_file() and filecmp.cmp(folder / name, piece.entry.path, shallow=False)
        for name, piece in planned.helpers.items()
    )


def mend(course: Course, lab: str, student: str) -> None:
    """Put back what a crash left renamed, and remove what it left half-written."""
    target = place(course, student, lab)
    previous = target.with_name(f"{_PREVIOUS}{lab}")
    if previous.is_dir() and not target.exists():
        os.replace(previous, target)
    for left in (previous, *target.parent.glob(f"{_TEMPORARY}*")):
        shutil.rmtree(left, ignore_errors=True)


def write_submission(course: Course, lab: str, planned: Planned) -> None:
    """Write a submission, in place of the one that is there.

    Args:
        course: The course.
        lab: Id of the lab.
        planned: The submission.

    Raises:
        OSError: It cannot be written; what was there is unchanged.
    """
    target = place(course, planned.record.student, lab)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=target.parent, prefix=_TEMPORARY))
    try:
        _fill(made, lab, planned)
        made.chmod(0o755)
        _swap(made, target, target.with_name(f"{_PREVIOUS}{lab}"))
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _fill(folder: Path, lab: str, planned: Planned) -> None:
    shutil.copyfile(planned.notebook.entry.path, folder / f"{lab}.ipynb")
    for name, piece in planned.helpers.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(piece.entry.path, folder / name)
    if planned.record.submitted:
        (folder / "timestamp.txt").write_text(f"{planned.record.submitted.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S.%f} UTC\n")


def _swap(made: Path, target: Path, previous: Path) -> None:
    there = target.exists()
    if there:
        os.replace(target, previous)
    try:
        os.replace(made, target)
    except BaseException:
        if there:
            os.replace(previous, target)
        raise
    shutil.rmtree(previous, ignore_errors=True)
