"""Environment variables as a person means them: without the quotes around a value, with `~` and `$HOME` in a path.

A shell takes these away. `%env` in a notebook, `set` on Windows, a `.env` file and the settings of an
editor do not. Uses the standard library only. Knows nothing of what a variable is for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

__all__ = ["folder", "value"]


def value(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the value of a variable without spaces and quotes around it, "" if it is not set."""
    text = (os.environ if environment is None else environment).get(name, "").strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if quoted else text


def folder(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the path that a variable names, with `~` and `$HOME` replaced; "" if it is not set.

    Raises:
        ValueError: If the path begins with the name of an unknown user, or contains a variable that is not set.
    """
    text = value(name, environment)
    path = os.path.expanduser(os.path.expandvars(text))
    unknown = re.match(r"~[^/\\]*", path) or re.search(r"\$\w+|\$\{\w+\}", path)
    if unknown and not os.path.exists(path):
        raise ValueError(f"{name} is {text!r}, and nothing is known of {unknown[0]}: write the path in full")
    return path
