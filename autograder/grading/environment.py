"""The environment of student processes and examiners: variables, data sets, isolation level.

This module knows the kinds of data and the budgets that a lab can run with, and where the data sets
are stored on this machine. It runs no submission.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from autograder import sandbox
from autograder.errors import IsolationError, NoDataError, NotLinuxError
from autograder.execution.limits import Environment, Limits
from autograder.execution.runner import run_with_retries
from autograder.execution.steps import Step
from autograder.grading.options import Options, course_secret
from autograder.grading.plan import data_cells
from autograder.labs.model import Lab
from autograder.sandbox import Level
from autograder.sealed import FILES as SEALED_FILES
from autograder.sealed import NAMES as SEALED
from autograder.sealed import VARIABLE
from autograder.worker.draws import VARIABLE as DRAWS

__all__ = ["gpus", "isolation", "limits", "prepare_environment", "variables"]


def gpus() -> list[str]:
    """List the GPUs that this process may use, without initialising any of them.

    Returns:
        The numbers of the GPUs as text, from CUDA_VISIBLE_DEVICES or else from `/dev`.
    """
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [part.strip() for part in chosen.split(",") if part.strip() and part.strip() != "-1"]
    return sorted((path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*")), key=int)


def isolation(wanted: str = "") -> Level:
    """Return the isolation level that sandboxes will have.

    Args:
        wanted: "full", "process", or "" for the strongest level that this machine supports.

    Returns:
        The isolation level.

    Raises:
        IsolationError: `wanted` is "full" and this machine does not support it.
        NotLinuxError: This machine does not run Linux.
    """
    if sys.platform != "linux":
        raise NotLinuxError
    strongest = _strongest()
    if wanted == "full" and strongest != "full":
        reasons = "; ".join(f"{name}: {reason}" for name, reason in sandbox.probe().items() if reason)
        raise IsolationError(
            f"full isolation was asked for, and this machine does not have it ({reasons}); "
            "allow user namespaces, run as root, or accept less with --isolation process"
        )
    return "process" if wanted == "process" else strongest


@cache
def _strongest() -> Level:
    return sandbox.strongest()


def prepare_environment(lab: Lab, options: Options) -> Environment:
    """Create the environment in which notebooks of a lab run, and load the lab's data sets into the cache.

    Args:
        lab: The lab.
        options: Grading options.

    Returns:
        The environment for student processes and examiners.

    Raises:
        IsolationError: The machine does not support the isolation level in `options`.
        NoDataError: The data sets of the lab cannot be loaded.
    """
    env = variables(lab, options)
    with _preparing:
        _prepare(lab, env)
    data = _data(lab, env)
    package = find_spec("autograder")
    own = tuple(package.submodule_search_locations or ()) if package else ()
    level = isolation(options.isolation)
    secret = course_secret(options)
    return Environment(
        env,
        level,
        tuple(path for path, secret in data if not secret),
        (*(p for p, _ in data), *own),
        lab.settings.files,
        lab.beside,
        private={DRAWS: secret, **({VARIABLE: secret} if _uses_sealed(lab) else {})},
        shared_arguments=lab.foreign,
        one_random=lab.foreign,
    )


def _uses_sealed(lab: Lab) -> bool:
    return any(cell.role == "tests" and re.search(r"\bsealed\b", cell.source) for cell in lab.cells)


def variables(lab: Lab, options: Options) -> dict[str, str]:
    """Return the environment variables of a student process.

    Args:
        lab: The lab.
        options: Grading options.

    Returns:
        The variables for the seed, the kind of data sets, the data cache and the budget.
    """
    from coursekit import data

    env = {"COURSEKIT_SEED": str(options.seed)}
    if lab.settings.datasets:
        source = options.data or os.environ.get("COURSEKIT_DATA", "")
        sources = {source} if source else {data.source(name) for name in lab.settings.datasets}
        env["COURSEKIT_DATA"] = "drawn" if "drawn" in sources else "real"
        # The process has an empty home directory of its own, so it needs the path of our data cache.
        env["COURSEKIT_CACHE"] = str(data.Settings.from_environment().cache.folder.absolute())
    if options.fast:
        env["COURSEKIT_FAST"] = "1"
    if lab.foreign:
        env["NBGRADER_EXECUTION"] = "autograde"  # as in stock nbgrader, for notebooks that read it
    return env


def limits(lab: Lab, options: Options | None = None) -> Limits:
    """Return the resource limits of one notebook of a lab; `options` may replace the seconds per cell."""
    settings = lab.settings
    cell_seconds = options.cell_seconds if options else 0
    return Limits(cell_seconds or settings.cell_seconds, settings.notebook_seconds, settings.memory_mb)


_preparing = Lock()
_prepared: set[tuple[object, ...]] = set()


def _prepare(lab: Lab, env: Mapping[str, str]) -> None:
    """Run the lab's own data cells once outside the sandbox, so that the cache holds everything that sandboxed code reads.

    Raises NoDataError if a cell fails, because it would fail in every notebook.
    """
    key = (lab.id, env.get("COURSEKIT_DATA"), env.get("COURSEKIT_CACHE"))
    if key in _prepared or not lab.settings.datasets:
        return
    cells = [lab.cells[i].source for i in data_cells(lab)]
    sealed = [f"from autograder import sealed\nsealed.load({name!r})" for name in SEALED if name in lab.settings.datasets]
    environment = Environment(env, "open", beside=lab.beside)
    outcomes, _ = run_with_retries([Step(source) for source in (*cells, *sealed)], limits=limits(lab), environment=environment)
    for outcome in outcomes:
        if outcome.status != "ok":
            # A step without an error was stopped by a limit, most likely while it was still downloading.
            beforehand = f"{outcome.message}; `coursekit data fetch` brings data here beforehand, however long that takes"
            said = f"{outcome.error}: {outcome.message}" if outcome.error else beforehand
            raise NoDataError(f"{lab.id}: its data cannot be loaded, and without them nobody can be graded. {said}")
    _prepared.add(key)


def _data(lab: Lab, env: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return (path, whether it holds rows of a sealed split) of each file of the lab's data sets in the cache."""
    if "COURSEKIT_CACHE" not in env:
        return []
    found = []
    for name in sorted({*lab.settings.datasets, "mobilenet"}):
        for path in sorted(Path(env["COURSEKIT_CACHE"], name).glob("*")):
            found.append((str(path), path.name in SEALED_FILES.get(name, ())))
    return found
