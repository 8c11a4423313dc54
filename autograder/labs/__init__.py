"""Labs as plain data, and how they are read from their folders. This package neither knows notebooks nor runs code."""

from __future__ import annotations

from autograder.errors import LabError
from autograder.labs.model import Answer, Cell, Figure, Lab, Settings, Trial
from autograder.labs.source import find_labs, load_lab, read_toml, settings_from

__all__ = [
    "Answer",
    "Cell",
    "Figure",
    "Lab",
    "LabError",
    "Settings",
    "Trial",
    "find_labs",
    "load_lab",
    "read_toml",
    "settings_from",
]
