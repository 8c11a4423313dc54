"""Write one submission into nbgrader's gradebook and its `autograded/` folder.

Marks, extra credit and comments that a person gave are never changed. This module knows verdicts,
repaired submissions, labs and an open gradebook; it does not know where the gradebook is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Comment, Grade, Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, parse_utc
from sqlalchemy.orm import undefer

from autograder.course.roster import Roster, Student
from autograder.errors import UnreadableError
from autograder.files import write_text
from autograder.grading.submissions.stamps import parse_stamp
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import compact_text, read_notebook
from autograder.notebooks.release import release_notebook
from autograder.reporting.autograded import autograded_notebook, by_grade_id, literal, with_own_cells
from autograder.reporting.database import transaction

__all__ = ["GradebookWriter", "RefusedError"]

NO_RESPONSE = "No response."  # as in nbgrader, so that users of formgrader know it


class RefusedError(Exception):
    """A submission cannot be recorded. The message gives the reason."""


@dataclass(frozen=True)
class _Mark:
    """The mark that the autograder gives to a cell (None: no mark), and whether a person must look."""

    score: float | None
    by_hand: bool


class GradebookWriter:
    """Writes verdicts on one lab into the gradebook, one at a time."""

    def __init__(self, lab: Lab, course: CourseDirectory, gradebook: Gradebook, roster: Roster) -> None:
        self.lab = lab
        self.roster = roster
        self.course = course
        self.gradebook = gradebook
        self.released = release_notebook(lab)
        notebook = gradebook.find_notebook(lab.id, lab.assignment)
        self.names = {cell.id: cell.name for cell in [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]}
        with _importable(course.root):
            penalties = AssignLatePenalties(config=course.config)
            penalties.init_plugin()
        self.late = penalties.plugin_inst

    def write(self, verdict: Verdict, work: Submission | None, submitted: Path) -> tuple[int, list[str]]:
        """Write one submission.

        The file is written after the rows, so an interrupted submission is written again.

        Args:
            verdict: Verdict on the submission.
            work: The repaired submission with its cells; None if the file could not be read.
            submitted: Path of the submitted notebook, next to which `timestamp.txt` may be.

        Returns:
            How many of its cells a person has to mark, and notes about what was left out.

        Raises:
            RefusedError: No notebook can be made of the submission.
        """
        folder = Path(self.course.format_path(self.course.autograded_directory, verdict.submission, self.lab.assignment))
        path = folder / f"{self.lab.id}.ipynb"
        before, (after, text) = _earlier(path), self._notebook(verdict, work)
        stamp = _stamp(self.lab, submitted)
        try:
            when = parse_utc(stamp) if stamp and parse_stamp(stamp) else None
        except (ValueError, OverflowError):
            when = None
        with transaction(self.gradebook):
            waiting = self._enter(verdict, before, after, when)
        write_text(path, text)
        if when:
            write_text(folder / "timestamp.txt", stamp + "\n")
        said = f"{verdict.submission}: its timestamp.txt holds no date and was not used; correct it, because formgrader reads it too"
        return waiting, [said] if stamp and not when else []

    def _notebook(self, verdict: Verdict, work: Submission | None) -> tuple[nbformat.NotebookNode, str]:
        """Create the graded notebook, and validate it as its file's text is made."""
        try:
            notebook = autograded_notebook(self.lab, self.released, verdict, work)
            text = compact_text(notebook)
        except OSError:
            raise
        except Exception as error:  # an error in one file must not stop the others
            first = (str(error).splitlines() or [""])[0][:200]
            raise RefusedError(f"no notebook could be made of it ({type(error).__name__}: {first})") from error
        return notebook, text

    def _enter(
        self, verdict: Verdict, before: nbformat.NotebookNode | None, after: nbformat.NotebookNode, when: datetime | None
    ) -> int:
        """Enter marks and comments; return how many cells a person has to mark."""
        known = {"timestamp": when} if when else {}
        self.gradebook.update_or_create_student(verdict.submission, **_names(self.roster.get(verdict.submission)))
        with self.gradebook.db.no_autoflush:
            submission = self.gradebook.update_or_create_submission(self.lab.assignment, verdict.submission, **known)
        row = next(notebook for notebook in submission.notebooks if notebook.name == self.lab.id)
        old_status = before.metadata.autograder.status if before else ""
        if verdict.status != old_status and (verdict.status != "graded" or old_status):
            row.flagged = verdict.status != "graded"
        waiting = self._enter_marks(row, verdict, _unchanged(self.lab, before, after))
        comments = _comments(self.lab, verdict, after)
        for comment in self._of_cells(Comment, row):
            comment.auto_comment = comments[self.names[comment.cell_id]]
        self.gradebook.db.flush()
        row.late_submission_penalty = self._penalty(submission, row)
        return waiting

    def _enter_marks(self, row: Any, verdict: Verdict, unchanged: set[str]) -> int:
        """Enter the marks; return how many cells a person has to mark. One query reads what else would be a query per column."""
        marks = _marks(self.lab, verdict)
        waiting = 0
        for grade in self._of_cells(Grade, row).options(undefer(Grade.max_score)):
            name = self.names[grade.cell_id]
            mark = marks[name]
            if name not in unchanged or grade.auto_score != mark.score:
                grade.needs_manual_grade = mark.by_hand or grade.manual_score is not None
            if (grade.manual_score or 0) > grade.max_score:  # the cell gave more points when a person marked it
                grade.needs_manual_grade = True
            grade.auto_score = mark.score
            waiting += bool(grade.needs_manual_grade)
        return waiting

    def _of_cells(self, table: Any, row: Any) -> Any:
        """Query the rows of a submitted notebook. They are indexed by cell first, so without the cells all students' rows are read."""
        query = self.gradebook.db.query(table).filter(table.cell_id.in_(self.names), table.notebook_id == row.id)
        return query.populate_existing()

    def _penalty(self, submission: Any, row: Any) -> float | None:
        late = submission.total_seconds_late
        if late <= 0:
            return None
        penalty = self.late.late_submission_penalty(submission.student_id, row.score, late)
        return None if penalty is None else min(max(0.0, penalty), row.score)


