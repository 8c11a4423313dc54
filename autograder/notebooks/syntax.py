"""Look at the text of a cell as Python: a syntax tree, or None where there is none to be had.

The text may be anybody's. Looking at it never raises, never writes to the terminal, and its cost is bounded: a cell that no
parser takes fails when it is run, as in a notebook, and nothing else does. Knows Python and IPython's magics; nothing of labs.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from functools import lru_cache
from threading import Lock

from IPython.core.inputtransformer2 import TransformerManager

__all__ = ["MAX_CHARS", "module", "tree"]

# Before 3.11 the parser does not count how deep an expression is nested: a longer text could overflow its stack.
MAX_CHARS = 200_000 if sys.version_info >= (3, 11) else 20_000
# IPython reads the whole cell anew for each of its magics.
MAX_MAGICS, MAX_CHARS_WITH_MAGICS = 50, 20_000
MAX_CHARS_KEPT = 5_000  # a tree takes some two hundred times the memory of its text
# Lines that IPython may rewrite: magics, shell commands, help, automatic calls, prompts, a first line that is indented.
_MAGIC = re.compile(r"^[ \t]*(?:[%!?,;/]|>>>|\.\.\.|In ?\[)|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_silent = Lock()  # filters of warnings belong to the whole process


def tree(source: str) -> ast.Module | None:
    """The cell as a syntax tree, magics turned into calls; None if it cannot be had. Leave it as it is: others share it."""
    if len(source) > MAX_CHARS:
        return None
    return _kept(source) if len(source) <= MAX_CHARS_KEPT else _parsed(source)


def module(source: str) -> ast.Module:
    """The same, an empty one if it cannot be had."""
    return tree(source) or ast.Module([], [])


@lru_cache(maxsize=1024)
def _kept(source: str) -> ast.Module | None:
    return _parsed(source)


def _parsed(source: str) -> ast.Module | None:
    magics = sum(1 for _ in _MAGIC.finditer(source))
    if magics > MAX_MAGICS or (magics and len(source) > MAX_CHARS_WITH_MAGICS):
        return None
    try:
        with _silent, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as for "\d", which whoever grades can do nothing about
            plain = not magics and not source[:1].isspace()
            return ast.parse(source if plain else TransformerManager().transform_cell(source))
    except Exception:  # SyntaxError, ValueError, RecursionError, MemoryError, and what IPython's own transformers raise
        return None
