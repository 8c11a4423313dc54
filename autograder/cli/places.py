"""Where `grade` and `build` read and write: what the command line says, and the folder of a course for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from autograder.cli.app import open_course
from autograder.errors import CourseError
from autograder.reporting.terminal import fail

if TYPE_CHECKING:
    from autograder.course.config import Course

__all__ = ["Places", "check_listed", "course_here", "given", "places_of"]


@dataclass(frozen=True)
class Places:
    """Where a class is graded.

    Attributes:
        submissions: Folder of the submissions, or one notebook.
        output: Folder of the results.
        labs: Folder that holds the labs.
        course: Folder of the course; None if no marks are recorded.
        gradebook: Database URL of the gradebook; "" is the one that nbgrader uses in the course.
        roster: Path of the list of students; None if there is no `course.toml` that names it.
    """

    submissions: Path
    output: Path
    labs: Path
    course: Path | None
    gradebook: str = ""
    roster: Path | None = None


def given(context: typer.Context, name: str) -> bool:
    """Whether the command line says the value of a parameter itself."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def course_here() -> Course | None:
    """The course that the current folder belongs to, or None; ends the command if its settings are not valid."""
    from autograder.course.config import COURSE_FILE, load_course

    here = Path.cwd()
    try:
        return next((load_course(folder) for folder in (here, *here.parents) if (folder / COURSE_FILE).is_file()), None)
    except CourseError as error:
        fail(error)


def check_listed(course: Course, lab: str) -> None:
    """End the command if a lab is not one of the course."""
    from autograder.course.config import COURSE_FILE

    if lab not in course.labs:
        listed = ", ".join(course.labs) or "none"
        near = get_close_matches(lab, course.labs, n=1)
        possible = re.fullmatch(r"[\w-]+", lab)
        otherwise = (
            f"Add the line [labs.{lab}] if it belongs there" if possible else "Write the id of the lab as it stands there"
        )
        advice = f"Did you mean {near[0]}?" if near else otherwise
        fail(f"{course.folder / COURSE_FILE}: no lab {lab!r}; it lists {listed}. {advice}")


def places_of(
    context: typer.Context, lab: str, submissions: Path | None, output: Path, labs: Path, course: Path | None
) -> Places:
    """Take the places from the command line, and from the course what it leaves open.

    With submissions on the command line, only the gradebook and the roster are taken from the
    `course.toml` of the course. The command ends where there are neither submissions nor a course.
    """
    from autograder.course.config import COURSE_FILE

    if submissions is not None:
        if course is None or not (course / COURSE_FILE).is_file():
            return Places(submissions, output, labs, course)
        named = open_course(course)
        return Places(submissions, output, labs, course, named.gradebook, named.roster_file)
    here = open_course(course) if course else course_here()
    if here is None:
        fail("SUBMISSIONS is missing; give the folder of the submissions, or change to the folder of a course")
    notebook = lab.endswith(".ipynb")  # of another course, which course.toml need not list
    name = Path(lab).stem if notebook else lab
    if not notebook:
        check_listed(here, name)
    if not here.submitted().is_dir():
        fail(
            f"{here.submitted()}: no such folder, because nothing was handed in yet; `autograder collect {name} DOWNLOAD` fills it "
            f"from the download of a learning platform, or put STUDENT/{name}/{name}.ipynb there yourself"
        )
    return Places(
        here.submitted(),
        output if given(context, "output") else here.graded(name),
        labs if given(context, "labs") else here.labs_folder,
        here.folder,
        here.gradebook,
        here.roster_file,
    )
