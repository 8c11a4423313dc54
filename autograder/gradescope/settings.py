"""What an archive for Gradescope tells the program in the container: the lab, how to grade it, and what students may see.

The file holds no secret. This module knows plain data and its JSON; it grades nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from autograder.errors import GradescopeError

__all__ = ["FILE", "Settings", "Visibility", "read_settings"]

FILE = "settings.json"
Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]


@dataclass(frozen=True)
class Settings:
    """How a lab is graded in the container.

    Attributes:
        lab: Id of the lab.
        data: Kind of data sets: "real", "drawn", or "" for a lab without data sets.
        fast: Whether to use the reduced budget of the lab.
        seed: Random seed, which the set-up cell of the notebook sets.
        minutes: Time limit that the assignment has in Gradescope.
        hidden: When students see the results of tests with a hidden part.
    """

    lab: str
    data: Literal["real", "drawn", ""] = ""
    fast: bool = False
    seed: int = 42
    minutes: int = 10
    hidden: Visibility = "after_published"

    def to_json(self) -> str:
        """Return the settings as JSON text."""
        return json.dumps(asdict(self), indent=1) + "\n"


def read_settings(folder: Path) -> Settings:
    """Read the settings of an unpacked archive.

    Args:
        folder: Folder of the unpacked archive.

    Returns:
        The settings.

    Raises:
        GradescopeError: The file is missing or not what `Settings.to_json` writes.
    """
    path = folder / FILE
    try:
        settings = Settings(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise GradescopeError(
            f"{path}: not the settings of an archive ({error}); make the archive anew and upload it"
        ) from error
    if settings.hidden not in get_args(Visibility) or settings.data not in ("real", "drawn", ""):
        raise GradescopeError(f"{path}: {settings} is not understood; make the archive anew and upload it")
    return settings
