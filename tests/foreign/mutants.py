"""Wrong answers made from right ones: every one-change mutant of a cell, and the same few of them on every run.

Knows Python's syntax trees; nothing of notebooks or marks. Some mutants are right all the same: what counts is that two
graders say the same of them.
"""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Mutant", "every_mutant", "renamed", "some_mutants"]

_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
}
_REDUCTIONS = {
    "sum": "max",
    "mean": "sum",
    "min": "max",
    "max": "min",
    "median": "mean",
    "std": "var",
    "any": "all",
    "all": "any",
}
# Changes the value that it is given, whatever kind it is of.
_SPOIL = """
for change in (
    lambda: {0}.append(0), lambda: {0}.__setitem__("extra", 0), lambda: {0}.__setitem__(0, 0), lambda: {0}.add(0)
):
    try:
        change()
        break
    except Exception:
        continue
"""


@dataclass(frozen=True)
class Mutant:
    """kind: of the change. what: a few words on it, with the line that it is in. source: the changed cell."""

    kind: str
    what: str
    source: str


def every_mutant(source: str) -> list[Mutant]:
    """All mutants of a cell with one change each; none of a cell that is no plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    plain = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for place, node in enumerate(ast.walk(tree)):
        for number, (kind, what) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            twin = list(ast.walk(changed))[place]
            _apply(twin, number)
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text != plain:
                found.setdefault(text, Mutant(kind, f"line {getattr(node, 'lineno', 1)}: {what}", text))
    return list(found.values())


def some_mutants(cells: Mapping[str, str], count: int) -> list[tuple[str, Mutant]]:
    """(cell's name, mutant), spread over the cells and over the kinds of change; the same on every call."""
    draw = random.Random(",".join(cells))
    waiting = {name: draw.sample(mutants, len(mutants)) for name, source in cells.items() if (mutants := every_mutant(source))}
    chosen: list[tuple[str, Mutant]] = []
    while waiting and len(chosen) < count:
        for name in list(waiting):
            used = [mutant.kind for _, mutant in chosen]
            best = min(waiting[name], key=lambda mutant: used.count(mutant.kind))
            waiting[name].remove(best)
            chosen.append((name, best))
            if not waiting[name]:
                del waiting[name]
    return chosen[:count]


def renamed(source: str) -> str:
    """The cell with the local variables of its functions renamed; as it was where that cannot be done safely."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef)]:
        _rename_locals(function)
    return ast.unparse(tree)


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _changes(node: ast.AST) -> list[tuple[str, str]]:
    return [(kind, what) for kind, what, _ in _edits(node)]


def _apply(node: ast.AST, number: int) -> None:
    list(_edits(node))[number][2]()


def _edits(node: ast.AST) -> Iterator[tuple[str, str, _Edit]]:
    """(kind, what, the edit) of all that can be changed in this node itself."""
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _OPERATORS:
        other = _OPERATORS[type(node.op)]
        yield "operator", f"{type(node.op).__name__} to {other.__name__}", _Edit(node, "op", other())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARISONS:
        operator = _COMPARISONS[type(node.ops[0])]
        said = f"{type(node.ops[0]).__name__} to {operator.__name__}"
        yield "comparison", said, _Edit(node, "ops", [operator(), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield "operator", "and/or swapped", _Edit(node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "constant", f"{node.value!r} plus 1", _Edit(node, "value", node.value + 1)
        yield "constant", f"{node.value!r} minus 1", _Edit(node, "value", node.value - 1)
    elif isinstance(node, ast.keyword) and node.arg == "axis" and isinstance(node.value, ast.Constant):
        yield "axis", "another axis", _Edit(node, "value", ast.Constant(1 if node.value.value == 0 else 0))
    elif isinstance(node, ast.Name) and node.id in _REDUCTIONS:
        yield "reduction", f"{node.id} to {_REDUCTIONS[node.id]}", _Edit(node, "id", _REDUCTIONS[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in _REDUCTIONS:
        yield "reduction", f"{node.attr} to {_REDUCTIONS[node.attr]}", _Edit(node, "attr", _REDUCTIONS[node.attr])
    elif isinstance(node, ast.FunctionDef):
        yield from _function_edits(node)


def _function_edits(function: ast.FunctionDef) -> Iterator[tuple[str, str, _Edit]]:
    name, body = function.name, function.body
    start = 1 if ast.get_docstring(function) is not None else 0
    arguments = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]

    def at_start(code: str) -> _Edit:
        return _Edit(function, "body", [*body[:start], *ast.parse(code).body, *body[start:]])

    yield "printing", f"{name} prints", at_start("print('here')")
    yield "exception", f"{name} raises ValueError", at_start("raise ValueError('not today')")
    for i in range(start, len(body)):
        if not isinstance(body[i], ast.Return):
            rest = [*body[:i], *body[i + 1 :]] or [ast.Pass()]
            yield "dropped", f"{name} without its statement {i + 1 - start}", _Edit(function, "body", rest)
    last = body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return
    results = [("returns", "None", "None"), ("type", "a list", f"list({ast.unparse(last.value)})")]
    if arguments:
        results.append(("returns", "its first argument", arguments[0]))
        spoiled = f"result = {ast.unparse(last.value)}{_SPOIL.format(arguments[0])}return result"
        yield "argument", f"{name} changes its argument", _Edit(function, "body", [*body[:-1], *_inside(spoiled)])
    for kind, what, code in results:
        yield kind, f"{name} returns {what}", _Edit(function, "body", [*body[:-1], *_inside(f"return {code}")])


def _inside(code: str) -> list[ast.stmt]:
    """Statements that may stand in a function."""
    function = ast.parse("def f():\n" + "\n".join(f"    {line}" for line in code.splitlines())).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.body


@dataclass(frozen=True)
class _Edit:
    node: ast.AST
    field: str
    value: object

    def __call__(self) -> None:
        setattr(self.node, self.field, self.value)


def _rename_locals(function: ast.FunctionDef) -> None:
    nodes = list(ast.walk(function))
    if any(isinstance(node, ast.Global | ast.Nonlocal | ast.ClassDef | ast.Import | ast.ImportFrom) for node in nodes):
        return
    given = {node.arg for node in nodes if isinstance(node, ast.arg)} | {
        node.name for node in nodes if isinstance(node, ast.FunctionDef)
    }
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own = stored - given - _called_by_name(nodes)
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in own:
            node.id = f"my_{node.id}"


def _called_by_name(nodes: Sequence[ast.AST]) -> set[str]:
    """Every name, in a function that looks its names up by their text."""
    calls = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names if calls & {"locals", "vars", "eval", "exec"} else set()
