"""How long the verdicts of a large class take into the gradebook, and whether the last ones take longer than the first.

Run as `python -m tests.benchmarks.recording [--students 2000]`. The class has made-up verdicts on lab 2 and real notebooks. The
time for reading them is not counted, because grading reads them in any case. The aim is 2,000 in under 60 s. A second time, when
nothing changed, is measured too. Growth is what one verdict takes in the last quarter against the first: parts of one run, because
the speed of a machine changes from run to run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from itertools import pairwise
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

PARTS = 8


def measure(lab: Lab, released: str, students: int) -> tuple[list[float], list[float]]:
    """Seconds of each verdict in a first recording, and in a second one that finds everything up to date."""
    with tempfile.TemporaryDirectory() as made:
        course = Path(made)
        build(lab, course)
        verdicts = verdicts_of(lab, students)
        for i, verdict in enumerate(verdicts):
            write_text(submitted(course, verdict), notebook_of(lab, released, i))
        return recording_seconds(lab, course, verdicts), recording_seconds(lab, course, verdicts)


def submitted(course: Path, verdict: Verdict) -> Path:
    return course / "submitted" / verdict.submission / LAB / f"{LAB}.ipynb"


def recording_seconds(lab: Lab, course: Path, verdicts: list[Verdict]) -> list[float]:
    """Seconds from each verdict, whose notebook was read before, until it is in the gradebook."""
    spent = []
    with Recorder(lab, course, [verdict.submission for verdict in verdicts]) as recorder:
        for verdict in verdicts:
            path = submitted(course, verdict)
            work = read_submission(lab, path, pictures=True)
            complete = replace(verdict, written=tuple(written_questions(lab, work)))
            started = time.perf_counter()
            recorder.add(complete, work, path)
            done = recorder.recorded()
            spent.append(time.perf_counter() - started)
    if len(done.submissions) != len(verdicts):
        raise SystemExit(f"expected {len(verdicts)} recorded submissions, found {len(done.submissions)}: {dict(done.refused)}")
    return spent


def main(students: int) -> None:
    lab = load_lab(LABS / LAB)
    released = json.dumps(release_notebook(lab))
    measure(lab, released, 5)  # imports and the tables of the database
    first, second = measure(lab, released, students)
    bounds = [students * part // PARTS for part in range(PARTS + 1)]
    parts = [sum(first[low:high]) for low, high in pairwise(bounds)]
    quarter = PARTS // 4
    growth = sum(parts[-quarter:]) / sum(parts[:quarter])
    print(f"{students} verdicts: {sum(first):.1f} s, again {sum(second):.1f} s; growth={growth:.2f}")
    print(f"each {PARTS}th of them: {', '.join(f'{seconds:.1f}' for seconds in parts)} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=2000)
    main(parser.parse_args().students)
