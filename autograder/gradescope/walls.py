"""Close what a student's code must not see or change in Gradescope's container, and try whether it is closed.

Where namespaces or Landlock cannot be had, the walls are the user of the student process and the modes of
files. So nothing is taken for granted: a student process tries to open each place, and where it can,
nobody is graded. This module knows folders of a container; it knows no lab.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autograder.execution.runner import run_steps
from autograder.execution.steps import Step
from autograder.grading.prepared import PreparedLab

__all__ = ["close", "open_places"]

_READ = "open({!r}, 'rb').read(1)"
_LIST = "import os; os.listdir({!r})"
_WRITE = "open({!r}, 'a')"


def close(home: Path) -> None:
    """Take the rights of other users away from the archive, the metadata and the results.

    Args:
        home: Gradescope's folder.
    """
    with suppress(OSError):  # what could not be closed is found by `open_places`
        os.chmod(home / "source", 0o700)
    with suppress(OSError):
        os.chmod(home / "submission_metadata.json", 0o600)
    with suppress(OSError):
        os.chmod(home / "results", 0o755)


def open_places(home: Path, prepared: PreparedLab) -> list[str]:
    """Let a student process try to read the archive and the metadata, and to write results.

    Args:
        home: Gradescope's folder.
        prepared: The lab, with the isolation level and the limits of student processes.

    Returns:
        The places that it could open; empty if all walls hold.

    Raises:
        WorkerError: No student process can be started.
    """
    tries = list(_tries(home))
    steps = [Step(source) for source, _ in tries]
    ended = run_steps(steps, limits=prepared.limits, environment=prepared.environment)
    return [place for (_, place), outcome in zip(tries, ended, strict=True) if outcome.status != "error"]


def _tries(home: Path) -> Iterator[tuple[str, str]]:
    """Yield (code, place) of each try. A try that ends with an exception found a closed place."""
    source = home / "source"
    secrets = [*source.glob("*"), *source.glob("labs/*/*")]  # package/ and packages/ hold what everybody may read
    files = [path for path in sorted(secrets) if path.is_file()]
    yield _LIST.format(str(source)), str(source)
    for path in files:
        yield _READ.format(str(path)), str(path)
    if (metadata := home / "submission_metadata.json").exists():
        yield _READ.format(str(metadata)), str(metadata)
    for name in ("results.json", "stdout"):
        yield _WRITE.format(str(home / "results" / name)), str(home / "results" / name)
