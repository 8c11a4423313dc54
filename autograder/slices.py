"""Which cells does a test need? A static look at top-level names, so that one answer is run through only those cells.

Knows Python source and nothing of labs or marks. It errs on the side of too many cells: a name that a cell may have changed
(by assigning it, by calling one of its methods, by handing it to a function) counts as made by that cell too.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from IPython.core.inputtransformer2 import TransformerManager

__all__ = ["Names", "names", "needed"]

# Calls through these names look at their arguments and leave them as they are.
_READERS = frozenset({"check", "plotting", "np", "print", "len", "range", "keras", "scipy", "sum", "max", "min", "display"})


@dataclass(frozen=True)
class Names:
    """The top-level names of one cell: read from outside, assigned for certain, possibly changed."""

    reads: frozenset[str]
    assigns: frozenset[str]
    changes: frozenset[str]


@cache
def names(source: str) -> Names:
    """The names of one cell. A cell that does not parse reads and assigns nothing."""
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return Names(frozenset(), frozenset(), frozenset())
    reads: set[str] = set()
    assigns: set[str] = set()
    changes: set[str] = set()
    for statement in tree.body:
        reads |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and _is_read(node)} - assigns
        certain = isinstance(
            statement, ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
        )
        bound = _bound(statement)
        (assigns if certain else changes).update(bound)
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            changes |= _touched(statement)
    return Names(frozenset(reads), frozenset(assigns), frozenset(changes))


def needed(sources: Sequence[str], targets: Sequence[int], always: Sequence[int] = ()) -> list[int]:
    """Indices, in order, of the cells that the cells `targets` need (they included), plus `always` and what those need.

    A cell is needed when it assigns or may change a name that a needed cell below it reads.
    """
    kept: set[int] = set()
    wanted: set[str] = set()
    for index in range(max([*targets, *always], default=-1), -1, -1):
        cell = names(sources[index])
        if index in targets or index in always or wanted & (cell.assigns | cell.changes):
            kept.add(index)
            wanted = (wanted - cell.assigns) | cell.reads
    return sorted(kept)


def _is_read(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    found = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined = {n.name for n in ast.walk(statement) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return found | defined


def _touched(statement: ast.stmt) -> set[str]:
    """Names whose value the statement may change in place."""
    touched: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            touched |= _root(node)
        elif isinstance(node, ast.Call) and not _root(node.func) & _READERS:
            for part in (node.func, *node.args, *(keyword.value for keyword in node.keywords)):
                touched |= _root(part) if part is not node.func or isinstance(part, ast.Attribute) else set()
    return touched


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
