"""Parse the text of a cell as Python, with IPython's magics.

The text may come from anybody. Parsing never raises and never writes to the terminal, and its cost is
bounded. A cell that cannot be parsed fails only when it is run, as in a notebook. This module knows
Python and IPython's magics; it does not know labs.
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

# Before Python 3.11 the parser does not limit the nesting of expressions, so a longer text could overflow its stack.
MAX_CHARS = 200_000 if sys.version_info >= (3, 11) else 20_000
# IPython processes the whole cell again for each of its magics.
MAX_MAGICS, MAX_CHARS_WITH_MAGICS = 50, 20_000
MAX_CHARS_KEPT = 5_000  # for the cache: a tree needs about two hundred times the memory of its text
# Lines that IPython may rewrite: magics, shell commands, help, automatic calls, prompts.
_MAGIC = re.compile(r"^[ \t]*(?:[%!?,;/]|>>>|\.\.\.|In ?\[)|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
_silent = Lock()  # warning filters are global to the process


def tree(source: str) -> ast.Module | None:
    """Parse a cell.

    Args:
        source: Any text.

    Returns:
        The syntax tree with magics converted to calls; None if the text cannot be parsed or is too
        long. The tree is shared and must not be changed.
    """
    if len(source) > MAX_CHARS:
        return None
    return _kept(source) if len(source) <= MAX_CHARS_KEPT else _parsed(source)


def module(source: str) -> ast.Module:
    """Parse a cell as `tree` does.

    Args:
        source: Any text.

    Returns:
        The syntax tree; an empty module if the text cannot be parsed or is too long.
    """
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
            warnings.simplefilter("ignore")  # such as for "\d", which does not concern the person who grades
            plain = not magics and not source[:1].isspace()
            return ast.parse(source if plain else TransformerManager().transform_cell(source))
    except Exception:  # SyntaxError, ValueError, RecursionError, MemoryError, and what IPython's own transformers raise
        return None
