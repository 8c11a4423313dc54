"""Put verdicts into nbgrader's gradebook and its `autograded/` tree, where formgrader, late penalties and exporters find them.

A mark, an extra credit or a comment that a person gave is never touched. Everything that a student wrote is inert in the
notebooks written here, and the tests in them are the released ones, so that no feedback page shows a hidden test.
Knows verdicts, labs and nbgrader; grades nothing.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
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

from autograder.build import release_notebook, source_notebook, write_notebook
from autograder.files import write_text
from autograder.intake import Submission, UnreadableError, read_notebook, read_submission
from autograder.labs import Cell, Lab
from autograder.verdict import TestResult, Verdict

__all__ = ["RecordError", "Recorded", "record"]

MAX_OWN = 200  # cells
MAX_TEXT = 100_000  # characters in one cell
NO_RESPONSE = "No response."  # nbgrader's own words, which formgrader's users know


class RecordError(Exception):
    """Verdicts that cannot be recorded at all: the message says what was expected, what came and what to do."""


@dataclass(frozen=True)
class Recorded:
    """What `record` did.

    database: the gradebook's URL without its password. submissions: the names recorded, in order.
    review: those of them that were not graded, so that a person must look. refused: name → why it was not recorded.
    notes: sentences about what was recorded with something left out.
    """

    database: str
    submissions: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def record(lab: Lab, verdicts: Sequence[Verdict], notebooks: Mapping[str, Path], course: Path, *, db_url: str = "") -> Recorded:
    """Write the verdicts on submissions to `lab` into the nbgrader course in the folder `course`.

    notebooks: submission name → the notebook that was graded; a `timestamp.txt` beside one named `<lab>.ipynb` is its time
    of submission. db_url: the gradebook, by default the one that nbgrader uses in that folder.

    The assignment, its cells, students and submissions are made as needed. Each submission is one transaction, then one file;
    recording again, also after a crash, changes nothing but what is not yet as it should be. A name that cannot be a
    student's id and a file that changed since it was graded are refused one by one; everything else that is wrong raises
    RecordError before any submission is written.
    """
    course_folder = _course_folder(course, db_url)
    _check(lab, verdicts, notebooks)
    database = make_url(course_folder.db_url).render_as_string(hide_password=True)
    done: list[str] = []
    refused: dict[str, str] = {}
    notes: list[str] = []
    try:
        with _gradebook(course_folder) as gradebook:
            _save_lab(lab, course_folder, gradebook)
            desk = _Desk(lab, course_folder, gradebook)
            for verdict in verdicts:
                try:
                    _check_name(verdict.submission)
                    notes += desk.record(verdict, Path(notebooks[verdict.submission]))
                    done.append(verdict.submission)
                except _RefusedError as error:
                    refused[verdict.submission] = str(error)
    except (SQLAlchemyError, InvalidEntry) as error:
        said = str(error).splitlines()[0]
        raise RecordError(
            f"{database}: the gradebook could not be written ({said}); close what else uses it, run `nbgrader db upgrade` "
            f"if nbgrader was updated, and record again; {len(done)} of {len(verdicts)} submissions are in"
        ) from error
    review = tuple(v.submission for v in verdicts if v.status != "graded" and v.submission in done)
    return Recorded(database, tuple(done), review, refused, tuple(notes))


# ── what is checked before anything is written ───────────────────────────────────────────────────────────────────────


class _RefusedError(Exception):
    """One submission that is not recorded, and why."""


def _check(lab: Lab, verdicts: Sequence[Verdict], notebooks: Mapping[str, Path]) -> None:
    names = [verdict.submission for verdict in verdicts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RecordError(f"more than one verdict on {', '.join(map(repr, twice))}; a gradebook holds one a student: keep one")
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
        if verdict.tests and marked != [cell.name for cell in (*lab.of("tests"), *lab.of("written"))]:
            raise RecordError(f"{verdict.submission!r}: graded with other tests than {lab.id} has now; grade it again")
        for test in verdict.tests:
            points = lab.tests[test.name].points
            if not 0 <= test.earned <= points:
                raise RecordError(f"{verdict.submission!r}: {test.earned} for {test.name}, expected 0 to {points:g}")


def _check_name(name: str) -> None:
    """Let pass what is one folder's name, no spreadsheet's formula, no markup, no pattern and no second column of a CSV."""
    if not name or len(name.encode(errors="replace")) > 128:
        raise _RefusedError("the name should have 1 to 128 bytes; rename the file or folder to the student's id")
    odd = sorted({c for c in name if not (c.isalnum() or unicodedata.category(c)[0] == "M" or c in " _.@'+-")})
    if odd or not (name[0].isalnum() or name[0] == "_") or name != name.strip():
        raise _RefusedError(
            "the name cannot be a student's id, which begins with a letter or digit and holds letters, digits, spaces and "
            f"_ . @ ' + - only{f' (not {odd})' if odd else ''}; rename the file or folder"
        )


# ── the course and its gradebook ─────────────────────────────────────────────────────────────────────────────────────


def _course_folder(course: Path, db_url: str) -> CourseDirectory:
    """nbgrader's idea of the course, its `nbgrader_config` included."""
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
    """The gradebook, made if there is none. nbgrader calls `alembic` by name, so our environment's programs are found first."""
    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), path])
    try:
        gradebook = Gradebook(course.db_url, course.course_id or "default_course")
    except ImportError as error:
        raise RecordError(f"the database needs a driver that is not installed: {error}; install it with pip") from error
    finally:
        os.environ["PATH"] = path
    with gradebook:
        yield gradebook


