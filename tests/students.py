"""The labs as a student has them, without the grader: released, filled with the reference and run from top to bottom.

Run as `python -m tests.students [LAB…]`, on any system: drawn data, reduced budget, a process per lab, the way of `coursekit.submission`.
A lab holds if no cell fails, and with that no check that students see. The exit status is 1 if one does not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.authoring.demo import reference_sources, solve
from autograder.labs.source import find_labs, load_lab
from coursekit.submission.run import run_fresh

__all__ = ["main", "problems"]

LABS = Path(__file__).parents[1] / "labs"
SECONDS = 1800.0


def main(names: Sequence[str]) -> int:
    """Run labs, print what failed, and return the exit status."""
    os.environ["COURSEKIT_DATA"] = "drawn"
    failed = False
    for folder in [LABS / name for name in names] or find_labs(LABS):
        found = problems(folder)
        failed |= bool(found)
        print(f"{folder.name}: {'runs' if not found else 'fails'}", *found, sep="\n  ", flush=True)
    return int(failed)


def problems(folder: Path) -> list[str]:
    """Run the lab in a folder and return a line for each cell that failed."""
    lab = load_lab(folder)
    notebook = solve(lab, reference_sources(lab), fast=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        for name, path in lab.beside:
            shutil.copyfile(path, Path(scratch, name))
        run = run_fresh(notebook, Path(scratch), SECONDS)
    said = [f"cell {index}: {error}" for index, error in run.errors.items() if error]
    return [*said, *([run.problem] if run.problem else [])]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
