"""What stock nbgrader makes of a course folder: its releases and its marks.

Knows nbgrader and nothing of the engine, which is compared with it.
"""

from __future__ import annotations

import copy
import logging
import os
import sysconfig
import warnings
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, ComputeChecksums, LockCells
from traitlets.config import Config, PyFileConfigLoader

__all__ = ["Grades", "released", "stock_grades", "stock_marks", "stock_release"]

Grades = dict[tuple[str, str, str], float | None]  # (student, notebook, grade id) → mark, None where a person gives it


def stock_release(course: Path, assignment: str) -> Path:
    """Make the release from `source/<assignment>` and return its folder. Raises RuntimeError with nbgrader's log."""
    result = _api(course, 30).generate_assignment(assignment, force=True, create=True)
    if not result["success"]:
        raise RuntimeError(f"nbgrader generate_assignment {assignment}: {result['log']}")
    return course / "release" / assignment


def released(notebook: nbformat.NotebookNode, course: Path) -> nbformat.NotebookNode:
    """The release of one notebook as `stock_release` makes it, without a gradebook. Metadata is brought up to date for it."""
    made = MetadataValidator().upgrade_notebook_metadata(copy.deepcopy(notebook))
    resources: dict[str, object] = {}
    for step in (LockCells, ClearSolutions, ClearOutput, ClearHiddenTests, ClearMarkScheme, ComputeChecksums):
        made, resources = step(config=_config(course)).preprocess(made, resources)
    return made


def stock_grades(course: Path, assignment: str, *, seconds: int = 300) -> tuple[Grades, dict[str, str]]:
    """The marks of all that is in `submitted`, and student → log for submissions that nbgrader itself cannot grade.

    seconds: limit for one cell.
    """
    api, failed = _api(course, seconds), {}
    for student in sorted(os.listdir(course / "submitted")):
        if (course / "submitted" / student / assignment).is_dir():
            result = api.autograde(assignment, student, force=True, create=True)
            if not result["success"]:
                failed[student] = result["log"] or str(result.get("error", ""))
    with Gradebook(_database(course), "stock") as gradebook:
        grades = {
            (submission.student_id, notebook.name, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if submission.student_id not in failed
        }
    return grades, failed


def stock_marks(course: Path, lab_id: str) -> dict[tuple[str, str], float]:
    """(student, test) → mark, for a course whose submissions stock nbgrader grades without trouble."""
    stock_release(course, lab_id)
    grades, failed = stock_grades(course, lab_id)
    assert not failed, failed
    return {
        (student, name): mark
        for (student, _, name), mark in grades.items()
        if mark is not None and not name.startswith("written_")
    }


def _api(course: Path, seconds: int) -> NbGraderAPI:
    # nbgrader calls `alembic` and Jupyter its kernels by name.
    programs = sysconfig.get_path("scripts")
    if programs not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="nbgrader")  # what its database layer says of itself
    config = _config(course)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.course_id = "stock"
    config.ExecutePreprocessor.timeout = seconds
    return NbGraderAPI(config=config)


def _config(course: Path) -> Config:
    """The settings in the course's own file."""
    own = course / "nbgrader_config.py"
    return PyFileConfigLoader(own.name, str(course)).load_config() if own.is_file() else Config()


def _database(course: Path) -> str:
    return f"sqlite:///{course / 'gradebook.db'}"
