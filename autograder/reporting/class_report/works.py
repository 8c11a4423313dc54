"""The works of a class and of earlier years, read to be compared.

A work that is missing, broken or of another lab is left out. This module knows folders; it compares
nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.analysis.works import Work, mistakes_of
from autograder.course.config import Course
from autograder.errors import CourseError, UnreadableError
from autograder.grading.submissions.answers import read_answers
from autograder.grading.submissions.submission import released_cells
from autograder.labs.model import Lab
from autograder.reporting.marks import Mark

__all__ = ["earlier_works", "given_code", "works_of_class"]

MAX_FILES = 50_000  # notebooks of earlier years that are looked at


def works_of_class(course: Course, lab: Lab, marks: Sequence[Mark]) -> Iterator[Work]:
    """Read the works of a class.

    Args:
        course: The course.
        lab: The lab.
        marks: Marks of the class.

    Yields:
        The works that can be read, under the students' ids.
    """
    released = _released(lab)
    for mark in marks:
        if mark.verdict is not None:
            path = course.submitted() / mark.student.id / lab.id / f"{lab.id}.ipynb"
            try:
                cells = read_answers(lab, path)
                yield Work(mark.student.id, cells, mistakes_of(mark.verdict), sha256=_sha256(path, cells, released))
            except UnreadableError:
                continue


def earlier_works(lab: Lab, folder: Path, course: Course, first: int = 1) -> list[Work]:
    """Read the works of earlier years.

    Args:
        lab: The lab.
        folder: A course of an earlier year, or any folder with its notebooks, at any depth.
        course: The course of this year.
        first: Number of the first work.

    Returns:
        The works, in the order of their paths, under numbers and not under names.

    Raises:
        CourseError: There is no such folder, it holds works of this year, or it holds no work for
            this lab.
    """
    if not folder.is_dir():
        raise CourseError(f"{folder}: no such folder; --archive takes a folder with the notebooks of an earlier year")
    submitted = folder / "submitted"
    root, ours = (submitted if submitted.is_dir() else folder).resolve(), course.submitted().resolve()
    if root == ours or root in ours.parents or ours in root.parents:
        raise CourseError(f"{folder}: these are the works of this year; --archive takes those of an earlier year")
    works = [(path, found) for path in _notebooks(root) if (found := _answers(lab, path))]
    if not works:
        raise CourseError(f"{folder}: no notebook of {lab.id} in it; --archive takes a folder with notebooks of the same lab")
    released = _released(lab)
    return [
        Work(f"work {number}", cells, earlier=True, sha256=_sha256(path, cells, released))
        for number, (path, cells) in enumerate(works, start=first)
    ]


def given_code(lab: Lab) -> list[str]:
    """Return the code that says nothing about a pair.

    Args:
        lab: The lab.

    Returns:
        Sources of the released cells, and of the exercises with the reference solution.
    """
    return [cell.source for cell in released_cells(lab)] + [cell.source for cell in lab.of("exercise")]


def _answers(lab: Lab, path: Path) -> dict[str, tuple[str, ...]]:
    try:
        return read_answers(lab, path)
    except UnreadableError:
        return {}


def _released(lab: Lab) -> dict[str, str]:
    """Return the released cell of each exercise, without space around it."""
    cells = zip(lab.cells, released_cells(lab), strict=True)
    return {cell.name: released.source.strip() for cell, released in cells if cell.role == "exercise"}


def _sha256(path: Path, cells: Mapping[str, Sequence[str]], released: Mapping[str, str]) -> str:
    """Return the digest of a file into which something was written; "" for another."""
    untouched = all([source.strip() for source in sources] == [released.get(name)] for name, sources in cells.items())
    return "" if untouched else hashlib.sha256(path.read_bytes()).hexdigest()


def _notebooks(root: Path) -> Iterator[Path]:
    """Yield the notebooks in a folder, in order, except hidden ones and those behind links."""
    count = 0
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if name.lower().endswith(".ipynb") and not name.startswith((".", "~$")):
                count += 1
                if count > MAX_FILES:
                    return
                yield Path(place) / name