def _save_lab(lab: Lab, course: CourseDirectory, gradebook: Gradebook) -> None:
    """Assignment, notebook and cells, as `nbgrader generate_assignment` enters them; the source too if the course has none."""
    source = Path(course.format_path(course.source_directory, ".", lab.id)) / f"{lab.id}.ipynb"
    if not source.exists():
        write_notebook(source_notebook(lab), source)
    gradebook.update_or_create_assignment(lab.id)
    notebook = source_notebook(lab)
    resources: dict[str, Any] = {"nbgrader": {"notebook": lab.id, "assignment": lab.id, "db_url": course.db_url}}
    try:
        for step in (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums, SaveCells):
            notebook, resources = step().preprocess(notebook, resources)
    except RuntimeError as error:
        raise RecordError(
            f"{lab.id}: its cells are not those that the gradebook holds submissions to ({error}); record into a new course, or "
            f"drop the old marks with `nbgrader db assignment remove {lab.id} --force`"
        ) from error


@contextmanager
def _transaction(gradebook: Gradebook) -> Iterator[None]:
    """All or nothing: nbgrader's methods commit as they go; in here that only flushes."""
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
    """Let nbgrader find plug-ins beside its configuration, as it does when it is started there."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


# ── one submission ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Mark:
    """What the autograder gives a cell (None: nothing), and whether a person must look."""

    score: float | None
    by_hand: bool


class _Desk:
    """Where the verdicts on one lab are entered, one after the other."""

    def __init__(self, lab: Lab, course: CourseDirectory, gradebook: Gradebook) -> None:
        self.lab = lab
        self.course = course
        self.gradebook = gradebook
        self.released = release_notebook(lab)
        notebook = gradebook.find_notebook(lab.id, lab.id)
        self.names = {cell.id: cell.name for cell in [*notebook.grade_cells, *notebook.solution_cells]}
        with _importable(course.root):
            penalties = AssignLatePenalties(config=course.config)
            penalties.init_plugin()
        self.late = penalties.plugin_inst

    def record(self, verdict: Verdict, submitted: Path) -> list[str]:
        """Enter one verdict; return notes on what was left out. The file follows the rows: what is in neither is entered again."""
        folder = Path(self.course.format_path(self.course.autograded_directory, verdict.submission, self.lab.id))
        path = folder / f"{self.lab.id}.ipynb"
        before, after = _earlier(path), _autograded(self.lab, self.released, verdict, submitted)
        stamp = _stamp(self.lab, submitted)
        try:
            when = parse_utc(stamp) if stamp else None
        except (ValueError, OverflowError):
            when = None
        with _transaction(self.gradebook):
            self._enter(verdict, before, after, when)
        write_notebook(after, path)
        if when:
            write_text(folder / "timestamp.txt", stamp + "\n")
        said = f"{verdict.submission}: its timestamp.txt holds no date and was not used; correct it, for formgrader stops there"
        return [said] if stamp and not when else []

    def _enter(
        self, verdict: Verdict, before: nbformat.NotebookNode | None, after: nbformat.NotebookNode, when: datetime | None
    ) -> None:
        known = {"timestamp": when} if when else {}
        self.gradebook.update_or_create_student(verdict.submission)
        with self.gradebook.db.no_autoflush:
            submission = self.gradebook.update_or_create_submission(self.lab.id, verdict.submission, **known)
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
    """Grade id → mark. A cell about which the verdict is unsure counts 0 and waits for a person."""
    unsure = _unsure(lab, verdict)
    earned = {test.name: test.earned for test in verdict.tests}
    marks = {test.grade_id: _Mark(earned.get(test.name, 0.0), test.exercise in unsure) for test in lab.of("tests")}
    answered = {written.name for written in verdict.written if written.answered}
    for question in lab.of("written"):
        answer = question.name in answered
        marks[question.grade_id] = _Mark(None if answer else 0.0, answer or verdict.status != "graded")
    return marks


def _unsure(lab: Lab, verdict: Verdict) -> set[str]:
    """The exercises whose marks need a person: those not found in a submission under review, or all if nothing was marked."""
    if verdict.status == "graded":
        return set()
    lost = {test.exercise for test in verdict.tests if test.status == "missing"}
    return lost or {cell.name for cell in lab.of("exercise")}


def _comments(lab: Lab, verdict: Verdict, notebook: nbformat.NotebookNode) -> dict[str, str | None]:
    """Grade id → comment on an exercise or an answer: why a person must look, or that nothing was written."""
    cells = _by_grade_id(notebook)
    blank = {name for name, node in cells.items() if node.metadata.nbgrader.checksum == compute_checksum(node)}
    blank |= {f"written_{item.name}" for item in verdict.written if not item.answered}
    unsure = _unsure(lab, verdict)
    if unsure and not verdict.tests:
        unsure |= {cell.grade_id for cell in lab.of("written")}
    look = _literal(verdict.message or "this could not be marked automatically: please look")
    names = [cell.grade_id for cell in (*lab.of("exercise"), *lab.of("written"))]
    return {name: look if name in unsure else NO_RESPONSE if name in blank else None for name in names}


def _unchanged(lab: Lab, before: nbformat.NotebookNode | None, after: nbformat.NotebookNode) -> set[str]:
    """Grade ids of the tests and questions on which neither the student's work nor the kind of verdict changed."""
    if before is None or before.metadata.autograder != after.metadata.autograder:
        return set()
    old, new = _by_grade_id(before), _by_grade_id(after)
    work = {test.grade_id: test.exercise for test in lab.of("tests")} | {q.grade_id: q.grade_id for q in lab.of("written")}
    return {name for name, cell in work.items() if cell in old and old[cell].source == new[cell].source}


