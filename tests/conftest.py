"""Fixtures that every test may use: a toy lab to grade, and an environment that leaves the user's cache alone."""

from __future__ import annotations

import os
import shutil
import sys
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
TOY = Path(__file__).parent / "autograder" / "toylab"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the real data sets where nobody said where they lie."""
    if os.environ.get("COURSEKIT_MIRROR"):
        return
    for item in items:
        if item.get_closest_marker("real_data"):
            item.add_marker(pytest.mark.skip(reason="needs the real data sets: set COURSEKIT_MIRROR"))


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
