"""How far each lab of a course is: released, handed in, graded, marked by hand, returned.

Everything is read from the folder of the course, so it is true whoever ran which command. This module
prints and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.course.config import Course
from autograder.course.roster import read_roster
from autograder.errors import CourseError
from autograder.reporting.marks import read_marks
from autograder.reporting.returned import PAGES, outdated

__all__ = ["CourseStatus", "LabStatus", "course_status"]


@dataclass(frozen=True)
class LabStatus:
    """How far one lab is.

    Attributes:
        lab: Id of the lab.
        due: When it is due; None if it is never late.
        released: Whether the notebook for students was built.
        handed_in: Number of submissions in `submitted/`.
        missing: Number of students of the roster without one; 0 if there is no roster.
        graded: Number of submissions that were graded.
        to_grade: Number of submissions without a verdict, or newer than it.
        to_review: Number of submissions that a person must look at before their marks count.
        to_mark: Number of students with an answer that a person has to mark, or look at again.
        pages: Number of pages for students in `feedback/`.
        exports: Names of the files in `feedback/` that go back to a learning platform.
        outdated: Which of these were written before a mark or a comment changed: names of files, and "pages".
        problem: Why not all of this is known; "" if it is.
        lms: Learning platform of the course; "" if there is none.
    """

    lab: str
    due: datetime | None = None
    released: bool = False
    handed_in: int = 0
    missing: int = 0
    graded: int = 0
    to_grade: int = 0
    to_review: int = 0
    to_mark: int = 0
    pages: int = 0
    exports: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()
    problem: str = ""
    lms: str = ""

    @property
    def next(self) -> str:
        """What to do next, as a command or a phrase; "" if nothing is known to be left."""
        if self.problem:
            return self.problem
        if not self.released:
            return f"autograder build {self.lab}"
        if not self.handed_in:
            return f"autograder collect {self.lab} DOWNLOAD"
        if self.to_grade:
            return f"autograder grade {self.lab}"
        if self.to_review:
            return f"look at what graded/{self.lab}/report.html lists"
        if self.to_mark:
            return "mark by hand: `jupyter lab` here, then Nbgrader > Formgrader"
        archives = {f"{self.lab}-canvas.zip", f"{self.lab}-moodle.zip"}
        if self.graded and (not self.pages or archives.union([PAGES]).intersection(self.outdated)):
            return f"autograder feedback {self.lab}"
        if self.graded and (self.outdated or not any(name.endswith(".csv") for name in self.exports)):
            kind = next((name[len(self.lab) + 1 :].partition(".")[0] for name in self.outdated), "") or self.lms or "csv"
            return f"autograder export {self.lab} --to {kind}{' --template FILE' if kind in ('canvas', 'moodle') else ''}"
        return ""


@dataclass(frozen=True)
class CourseStatus:
    """How far a course is.

    Attributes:
        course: Name of the course.
        students: Number of students on the roster; None if the roster cannot be read.
        strangers: Names of folders in `submitted/` that are no student of the roster.
        labs: Status of each lab, in the order of `course.toml`.
        problem: Why the roster cannot be read; "" if it can.
    """

    course: str
    students: int | None
    strangers: tuple[str, ...]
    labs: tuple[LabStatus, ...]
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON, each lab with its `next`."""
        fields = asdict(self)
        for row, lab in zip(fields["labs"], self.labs, strict=True):
            row |= {
                "due": lab.due.isoformat() if lab.due else None,
                "exports": list(lab.exports),
                "outdated": list(lab.outdated),
            }
            row["next"] = lab.next
        return fields


def course_status(course: Course) -> CourseStatus:
    """Find out how far a course is.

    Args:
        course: The course.

    Returns:
        The status. A roster, results or a gradebook that cannot be read are named in it and stop
        nothing.

    Raises:
        CourseError: A folder of the course cannot be read.
    """
    there = _folders(course.submitted())
    students, problem = None, ""
    try:
        students = {student.id for student in read_roster(course.roster_file).students}
    except CourseError as error:
        problem = str(error)
    labs = tuple(_lab_status(course, lab, there, students or set()) for lab in course.labs)
    strangers = tuple(folder.name for folder in there if folder.name not in students) if students else ()
    return CourseStatus(course.name, None if students is None else len(students), strangers, labs, problem)


def _lab_status(course: Course, lab: str, folders: Sequence[Path], students: Set[str]) -> LabStatus:
    notebook = f"{lab}.ipynb"
    submissions = [path for folder in folders if (path := folder / lab / notebook).is_file()]
    pages = [page for folder in _folders(course.feedback()) if (page := folder / lab / f"{lab}.html").is_file()]
    known: dict[str, Any] = {
        "lab": lab,
        "due": course.labs[lab].due,
        "released": (course.folder / "release" / lab / notebook).is_file(),
        "handed_in": len(submissions),
        "missing": len(students - {path.parts[-3] for path in submissions}),
        "pages": len(pages),
        "lms": course.lms,
        "exports": tuple(sorted(path.name for path in course.feedback().glob(f"{lab}-*") if path.is_file())),
    }
    results = course.graded(lab) / "verdicts.json"
    if not results.exists():
        return LabStatus(**known, to_grade=len(submissions))
    try:
        marks = {mark.student.id: mark for mark in read_marks(course, lab) if mark.verdict}
    except CourseError as error:
        return LabStatus(**known, problem=str(error))
    there = {*known["exports"], *([PAGES] if pages else [])}
    known["outdated"] = tuple(name for name in outdated(course, lab, marks.values()) if name in there)
    when = results.stat().st_mtime
    verdicts = [mark.verdict for mark in marks.values() if mark.verdict]
    return LabStatus(
        **known,
        graded=sum(verdict.status == "graded" for verdict in verdicts),
        to_grade=sum(path.parts[-3] not in marks or path.stat().st_mtime > when for path in submissions),
        to_review=sum(verdict.status != "graded" for verdict in verdicts),
        to_mark=sum(any(hand.points is None or hand.again for hand in mark.by_hand) for mark in marks.values()),
    )


def _folders(folder: Path) -> list[Path]:
    """Return the folders of students in a folder, without hidden ones."""
    if not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise CourseError(f"{folder}: cannot be read ({error.strerror or error})") from error
