"""What a piece of code reads and binds is what Python's own compiler says it does."""

from __future__ import annotations

import ast
import symtable
import sysconfig
from pathlib import Path

import pytest

from autograder.notebooks.scopes import bound_names, read_names

STDLIB = Path(sysconfig.get_path("stdlib"))
MODULES = ("argparse", "ast", "dataclasses", "doctest", "functools", "inspect", "typing", "turtle", "enum", "contextlib")


def oracle(table: symtable.SymbolTable) -> set[str]:
    outside = table.get_type() == "module"
    found = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and (outside or symbol.is_global())}
    return found.union(*map(oracle, table.get_children()))


def reads(code: str) -> set[str]:
    (statement,) = ast.parse(code).body
    return read_names(statement)


@pytest.mark.parametrize("module", MODULES)
def test_reads_are_those_of_pythons_own_symbol_tables(module: str) -> None:
    for statement in ast.parse((STDLIB / f"{module}.py").read_text(encoding="utf-8")).body:
        code = ast.unparse(statement)
        assert read_names(statement) - _augmented(statement) == oracle(symtable.symtable(code, "x", "exec")), code


def _augmented(statement: ast.stmt) -> set[str]:
    """Names of `a += 1`, which symbol tables do not call read."""
    every = (node for node in ast.walk(statement) if isinstance(node, ast.AugAssign))
    changed = {node.target.id for node in every if isinstance(node.target, ast.Name)}
    return changed - oracle(symtable.symtable(ast.unparse(statement), "x", "exec"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(X, y=z):\n    m = X\n    return [k + m for k in y] + w", {"z", "w"}),
        ("g = lambda q, *r, s=d, **t: q + v", {"d", "v"}),
        ("x = [a for a in b if a > c for d in a]", {"b", "c"}),
        ("x = {k: (last := v) for k, v in pairs}", {"pairs"}),
        ("class A(B):\n    c = 1\n    def f(self): return c + self.d", {"B", "c"}),
        ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = y\n    return g", {"y"}),
        ("def f():\n    global x\n    x = 1\n    def g(): return x", {"x"}),
        ("def f():\n    try: pass\n    except E as e: print(e)", {"E", "print"}),
        ("match p:\n    case {'a': q, **r}: s(q, r)", {"p", "s", "q", "r"}),
        ("a += 1", {"a"}),
        ("for b in c: a += b", {"a", "b", "c"}),
        ("for w in c: w *= 2", {"c"}),
        ("x = f'{a!r:>{b}}'", {"a", "b"}),
    ],
)
def test_names_of_other_scopes_are_not_read_from_the_notebook(code: str, expected: set[str]) -> None:
    assert reads(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("a, (b, *c) = x", {"a", "b", "c"}),
        ("for i in x:\n    j = i", {"i", "j"}),
        ("with f() as g: h = 1", {"g", "h"}),
        ("x = [(y := z) for z in w]", {"x", "y"}),
        ("del a", {"a"}),
        ("import a.b, c as d", {"a", "d"}),
        ("def f():\n    global x\n    x = y = 1", {"f", "x"}),
        ("match p:\n    case [a, *b] | {'k': a, **b}: c = 1", {"a", "b", "c"}),
        ("try: a = 1\nexcept E as e: b = 2", {"a", "e", "b"}),
        ("f.a = b[c] = 1", set()),
    ],
)
def test_names_are_bound_in_the_notebook_wherever_a_statement_may_bind_them(code: str, expected: set[str]) -> None:
    (statement,) = ast.parse(code).body
    assert bound_names(statement) == expected


def test_no_nesting_is_too_deep_for_a_look() -> None:
    deep: ast.expr = ast.Name("a", ast.Load())
    for _ in range(50_000):
        deep = ast.Attribute(deep, "b", ast.Load())
    assert read_names(ast.Expr(deep)) == {"a"}
