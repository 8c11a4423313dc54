"""`python -m tests.gpu`: the labs on the GPU of this machine beside its CPU, as one table.

    python -m tests.gpu                                    all labs, one of 12 known answers, a class of 12
    python -m tests.gpu --lab lab02_mlp --answers 4 --students 6 --slots 2 --output table.md

Runs on the backend that KERAS_BACKEND names, without a network, and needs Keras, NumPy, pandas, matplotlib, SciPy, scikit-learn, IPython
and one backend, nothing else; it says what it lacks. Without a GPU it says so, and gives the column of the CPU. Data are drawn, budgets
reduced. The accuracy is the lab's own figure: percent, or the error of a regression in lab 3. The exit status is 1 if a mark is not as
expected or differs between the two, 2 if the labs cannot be run here.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tests.gpu import percent

if TYPE_CHECKING:
    from autograder.labs.model import Lab
    from tests.gpu.table import Row

__all__ = ["lacking", "main"]

LABS = Path(__file__).parents[2] / "labs"
NEEDED = ("keras", "numpy", "pandas", "matplotlib", "scipy", "sklearn", "IPython", "psutil")
# Packages of the project that a machine without a network may lack, and what this command does without them.
SPARE = {
    "jupytext": "lab.py is read by tests.gpu.percent",
    "nbformat": "no notebook is read: cells come from lab.py",
    "rapidfuzz": "no damaged notebook is mended",
    "pooch": "nothing is downloaded: data are drawn",
    "platformdirs": "data are kept in a temporary folder",
}
_FIND = "import json; from coursekit import _gpus; print(json.dumps(_gpus.names({!r})))"


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for and return the exit status."""
    asked = _parser().parse_args(arguments)
    if strangers := [lab for lab in asked.lab if not (LABS / lab / "lab.py").exists()]:
        print(f"there is no lab {', '.join(strangers)} in {LABS}", file=sys.stderr)
        return 2
    missing, spared = lacking()
    if missing:
        print(f"not installed, and needed: {', '.join(missing)}", file=sys.stderr)
        return 2
    for name in spared:
        print(f"{name} is not installed: {SPARE[name]}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSEKIT_DATA"] = "drawn"
        if "platformdirs" in spared:
            os.environ.setdefault("COURSEKIT_CACHE", folder)
        return _measure(asked)


def lacking() -> tuple[list[str], list[str]]:
    """Return the packages that are needed and not installed, and those that this command does without."""
    return [name for name in NEEDED if not find_spec(name)], [name for name in SPARE if not find_spec(name)]


def _measure(asked: argparse.Namespace) -> int:
    from autograder.errors import AutograderError
    from autograder.labs.source import find_labs, load_lab
    from tests.gpu.table import differences, table

    folders = [LABS / name for name in asked.lab] or find_labs(LABS)
    labs = [load_lab(folder, read=None if find_spec("jupytext") else percent.read) for folder in folders]
    rows: list[Row] = []
    try:
        number = _say_machine()
        for row in _rows(labs, asked, number):
            rows.append(row)
            print(table([row]).splitlines()[2], flush=True)
    except AutograderError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"\n{table(rows)}")
    if asked.output:
        asked.output.write_text(table(rows) + "\n", encoding="utf-8")
    return int(any(differences(row) for row in rows))


def _say_machine() -> str:
    """Say what this machine has, and return the number of the GPU to use, "" without one."""
    from autograder import sandbox
    from autograder.grading.environment import gpus
    from coursekit._versions import called, package_version
    from coursekit.session import chosen_backend

    backend = chosen_backend()
    # In a process of its own: this one forks no student process, and still leaves the memory of the GPU to them.
    found = subprocess.run([sys.executable, "-c", _FIND.format(backend)], capture_output=True, text=True, check=False)
    names = json.loads(found.stdout.splitlines()[-1]) if found.returncode == 0 else []
    print(
        f"Python {platform.python_version()}, Keras {package_version('keras')} on {called(backend)} {package_version(backend)}, "
        f"{os.cpu_count()} cores, isolation {sandbox.strongest()}"
    )
    if found.returncode:
        print(f"{called(backend)} could not be asked for GPUs: {found.stderr.strip().splitlines()[-1]}")
    numbers = gpus()
    if names and numbers:
        print(f"GPU: {', '.join(names)}")
        return numbers[0]
    print("no GPU was found: only the CPU is measured")
    return ""


def _rows(labs: Sequence[Lab], asked: argparse.Namespace, gpu: str) -> Iterator[Row]:
    from tests.gpu.measuring import answers, class_of, grade, reference
    from tests.gpu.table import Row

    cores = os.cpu_count() or 1
    for lab in labs:
        cpu, other = reference(lab), reference(lab, gpu) if gpu else None
        tried = (answers(lab, asked.answers), answers(lab, asked.answers, gpu) if gpu else {}) if asked.answers else ({}, {})
        seconds = (cpu.seconds, other.seconds if other else None)
        yield Row(lab.id, _points(lab), [cpu], [other] if other else [], seconds, tried)
    if asked.students:
        lab = next((lab for lab in labs if lab.id == "lab02_mlp"), labs[0])
        works = class_of(lab, asked.students)
        one, took = grade(works, cores)
        two, on_gpu = grade(works, cores, [gpu] * asked.slots) if gpu else ([], None)
        slots = f", {asked.slots} GPU slots" if gpu else ""
        yield Row(f"{len(works)} submissions of {lab.id}, {cores} at once{slots}", _points(lab), one, two, (took, on_gpu))


def _points(lab: Lab) -> float:
    """The points that tests give; what a person marks is not part of them."""
    return sum(test.points for test in lab.of("tests"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description="The labs on a GPU beside the CPU.")
    parser.add_argument("--lab", action="append", default=[], metavar="LAB", help="only this lab; may be repeated")
    parser.add_argument("--answers", type=int, default=12, metavar="N", help="try one of N known answers (default 12; 0: none)")
    parser.add_argument("--students", type=int, default=12, metavar="N", help="size of the class (default 12; 0: none)")
    parser.add_argument("--slots", type=int, default=4, metavar="N", help="submissions on the GPU at once (default 4)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="also write the table here")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
