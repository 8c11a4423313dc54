"""Grade one submission in Gradescope's container, and write results.json.

`python -m autograder.gradescope prepare` is called once, when the image is built: it brings the data of
the lab into the image. `python -m autograder.gradescope run` is called for each submission. A program that
is ended from outside leaves the result that `run_autograder` wrote before it began.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from autograder.course.roster import Student
from autograder.errors import GradescopeError, UnreadableError
from autograder.files import write_text
from autograder.gradescope.handed_in import find_notebook
from autograder.gradescope.results import Results, as_text, graded, not_graded
from autograder.gradescope.settings import Settings, read_settings
from autograder.gradescope.walls import close, open_places
from autograder.grading.batch import memory_to_share
from autograder.grading.job import Job, prepare
from autograder.grading.options import Options
from autograder.grading.prepared import PreparedLab, prepare_lab
from autograder.grading.submissions.submission import Submission
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.reporting.feedback.content import page_of
from autograder.reporting.marks import HandMark, Mark
from autograder.sandbox import cgroups

__all__ = ["AGAIN", "OURS", "SECRET", "main", "prepare_image", "run"]

SECRET = "secret"  # file in the archive
AGAIN = "Hand in again. If you do not know why this happened, ask your instructor."
OURS = "This is no mistake of yours. Your work is kept; tell your instructor, who can have it graded again."
_OVERHEAD = 90.0  # seconds of the assignment's time limit that the grader itself may need
_LEAST = 30.0  # seconds that a notebook gets in any case
_PATIENCE = 2.0  # a cell may take this many times the limit of the lab, which holds for two processors


def main() -> None:
    """Do what the command line says: "prepare" or "run", and Gradescope's folder."""
    what, home = sys.argv[1], Path(sys.argv[2]).absolute()
    {"prepare": prepare_image, "run": run}[what](home)


def prepare_image(home: Path) -> None:
    """Bring the data of the lab into the image, and say how submissions will run.

    Args:
        home: Gradescope's folder.

    Raises:
        AutograderError: The archive is not whole, or the data cannot be had.
    """
    settings, lab, options = _unpacked(home)
    prepared = prepare_lab(lab, options)
    print(f"{lab.id}: data {settings.data or 'none'}, isolation of student processes: {prepared.environment.level}")


def run(home: Path) -> None:
    """Grade the submission that lies in Gradescope's folder; whatever happens, write whole results.

    What the instructor should know goes to standard output, which Gradescope shows to staff only.

    Args:
        home: Gradescope's folder.
    """
    began = time.monotonic()
    try:
        settings, lab, options = _unpacked(home)
    except Exception:
        # Who the lab is, is not known: the result that lies there already says what to do.
        traceback.print_exc(file=sys.stdout)
        return

    def seconds() -> float:
        return time.monotonic() - began

    points = sum(test.points for test in lab.of("tests"))
    try:
        close(home)
        _report_metadata(home, points)
        made = _graded(home, settings, lab, options, seconds)
    except UnreadableError as error:
        print(error)
        made = not_graded(lab.settings.title, str(error), AGAIN, points, seconds())
    except Exception:
        traceback.print_exc(file=sys.stdout)
        made = not_graded(lab.settings.title, "The grader itself failed.", OURS, points, seconds())
    write_text(home / "results" / "results.json", as_text(made))


def _unpacked(home: Path) -> tuple[Settings, Lab, Options]:
    """Read the archive."""
    source = home / "source"
    settings = read_settings(source)
    secret = (source / SECRET).read_text(encoding="utf-8").strip()
    if not secret:
        raise GradescopeError(f"{source / SECRET}: expected the secret of the course; make the archive anew and upload it")
    options = Options(settings.data, settings.fast, settings.seed, secret=secret)
    return settings, load_lab(source / "labs" / settings.lab), options


def _graded(home: Path, settings: Settings, lab: Lab, options: Options, seconds: Callable[[], float]) -> Results:
    """Grade the submission. Raises UnreadableError if there is none."""
    notebook, notes = find_notebook(home / "submission", lab)
    prepared = _in_this_container(prepare_lab(lab, options), settings)
    print(f"isolation: {prepared.environment.level}; {cgroups.processors():g} processors; limits: {prepared.limits}")
    if places := open_places(home, prepared):
        raise GradescopeError(
            f"a student's code could open {', '.join(places[:5])} ({len(places)} places in all); nobody was graded. Let the container "
            "run as root, or on a kernel with Landlock or user namespaces"
        )
    job = prepare(prepared, notebook, "submission", own_folder=True, pictures=False)
    verdict = job if isinstance(job, Verdict) else job.run(contended="believe")
    print(json.dumps(asdict(verdict), ensure_ascii=False, indent=1))
    if verdict.status == "unreadable":
        raise UnreadableError(verdict.message)
    work = job.work if isinstance(job, Job) else None
    return graded(page_of(_mark(verdict, lab), lab, work), lab, verdict, settings, [*notes, *_repaired(work)], seconds())


def _in_this_container(prepared: PreparedLab, settings: Settings) -> PreparedLab:
    """Return the lab with limits that end a notebook before Gradescope ends the container.

    Limits count the time in which a notebook could run, so with half a processor they hold for half the time.
    """
    limits, processors = prepared.limits, min(1.0, cgroups.processors())
    notebook = max(_LEAST, (60 * settings.minutes - _OVERHEAD) * processors)
    cell = min(_PATIENCE * limits.cell_seconds, notebook / 2)
    threads = max(1, int(cgroups.processors()))
    environment = replace(prepared.environment, memory_mb=memory_to_share() >> 20, threads=threads)
    return replace(prepared, limits=replace(limits, cell_seconds=cell, notebook_seconds=notebook), environment=environment)


def _mark(verdict: Verdict, lab: Lab) -> Mark:
    """Return the mark as far as it is known here: people mark the questions, and Gradescope knows the lateness."""
    grade_ids = {cell.name: cell.grade_id for cell in lab.by_hand}
    waiting = tuple(HandMark(grade_ids[one.name], None, one.points, "") for one in verdict.written if one.answered)
    return Mark(Student("you"), verdict, waiting, lab.points, 0, 0.0)


def _repaired(work: Submission | None) -> list[str]:
    """Return what was repaired in the notebook, in words that a student may see."""
    shown = ("recovered", "duplicated", "moved", "missing", "edited", "outdated")
    return [flag.message for flag in work.flags if flag.kind in shown] if work else []


def _report_metadata(home: Path, points: float) -> None:
    """Print what the instructor should know about the submission and the assignment."""
    path = home / "submission_metadata.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        total = said["assignment"]["total_points"]
        print(
            f"submission {said.get('id')}, handed in {said.get('created_at')}, {len(said.get('previous_submissions') or ())} before it"
        )
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        print(f"{path}: not read ({type(error).__name__}: {error}); the submission is graded without it")
        return
    if _differs(total, points):
        print(
            f"NOTE the assignment is out of {total} points in Gradescope, and the tests of the lab give {points:g}; Gradescope scales "
            "nothing: set the points of the autograder there"
        )


def _differs(total: object, points: float) -> bool:
    try:
        return abs(float(str(total)) - points) > 1e-6
    except ValueError:
        return False
