"""Whatever process is killed at whatever moment, the same command goes on to the same gradebook."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.model import Lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import build

# The numbers are small in a quick run; `make nightly` sets EVERY_STUDENT.
STUDENTS, MOMENTS = (50, 20) if "EVERY_STUDENT" in os.environ else (12, 4)
Marks = dict[str, list[tuple[str, float | None, bool]]]


def make_course(lab: Lab, course: Path) -> None:
    """A course with a class, no two submissions alike: right answers and wrong ones in turn."""
    build(lab, course)
    reference = reference_sources(lab)
    for number in range(STUDENTS):
        answer = lab.answers[number % len(lab.answers)]
        sources = {**reference, answer.exercise: f"{answer.source}\n# by student {number}"}
        write_notebook(solve(lab, sources), course / "submitted" / f"student{number:02}" / lab.id / f"{lab.id}.ipynb")


def command(lab: Lab, course: Path) -> list[str]:
    grade = [
        sys.executable,
        "-c",
        "from autograder.cli import app; app()",
        "grade",
        lab.id,
        str(course),
        "--labs",
        str(lab.folder.parent),
    ]
    return [*grade, "-o", str(course / "out"), "--course", str(course)]


def marks(lab: Lab, course: Path) -> Marks:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "default_course") as gradebook:
        submissions = gradebook.assignment_submissions(lab.id)
        return {
            submission.student_id: sorted(
                (g.name, g.auto_score, g.needs_manual_grade) for n in submission.notebooks for g in n.grades
            )
            for submission in submissions
        }


def strike(grader: psutil.Popen, kind: str, dice: random.Random) -> None:
    """Kill the grader with all that belongs to it, its fork server, or one process that runs a notebook or its tests."""
    with suppress(psutil.Error, ProcessLookupError):
        warm = [process for process in grader.children() if "autograder.worker.forkserver" in process.cmdline()]
        if kind == "fork server" and warm:
            warm[0].kill()
        elif kind == "notebook" and warm and (running := warm[0].children(recursive=True)):
            dice.choice(running).kill()
        elif kind == "grader":
            os.kill(grader.pid, signal.SIGKILL)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_at_any_moment_it_goes_on_to_the_gradebook_of_an_undisturbed_run(toy: Lab, tmp_path: Path) -> None:
    make_course(toy, tmp_path / "calm")
    shutil.copytree(tmp_path / "calm", tmp_path / "struck")
    started = time.monotonic()
    subprocess.run(command(toy, tmp_path / "calm"), check=True, capture_output=True)
    seconds = time.monotonic() - started
    dice = random.Random(STUDENTS)
    for moment in range(MOMENTS):
        grader = psutil.Popen(
            command(toy, tmp_path / "struck"), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        kind = ("grader", "notebook", "fork server", "grader")[moment % 4]
        with suppress(psutil.TimeoutExpired):
            grader.wait(dice.uniform(0.3, 1.0) * seconds)
        strike(grader, kind, dice)
        grader.wait()
    subprocess.run(command(toy, tmp_path / "struck"), check=True, capture_output=True)
    expected = marks(toy, tmp_path / "calm")
    assert len(expected) == STUDENTS
    assert len({tuple(found) for found in expected.values()}) > 3
    assert marks(toy, tmp_path / "struck") == expected
