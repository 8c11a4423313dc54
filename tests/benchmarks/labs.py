"""What a class of each lab costs: seconds, memory, and where the processor's time goes.

Run as `python -m tests.benchmarks.labs [LAB…] [--students 6] [--full]`. Drawn data. Right and wrong answers in turn, no two submissions
alike. Of the processor seconds that the machine has while the class is graded,

- students: went to the students' own code, in cells and in functions that tests call;
- examiner: went to every other process, that is imports, tests, copying values to and fro, and to whatever else the machine did;
- grader: went to the process that a person started;
- idle: went to nobody.

"efficiency" is the first share.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
from importlib.metadata import version
from pathlib import Path

import psutil

from autograder.grading.environment import isolation
from autograder.grading.options import Options
from autograder.labs.source import load_lab
from tests.benchmarks.grading import CORES, PEAK, submitted, timed_class

__all__ = ["main"]

LABS = Path(__file__).parents[2] / "labs"


def busy_seconds() -> tuple[float, float]:
    """Processor seconds of this process, and of the whole machine. The processes that grade live on, so it cannot be asked of them."""
    own, machine = resource.getrusage(resource.RUSAGE_SELF), psutil.cpu_times()
    return own.ru_utime + own.ru_stime, sum(machine) - machine.idle - machine.iowait - machine.guest - machine.guest_nice


def measure(folder: Path, students: int, full: bool) -> str:
    """One row of the table."""
    lab = load_lab(folder)
    with submitted(lab, students) as course:
        before = busy_seconds()
        verdicts, seconds = timed_class(lab, course, options=Options(data="drawn", fast=not full))
        own, machine = (after - earlier for after, earlier in zip(busy_seconds(), before, strict=True))
    student, available = sum(verdict.cpu_seconds for verdict in verdicts), seconds * CORES
    shares = [100 * part / available for part in (student, machine - own - student, own, available - machine)]
    budget = "full" if full else "reduced"
    cells = [
        lab.id,
        budget,
        f"{seconds:.1f}",
        f"{60 * students / seconds:.1f}",
        *(f"{share:.0f} %" for share in shares),
        f"{PEAK.mb:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def main(names: list[str], students: int, full: bool) -> None:
    os.environ["COURSEKIT_DATA"] = "drawn"
    packages = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    print(
        f"{CORES} cores, Python {platform.python_version()}, {packages}; isolation {isolation()}; {students} submissions a lab"
    )
    print(
        "| lab | budget | seconds | a minute | students | examiner | grader | idle | peak MB |\n|---|---|---|---|---|---|---|---|---|"
    )
    for folder in sorted(LABS.iterdir()):
        if (folder / "lab.toml").exists() and (not names or folder.name in names):
            PEAK.mb = 0.0
            print(measure(folder, students, full), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", metavar="LAB")
    parser.add_argument("--students", type=int, default=6)
    parser.add_argument("--full", action="store_true", help="the labs' full budget")
    arguments = parser.parse_args()
    main(arguments.labs, arguments.students, arguments.full)
