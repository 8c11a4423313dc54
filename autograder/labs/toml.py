"""Read a TOML file. This module does not know what is in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from autograder.errors import LabError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["read_toml"]


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: Path of the file.

    Returns:
        The content as a dictionary.

    Raises:
        LabError: The file is missing or is not valid TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabError(f"{path} is missing") from None
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: not TOML: {error}") from error