def _earlier(path: Path) -> nbformat.NotebookNode | None:
    """The notebook that an earlier call wrote to `path`, if one did."""
    try:
        notebook = read_notebook(path)
    except UnreadableError:
        return None
    noted = notebook.metadata.get("autograder")
    return notebook if isinstance(noted, dict) and "status" in noted else None


def _by_grade_id(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if cell.metadata.get("nbgrader")}


def _stamp(lab: Lab, submitted: Path) -> str:
    """What the submission's `timestamp.txt` says, "" without one. Beside STUDENT.ipynb such a file would be everybody's."""
    path = submitted.parent / "timestamp.txt"
    if submitted.stem != lab.id or not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(100).decode(errors="replace").strip()


# ── the notebook that people look at ─────────────────────────────────────────────────────────────────────────────────


def _autograded(lab: Lab, released: nbformat.NotebookNode, verdict: Verdict, submitted: Path) -> nbformat.NotebookNode:
    """The released notebook with the student's cells in it and, under each test, what the verdict says of it."""
    notebook = deepcopy(released)
    notebook.metadata["autograder"] = nbformat.from_dict({"status": verdict.status})
    try:
        work, given = read_submission(lab, submitted), read_notebook(submitted)
    except Exception as error:  # a file on which the grader itself failed fails here again
        if verdict.status == "graded":
            raise _RefusedError(f"the notebook changed since it was graded; grade it again ({error})") from error
    else:
        notebook.cells = _with_answers(lab, notebook.cells, work, given.cells)
    cells = _by_grade_id(notebook)
    results = {test.name: test for test in verdict.tests}
    for test in lab.of("tests"):
        cells[test.grade_id].outputs = _outputs(test, results.get(test.name), verdict)
    if notes := [text for text in (verdict.message, *(flag.message for flag in verdict.flags)) if text]:
        said = "\n".join(f"- {_literal(text)}" for text in notes)
        notebook.cells.insert(
            0, new_markdown_cell(f"**Notes of the autograder** ({verdict.status})\n\n{said}", id="autograder-notes")
        )
    return notebook


