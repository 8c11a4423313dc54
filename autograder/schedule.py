"""Grade many submissions: find them, run them side by side, let one bad file stop nobody.

Knows only `grade`; nothing of notebooks or processes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.grading import grade
from autograder.labs import Lab
from autograder.surroundings import Options
from autograder.verdict import Verdict

__all__ = ["CollectError", "Found", "find_submissions", "grade_class"]


class CollectError(Exception):
    """A folder in which no submission can be found; the message says what was expected there."""


@dataclass(frozen=True)
class Found:
    """A submission before it is read: whose it is and where it lies."""

    submission: str
    path: Path


def find_submissions(folder: Path | str, lab_id: str) -> list[Found]:
    """The submissions to one lab under `folder`, by name.

    Three layouts are known: nbgrader's `<student>/<lab>/<lab>.ipynb` (the folder `submitted` or its parent may be given),
    one folder a student holding `<lab>.ipynb`, and plain files `<student>.ipynb`. Raises CollectError when nothing is there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CollectError(f"{folder}: no such folder; expected the folder with the submissions")
    if (folder / "submitted").is_dir():
        folder = folder / "submitted"
    found = [Found(path.parents[1].name, path) for path in folder.glob(f"*/{lab_id}/{lab_id}.ipynb")]
    found += [Found(path.parent.name, path) for path in folder.glob(f"*/{lab_id}.ipynb")]
    found += [Found(path.stem, path) for path in folder.glob("*.ipynb")]
    if not found:
        raise CollectError(
            f"{folder}: no submissions to {lab_id}; expected STUDENT/{lab_id}/{lab_id}.ipynb, STUDENT/{lab_id}.ipynb or STUDENT.ipynb"
        )
    names = [item.submission for item in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CollectError(f"{folder}: more than one submission to {lab_id} of {', '.join(twice)}; keep one of each")
    return sorted(found, key=lambda item: item.submission)


def grade_class(
    lab: Lab,
    found: Iterable[Found],
    options: Options | None = None,
    *,
    jobs: int | None = None,
    on_verdict: Callable[[Verdict], None] | None = None,
) -> list[Verdict]:
    """Grade every submission and return the verdicts in the order given. `on_verdict` hears of each as it is reached.

    jobs: how many at once, by default one a core.
    """

    def one(item: Found) -> Verdict:
        verdict = _grade_safely(lab, item, options)
        if on_verdict:
            on_verdict(verdict)
        return verdict

    with ThreadPoolExecutor(jobs or os.cpu_count() or 1) as pool:
        return list(pool.map(one, found))


def _grade_safely(lab: Lab, item: Found, options: Options | None) -> Verdict:
    try:
        return grade(lab, item.path, options, submission=item.submission)
    except Exception as error:
        message = (
            f"{item.path.name}: the grader itself failed on this file ({type(error).__name__}: {error}); it was not marked"
        )
        return Verdict(item.submission, lab.id, "needs review", message=message)
