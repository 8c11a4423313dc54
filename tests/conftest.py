"""Fixtures that every test may use: a toy lab to grade, and an environment that leaves the user's cache alone."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from autograder.labs import Lab, load_lab

ROOT = Path(__file__).parents[1]
# nbgrader calls `alembic` and Jupyter its kernels by name, so the environment's programs must be found first.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
TOY = Path(__file__).parent / "autograder" / "toylab"


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