def _outputs(test: Cell, result: TestResult | None, verdict: Verdict) -> list[nbformat.NotebookNode]:
    """The message, and the output from which nbgrader's `determine_grade` reads the mark that was earned."""
    if result is None:
        result = TestResult(test.name, test.exercise, test.points, 0.0, "missing", verdict.message)
    message = _clean(result.message)
    kind = result.status.capitalize()
    said = f"{kind}: {message}" if message else kind
    if result.earned == 0 and result.status != "passed":
        return [new_output("error", ename=kind, evalue=message, traceback=said.split("\n"))]
    outputs = [new_output("stream", name="stdout", text=f"{said}\n")]
    if result.earned < test.points:
        outputs.append(new_output("execute_result", data={"text/plain": repr(float(result.earned))}))
    return outputs


def _with_answers(
    lab: Lab, released: Sequence[nbformat.NotebookNode], work: Submission, submitted: Sequence[Any]
) -> list[nbformat.NotebookNode]:
    """The lab's cells with what the student wrote in them, and the student's own cells after the one that they followed.

    Of the student's own cells the first MAX_OWN are kept: a page that a person reads has an end.
    """
    texts = [_text(cell, node, work) for cell, node in zip(lab.cells, released, strict=True)]
    places, own = _places(lab, texts, submitted)
    blank = {node.source.strip() for node in released}
    cells: list[nbformat.NotebookNode] = []
    room = MAX_OWN
    for i, node in enumerate([None, *released], start=-1):
        if node is not None:
            given = submitted[places[i]] if i in places else {}
            _fill(node, lab.cells[i], texts[i], given)
            cells.append(node)
        mine = [submitted[j] for j in own.get(i, []) if _source(submitted[j]).strip() not in ("", *blank)][:room]
        room -= len(mine)
        cells += [_own_cell(cell, f"own-{i + 1}-{n}") for n, cell in enumerate(mine, start=1)]
    return cells


def _text(cell: Cell, released: nbformat.NotebookNode, work: Submission) -> str:
    """What intake took for this cell of the lab; the released text where the student has no part in it."""
    texts = {"exercise": work.exercises, "written": work.written}.get(cell.role, {})
    return texts.get(cell.name, released.source)


