"""Which cells does a test need? A static look at top-level names, so that one answer is run through only those cells.

Knows Python source and nothing of labs or marks. It errs on the side of too many cells: a name that a cell may have changed
(by assigning it, by calling one of its methods, by handing it to a function) counts as made by that cell too. Only what was
imported, and what is built in, is taken to stay what it is.
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

# Calls through these names look at their arguments and leave them as they are.
_READERS = frozenset({"check", "plotting", "np", "print", "len", "range", "keras", "scipy", "sum", "max", "min", "display"})
# Methods that make something new and leave what they belong to as it is.
_COPIES = frozenset({"astype", "copy", "mean", "std", "var", "min", "max", "sum", "argmax", "argmin", "tolist"})
_BUILT_IN = frozenset(dir(builtins))
_CERTAIN = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Names:
    """The top-level names of one cell: read from outside, assigned for certain, possibly changed, …

    … lent to calls, as arguments or as owners of the method, which may change them as well; and imported, "*" for all of a module.
    opaque: nothing is known of the cell, so it may read and change every name there is.
    """

    reads: frozenset[str] = frozenset()
    assigns: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    lent: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    opaque: bool = False


@lru_cache(maxsize=4096)
def names(source: str) -> Names:
    """The names of one cell, for any text; opaque if it does not parse or is too long to be looked at."""
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
    """The top-level statements of one cell that bind names for certain, each as code; none if the cell cannot be looked at."""
    texts = (_text(statement) for statement in _flat(module(source).body) if isinstance(statement, _CERTAIN))
    return tuple(text for text in texts if text)


@lru_cache(maxsize=4096)
def functions(source: str) -> tuple[str, ...]:
    """The imports and the undecorated functions at the top level of one cell, each as code: to run them again changes nothing."""
    texts = (
        _text(statement)
        for statement in module(source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        or (isinstance(statement, ast.FunctionDef) and not statement.decorator_list)
    )
    return tuple(text for text in texts if text)


def required_cells(sources: Sequence[str], targets: Sequence[int], always: Sequence[int] = ()) -> list[int]:
    """Indices, in order, of the cells that the cells `targets` need (they included), plus `always` and what those need.

    A cell is needed when it assigns or may change a name that a needed cell below it reads, and when nothing is known of it.
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
    """The statements, a `with` replaced by its context and what stands in it: that runs once, as if it stood outside."""
    for statement in statements:
        if isinstance(statement, ast.With) and all(item.optional_vars is None for item in statement.items):
            yield from (ast.Expr(item.context_expr) for item in statement.items)
            yield from _flat(statement.body)
        else:
            yield statement


def _read(statement: ast.stmt) -> set[str]:
    """Names that the statement reads; what a loop goes through has been made by the loop itself."""
    if not isinstance(statement, ast.For):
        return read_names(statement)
    inside = set().union(*map(read_names, statement.body)) - bound_names(statement.target)
    return inside.union(read_names(statement.iter), read_names(statement.target), *map(read_names, statement.orelse))


def _assigned(statement: ast.stmt) -> set[str]:
    """Names that the statement binds for certain when it runs."""
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
    """Names of which the statement stores or deletes a part: an attribute or an element."""
    parts = (node for node in ast.walk(statement) if isinstance(node, ast.Attribute | ast.Subscript))
    return set().union(*(_root(part) for part in parts if not isinstance(part.ctx, ast.Load)))


def _lent(statement: ast.stmt) -> set[str]:
    """Names that the statement hands to a function, or of which it calls a method."""
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
