"""Make the folder of a course: settings, an empty list of students, a secret, and the notebooks of its labs.

Nothing that is there is overwritten, so it can be run again after an interruption or when a lab was
added to `course.toml`. This module knows what belongs into the folder; it grades and collects nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from autograder.course.config import COURSE_FILE, LMS, load_course
from autograder.errors import CourseError
from autograder.files import write_text
from autograder.grading.secret import OF_THE_COURSE, make_secret
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import course_notebooks, is_stale

__all__ = ["Step", "create_course"]

_LMS_COLUMNS = {"canvas": ",canvas_id", "moodle": ",moodle_id", "git": ",github", "blackboard": ",login"}


@dataclass(frozen=True)
class Step:
    """What became of one file.

    Attributes:
        path: Path of the file.
        state: "made"; "kept" if it was there; or "differs" for a notebook that was there and is not
            what its lab builds now.
    """

    path: Path
    state: Literal["made", "kept", "differs"]


def create_course(
    folder: Path, labs: Sequence[Lab], *, name: str = "", lms: str = "", labs_folder: Path = Path("labs"), dry_run: bool = False
) -> list[Step]:
    """Make what is missing in the folder of a course.

    Args:
        folder: Folder of the course, which need not exist.
        labs: Labs of the course.
        name: Name of the course, for a new `course.toml`; by default that of the folder.
        lms: Learning platform, for a new `course.toml`.
        labs_folder: Folder that holds the sources of the labs, for a new `course.toml`.
        dry_run: Whether to write nothing and only return what would be done.

    Returns:
        What became of each file, in the order in which they are written.

    Raises:
        CourseError: There is a `course.toml` that is not valid, or a file cannot be written.
    """
    folder = Path(folder).resolve()
    if (folder / COURSE_FILE).exists():
        load_course(folder)
    try:
        texts = {
            COURSE_FILE: _settings(name or folder.name, lms, _from(folder, labs_folder), labs),
            "roster.csv": f"id,first_name,last_name,email{_LMS_COLUMNS.get(lms, '')}\n",
            "nbgrader_config.py": _nbgrader_config(folder.name),
        }
        steps = [_make(folder / file, partial(write_text, folder / file, text), dry_run) for file, text in texts.items()]
        secret = folder / OF_THE_COURSE
        steps.append(_make(secret, partial(make_secret, secret), dry_run))
        return steps + [step for lab in labs for step in _notebooks(lab, folder, dry_run)]
    except OSError as error:
        raise CourseError(
            f"{folder}: the course cannot be written ({error.strerror or error}); make room or grant access, and run the same "
            f"command again: what is there is kept"
        ) from error


def _make(path: Path, write: Callable[[], None], dry_run: bool) -> Step:
    if os.path.lexists(path):
        return Step(path, "kept")
    if not dry_run:
        write()
    return Step(path, "made")


def _notebooks(lab: Lab, folder: Path, dry_run: bool) -> Iterator[Step]:
    for path, notebook in course_notebooks(lab, folder).items():
        step = _make(path, partial(write_notebook, notebook, path), dry_run)
        yield Step(path, "differs") if step.state == "kept" and is_stale(notebook, path) else step


def _from(folder: Path, other: Path) -> str:
    """Return the path of another folder: relative where both lie in one folder, so that they can be moved together."""
    other = other.resolve()
    near = other.is_relative_to(folder.parent) and folder.parent != folder
    return Path(os.path.relpath(other, folder)).as_posix() if near else other.as_posix()


def _settings(name: str, lms: str, labs_folder: str, labs: Sequence[Lab]) -> str:
    sections = "".join(f"\n[labs.{lab.id}]\n# due = 2026-11-20T23:59:00+01:00\n" for lab in labs)
    return f"""# The settings of this course. Every command of `autograder` that is run in this folder reads them.
name = {_quoted(name)}
lms = {_quoted(lms)}  # one of {", ".join(filter(None, LMS))}, or "" for none
labs_folder = {_quoted(labs_folder)}  # the sources of the labs, with their solutions
roster = "roster.csv"  # the students
# timezone = "Europe/Berlin"  # of due dates without a zone of their own
# gradebook = "postgresql://me@host/course"  # by default gradebook.db in this folder

# What late work loses: so many percent of its points per started day after the due date and the grace time.
[late]
percent_per_day = 0
grace_minutes = 0
max_percent = 100

# The labs of the course. A lab without a due date is never late.
{sections}"""


def _quoted(text: str) -> str:
    if not text.isprintable():
        raise CourseError(f"{text!r}: expected a text on one line, for {COURSE_FILE}")
    return json.dumps(text, ensure_ascii=False)


def _nbgrader_config(name: str) -> str:
    course_id = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_") or "course"
    return f"""# What nbgrader reads in this folder, for formgrader and its own commands.
from pathlib import Path

from autograder.course.config import load_course
from autograder.reporting.formgrader import read_again_for_each_request

read_again_for_each_request()  # formgrader then shows marks that were recorded since JupyterLab was started
c = get_config()  # noqa: F821  nbgrader gives it
c.CourseDirectory.course_id = "{course_id}"
if url := load_course(Path(__file__).parent).gradebook:  # what course.toml names in place of gradebook.db
    c.CourseDirectory.db_url = url
"""
