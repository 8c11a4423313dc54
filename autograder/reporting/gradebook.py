"""Record verdicts in nbgrader's gradebook and its `autograded/` folder, for formgrader, late penalties and exporters.

Marks, extra credit and comments that a person gave are never changed. The notebooks contain the
student's text in inert form and the released tests, so that no feedback page shows a hidden test.
This module knows verdicts, labs and nbgrader; it grades nothing.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, InvalidEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from nbgrader.utils import compute_checksum, parse_utc
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from traitlets.config import Config, ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from autograder.errors import RecordError, UnreadableError
from autograder.files import write_text
from autograder.grading.assignments.load import siblings
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import read_notebook, write_notebook
from autograder.notebooks.release import release_notebook, source_notebook
from autograder.reporting.autograded import RefusedError, autograded_notebook, by_grade_id, literal, with_own_cells
from autograder.sandbox.interpreters import without_python

__all__ = ["Recorded", "record"]

TWICE = "more than one verdict has this name, and a gradebook holds one per student; keep one of the submissions"
NO_RESPONSE = "No response."  # as in nbgrader, so that users of formgrader know it


@dataclass(frozen=True)
class Recorded:
    """The result of `record`.

    Attributes:
        database: URL of the gradebook without its password.
        submissions: Names of the recorded submissions, in order.
        review: Names of the recorded submissions that a person must look at.
        refused: Name → why the submission was not recorded.
        notes: Sentences about parts of recorded submissions that were left out.
        by_hand: Number of cells that a person has to mark.
    """

    database: str
    submissions: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    by_hand: int = 0


def record(lab: Lab, verdicts: Sequence[Verdict], notebooks: Mapping[str, Path], course: Path, *, db_url: str = "") -> Recorded:
    """Write verdicts into an nbgrader course.

    The assignment, its cells, students and submissions are created if necessary. Each submission
    is written in one transaction and then one file. Recording again, also after a crash, changes
    only what is not up to date.

    A submission is refused, and the others are recorded, if its name cannot be the id of a student
    or occurs twice, if its file changed since it was graded, or if no notebook can be made of it.

    Args:
        lab: The lab.
        verdicts: Verdicts on submissions to the lab.
        notebooks: Submission name → the notebook that was graded. A `timestamp.txt` next to a
            notebook named `<lab>.ipynb` gives its time of submission.
        course: Folder of the course.
        db_url: URL of the gradebook; by default the one that nbgrader uses in that folder.

    Returns:
        What was recorded and what was refused.

    Raises:
        RecordError: The course, the gradebook or a verdict cannot be used, or the gradebook cannot
            be written.
    """
    course_folder = _course_folder(course, db_url)
    _check(lab, verdicts, notebooks)
    database = make_url(course_folder.db_url).render_as_string(hide_password=True)
    done: list[str] = []
    refused = dict.fromkeys(_twice(verdicts), TWICE)
    notes: list[str] = []
    by_hand = 0
    try:
        with _gradebook(course_folder) as gradebook:
            for notebook in (*siblings(lab), lab):
                _save_lab(notebook, course_folder, gradebook)
            writer = _GradebookWriter(lab, course_folder, gradebook)
            for verdict in verdicts:
                if verdict.submission in refused:
                    continue
                try:
                    _check_name(verdict.submission)
                    waiting, said = writer.record(verdict, Path(notebooks[verdict.submission]))
                except RefusedError as error:
                    refused[verdict.submission] = str(error)
                else:
                    done.append(verdict.submission)
                    by_hand += waiting
                    notes += said
    except (SQLAlchemyError, InvalidEntry) as error:
        first = str(error).splitlines()[0]
        raise RecordError(
            f"{database}: the gradebook could not be written ({first}); close what else uses it, run `nbgrader db upgrade` "
            f"if nbgrader was updated, and record again; {len(done)} of {len(verdicts)} submissions are in"
        ) from error
    except OSError as error:
        raise RecordError(
            f"{course}: the course could not be written ({error.strerror or error}); free some space or grant write access, "
            f"and record again; {len(done)} of {len(verdicts)} submissions are in"
        ) from error
    review = tuple(v.submission for v in verdicts if v.status != "graded" and v.submission in done)
    return Recorded(database, tuple(done), review, refused, tuple(notes), by_hand)


# ── checks before anything is written ────────────────────────────────────────────────────────────────────────────────


def _check(lab: Lab, verdicts: Sequence[Verdict], notebooks: Mapping[str, Path]) -> None:
    for verdict in verdicts:
        if verdict.lab != lab.id:
            raise RecordError(
                f"{verdict.submission!r}: a verdict on {verdict.lab}, expected {lab.id}; record each lab by itself"
            )
        if verdict.submission not in notebooks:
            raise RecordError(
                f"{verdict.submission!r}: a verdict without its notebook; pass the path of the file that was graded"
            )
        marked = [*(test.name for test in verdict.tests), *(question.name for question in verdict.written)]
        if verdict.tests and marked != [cell.name for cell in (*lab.of("tests"), *lab.by_hand)]:
            raise RecordError(f"{verdict.submission!r}: graded with other tests than {lab.id} has now; grade it again")
        for test in verdict.tests:
            points = lab.tests[test.name].points
            if not 0 <= test.earned <= points:
                raise RecordError(f"{verdict.submission!r}: {test.earned} for {test.name}, expected 0 to {points:g}")


def _twice(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the names that occur in more than one verdict."""
    return [name for name, count in Counter(verdict.submission for verdict in verdicts).items() if count > 1]


