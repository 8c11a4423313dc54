"""What stock nbgrader gives known submissions, written down as `marks.csv` in each topic's folder.

Run as `python -m tests.foreign.measure [TOPIC…]` after a change of a notebook or of its submissions. Runs nbgrader alone, so
that the marks which tests expect of the engine come from elsewhere.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.foreign.courses import known_work, release_of
from tests.foreign.topics import Topic, topics
from tests.stock import stock_grades

__all__ = ["main"]


def main(names: list[str]) -> None:
    chosen = [topic for topic in topics() if not names or topic.name in names]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for topic, failed in zip(chosen, pool.map(measure, chosen), strict=True):
            print(f"{topic.name}: {failed or 'measured'}", flush=True)


def measure(topic: Topic) -> dict[str, str]:
    """Write the topic's marks; return what nbgrader could not grade."""
    with tempfile.TemporaryDirectory(prefix="measure-") as place:
        notebook = known_work(topic, Path(place))
        release_of(Path(place), topic.name)
        grades, failed = stock_grades(Path(place), topic.name)
    cells = [c.metadata.nbgrader for c in notebook.cells if "points" in c.metadata.get("nbgrader", {})]
    students = sorted({student for student, _, _ in grades}, key=["reference", "release", *(k.name for k in topic.known)].index)
    with (topic.folder / "marks.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["cell", "points", *students])
        for facts in cells:
            marks = [grades[student, topic.name, facts.grade_id] for student in students]
            row = ["by hand" if mark is None else f"{mark:g}" for mark in marks]
            table.writerow([facts.grade_id, f"{facts.points:g}", *row])
    return failed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", nargs="*")
    main(parser.parse_args().topics)
