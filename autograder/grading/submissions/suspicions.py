"""A look at what a student wrote for things that no honest solution needs, so that a person may look too.

Reads text and runs nothing. A finding is no proof and costs no point: marks come from values that the examiner checked. Knows
cells and flags; nothing of labs, tests or processes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from autograder.grading.verdict import Flag
from autograder.notebooks.syntax import tree

__all__ = ["find_suspicious"]

MAX_LOOKED = 500_000  # characters of all cells together: what follows is not looked at
MAX_FLAGS = 50
_Said = tuple[int, str]  # line of the cell, from 1; what is said there

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
        ("reaches under Python", r"/proc\b|\bctypes\b|\bcffi\b|__(globals|code|closure|subclasses|reduce|reduce_ex)__"),
        ("ends or forks its process", r"\bos\.(_exit|abort|fork|forkpty|kill|killpg|setsid|exec\w+)\b|\bdo_shutdown\b"),
        ("speaks of the grader", r"\bautograder\b|\bnbgrader\b|\bgradebook\b|\bHIDDEN TESTS\b"),
        ("reads the cells that ran", r"\b_ih\b|\b_i\d+\b|\bhistory_manager\b|^name In$|\bIn\["),
        (
            "changes how Python runs, ends or is interrupted",
            r"^import signal\b|\bsignal\.(signal|alarm|setitimer)\b|\bSIG(INT|ALRM|TERM)\b"
            r"|\batexit\b|\bset(trace|profile)\b|\b\w*excepthook\b",
        ),
        (
            "makes values that compare or convert as they like",
            r"\bdef __(eq|ne|bool|lt|gt|float|int|array\w*|class|instancecheck)__|^disguise ",
        ),
        ("runs text as code", r"^name (exec|eval|__import__)$|^(exec|eval)\(|\bmarshal\b"),
        ("packs objects that can hold code", r"\b(c?pickle|dill|cloudpickle)\b"),
        ("opens a connection", r"\bsocket\b|\burllib\b|\bhttp\.client\b|^import requests\b|\brequests\.(get|post)\b"),
        (
            "runs a shell command, which may be harmless",
            r"\bsubprocess\b|\bos\.(system|popen|posix_spawn\w*)\b|\bmultiprocessing\b|^shell |^ *!|^ *%%?(bash|sh|script|system|sx)\b",
        ),
    )
)
# Bases that make a value pass for a plain one; methods whose replacement makes a network say what it likes.
_PLAIN = frozenset({"float", "int", "str", "np.ndarray", "numpy.ndarray", "ndarray", "History", "keras.callbacks.History"})
# Names that stand for packages though no cell of the student's imports them: the lab did.
_GIVEN = frozenset({"keras", "np", "numpy", "tf", "plt", "pd", "check", "coursekit", "builtins"})
_SAYS = frozenset({"evaluate", "predict", "predict_on_batch", "__call__", "call", "__class__"})


def find_suspicious(cells: Sequence[tuple[str, str]]) -> list[Flag]:
    """What looks odd in a student's own cells, one flag of kind "suspicious" for each kind of thing in each cell.

    cells: (grade id, "" for a cell of the student's own making; source). Never raises for any text; of very many cells or findings
    the first are looked at, and a last flag says so.
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
    """The cells that hold the first MAX_LOOKED characters, and whether there are more."""
    room = MAX_LOOKED
    first: list[tuple[str, str]] = []
    for grade_id, source in cells:
        if len(source) > room:
            return [*first, (grade_id, source[:room])], True
        first.append((grade_id, source))
        room -= len(source)
    return first, False


@lru_cache(maxsize=4096)  # in a class most cells are those of the lab
def _odd(source: str, imported: frozenset[str]) -> tuple[tuple[int, str], ...]:
    """The first line at which each kind of odd thing stands in a cell, and what it is."""
    module = _parsed(source)
    said = list(_text(source) if module is None else _code(module, imported))
    said += _magics(source)
    first = ((min((line for line, text in said if words.search(text)), default=0), what) for what, words in _RULES)
    return tuple((line, what) for line, what in first if line > 0)


def _parsed(source: str) -> ast.Module | None:
    """The cell's code with its magic lines taken out, None if it is no Python or too long."""
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
    """What the code says, each piece in a fixed form: dotted names, imports, text, what is assigned to."""
    documentation = set(_docstrings(module))
    # Inside `a.b.c` stands `a.b`, of which nothing needs to be said again.
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
    """What a statement or call exchanges in a package, or in how a network speaks of itself."""
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
    """`a.b.c` for such an expression, with what cannot be named as `?`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "?")
    return ".".join(reversed(parts))
