"""How long the verdicts of a large class take into the gradebook, and how that grows with the class.

Run as `python -m tests.benchmarks.recording [--students 2000]`. The class has made-up verdicts on lab 2 and real notebooks. The
time for reading them is not counted, because grading reads them in any case. The aim is 2,000 in under 60 s. A second time, when
nothing changed, is measured too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from autograder.files import write_text
from autograder.grading.scoring import written_questions
from autograder.grading.submissions.reading import read_submission
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.release import build, release_notebook
from autograder.reporting.gradebook import Recorder
from tests.benchmarks.reporting import LAB, LABS, notebook_of, verdicts_of

__all__ = ["main"]

FEW = 200


def measure(lab: Lab, released: str, students: int) -> tuple[float, float]:
    """Seconds of the first recording, and of a second one that finds everything up to date."""
    with tempfile.TemporaryDirectory() as made:
        course = Path(made)
        build(lab, course)
        verdicts = verdicts_of(lab, students)
        for i, verdict in enumerate(verdicts):
            write_text(submitted(course, verdict), notebook_of(lab, released, i))
        return recording_seconds(lab, course, verdicts), recording_seconds(lab, course, verdicts)


def submitted(course: Path, verdict: Verdict) -> Path:
    return course / "submitted" / verdict.submission / LAB / f"{LAB}.ipynb"


def recording_seconds(lab: Lab, course: Path, verdicts: list[Verdict]) -> float:
    """Seconds from each verdict, whose notebook was read before, until it is in the gradebook."""
    spent = 0.0
    with Recorder(lab, course, [verdict.submission for verdict in verdicts]) as recorder:
        for verdict in verdicts:
            path = submitted(course, verdict)
            work = read_submission(lab, path, pictures=True)
            complete = replace(verdict, written=tuple(written_questions(lab, work)))
            started = time.perf_counter()
            recorder.add(complete, work, path)
            done = recorder.recorded()
            spent += time.perf_counter() - started
    if len(done.submissions) != len(verdicts):
        raise SystemExit(f"expected {len(verdicts)} recorded submissions, found {len(done.submissions)}: {dict(done.refused)}")
    return spent


def main(students: int) -> None:
    lab = load_lab(LABS / LAB)
    released = json.dumps(release_notebook(lab))
    measure(lab, released, 5)  # imports and the tables of the database
    few, _ = measure(lab, released, FEW)
    many, again = measure(lab, released, students)
    growth = (many / students) / (few / FEW)
    print(f"{students} verdicts: {many:.1f} s, again {again:.1f} s; {FEW} verdicts: {few:.1f} s; growth={growth:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2000)
    main(parser.parse_args().students)
