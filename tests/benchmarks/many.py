"""How the cost of a submission and the grader's memory grow up to a class of 10,000, and what a second worker of a cluster brings.

Run as `python -m tests.benchmarks.many [--students 10000] [--cluster 200]`. Small submissions to the toy lab of the tests, graded by
`autograder grade`, so that result files and the terminal are part of it. The aims: a cost that is flat to 1.1 times, flat memory, and two
workers that are 1.8 times as fast as one, each on a core of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

from autograder.grading.batch import find_submissions, grade_class
from autograder.labs.model import Lab
from autograder.labs.source import load_lab
from tests.benchmarks.grading import submitted

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "autograder" / "toylab"
FEW = 100


def grade(lab: Lab, students: int) -> tuple[float, float, int, int]:
    """Seconds, the most memory of the grader itself in MB, bytes of its result files, and lines that it printed."""
    with submitted(lab, students) as course, tempfile.TemporaryDirectory() as out:
        program = [sys.executable, "-m", "autograder", "grade", str(TOY), str(course / "submitted"), "-o", out]
        started = time.perf_counter()
        with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
            peak: list[float] = [0.0]
            threading.Thread(target=watch, args=(running.pid, peak), daemon=True).start()
            printed, _ = running.communicate()
        seconds = time.perf_counter() - started
        graded = len(pd.read_csv(Path(out, "grades.csv")))
        if graded != students:
            raise SystemExit(f"expected {students} rows in grades.csv, found {graded}: {printed[-500:]}")
        size = sum(path.stat().st_size for path in Path(out).iterdir() if path.is_file())
        return seconds, peak[0], size, printed.count("\n")


def watch(pid: int, peak: list[float]) -> None:
    """Note the most memory that a process holds, until it ends."""
    try:
        process = psutil.Process(pid)
        while True:
            peak[0] = max(peak[0], process.memory_info().rss / 2**20)
            time.sleep(1)
    except psutil.Error:
        return


def pin(dask_worker: Any) -> None:
    """Keep a worker, and all processes that it starts from now on, on a core of its own."""
    cores = sorted(os.sched_getaffinity(0))
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {cores[int(dask_worker.name) % len(cores)]})


def cluster_seconds(lab: Lab, students: int, workers: int) -> float:
    """Seconds of a class on a cluster of workers that run one notebook at a time each, as machines of one core would."""
    from distributed import Client, LocalCluster

    with submitted(lab, students) as course:
        found = find_submissions(course, lab.id)
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as running:
            with Client(running) as client:
                client.run(pin)
            grade_class(lab, found[:workers], dask=running.scheduler_address)  # the workers' imports
            started = time.perf_counter()
            grade_class(lab, found, dask=running.scheduler_address)
            return time.perf_counter() - started


def main(students: int, cluster: int) -> None:
    """Print one line per class, then the cluster."""
    os.environ["COURSEKIT_DATA"] = "drawn"
    lab, costs = load_lab(TOY), []
    for count in (FEW, students // 10, students):
        seconds, peak, size, lines = grade(lab, count)
        costs.append(seconds / count)
        print(
            f"{count} submissions: {seconds:.0f} s, {1000 * costs[-1]:.0f} ms each; the grader itself at most {peak:.0f} MB, "
            f"results {size / 2**20:.1f} MB, {lines} lines printed",
            flush=True,
        )
    print(f"growth={costs[2] / costs[1]:.2f}")
    one, two = cluster_seconds(lab, cluster, 1), cluster_seconds(lab, cluster, 2)
    print(f"cluster: {cluster} submissions in {one:.1f} s by one worker, {two:.1f} s by two: {one / two:.2f} times as fast")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=10_000)
    parser.add_argument("--cluster", type=int, default=200, help="submissions of the class that a cluster grades")
    arguments = parser.parse_args()
    main(arguments.students, arguments.cluster)
