"""Processor time that `autograder grade` spends on one small notebook beside the student's own code.

Run as `python -m tests.benchmarks.startup [--runs 5]`. The command runs in a process of its own, on the toy lab of the tests, without and
then with results in its cache. The aim is 6 s at most.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.labs.source import load_lab
from tests.benchmarks.grading import submitted

__all__ = ["main"]

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "autograder" / "toylab"


def processor_seconds(arguments: list[str], **variables: str) -> float:
    """Processor seconds of a command and of all processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "COURSEKIT_DATA": "drawn", **variables}
    subprocess.run(arguments, cwd=ROOT, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def grade(submission: Path, out: Path) -> tuple[float, float]:
    """Processor seconds beside the student's code, of which the second number is not part."""
    program = [sys.executable, "-m", "autograder", "grade", str(TOY), str(submission), "-o", str(out)]
    spent = processor_seconds(program)
    verdicts = json.loads((out / "verdicts.json").read_text())
    student = sum(verdict["cpu_seconds"] for verdict in verdicts["verdicts"])
    return spent - student, student


def main(runs: int) -> None:
    """Print the medians."""
    plain = statistics.median(processor_seconds([sys.executable, "-c", "pass"]) for _ in range(runs))
    help_text = statistics.median(
        processor_seconds([sys.executable, "-m", "autograder", "grade", "--help"]) for _ in range(runs)
    )
    first, again = [], []
    with submitted(load_lab(TOY), 1) as course:
        notebook = next(course.glob("submitted/*/*/*.ipynb"))
        for _ in range(runs):
            out = Path(tempfile.mkdtemp(dir=course))
            first.append(grade(notebook, out)[0])
            again.append(grade(notebook, out)[0])
            shutil.rmtree(out)
    print(f"python -c pass: {plain:.2f} s; autograder grade --help: {help_text:.2f} s")
    spread = f"{min(first):.2f} to {max(first):.2f}"
    print(f"grade: {statistics.median(first):.2f} s ({spread}); unchanged work again: {statistics.median(again):.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    main(parser.parse_args().runs)
