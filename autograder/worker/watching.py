"""Watch a test while it runs: what each of its checks got, what it expected, and what it said.

Calls of `coursekit.check` and `assert` statements are rewritten so that they note their values; what
they do stays the same. It is for the instructor who asks about one mark. Knows Python's syntax and the
shell; nothing of labs, students or marks.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["noted", "watching"]

_LOG = "__watched__"
SOURCE_CHARS, VALUE_CHARS = 300, 400
MAX_CHECKS = 40
NOTED_CHARS = 20_000  # of JSON, which is written once more for the frame
_OPERATORS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is", ast.In: "in"}
# Arguments of checks that hold words for students, no values.
_WORDS = ("hint", "hints", "mistakes", "name")


@contextmanager
def watching(shell: InteractiveShell) -> Iterator[list[dict[str, Any]]]:
    """Note the checks of the cells that the shell runs.

    Args:
        shell: The shell.

    Yields:
        A list, which is filled with one entry per check: "line", "source", "values" (name → text),
        "said" ("" if the check passed) and "times" it ran; the values are those of the last time.
    """
    log = _Log()
    rewriter = _Rewriter()
    shell.ast_transformers.append(rewriter)
    shell.user_ns[_LOG] = log
    checks: list[dict[str, Any]] = []
    try:
        yield checks
    finally:
        if rewriter in shell.ast_transformers:  # IPython removes one that failed
            shell.ast_transformers.remove(rewriter)
        shell.user_ns.pop(_LOG, None)
        checks += log.checks.values()


def noted(checks: list[dict[str, Any]]) -> str:
    """Return the checks as JSON of bounded length: the last ones, because a test ends at the first check that fails.

    Args:
        checks: What `watching` gave.

    Returns:
        A JSON list.
    """
    shown = checks[-MAX_CHECKS:]
    while len(text := json.dumps(shown)) > NOTED_CHARS:
        shown = shown[1:]
    return text


class _Log:
    """The checks that ran, by place."""

    def __init__(self) -> None:
        self.checks: dict[tuple[int, str], dict[str, Any]] = {}

    def call(self, line: int, source: str, check: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Call a check with its arguments."""
        entry = self._note(line, source, _arguments(check, args, more))
        return self._passing(entry, lambda: check(*args, **more))

    def compared(self, line: int, source: str, sign: str, left: Any, right: Any, holds: Callable[[Any, Any], Any]) -> Any:
        """Compare two values as an assertion does."""
        entry = self._note(line, source, {"left": _text(left), f"{sign} right": _text(right)})
        return self._holding(entry, self._passing(entry, lambda: holds(left, right)))

    def asserted(self, line: int, source: str, value: Any) -> Any:
        """Note the value of an assertion."""
        return self._holding(self._note(line, source, {"value": _text(value)}), value)

    def _note(self, line: int, source: str, values: dict[str, str]) -> dict[str, Any]:
        before = self.checks.pop((line, source), None)  # to its end: the last one is the one that ended the test
        entry = {"line": line, "source": source, "values": values, "said": "", "times": before["times"] + 1 if before else 1}
        self.checks[line, source] = entry
        return entry

    def _passing(self, entry: dict[str, Any], act: Callable[[], Any]) -> Any:
        try:
            return act()
        except BaseException as error:
            entry["said"] = f"{type(error).__name__}: {_short(str(error))}"
            raise

    def _holding(self, entry: dict[str, Any], value: Any) -> Any:
        try:
            entry["said"] = "" if value else "it is not true"
        except Exception as error:  # an array of several truth values, at which the assertion fails too
            entry["said"] = f"{type(error).__name__}: {_short(str(error))}"
        return value


class _Rewriter(ast.NodeTransformer):
    """Rewrites calls of `check` and assertions so that the log sees their values."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        kept = [keyword for keyword in node.keywords if keyword.arg not in _WORDS]
        source = _unparsed(ast.Call(node.func, node.args, kept))
        self.generic_visit(node)
        function = node.func
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "check"):
            return node
        return self._asked("call", node, source, [function, *node.args], node.keywords)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        source = f"assert {_unparsed(node.test)}"
        self.generic_visit(node)
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPERATORS:
            names = [ast.Name(name, ast.Load()) for name in ("left", "right")]
            holds = ast.Lambda(
                ast.arguments([], [ast.arg("left"), ast.arg("right")], None, [], [], None, []),
                ast.Compare(names[0], test.ops, [names[1]]),
            )
            values = [ast.Constant(_OPERATORS[type(test.ops[0])]), test.left, test.comparators[0], holds]
            node.test = self._asked("compared", test, source, values)
        else:
            node.test = self._asked("asserted", test, source, [test])
        return node

    def _asked(
        self, method: str, node: ast.expr, source: str, values: list[Any], keywords: list[ast.keyword] | None = None
    ) -> ast.Call:
        asked = ast.Attribute(ast.Name(_LOG, ast.Load()), method, ast.Load())
        made = ast.Call(asked, [ast.Constant(node.lineno), ast.Constant(source), *values], keywords or [])
        return ast.fix_missing_locations(ast.copy_location(made, node))


def _arguments(check: Callable[..., Any], args: tuple[Any, ...], more: dict[str, Any]) -> dict[str, str]:
    """Return the values that a check got, by the names of its parameters."""
    try:
        bound = inspect.signature(check).bind(*args, **more).arguments
    except (TypeError, ValueError):
        bound = {str(number): value for number, value in enumerate(args, start=1)}
    return {name: _text(value) for name, value in bound.items() if name not in _WORDS}


def _text(value: Any) -> str:
    """Return a value as a short text."""
    try:
        with np.printoptions(threshold=20, edgeitems=3, precision=8):
            text = repr(value)
    except Exception as error:
        text = f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return _short(text, VALUE_CHARS)


def _short(text: str, most: int = VALUE_CHARS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _unparsed(node: ast.AST) -> str:
    return _short(ast.unparse(node), SOURCE_CHARS)
