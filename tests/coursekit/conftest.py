"""Fixtures for the tests of the helper package."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """Another stream of random numbers in every run: what is tested holds for any."""
    return np.random.default_rng()


@pytest.fixture(autouse=True)
def _outside_ipython() -> None:
    """No shell that another test made in this process: with one, coursekit shows things as in a notebook."""
    module = sys.modules.get("IPython.core.interactiveshell")
    if module is not None and module.InteractiveShell.initialized():
        type(module.InteractiveShell.instance()).clear_instance()


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