def _names(student: Student | None) -> dict[str, str]:
    """Return what the gradebook is told about a student; what the roster leaves empty stays as it is there."""
    told = {} if student is None else {name: getattr(student, name) for name in ("first_name", "last_name", "email")}
    return {name: value for name, value in told.items() if value}


def _marks(lab: Lab, verdict: Verdict) -> dict[str, _Mark]:
    """Return grade id → mark. A cell without a certain result gets 0 and has to be marked by a person."""
    unsure = _unsure(lab, verdict)
    earned = {test.name: test.earned for test in verdict.tests}
    marks = {test.grade_id: _Mark(earned.get(test.name, 0.0), test.exercise in unsure) for test in lab.of("tests")}
    answered = {written.name for written in verdict.written if written.answered}
    for question in lab.by_hand:
        answer = question.name in answered
        marks[question.grade_id] = _Mark(None if answer else 0.0, answer or verdict.status != "graded")
    return marks


def _unsure(lab: Lab, verdict: Verdict) -> set[str]:
    """Return the exercises that a person has to mark: those not found in a submission, or all if nothing was marked."""
    if verdict.status == "graded":
        return set()
    lost = {test.exercise for test in verdict.tests if test.status == "missing"}
    return lost or {cell.name for cell in lab.of("exercise")}


def _comments(lab: Lab, verdict: Verdict, notebook: nbformat.NotebookNode) -> dict[str, str | None]:
    """Return grade id → comment on an exercise or an answer: why a person must look, or that there is no answer."""
    cells = by_grade_id(notebook)
    names = [cell.grade_id for cell in (*lab.of("exercise"), *lab.of("written"))]
    blank = {name for name in names if cells[name].metadata.nbgrader.checksum == compute_checksum(cells[name])}
    questions = {cell.name: cell.grade_id for cell in lab.by_hand}
    blank -= {questions[item.name] for item in verdict.written if item.answered}
    blank |= {questions[item.name] for item in verdict.written if not item.answered}
    unsure = _unsure(lab, verdict)
    if unsure and not verdict.tests:
        unsure |= {cell.grade_id for cell in lab.by_hand}
    look = literal(verdict.message or "this could not be marked automatically: please look")
    return {name: look if name in unsure else NO_RESPONSE if name in blank else None for name in names}


def _unchanged(lab: Lab, before: nbformat.NotebookNode | None, after: nbformat.NotebookNode) -> set[str]:
    """Return the grade ids of tests and questions for which neither the student's work nor the status changed."""
    if before is None or before.metadata.autograder != after.metadata.autograder:
        return set()
    old, new = with_own_cells(before), with_own_cells(after)
    work = {test.grade_id: test.exercise for test in lab.of("tests")} | {q.grade_id: q.grade_id for q in lab.by_hand}
    return {name for name, cell in work.items() if cell in old and old[cell] == new[cell]}


def _earlier(path: Path) -> nbformat.NotebookNode | None:
    """Return the notebook that an earlier call wrote to `path`, or None."""
    try:
        notebook = read_notebook(path)
    except UnreadableError:
        return None
    noted = notebook.metadata.get("autograder")
    return notebook if isinstance(noted, dict) and "status" in noted else None


def _stamp(lab: Lab, submitted: Path) -> str:
    """Return the content of the submission's `timestamp.txt`, or "". Next to STUDENT.ipynb it would belong to the class."""
    path = submitted.parent / "timestamp.txt"
    if submitted.stem != lab.id or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(100).decode(errors="replace").strip()


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    """Let nbgrader import plug-ins next to its configuration, as when it is started there."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
