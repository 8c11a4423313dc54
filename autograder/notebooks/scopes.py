"""Find the names that a piece of Python reads from outside and those that it binds, by Python's scoping rules.

The analysis is a single pass over the syntax tree without recursion: deep nesting does not matter and
the cost is linear. This module knows syntax trees only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["bound_names", "read_names"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(eq=False)
class _Scope:
    """A function, class or comprehension; `outer` is None for the notebook itself. All sets contain names."""

    kind: str
    outer: _Scope | None = None
    bound: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)  # declared global
    above: set[str] = field(default_factory=set)  # declared nonlocal
    reads: set[str] = field(default_factory=set)
    added_to: set[str] = field(default_factory=set)  # changed by `a += 1`, which also reads `a` unless a loop binds it
    looped: set[str] = field(default_factory=set)  # bound by a `for` loop


def read_names(statement: ast.AST) -> set[str]:
    """Find the names of the notebook that a statement reads.

    Args:
        statement: Any syntax tree.

    Returns:
        The names, including those that functions in the statement read and that are neither their
        parameters nor their local variables.
    """
    scopes = list(_scopes(statement))
    return {name for scope in scopes for name in scope.reads | (scope.added_to - scope.looped) if _is_global(name, scope)}


def bound_names(statement: ast.AST) -> set[str]:
    """Find the names of the notebook that a statement binds or deletes.

    Args:
        statement: Any syntax tree.

    Returns:
        The names, including those that functions in the statement declare global and bind.
    """
    scopes = list(_scopes(statement))
    return scopes[0].bound.union(*(scope.outside & scope.bound for scope in scopes[1:]))


def _is_global(name: str, scope: _Scope) -> bool:
    if name in scope.outside or scope.outer is None:
        return True
    if name in scope.bound and name not in scope.above:
        return False
    outer: _Scope | None = scope.outer
    while outer is not None and outer.outer is not None:
        if name in outer.outside:
            return True
        if outer.kind != "class" and name in outer.bound:
            return False
        outer = outer.outer
    return True


def _scopes(root: ast.AST) -> Iterator[_Scope]:
    """Yield every scope in the statement with the names that it binds and reads, that of the notebook first."""
    notebook = _Scope("notebook")
    found = [notebook]
    todo: list[tuple[ast.AST, _Scope]] = [(root, notebook)]
    while todo:
        node, scope = todo.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS)):
            inner = _Scope(_kind(node), scope)
            found.append(inner)
            todo += _inside(node, scope, inner)
        else:
            _note(node, scope)
            todo += ((child, scope) for child in ast.iter_child_nodes(node) if not _walrus_target(node, child))
    yield from found


def _kind(node: ast.AST) -> str:
    if isinstance(node, _COMPREHENSIONS):
        return "comprehension"
    return "class" if isinstance(node, ast.ClassDef) else "function"


def _inside(node: ast.AST, scope: _Scope, inner: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Yield the parts of a node that opens a scope, each with the scope in which it is evaluated."""
    if isinstance(node, _COMPREHENSIONS):
        first = node.generators[0].iter
        yield first, scope
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.comprehension):
                yield from ((part, inner) for part in ast.iter_child_nodes(child) if part is not first)
            else:
                yield child, inner
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope.bound.add(node.name)
    body = node.body if isinstance(node.body, list) else [node.body]  # type: ignore[attr-defined]
    for parameter in getattr(node, "type_params", ()):
        inner.bound.add(parameter.name)
    arguments = getattr(node, "args", None)
    for argument in _arguments(arguments) if arguments else ():
        inner.bound.add(argument.arg)
    yield from ((part, inner) for part in body)
    within = {id(part) for part in body}
    for child in ast.iter_child_nodes(node):
        if id(child) not in within:
            yield child, scope


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (argument for argument in (arguments.vararg, arguments.kwarg) if argument)


def _note(node: ast.AST, scope: _Scope) -> None:
    """Record the names that the node itself binds, reads or declares."""
    if isinstance(node, ast.Name):
        (scope.reads if isinstance(node.ctx, ast.Load) else scope.bound).add(node.id)
    elif isinstance(node, ast.NamedExpr) and isinstance(node.target, ast.Name):
        _binder(scope).bound.add(node.target.id)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        scope.added_to.add(node.target.id)
    elif isinstance(node, ast.For | ast.AsyncFor):
        scope.looped.update(part.id for part in ast.walk(node.target) if isinstance(part, ast.Name))
    elif isinstance(node, ast.Global):
        scope.outside.update(node.names)
    elif isinstance(node, ast.Nonlocal):
        scope.above.update(node.names)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        scope.bound.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        scope.bound.add(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        scope.bound.add(node.rest)


def _walrus_target(node: ast.AST, child: ast.AST) -> bool:
    return isinstance(node, ast.NamedExpr) and child is node.target


def _binder(scope: _Scope) -> _Scope:
    """Return the scope in which `:=` binds its name."""
    while scope.kind == "comprehension" and scope.outer is not None:
        scope = scope.outer
    return scope
