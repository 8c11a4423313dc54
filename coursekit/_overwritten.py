"""Names that a notebook gives another meaning: functions of Python, and what the set-up cell imported.

Reads the text of cells and runs none. Knows nothing of labs or of cards.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Overwritten", "cause", "find_overwritten", "imported", "is_consequence", "is_used"]

_MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)
# How code ends whose names mean something else: at once, or later because of a cell that has ended so.
_ENDS = re.compile(
    r"^(?:Mistake: .*(?:stopped with|go on with your result:) )?(?:AttributeError|NameError|TypeError|UnboundLocalError)\b",
    re.DOTALL,
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_INNER = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Overwritten:
    """A name with another meaning.

    Attributes:
        name: The name.
        line: The line that gives it another meaning, such as "np = 5".
        cell: Index of the cell with this line.
    """

    name: str
    line: str
    cell: int


def find_overwritten(texts: Sequence[str], imported: Collection[str]) -> list[Overwritten]:
    """Find the names that have another meaning after these cells ran one after another.

    Args:
        texts: Texts of code cells, in the order in which they run. One that is no Python is passed over.
        imported: Names that the set-up cell imports. Python's own functions count in any case.

    Returns:
        What was overwritten and not put back by `import` or `del`, in the order of the cells.
    """
    found: dict[str, Overwritten] = {}
    for index, text in enumerate(texts):
        lines = text.split("\n")
        for name, line, is_bad in _bindings(text):
            if not is_bad:
                found.pop(name, None)
            elif name in imported or (hasattr(builtins, name) and not name.startswith("_")):
                found[name] = Overwritten(name, lines[line - 1].strip(), index)
    return sorted(found.values(), key=lambda overwritten: overwritten.cell)


def imported(text: str) -> set[str]:
    """Return the names that a cell imports."""
    try:
        tree = ast.parse(_MAGIC.sub(r"\1pass", text))
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name.split(".")[0] for node in found for alias in node.names}


def is_used(name: str, text: str) -> bool:
    """Return whether code takes something from a name or calls it, so that another meaning stops it."""
    return re.search(rf"(?<![\w.]){re.escape(name)}\s*[.(\[]", text) is not None


def is_consequence(error: str) -> bool:
    """Return whether an error, "TypeError: 'int' object is not callable", may come from an overwritten name."""
    return _ENDS.match(error) is not None


def cause(found: Sequence[Overwritten], place: Callable[[int], str], stopped: int) -> str:
    """Return the one message about overwritten names.

    Args:
        found: The names, at least one.
        place: Gives the words for a cell, such as "Exercise 3 (2 points)".
        stopped: Number of cells that stopped because of them.
    """
    said = "; ".join(f"`{one.name}` by `{_shortened(one.line)}` in {place(one.cell)}" for one in found)
    many, cells = len(found) > 1, f"{stopped} cell{'' if stopped == 1 else 's'}"
    return (
        f"{'Names were' if many else 'A name was'} overwritten that other cells need: {said}. {cells} below stopped because of it. "
        f"Choose {'other names' if many else 'another name'} there, and run everything afresh: Kernel ▸ Restart Kernel and Run All "
        "Cells in JupyterLab, Runtime ▸ Restart session and run all in Colab, Restart and then Run All in VS Code."
    )


def _shortened(line: str) -> str:
    return line if len(line) <= 50 else f"{line[:49]}…"


def _bindings(text: str) -> Iterator[tuple[str, int, bool]]:
    """Yield (name, line, whether it gets a value of the cell's own) for what a cell binds, imports or deletes."""
    try:
        tree = ast.parse(_MAGIC.sub(r"\1pass", text))
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from _of_children(tree)


def _of_children(node: ast.AST) -> Iterator[tuple[str, int, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name.split(".")[0], child.lineno, False) for alias in child.names)
        elif isinstance(child, _SCOPES):
            yield child.name, child.lineno, True
        elif isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load):
            yield child.id, child.lineno, isinstance(child.ctx, ast.Store)
        elif not isinstance(child, _INNER):
            yield from _of_children(child)
