"""Grade one submission from Python: a lab, its folder or an nbgrader notebook in, a verdict out."""

from __future__ import annotations

from pathlib import Path

from autograder.grading.assignments.load import load_assignment
from autograder.grading.cache import ResultCache
from autograder.grading.job import prepare
from autograder.grading.options import Options
from autograder.grading.verdict import Verdict
from autograder.labs.model import Lab
from autograder.labs.source import load_lab

__all__ = ["grade"]


def grade(
    lab: Lab | Path | str,
    notebook: Path | str,
    options: Options | None = None,
    *,
    submission: str = "",
    keep: ResultCache | None = None,
) -> Verdict:
    """Grade one submitted notebook.

    lab: a loaded Lab, its folder, or the source notebook (.ipynb) of an nbgrader assignment.
    submission: the name on the verdict, by default the file's name without its ending.
    keep: what was found out earlier, and where to keep what is found out now.
    A file that cannot be read gives a verdict with status "unreadable", not an exception. Raises LabError for a broken lab,
    MachineError for walls or data that this machine does not have, WorkerError when the machine failed three times.
    """
    lab = lab if isinstance(lab, Lab) else _load(Path(lab), options or Options(), keep)
    job = prepare(lab, Path(notebook), options or Options(), submission)
    if isinstance(job, Verdict):
        return job
    return job.recalled(keep) or job.run(keep)


def _load(path: Path, options: Options, keep: ResultCache | None) -> Lab:
    if path.suffix != ".ipynb":
        return load_lab(path)
    return load_assignment(path, options, keep=keep).lab
