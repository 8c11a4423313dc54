"""Find formulas in the visible checks of a lab: a mistake that is written as a formula is half of the answer.

A visible check states what a mistake gives as a *value* for its own fixed input, such as `{"the bias is missing": [0, 1, 1, 1]}`.
Values are

- numbers, texts, `True`, `None`, `np.nan` and `np.inf`, with or without a sign,
- lists, tuples, sets, dictionaries and `np.array(…)` of values,
- names that stand for a value, items at a fixed place (`path_of_w[4]`) and a `.history`: what is only read is not computed,
- values multiplied by or added to a parameter of the lab (`430 * EPOCHS`), because the reduced budget changes it.

All else is a formula: calls, operators, slices, comprehensions, `lambda`, and names that the test itself sets to one of these. A
message may insert names into its text, and computes nothing either. Hidden tests may hold formulas. This module reads the syntax
tree and runs no code.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping

from autograder.labs.model import Cell, Lab

__all__ = ["formulas", "shown_formulas"]

_SIGNS = (ast.UAdd, ast.USub)
_SCALES = (ast.Add, ast.Mult)


def shown_formulas(lab: Lab) -> Iterator[str]:
    """Find the formulas in the visible checks of a lab.

    Args:
        lab: The lab.

    Yields:
        A sentence for each formula.
    """
    parameters = {name for cell in lab.cells if cell.parameters for name in _bindings(ast.parse(cell.source))}
    for test in lab.of("tests"):
        for line, formula in formulas(test, parameters):
            yield (
                f"test {test.name}, line {line}: `{formula}` in mistakes= of a visible check is a formula; write the value that it\n"
                "has for this check's input, or move the check into the hidden part"
            )


def formulas(test: Cell, parameters: Collection[str] = ()) -> Iterator[tuple[int, str]]:
    """Find the formulas in the `mistakes=` of a test's visible part.

    Args:
        test: The test cell.
        parameters: Names of the lab's parameters.

    Yields:
        The line in the cell, from 1, and the text of each key or value that is a formula.
    """
    tree = ast.parse(test.source)
    visible = [statement for statement in tree.body if statement.lineno not in test.hidden]
    reader = _Reader(_bindings(*visible), parameters)
    for keyword in (node for statement in visible for node in ast.walk(statement) if isinstance(node, ast.keyword)):
        if keyword.arg == "mistakes":
            for node in reader.formulas(keyword.value):
                yield node.lineno, ast.unparse(node)


class _Reader:
    """Tells values from formulas.

    Args:
        bindings: What the names that the test sets stand for.
        parameters: Names of the lab's parameters.
    """

    def __init__(self, bindings: Mapping[str, list[ast.expr]], parameters: Collection[str]) -> None:
        self._bindings, self._parameters = bindings, parameters

    def formulas(self, mistakes: ast.expr) -> Iterator[ast.expr]:
        """Yield the keys and values of `mistakes` that are formulas, or all of it if it is no dictionary."""
        if isinstance(mistakes, ast.Name) and mistakes.id in self._bindings:
            for bound in self._bindings[mistakes.id]:
                yield from self.formulas(bound)
        elif isinstance(mistakes, ast.Dict):
            for key, value in zip(mistakes.keys, mistakes.values, strict=True):
                if key is None or not self._is_message(key):
                    yield key or value
                elif not self._is_value(value):
                    yield value
        else:
            yield mistakes

    def _is_message(self, node: ast.expr) -> bool:
        """Return whether a text is written out; what it inserts may come from anywhere, but is computed elsewhere."""
        if isinstance(node, ast.JoinedStr):
            inserted = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            return all(isinstance(value, ast.Name | ast.Attribute | ast.Subscript) for value in inserted)
        return isinstance(node, ast.Constant | ast.Name)

    def _is_value(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        match node:
            case ast.Constant() | ast.Attribute(attr="nan" | "inf"):
                return True
            case ast.UnaryOp(op=op, operand=inner):
                return isinstance(op, _SIGNS) and self._is_value(inner, seen)
            case ast.List() | ast.Tuple() | ast.Set():
                return all(self._is_value(part, seen) for part in node.elts)
            case ast.Dict():
                return all(part is not None and self._is_value(part, seen) for part in (*node.keys, *node.values))
            case ast.Call(func=ast.Attribute(value=ast.Name("np"), attr="array"), args=[inner]):
                return self._is_value(inner, seen)
            case ast.Name(id=name):
                return name not in seen and all(self._is_value(bound, seen | {name}) for bound in self._bindings.get(name, ()))
            case ast.Attribute(value=inner, attr="history"):
                return self._is_value(inner, seen)
            case ast.Call(func=ast.Name("getattr"), args=[inner, ast.Constant("history"), *_]):
                return self._is_value(inner, seen)
            case ast.Subscript(value=inner, slice=ast.Constant() | ast.UnaryOp(operand=ast.Constant())):
                return self._is_value(inner, seen)
            case ast.BinOp(left=left, op=op, right=right):
                scaled = isinstance(op, _SCALES) and (self._is_parameter(left) or self._is_parameter(right))
                return scaled and self._is_value(left, seen) and self._is_value(right, seen)
        return False

    def _is_parameter(self, node: ast.expr) -> bool:
        """Return whether an expression is a parameter, or a sum or product with one."""
        if isinstance(node, ast.BinOp):
            return self._is_parameter(node.left) or self._is_parameter(node.right)
        return isinstance(node, ast.Name) and node.id in self._parameters


def _bindings(*trees: ast.AST) -> dict[str, list[ast.expr]]:
    """Return what each name is set to. The names of a loop stand for all that it goes through."""
    found: dict[str, list[ast.expr]] = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                pairs = [(target, value)]
            case ast.For(target=target, iter=value) | ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
                pairs = [(name, value) for name in ast.walk(target) if isinstance(name, ast.Name)]
            case ast.AugAssign(target=target, value=value):
                pairs = [(target, ast.BinOp(target, node.op, value))]
            case _:
                continue
        for name, bound in (pair for target, value in pairs for pair in _unpacked(target, value)):
            found.setdefault(name, []).append(bound)
    return found


def _unpacked(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts) else None
        for part, own in zip(target.elts, parts or [value] * len(target.elts), strict=True):
            yield from _unpacked(part, own)
