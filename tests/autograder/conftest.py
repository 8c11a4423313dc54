"""Fixtures of the grader's tests that take too long to be made more than once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from autograder.labs.source import load_lab
from tests.conftest import TOY


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook.db that knows the toy lab and no student, beside source/. Making one takes seconds, so tests copy it."""
    from autograder.reporting.gradebook import record  # slow to import, and not needed by most tests

    folder = tmp_path_factory.mktemp("gradebook")
    record(load_lab(shutil.copytree(TOY, folder / "labs" / "lab00_toy")), [], {}, folder)
    return folder / "gradebook.db"
