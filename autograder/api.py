"""Grade one submission from Python."""

from __future__ import annotations

from pathlib import Path

from autograder.grading.assignments.load import load_assignment
from autograder.grading.cache import ResultCache
from autograder.grading.job import prepare
from autograder.grading.options import Options
from autograder.grading.prepared import prepare_lab
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

    Args:
        lab: A lab, its folder, or the source notebook (.ipynb) of an nbgrader assignment.
        notebook: Path of the submitted notebook.
        options: Grading options.
        submission: Name of the submission; by default the file name without its suffix.
        keep: Result cache.

    Returns:
        The verdict. A file that cannot be read gives a verdict with the status "unreadable" and
        no exception.

    Raises:
        LabError: The lab cannot be used.
        MachineError: The machine lacks the isolation level in `options` or the data of the lab.
        WorkerError: The run failed three times because of the machine.
    """
    lab = lab if isinstance(lab, Lab) else _load(Path(lab), options or Options(), keep)
    job = prepare(prepare_lab(lab, options or Options()), Path(notebook), submission)
    if isinstance(job, Verdict):
        return job
    return job.recalled(keep) or job.run(keep)


def _load(path: Path, options: Options, keep: ResultCache | None) -> Lab:
    if path.suffix != ".ipynb":
        return load_lab(path)
    return load_assignment(path, options, keep=keep).lab
