"""How messages show values: as a student would type them, not as NumPy or Python print them inside.

Knows nothing of what a message is about. Imports nothing but the standard library, so that every module can use it.
"""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from typing import Any

__all__ = ["plain", "unbroken", "uncoloured"]

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BREAK = re.compile(r"\s*\n\s*")


def plain(value: Any, most: int = 80) -> str:
    """Return a representation of a value of at most `most` characters, in one line.

    A number of NumPy 2 looks as it did in NumPy 1, 0.5 and not np.float64(0.5), also inside a list. An object of which
    Python knows only the address in memory is shown without it.
    """
    numpy: Any = sys.modules.get("numpy")
    new = numpy is not None and not numpy.__version__.startswith("1.")
    try:
        with numpy.printoptions(legacy="1.25") if new else nullcontext():
            text = repr(value)
    except Exception:
        text = f"an object of type {type(value).__name__}"
    text = unbroken(_ADDRESS.sub("", text))
    return text if len(text) <= most else f"{text[: most - 3]}…"


def unbroken(text: str) -> str:
    """Return a text in one line. Blanks within a line stay as they are."""
    return _BREAK.sub(" ", text.strip("\n"))


def uncoloured(text: str) -> str:
    """Return a text without the codes by which a terminal shows it bold or coloured, which Keras writes into its errors."""
    return _COLOUR.sub("", text)
