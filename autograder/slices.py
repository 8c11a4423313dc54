"""Which cells does a test need? A static look at top-level names, so that one answer is run through only those cells.

Knows Python source and nothing of labs or marks. It errs on the side of too many cells: a name that a cell may have changed
(by assigning it, by calling one of its methods, by handing it to a function) counts as made by that cell too. Only what was
imported, and what is built in, is taken to stay what it is.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager

__all__ = ["Names", "functions", "names", "needed", "parsed", "statements"]

# Calls through these names look at their arguments and leave them as they are.
_READERS = frozenset({"check", "plotting", "np", "print", "len", "range", "keras", "scipy", "sum", "max", "min", "display"})
# Methods that make something new and leave what they belong to as it is.
_COPIES = frozenset({"astype", "copy", "mean", "std", "var", "min", "max", "sum", "argmax", "argmin", "tolist"})
_BUILT_IN = frozenset(dir(builtins))
_CERTAIN = (ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Names:
    """The top-level names of one cell: read from outside, assigned for certain, possibly changed, …

    … lent to calls, as arguments or as owners of the method, which may change them as well; and imported.
    """

    reads: frozenset[str] = frozenset()
    assigns: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    lent: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def names(source: str) -> Names:
    """The names of one cell. A cell that does not parse reads and assigns nothing."""
    reads: set[str] = set()
    assigns: set[str] = set()
    changes: set[str] = set()
    lent: set[str] = set()
    imports: set[str] = set()
    for statement in _flat(parsed(source).body):
        reads |= _read(symtable.symtable(ast.unparse(statement), "cell", "exec")) - assigns
        certain = isinstance(statement, _CERTAIN)
        bound = _bound(statement)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports |= bound
        (assigns if certain else changes).update(bound)
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            changes |= _stored(statement)
            lent |= _lent(statement)
    return Names(*map(frozenset, (reads, assigns, changes, lent, imports)))


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.Module:
    """The cell as a syntax tree, magics turned into calls; an empty one if it does not parse. Leave it as it is: others share it."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return ast.Module([], [])


@lru_cache(maxsize=4096)
def statements(source: str) -> tuple[str, ...]:
    """The top-level statements of one cell that bind names for certain, each as code; none if the cell does not parse."""
    return tuple(ast.unparse(statement) for statement in _flat(parsed(source).body) if isinstance(statement, _CERTAIN))


@lru_cache(maxsize=4096)
def functions(source: str) -> tuple[str, ...]:
    """The imports and the undecorated functions at the top level of one cell, each as code: to run them again changes nothing."""
    return tuple(
        ast.unparse(statement)
        for statement in parsed(source).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        or (isinstance(statement, ast.FunctionDef) and not statement.decorator_list)
    )


def needed(sources: Sequence[str], targets: Sequence[int], always: Sequence[int] = ()) -> list[int]:
    """Indices, in order, of the cells that the cells `targets` need (they included), plus `always` and what those need.

    A cell is needed when it assigns or may change a name that a needed cell below it reads.
    """
    kept: set[int] = set()
    wanted: set[str] = set()
    cells = [names(source) for source in sources]
    own = frozenset[str]().union(*(cell.assigns - cell.imports | cell.changes for cell in cells))
    steady = _BUILT_IN.union(*(cell.imports for cell in cells)) - own
    for index in range(max([*targets, *always], default=-1), -1, -1):
        cell = cells[index]
        if index in targets or index in always or wanted & (cell.assigns | cell.changes | (cell.lent - steady)):
            kept.add(index)
            wanted = (wanted - cell.assigns) | cell.reads
    return sorted(kept)


def _flat(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, a `with` replaced by its context and what stands in it: that runs once, as if it stood outside."""
    for statement in statements:
        if isinstance(statement, ast.With) and all(item.optional_vars is None for item in statement.items):
            yield from (ast.Expr(item.context_expr) for item in statement.items)
            yield from _flat(statement.body)
        else:
            yield statement


def _read(table: symtable.SymbolTable) -> set[str]:
    """Names that the scope reads from the notebook; in functions inside it, those that are no parameters or local variables."""
    outside = table.get_type() == "module"
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and (outside or symbol.is_global())}
    return found.union(*map(_read, table.get_children()))


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    found = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined = {n.name for n in ast.walk(statement) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return found | defined


def _stored(statement: ast.stmt) -> set[str]:
    """Names of which the statement stores a part: an attribute or an element."""
    parts = (node for node in ast.walk(statement) if isinstance(node, ast.Attribute | ast.Subscript))
    return set().union(*(_root(part) for part in parts if isinstance(part.ctx, ast.Store)))


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
