"""Create variations of an instructor's solution, some of them wrong, to compare two ways of grading.

Each variation changes all exercises in one way: their return values, their side effects, or their
text. This module knows Python source; it does not know labs, tests or processes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from autograder.notebooks.syntax import module

__all__ = ["PART", "SPOILS", "variants"]

PART, SPOILS = "every second exercise is answered", "changes its arguments"  # descriptions of two variations

_WRAP = """
def _variant(function):
    import functools
    told = []
    @functools.wraps(function)
    def other(*args, **kwargs):
        result = function(*args, **kwargs)
        return _change(result, args, told)
    return other
"""
# What a wrapped function does with its result, its arguments, and a list that persists between calls.
_CHANGES = {
    "returns nothing": """
def _change(result, args, told):
    return None
""",
    "returns its first argument": """
def _change(result, args, told):
    return args[0] if args else 0
""",
    SPOILS: """
def _change(result, args, told):
    import contextlib, copy
    with contextlib.suppress(Exception):
        result = copy.deepcopy(result)
    for value in args:
        for spoil in _SPOILS:
            with contextlib.suppress(Exception):
                spoil(value)
                break
    return result

_SPOILS = (
    lambda value: value.append(7),
    lambda value: value.add(7),
    lambda value: value.insert(0, "spoilt", 7),
    lambda value: value.update(spoilt=7),
    lambda value: value.__setitem__(..., 7),
    lambda value: value.__setitem__(0, 7),
    lambda value: vars(value).update(spoilt=7),
)
""",
    "has additional side effects": """
def _change(result, args, told):
    if len(told) < 3:
        import warnings
        told.append(1)
        print("a line more")
        warnings.warn("a warning more")
        open("a_file_more.txt", "w").close()
    return result
""",
}


def variants(exercises: Mapping[str, str], blank: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Create the variations of a solution.

    Args:
        exercises: Exercise name → source of the solution.
        blank: Exercise name → source as released.

    Yields:
        A description of the variation, and exercise name → source.
    """
    yield "nothing is answered", blank
    if len(exercises) > 1:
        yield (
            "every second exercise is answered",
            {name: blank[name] if number % 2 else source for number, (name, source) in enumerate(exercises.items())},
        )
    functions = any(_functions(module(source).body) for source in exercises.values())
    for what, change in _CHANGES.items() if functions else ():
        yield what, {name: _wrapped(source, change) for name, source in exercises.items()}
    yield "numbers, texts and operators are changed", {name: _off(source) for name, source in exercises.items()}


def _functions(body: Sequence[ast.stmt]) -> list[ast.FunctionDef]:
    """Return the functions and methods that can be wrapped."""
    own = [node for node in body if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    methods = [method for node in body if isinstance(node, ast.ClassDef) for method in _functions(node.body)]
    return own + [method for method in methods if not method.name.startswith("__")]


def _wrapped(source: str, change: str) -> str:
    tree = ast.parse(ast.unparse(module(source)))
    functions = _functions(tree.body)
    for function in functions:
        function.decorator_list.append(ast.Name("_variant", ast.Load()))
    return f"{change.strip()}\n{_WRAP}\n{ast.unparse(tree)}" if functions else source


class _Off(ast.NodeTransformer):
    _others: Mapping[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Lt: ast.GtE, ast.Gt: ast.LtE}

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return ast.Constant(value + 1)
        return ast.Constant(value + "x") if isinstance(value, str) else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node.op = self._others.get(type(node.op), type(node.op))()
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        node.ops = [self._others.get(type(op), type(op))() for op in node.ops]
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Keep calls with string arguments, such as file names and magics: if they changed, the whole cell would fail."""
        return (
            node
            if any(isinstance(arg, ast.Constant) and isinstance(arg.value, str) for arg in node.args)
            else self.generic_visit(node)
        )


def _off(source: str) -> str:
    tree = ast.parse(ast.unparse(module(source)))
    return ast.unparse(ast.fix_missing_locations(_Off().visit(tree)))