def _places(lab: Lab, texts: Sequence[str], submitted: Sequence[Any]) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Which submitted cell stands for which of the lab's, and after which of the lab's (-1: before all) each other one came."""
    by_id = {cell.id: i for i, cell in enumerate(lab.cells) if cell.role not in ("exercise", "written")}
    places: dict[int, int] = {}
    own: dict[int, list[int]] = {}
    after = -1
    for number, cell in enumerate(submitted):
        named = [by_id[i] for i in _ids(cell) if i in by_id]
        alike = [i for i, text in enumerate(texts) if text == _source(cell)]
        place = next((i for i in (*named, *alike) if i not in places), None)
        if place is None:
            own.setdefault(after, []).append(number)
        else:
            places[place] = number
            after = place
    return places, own


def _fill(node: nbformat.NotebookNode, cell: Cell, text: str, submitted: Any) -> None:
    """Put a student's part of the lab's cell into `node`; what the lab gives stays as it is."""
    if cell.role == "written":
        node.source, node.attachments = _inert(text, submitted)
    elif cell.role == "exercise":
        node.source = _clean(text)
    elif cell.role == "code" and submitted:
        node.source = _clean(_source(submitted))


def _own_cell(cell: Any, cell_id: str) -> nbformat.NotebookNode:
    if cell.get("cell_type") == "code":
        return new_code_cell(_clean(_source(cell)), id=cell_id)
    source, attachments = _inert(_source(cell), cell)
    return new_markdown_cell(source, id=cell_id, attachments=attachments)


def _ids(cell: Any) -> list[str]:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return [name for name in (grade_id, cell.get("id")) if isinstance(name, str)]


def _source(cell: Any) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else ""


# ── text that does nothing ───────────────────────────────────────────────────────────────────────────────────────────


def _clean(text: str) -> str:
    """Text that any file, database and page takes: no control characters, no half of a character, MAX_TEXT at most."""
    text = text[:MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def _literal(text: str) -> str:
    """Markdown that shows `text` as it is, in one paragraph."""
    return re.sub(r"([\\<>\[\]&])", r"\\\1", " ".join(_clean(text).split()))


SCRIPT_LINK = re.compile(
    r"\s*".join("javascript") + r"[\s\\]*(?=:)|" + r"\s*".join("vbscript") + r"[\s\\]*(?=:)", re.IGNORECASE
)


def _inert(text: str, cell: Any) -> tuple[str, dict[str, Any]]:
    """A student's Markdown and its pictures, such that no tag, entity or link of it can run.

    A space is all that is put in, which mathematics and prose do not show: `a<b` becomes `a< b`, `<script>` `< script>`.
    """
    text = _clean(text).replace("\t", "    ")
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"&(?=#?\w+;)", "& ", text)
    text = SCRIPT_LINK.sub(lambda match: match.group() + " ", text)
    # nbconvert fails on a page that names an attachment which is not there.
    text = re.sub(r"attachment[\s\\]*:", "attachment :", text)
    pictures: dict[str, Any] = {}
    for name, picture in _pictures(cell):
        kept = f"picture-{len(pictures) + 1}"
        text = text.replace(f"(attachment :{name})", f"(attachment:{kept})")
        pictures[kept] = picture
    return text, pictures


def _pictures(cell: Any) -> Iterator[tuple[str, dict[str, str]]]:
    """The attachments of a cell that are nothing but PNG or JPEG in base 64."""
    attachments = cell.get("attachments")
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind in ("image/png", "image/jpeg"):
            data = bundle.get(kind) if isinstance(bundle, dict) else None
            if isinstance(data, str) and re.fullmatch(r"[A-Za-z0-9+/=\s]+", data):
                yield name, {kind: "".join(data.split())}
                break