def _check_name(name: str) -> None:
    """Raise RefusedError unless the name is safe as the name of a folder and in spreadsheets, CSV, markup and patterns."""
    if not name or len(name.encode(errors="replace")) > 128:
        raise RefusedError("the name should have 1 to 128 bytes; rename the file or folder to the student's id")
    odd = sorted({c for c in name if not (c.isalnum() or unicodedata.category(c)[0] == "M" or c in " _.@'+-")})
    if odd or not (name[0].isalnum() or name[0] == "_") or name != name.strip():
        raise RefusedError(
            "the name cannot be a student's id, which begins with a letter or digit and holds letters, digits, spaces and "
            f"_ . @ ' + - only{f' (not {odd})' if odd else ''}; rename the file or folder"
        )


# ── the course and its gradebook ─────────────────────────────────────────────────────────────────────────────────────


def _course_folder(course: Path, db_url: str) -> CourseDirectory:
    """Return nbgrader's description of the course, with the settings in its `nbgrader_config`."""
    if not Path(course).is_dir():
        raise RecordError(f"{course}: no such folder; expected the nbgrader course, the folder that holds source/")
    root = Path(course).resolve()
    config = Config()
    for loader in (
        JSONFileConfigLoader("nbgrader_config.json", str(root)),
        PyFileConfigLoader("nbgrader_config.py", str(root)),
    ):
        with suppress(ConfigFileNotFound):
            config.merge(loader.load_config())
    folder = CourseDirectory(config=config, root=str(root))
    try:
        url = make_url(db_url or folder.db_url)
    except ArgumentError as error:
        raise RecordError(
            f"{db_url or folder.db_url!r} is no database URL; expected one such as sqlite:////path/gradebook.db"
        ) from error
    if not db_url and url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(root / url.database))
    folder.db_url = url.render_as_string(hide_password=False)
    return folder


@contextmanager
def _gradebook(course: CourseDirectory) -> Iterator[Gradebook]:
    """Open the gradebook, or create it.

    nbgrader runs `alembic` by name, so the programs of our Python environment come first in PATH.
    """
    before = dict(os.environ)
    path = os.pathsep.join([sysconfig.get_path("scripts"), before.get("PATH", "")])
    _set_variables({**without_python(before), "PATH": path})
    try:
        gradebook = Gradebook(course.db_url, course.course_id or "default_course")
    except ImportError as error:
        raise RecordError(f"the database needs a driver that is not installed: {error}; install it with pip") from error
    finally:
        _set_variables(before)
    with gradebook:
        yield gradebook


def _set_variables(variables: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in variables]:
        del os.environ[name]
    os.environ.update(variables)


def _save_lab(lab: Lab, course: CourseDirectory, gradebook: Gradebook) -> None:
    """Save assignment, notebook and cells as `nbgrader generate_assignment` does, and write the source if it is missing."""
    source = Path(course.format_path(course.source_directory, ".", lab.assignment)) / f"{lab.id}.ipynb"
    if not source.exists():
        write_notebook(source_notebook(lab), source)
    gradebook.update_or_create_assignment(lab.assignment)
    notebook = source_notebook(lab)
    resources: dict[str, Any] = {"nbgrader": {"notebook": lab.id, "assignment": lab.assignment, "db_url": course.db_url}}
    try:
        for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums, SaveCells):
            notebook, resources = step().preprocess(notebook, resources)
    except RuntimeError as error:
        raise RecordError(
            f"{lab.id}: its cells differ from those for which the gradebook holds submissions ({error}); record into a new course, or "
            f"drop the old marks with `nbgrader db assignment remove {lab.assignment} --force`"
        ) from error


