"""Find suspicious code: things that no honest solution needs, for a person to look at.

The search reads text and runs nothing. A finding is not a proof and costs no points, because marks
come from values that the examiner checked. This module knows cells and flags; it does not know labs,
tests or processes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from autograder.grading.verdict import Flag
from autograder.notebooks.syntax import tree

__all__ = ["find_suspicious"]

MAX_LOOKED = 500_000  # characters of all cells together; the rest is not searched
MAX_FLAGS = 50
_Said = tuple[int, str]  # line of the cell (from 1), and a piece of its code in a fixed form

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(words))
    for what, words in (
        ("rewrites cells before they run", r"input_transformer|ast_transformers|NodeTransformer|input_splitter"),
        (
            "reaches into IPython",
            r"\b_?(run_cell|run_code|run_ast_nodes|do_execute|showtraceback|set_custom_exc|exec_(lines|module))(_async)?\b"
            r"|\bevents\.register\b|\bkernelapp\b|\bipykernel\b",
        ),
        (
            "changes what belongs to a package or to Python",
            r"^patch |\bsys\.modules\b|__builtins__|\bbuiltins\.\w+ *=[^=]|\bunittest\.mock\b"
            r"|\b(keras|np|numpy|tf|tensorflow|check|coursekit)(\.\w{1,50}){1,9} {,9}=[^=]",
        ),
        (
            "searches memory or other frames",
            r"\bgc\.get_|\b_getframe\b|\binspect\.(stack|currentframe|trace)\b|\b[ft]b?_(back|frame|locals)\b",
        ),
        ("accesses Python's internals", r"/proc\b|\bctypes\b|\bcffi\b|__(globals|code|closure|subclasses|reduce|reduce_ex)__"),
        ("ends or forks its process", r"\bos\.(_exit|abort|fork|forkpty|kill|killpg|setsid|exec\w+)\b|\bdo_shutdown\b"),
        ("mentions the grader", r"\bautograder\b|\bnbgrader\b|\bgradebook\b|\bHIDDEN TESTS\b"),
        ("reads the cells that ran", r"\b_ih\b|\b_i\d+\b|\bhistory_manager\b|^name In$|\bIn\["),
        (
            "changes how Python runs, ends or is interrupted",
            r"^import signal\b|\bsignal\.(signal|alarm|setitimer)\b|\bSIG(INT|ALRM|TERM)\b"
            r"|\batexit\b|\bset(trace|profile)\b|\b\w*excepthook\b",
        ),
        (
            "makes values with their own comparison or conversion",
            r"\bdef __(eq|ne|bool|lt|gt|float|int|array\w*|class|instancecheck)__|^disguise ",
        ),
        ("runs text as code", r"^name (exec|eval|__import__)$|^(exec|eval)\(|\bmarshal\b"),
        ("packs objects that can hold code", r"\b(c?pickle|dill|cloudpickle)\b"),
        ("opens a connection", r"\bsocket\b|\burllib\b|\bhttp\.client\b|^import requests\b|\brequests\.(get|post)\b"),
        (
            "runs a shell command, which may be harmless",
            r"\bsubprocess\b|\bos\.(system|popen|posix_spawn\w*)\b|\bmultiprocessing\b|^shell |"
            r"^ *!(?!=)|^ *%%?(bash|sh|script|system|sx)\b",
        ),
    )
)
# Base classes that make a value look like a plain one.
_PLAIN = frozenset({"float", "int", "str", "np.ndarray", "numpy.ndarray", "ndarray", "History", "keras.callbacks.History"})
# Names of packages that the lab imports, so that they need no import in the student's cells.
_GIVEN = frozenset({"keras", "np", "numpy", "tf", "plt", "pd", "check", "coursekit", "builtins"})
# Methods and attributes whose replacement lets a network return arbitrary values.
_SAYS = frozenset({"evaluate", "predict", "predict_on_batch", "__call__", "call", "__class__"})


def find_suspicious(cells: Sequence[tuple[str, str]]) -> list[Flag]:
    """Search a student's cells for suspicious code. Never raises, whatever the text.

    Args:
        cells: (grade id, or "" for a cell that the student added; source) of each cell.

    Returns:
        One flag of kind "suspicious" per kind of finding and cell. Only the first MAX_LOOKED
        characters and MAX_FLAGS findings are reported; a further flag says so.
    """
    first, rest = _first(cells)
    imported = _GIVEN.union(*(_imported(source) for _, source in first))
    flags = []
    for grade_id, source in first:
        for line, what in _odd(source, imported):
            place = f"cell {grade_id}" if grade_id else "a cell of the student's own"
            message = f"line {line} of {place} {what}: please look"
            flags.append(Flag("suspicious", (grade_id,) if grade_id else (), message))
    if len(flags) > MAX_FLAGS:
        more = Flag("suspicious", (), f"{len(flags) - MAX_FLAGS} more places look odd: please look")
        flags = [*flags[:MAX_FLAGS], more]
    if rest:
        said = f"the notebook holds more than {MAX_LOOKED:,} characters of code; the rest was not looked through: please look"
        flags.append(Flag("suspicious", (), said))
    return flags


def _first(cells: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], bool]:
    """Return the cells with the first MAX_LOOKED characters, and whether there are more."""
    room = MAX_LOOKED
    first: list[tuple[str, str]] = []
    for grade_id, source in cells:
        if len(source) > room:
            return [*first, (grade_id, source[:room])], True
        first.append((grade_id, source))
        room -= len(source)
    return first, False


@lru_cache(maxsize=4096)  # most cells of a class are unchanged cells of the lab
def _odd(source: str, imported: frozenset[str]) -> tuple[tuple[int, str], ...]:
    """Return the first line of each kind of suspicious code in a cell, and a description of it."""
    module = _parsed(source)
    said = list(_text(source) if module is None else _code(module, imported))
    said += _magics(source)
    first = ((min((line for line, text in said if words.search(text)), default=0), what) for what, words in _RULES)
    return tuple((line, what) for line, what in first if line > 0)


def _parsed(source: str) -> ast.Module | None:
    """Return the syntax tree of the cell without its magic lines; None if it is not Python or too long."""
    if source.lstrip().startswith("%%"):
        return None
    return tree(re.sub(r"(?m)^( *)[!%].*$", r"\1pass", source))


@lru_cache(maxsize=4096)
def _imported(source: str) -> frozenset[str]:
    module = _parsed(source)
    found = (node for node in ast.walk(module or ast.Module([], [])) if isinstance(node, ast.Import | ast.ImportFrom))
    return frozenset((alias.asname or alias.name).split(".")[0] for node in found for alias in node.names)


def _text(source: str) -> Iterator[_Said]:
    yield from enumerate((line.split("#")[0] for line in source.splitlines()), start=1)


def _magics(source: str) -> Iterator[_Said]:
    for number, line in _text(source):
        if line.lstrip().startswith(("!", "%")):
            yield number, line
        elif re.search(r"= *!", line) and "!=" not in line:
            yield number, "shell " + line


def _code(module: ast.Module, imported: frozenset[str]) -> Iterator[_Said]:
    """Yield the pieces of the code that the rules search: dotted names, imports, strings, definitions, assignments."""
    documentation = set(_docstrings(module))
    # `a.b.c` contains `a.b`, which is not reported again.
    parts = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Attribute)}
    for node in ast.walk(module):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            origin = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from ((line, f"import {origin}{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Attribute) and id(node) not in parts:
            yield line, _dotted(node)
        elif isinstance(node, ast.Name):
            yield line, f"name {node.id}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in documentation:
            yield line, str(node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield line, f"def {node.name}"
        elif isinstance(node, ast.ClassDef) and any(_dotted(base) in _PLAIN for base in node.bases):
            yield line, f"disguise {node.name}"
        yield from ((line, f"patch {name}") for name in _patched(node, imported))


def _patched(node: ast.AST, imported: frozenset[str]) -> Iterator[str]:
    """Yield what a statement or call replaces in a package, or in a network's methods."""
    targets: list[ast.AST] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Delete):
        targets = list(node.targets)
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store | ast.Del):
                name = _dotted(part)
                root = name.split(".")[0]
                if part.attr in _SAYS or (root in imported and not name.startswith(("pd.options", "pandas.options"))):
                    yield name
    if isinstance(node, ast.Call) and _dotted(node.func).endswith(("setattr", "__setattr__")) and node.args:
        name = _dotted(node.args[0])
        if name.split(".")[0] in imported:
            yield name


def _docstrings(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def _dotted(node: ast.AST) -> str:
    """Return the expression as text such as `a.b.c`; `?` stands for a part without a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(parts))
