"""Record verdicts in nbgrader's gradebook and its `autograded/` folder, for formgrader, late penalties and exporters.

The notebooks contain the student's text in inert form and the released tests, so that no feedback
page shows a hidden test. This module knows where the gradebook is, how it is opened and created, and
in which order verdicts get there; it grades nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from nbgrader.api import Gradebook, InvalidEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.course.ids import id_problem
from autograder.course.roster import Roster
from autograder.errors import RecordError, UnreadableError
from autograder.grading.assignments.load import siblings
from autograder.grading.submissions.reading import read_submission
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import source_notebook
from autograder.reporting.database import alone, course_directory, open_gradebook
from autograder.reporting.gradebook_writer import GradebookWriter, RefusedError

__all__ = ["Recorded", "Recorder", "record"]

TWICE = "more than one verdict has this name, and a gradebook holds one per student; keep one of the submissions"
MAX_WAITING = 4  # verdicts, each with the pictures of its submission


@dataclass(frozen=True)
class Recorded:
    """The result of `record`.

    Attributes:
        database: URL of the gradebook without its password.
        submissions: Names of the recorded submissions, in the order in which they were recorded.
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
    only what is not up to date. `Recorder` records while a class is graded and reads no file again.

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
    for verdict in verdicts:
        _check(lab, verdict)
        if verdict.submission not in notebooks:
            raise RecordError(
                f"{verdict.submission!r}: a verdict without its notebook; pass the path of the file that was graded"
            )
    with Recorder(lab, course, [verdict.submission for verdict in verdicts], db_url=db_url) as recorder:
        for verdict in verdicts:
            path = Path(notebooks[verdict.submission])
            try:
                work = read_submission(lab, path, pictures=True)
            except UnreadableError as error:
                if verdict.status == "graded":
                    recorder.refuse(verdict.submission, f"the notebook changed since it was graded; grade it again ({error})")
                else:
                    recorder.add(verdict, None, path)
            else:
                recorder.add(verdict, work, path)
        return recorder.recorded()


class Recorder:
    """Writes verdicts into an nbgrader course while a class is graded.

    One thread of its own writes them, in the order in which they are added. Use it in a `with`
    statement: leaving it writes what was added before, also after Ctrl-C.

    Args:
        lab: The lab.
        course: Folder of the course.
        names: Names of all submissions of the class. A name that occurs twice is refused.
        db_url: URL of the gradebook; by default the one that nbgrader uses in that folder.
        roster: The students, whose names and addresses nbgrader's programs then show; None if they
            are not known.

    Raises:
        RecordError: The course or its gradebook cannot be used.
    """

    def __init__(self, lab: Lab, course: Path, names: Sequence[str], *, db_url: str = "", roster: Roster | None = None) -> None:
        self._roster = roster or Roster(())
        self._lab, self._course, self._total = lab, course, len(names)
        self._folder = course_directory(course, db_url)
        self._database = make_url(self._folder.db_url).render_as_string(hide_password=True)
        self._refused = {name: TWICE for name, count in Counter(names).items() if count > 1}
        self._done: list[str] = []
        self._review: list[str] = []
        self._notes: list[str] = []
        self._by_hand = 0
        self._failed: BaseException | None = None
        self._thread = ThreadPoolExecutor(1, "recorder")
        self._room = BoundedSemaphore(MAX_WAITING)
        self._open = ExitStack()

    def __enter__(self) -> Recorder:
        try:
            self._writer = self._thread.submit(self._opened).result()
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.submit(self._open.close).result()
        self._thread.shutdown()

    def add(self, verdict: Verdict, work: Submission | None, submitted: Path) -> None:
        """Add a verdict, from any thread. Waits while MAX_WAITING verdicts wait to be written.

        After the gradebook could not be written, nothing more is written, and `recorded` raises the
        exception.

        Args:
            verdict: Verdict on a submission to the lab.
            work: The repaired submission with its cells; None if the file could not be read.
            submitted: Path of the submitted notebook. A `timestamp.txt` next to a notebook named
                `<lab>.ipynb` gives its time of submission.
        """
        self._room.acquire()
        try:
            self._thread.submit(self._write, verdict, work, submitted)
        except BaseException:
            self._room.release()
            raise

    def refuse(self, name: str, why: str) -> None:
        """Add a submission that is not recorded, from any thread."""
        self._thread.submit(self._refused.setdefault, name, why)

    def recorded(self) -> Recorded:
        """Wait until everything is written.

        Returns:
            What was recorded and what was refused.

        Raises:
            RecordError: The gradebook could not be written, or a verdict cannot be used.
        """
        self._thread.submit(lambda: None).result()
        if self._failed:
            raise self._failed
        return Recorded(
            self._database, tuple(self._done), tuple(self._review), dict(self._refused), tuple(self._notes), self._by_hand
        )

    def _opened(self) -> GradebookWriter:
        with self._errors():
            gradebook = self._open.enter_context(open_gradebook(self._folder))
            with alone(self._folder.db_url):
                for notebook in (*siblings(self._lab), self._lab):
                    _save_lab(notebook, self._folder, gradebook)
            return GradebookWriter(self._lab, self._folder, gradebook, self._roster)

    def _write(self, verdict: Verdict, work: Submission | None, submitted: Path) -> None:
        try:
            if self._failed or verdict.submission in self._refused:
                return
            _check(self._lab, verdict)
            _check_name(verdict.submission)
            with self._errors():
                waiting, said = self._writer.write(verdict, work, submitted)
        except RefusedError as error:
            self._refused[verdict.submission] = str(error)
        except BaseException as error:  # `recorded` raises it in the thread that asks
            self._failed = error
        else:
            self._done.append(verdict.submission)
            self._review += [verdict.submission] if verdict.status != "graded" else []
            self._by_hand += waiting
            self._notes += said
        finally:
            self._room.release()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn errors of the database and of files into RecordError."""
        try:
            yield
        except (SQLAlchemyError, InvalidEntry) as error:
            first = str(error).splitlines()[0]
            raise RecordError(
                f"{self._database}: the gradebook could not be written ({first}); close what else uses it, and record "
                f"again; {len(self._done)} of {self._total} submissions are in"
            ) from error
        except OSError as error:
            raise RecordError(
                f"{self._course}: the course could not be written ({error.strerror or error}); free some space or grant write access, "
                f"and record again; {len(self._done)} of {self._total} submissions are in"
            ) from error


# ── checks ────────────────────────────────────────────────────────────────────────────────


def _check(lab: Lab, verdict: Verdict) -> None:
    if verdict.lab != lab.id:
        raise RecordError(f"{verdict.submission!r}: a verdict on {verdict.lab}, expected {lab.id}; record each lab by itself")
    marked = [*(test.name for test in verdict.tests), *(question.name for question in verdict.written)]
    if verdict.tests and marked != [cell.name for cell in (*lab.of("tests"), *lab.by_hand)]:
        raise RecordError(f"{verdict.submission!r}: graded with other tests than {lab.id} has now; grade it again")
    for test in verdict.tests:
        points = lab.tests[test.name].points
        if not 0 <= test.earned <= points:
            raise RecordError(f"{verdict.submission!r}: {test.earned} for {test.name}, expected 0 to {points:g}")


def _check_name(name: str) -> None:
    """Raise RefusedError unless the name can be the id of a student."""
    if problem := id_problem(name):
        raise RefusedError(f"{problem}; rename the file or folder to the student's id")


# ── the lab ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


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