@contextmanager
def _transaction(gradebook: Gradebook) -> Iterator[None]:
    """Run a block in one transaction. nbgrader's methods commit; in this block a commit only flushes."""
    with gradebook.engine.begin() as connection:
        gradebook.db.remove()
        gradebook.db.configure(bind=connection, join_transaction_mode="rollback_only")
        try:
            yield
            gradebook.db.commit()
        finally:
            gradebook.db.remove()


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    """Let nbgrader import plug-ins next to its configuration, as when it is started there."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


# ── one submission ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Mark:
    """The mark that the autograder gives to a cell (None: no mark), and whether a person must look."""

    score: float | None
    by_hand: bool


class _GradebookWriter:
    """Writes verdicts on one lab into the gradebook, one at a time."""

    def __init__(self, lab: Lab, course: CourseDirectory, gradebook: Gradebook) -> None:
        self.lab = lab
        self.course = course
        self.gradebook = gradebook
        self.released = release_notebook(lab)
        notebook = gradebook.find_notebook(lab.id, lab.assignment)
        self.names = {cell.id: cell.name for cell in [*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells]}
        with _importable(course.root):
            penalties = AssignLatePenalties(config=course.config)
            penalties.init_plugin()
        self.late = penalties.plugin_inst

    def record(self, verdict: Verdict, submitted: Path) -> tuple[int, list[str]]:
        """Record one verdict; return how many of its cells a person has to mark, and notes about what was left out.

        The file is written after the rows, so an interrupted submission is recorded again. Raises RefusedError if no notebook
        can be made of the submission.
        """
        folder = Path(self.course.format_path(self.course.autograded_directory, verdict.submission, self.lab.assignment))
        path = folder / f"{self.lab.id}.ipynb"
        before, after = _earlier(path), self._notebook(verdict, submitted)
        stamp = _stamp(self.lab, submitted)
        try:
            when = parse_utc(stamp) if stamp else None
        except (ValueError, OverflowError):
            when = None
        with _transaction(self.gradebook):
            waiting = self._enter(verdict, before, after, when)
        write_notebook(after, path)
        if when:
            write_text(folder / "timestamp.txt", stamp + "\n")
        said = f"{verdict.submission}: its timestamp.txt holds no date and was not used; correct it, because formgrader fails on it"
        return waiting, [said] if stamp and not when else []

    def _notebook(self, verdict: Verdict, submitted: Path) -> nbformat.NotebookNode:
        """Create the graded notebook and validate it."""
        try:
            notebook = autograded_notebook(self.lab, self.released, verdict, submitted)
            nbformat.validate(notebook)
        except (RefusedError, OSError):
            raise
        except Exception as error:  # an error in one file must not stop the others
            first = (str(error).splitlines() or [""])[0][:200]
            raise RefusedError(f"no notebook could be made of it ({type(error).__name__}: {first})") from error
        return notebook

    def _enter(
        self, verdict: Verdict, before: nbformat.NotebookNode | None, after: nbformat.NotebookNode, when: datetime | None
    ) -> int:
        """Enter marks and comments; return how many cells a person has to mark."""
        known = {"timestamp": when} if when else {}
        self.gradebook.update_or_create_student(verdict.submission)
        with self.gradebook.db.no_autoflush:
            submission = self.gradebook.update_or_create_submission(self.lab.assignment, verdict.submission, **known)
        row = next(notebook for notebook in submission.notebooks if notebook.name == self.lab.id)
        old_status = before.metadata.autograder.status if before else ""
        if verdict.status != old_status and (verdict.status != "graded" or old_status):
            row.flagged = verdict.status != "graded"
        self._enter_marks(row, verdict, _unchanged(self.lab, before, after))
        comments = _comments(self.lab, verdict, after)
        for comment in row.comments:
            comment.auto_comment = comments[self.names[comment.cell_id]]
        self.gradebook.db.flush()
        row.late_submission_penalty = self._penalty(submission, row)
        return sum(bool(grade.needs_manual_grade) for grade in row.grades)

    def _enter_marks(self, row: Any, verdict: Verdict, unchanged: set[str]) -> None:
        marks = _marks(self.lab, verdict)
        for grade in row.grades:
            name = self.names[grade.cell_id]
            mark = marks[name]
            if name not in unchanged or grade.auto_score != mark.score:
                grade.needs_manual_grade = mark.by_hand or grade.manual_score is not None
            grade.auto_score = mark.score

    def _penalty(self, submission: Any, row: Any) -> float | None:
        late = submission.total_seconds_late
        if late <= 0:
            return None
        penalty = self.late.late_submission_penalty(submission.student_id, row.score, late)
        return None if penalty is None else min(max(0.0, penalty), row.score)


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
    blank = {name for name, node in cells.items() if node.metadata.nbgrader.checksum == compute_checksum(node)}
    questions = {cell.name: cell.grade_id for cell in lab.by_hand}
    blank -= {questions[item.name] for item in verdict.written if item.answered}
    blank |= {questions[item.name] for item in verdict.written if not item.answered}
    unsure = _unsure(lab, verdict)
    if unsure and not verdict.tests:
        unsure |= {cell.grade_id for cell in lab.by_hand}
    look = literal(verdict.message or "this could not be marked automatically: please look")
    names = [cell.grade_id for cell in (*lab.of("exercise"), *lab.of("written"))]
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
