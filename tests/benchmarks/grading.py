"""The engine against stock nbgrader on the same submissions in the same run, and how its cost grows with the class.

Run as `python -m tests.benchmarks.grading [--quick]`. Drawn data, full budget, both graders one after the other on all cores:
24 submissions of lab 1 (importing Keras is most of the work), 12 of lab 2 (training is), then small ones, 10 and 1,000.
efficiency: processor seconds of students' own code, in cells and in functions that tests call, out of those that the machine
had. Memory is what our grader, its fork server and all its processes hold together at most, each page counted once (PSS).
--quick: a quarter of each, to try it out.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import psutil

from autograder.authoring.demo import reference_sources, solve
from autograder.grading.batch import find_submissions, grade_class
from autograder.grading.cache import ResultCache
from autograder.grading.environment import isolation
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from autograder.notebooks.io import write_notebook
from autograder.notebooks.release import build
from tests.stock import stock_marks

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
CORES = os.cpu_count() or 1
CHANGED = "gate_or"  # a test of lab 1


def main(quick: bool) -> None:
    os.environ["COURSEKIT_DATA"] = "drawn"
    share = 4 if quick else 1
    first, second = load_lab(ROOT / "labs" / "lab01_perceptron"), load_lab(ROOT / "labs" / "lab02_mlp")
    toy = load_lab(ROOT / "tests" / "autograder" / "toylab")
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "nbgrader"))
    print(f"{CORES} cores, Python {platform.python_version()}, {packages}; isolation {isolation()}")
    ratio, _ = compare(first, 24 // share)
    _, efficiency = compare(second, 12 // share)
    again(first, 24 // share)
    growth = grow(toy, 10, 1000 // share)
    print(f"ratio={ratio:.1f} efficiency={efficiency:.2f} peak_mb={PEAK.mb:.0f} growth={growth:.2f}")


def compare(lab: Lab, count: int) -> tuple[float, float]:
    """How many times faster than stock nbgrader, and the share of the machine that students' cells had."""
    with submitted(lab, count) as course:
        ours, seconds = timed_class(lab, course)
        started = time.perf_counter()
        theirs = stock_marks(course, lab.id)
        stock = time.perf_counter() - started
    marks = {(verdict.submission, f"test_{test.name}"): test.earned for verdict in ours for test in verdict.tests}
    if marks != theirs:
        raise SystemExit(f"{lab.id}: the two graders give other marks: {set(marks.items()) ^ set(theirs.items())}")
    efficiency = sum(verdict.cpu_seconds for verdict in ours) / (seconds * CORES)
    print(
        f"{lab.id}: {count} submissions, engine {seconds:.1f} s ({60 * count / seconds:.0f} a minute), "
        f"stock nbgrader {stock:.1f} s ({60 * count / stock:.0f} a minute), ratio {stock / seconds:.1f}, efficiency {efficiency:.2f}"
    )
    return stock / seconds, efficiency


def again(lab: Lab, count: int) -> None:
    """What grading once more costs when nothing changed, and when one hidden test did."""
    with submitted(lab, count) as course:
        keep = ResultCache(course / "kept")
        _, first = timed_class(lab, course, keep)
        _, second = timed_class(lab, course, keep)
        _, third = timed_class(with_changed_test(lab), course, keep)
    print(
        f"{lab.id}: unchanged work again {second:.2f} s, {first / second:.0f} times faster than the first time; "
        f"after a change of {CHANGED!r}, which calls no function, {third:.2f} s, {first / third:.0f} times faster"
    )


def with_changed_test(lab: Lab) -> Lab:
    """The lab with one line more in a hidden test that looks at values only."""
    cells = tuple(
        replace(cell, source=cell.source + "\nassert True") if cell.role == "tests" and cell.name == CHANGED else cell
        for cell in lab.cells
    )
    return replace(lab, cells=cells)


def grow(lab: Lab, few: int, many: int) -> float:
    """Seconds a submission in a large class, as a share of those in a small one."""
    costs = []
    for count in (few, many):
        with submitted(lab, count) as course:
            _, seconds = timed_class(lab, course)
        costs.append(seconds / count)
        own = psutil.Process().memory_info().rss / 2**20
        print(f"{lab.id}: {count} small submissions, {1000 * costs[-1]:.0f} ms each; the grader itself holds {own:.0f} MB")
    return costs[1] / costs[0]


def timed_class(
    lab: Lab, course: Path, keep: ResultCache | None = None, options: Options | None = None
) -> tuple[list[Verdict], float]:
    found = find_submissions(course, lab.id)
    with PEAK:
        started = time.perf_counter()
        verdicts = grade_class(lab, found, options or Options(), keep=keep)
        return verdicts, time.perf_counter() - started


@contextmanager
def submitted(lab: Lab, count: int) -> Iterator[Path]:
    """A course with `count` submissions, no two alike: right answers and wrong ones in turn."""
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        build(lab, folder)
        reference = reference_sources(lab)
        for number in range(count):
            answer = lab.answers[number * 7 % len(lab.answers)]
            sources = {**reference, answer.exercise: answer.source}
            last = list(sources)[-1]
            sources[last] += f"\n# the work of student {number}"
            path = folder / "submitted" / f"student{number:04d}" / lab.id / f"{lab.id}.ipynb"
            write_notebook(solve(lab, sources), path)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Peak:
    """The most memory that this process and its descendants held together while it was open, in MB.

    A look costs processor time, which those that are timed then lack: so it takes a hundredth of it at most.
    """

    def __init__(self) -> None:
        self.mb = 0.0
        self._over = threading.Event()

    def __enter__(self) -> Peak:
        self._over.clear()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        pause = 1.0
        while not self._over.wait(pause):
            started, me = time.thread_time(), psutil.Process()
            self.mb = max(self.mb, sum(_pss(process) for process in (me, *me.children(recursive=True))) / 2**20)
            pause = max(1.0, 100 * (time.thread_time() - started))


PEAK = Peak()


def _pss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().pss)
    except psutil.Error:
        return 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    main(parser.parse_args().quick)
