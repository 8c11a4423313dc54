"""Fixtures that every test may use: a toy lab to grade, and an environment that leaves the user's cache alone."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from itertools import islice
from pathlib import Path

import pytest

from autograder.labs.model import Lab
from autograder.labs.source import load_lab

ROOT = Path(__file__).parents[1]
# nbgrader calls `alembic` and Jupyter its kernels by name, so the environment's programs must be found first.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# Two test processes share the cores. With a thread per core in each process, threads would wait for one another.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(variable, "1")
# TensorFlow and its like are some hundred thousand objects that stay: nothing is gained by looking for garbage among them.
gc.set_threshold(50_000, 20, 50)
TOY = Path(__file__).parent / "autograder" / "toylab"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests, and skip what needs the real data sets where nobody said where they lie."""
    items[:] = _long_ones_first(items, workers=int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    if os.environ.get("COURSEKIT_MIRROR"):
        return
    for item in items:
        if item.get_closest_marker("real_data"):
            item.add_marker(pytest.mark.skip(reason="needs the real data sets: set COURSEKIT_MIRROR"))


def _long_ones_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Let each of several test processes begin with long tests, so that none is left for the end, when the others have nothing to do.

    pytest-xdist gives each process a share of neighbours, and a process without work takes some from the end of another's share.
    """
    modules: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("long"):
            modules.setdefault(item.nodeid.partition("::")[0], []).append(item)
    others = iter([item for item in items if not item.get_closest_marker("long")])
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        share = (len(items) - len(ordered)) // (workers - worker)
        first = [item for module in list(modules.values())[worker::workers] for item in module]
        ordered += [*first, *islice(others, max(0, share - len(first)))]
    return [*ordered, *others]


def pytest_collection_finish() -> None:
    """Leave what the test modules imported out of the search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def mirror() -> Path:
    """The folder with the official files of the data sets, for tests marked `real_data`."""
    folder = Path(os.environ["COURSEKIT_MIRROR"])
    if not folder.is_dir():
        pytest.skip("COURSEKIT_MIRROR is no folder")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's top folder."""
    return ROOT


@pytest.fixture
def toy_folder(tmp_path: Path) -> Path:
    """A copy of the toy lab that a test may change."""
    return Path(shutil.copytree(TOY, tmp_path / "labs" / "lab00_toy"))


@pytest.fixture
def toy(toy_folder: Path) -> Lab:
    return load_lab(toy_folder)
