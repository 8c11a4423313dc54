"""Find the cells that a test depends on, by a static analysis of top-level names.

The analysis prefers too many cells to too few: if a cell may have changed a name (by assigning it,
by calling one of its methods, or by passing it to a function), the name depends on that cell too.
Only imported and built-in names are assumed not to change. This module knows Python source; it does
not know labs or marks.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder.notebooks.scopes import bound_names, read_names
from autograder.notebooks.syntax import module, tree

__all__ = ["Names", "functions", "names", "required_cells", "statements"]

# Calls of these names, or of their attributes, read their arguments and do not change them.
_READERS = frozenset({"check", "plotting", "np", "print", "len", "range", "keras", "scipy", "sum", "max", "min", "display"})
# Methods that return a new object and do not change their owner.
_COPIES = frozenset({"astype", "copy", "mean", "std", "var", "min", "max", "sum", "argmax", "argmin", "tolist"})
_BUILT_IN = frozenset(dir(builtins))
_CERTAIN = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Names:
    """The top-level names of one cell.

    Attributes:
        reads: Names that the cell reads before it assigns them itself.
        assigns: Names that the cell certainly assigns.
        changes: Names that the cell may change or delete.
        lent: Names that the cell passes to a call, as an argument or as the owner of the method,
            which may change them too.
        imports: Names that the cell imports; "*" for all names of a module.
        opaque: Whether nothing is known about the cell. It may then read and change every name.
    """

    reads: frozenset[str] = frozenset()
    assigns: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    lent: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    opaque: bool = False


@lru_cache(maxsize=4096)
def names(source: str) -> Names:
    """Analyse the names of one cell.

    Args:
        source: Any text.

    Returns:
        The names of the cell; opaque if it cannot be parsed or is too long.
    """
    parsed = tree(source)
    if parsed is None:
        return Names(opaque=True)
    reads: set[str] = set()
    assigns: set[str] = set()
    changes: set[str] = set()
    lent: set[str] = set()
    imports: set[str] = set()
    for statement in _flat(parsed.body):
        reads |= _read(statement) - assigns
        certain = _assigned(statement)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports |= certain
        assigns |= certain
        changes |= bound_names(statement) - certain
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            changes |= _stored(statement)
            lent |= _lent(statement)
    return Names(frozenset(reads), frozenset(assigns), frozenset(changes), frozenset(lent), frozenset(imports))


@lru_cache(maxsize=4096)
def statements(source: str) -> tuple[str, ...]:
    """Return the top-level statements of one cell that certainly bind names.

    Args:
        source: Any text.

    Returns:
        The source of each statement; nothing if the cell cannot be parsed.
    """
    texts = (_text(statement) for statement in _flat(module(source).body) if isinstance(statement, _CERTAIN))
    return tuple(text for text in texts if text)


@lru_cache(maxsize=4096)
def functions(source: str) -> tuple[str, ...]:
    """Return the top-level imports and undecorated functions of one cell, which can be run again without side effects.

    Args:
        source: Any text.

    Returns:
        The source of each statement; nothing if the cell cannot be parsed.
    """
    texts = (
        _text(statement)
        for statement in module(source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        or (isinstance(statement, ast.FunctionDef) and not statement.decorator_list)
    )
    return tuple(text for text in texts if text)


def required_cells(sources: Sequence[str], targets: Sequence[int], always: Sequence[int] = ()) -> list[int]:
    """Find the cells that some cells depend on.

    A cell is required if it assigns or may change a name that a required cell below it reads, or
    if nothing is known about it.

    Args:
        sources: Source of each cell, in order.
        targets: Indices of the cells to run.
        always: Indices of further cells to run.

    Returns:
        Indices, in order, of `targets`, of `always`, and of all cells that these depend on.
    """
    kept: set[int] = set()
    wanted: set[str] = set()
    everything, fixed = False, {*targets, *always}
    cells = [names(source) for source in sources]
    own = frozenset[str]().union(*(cell.assigns - cell.imports | cell.changes for cell in cells))
    steady = _BUILT_IN.union(*(cell.imports for cell in cells)) - own
    for index in range(max([*targets, *always], default=-1), -1, -1):
        cell = cells[index]
        asked = index in fixed or everything or cell.opaque or ("*" in cell.imports and wanted)
        if asked or wanted & (cell.assigns | cell.changes | (cell.lent - steady)):
            kept.add(index)
            wanted = (wanted - cell.assigns) | cell.reads
            everything |= cell.opaque
    return sorted(kept)


def _flat(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements. A `with` block runs once, so it is replaced by its context expressions and its body."""
    for statement in statements:
        if isinstance(statement, ast.With) and all(item.optional_vars is None for item in statement.items):
            yield from (ast.Expr(item.context_expr) for item in statement.items)
            yield from _flat(statement.body)
        else:
            yield statement


def _read(statement: ast.stmt) -> set[str]:
    """Return the names that the statement reads; the variables of a `for` loop are made by the loop itself."""
    if not isinstance(statement, ast.For):
        return read_names(statement)
    inside = set().union(*map(read_names, statement.body)) - bound_names(statement.target)
    return inside.union(read_names(statement.iter), read_names(statement.target), *map(read_names, statement.orelse))


def _assigned(statement: ast.stmt) -> set[str]:
    """Return the names that the statement certainly binds when it runs."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return bound_names(statement)
    if isinstance(statement, ast.AnnAssign):
        return bound_names(statement.target) if statement.value else set()
    targets = statement.targets if isinstance(statement, ast.Assign) else ()
    return set().union(*map(bound_names, targets))


def _text(statement: ast.stmt) -> str:
    try:
        return ast.unparse(statement)
    except RecursionError:
        return ""


def _stored(statement: ast.stmt) -> set[str]:
    """Return the names of which the statement stores or deletes an attribute or an element."""
    parts = (node for node in ast.walk(statement) if isinstance(node, ast.Attribute | ast.Subscript))
    return set().union(*(_root(part) for part in parts if not isinstance(part.ctx, ast.Load)))


def _lent(statement: ast.stmt) -> set[str]:
    """Return the names that the statement passes to a function, or of which it calls a method."""
    lent: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and not _root(node.func) & _READERS:
            owner = [node.func] if isinstance(node.func, ast.Attribute) and node.func.attr not in _COPIES else []
            for part in (*owner, *node.args, *(keyword.value for keyword in node.keywords)):
                lent |= _root(part)
    return lent


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
