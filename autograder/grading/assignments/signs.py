"""Find tests that must run in the student process, by their text.

Some tests ask for something that only the student process knows: what is printed, how a function is
written, which names exist. In the examiner such a test would get the same answer for every student.
Other tests would run a student's code in the examiner. The search prefers to report too much. This
module knows Python source; it does not know labs or processes.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Sequence

from autograder.grading.dependencies import names, statements
from autograder.notebooks.syntax import module

__all__ = ["asks", "runs_code"]

_ASKS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(words))
    for what, words in (
        ("what is printed", r"\bcapsys\b|\bredirect_std|\bsys\.std(out|err|in)\b|\bcapture_output\b|\bcapture\b"),
        ("for warnings", r"\bcatch_warnings\b|\bpytest\.warns\b|\bassertWarns|\bsimplefilter\b|\bfilterwarnings\b"),
        ("how arrays share memory", r"\b(shares|may_share)_memory\b|\.base\b|\.flags\b|\bid\(|\bgetrefcount\b|\bweakref\b"),
        (
            "how a function or class is written",
            r"__(code|doc|name|qualname|annotations|(kw)?defaults|closure|globals|module|dict|wrapped|class|mro|bases|slots)__"
            r"|\b(inspect|dis|doctest)\b|\bgetsource\b|\bget_type_hints\b|\bissubclass\(",
        ),
        (
            "which names there are",
            r"\b(globals|locals|vars|dir)\(|\bget_ipython\b|\b__main__\b|\b(In|Out|_ih|_oh|_i+|_\d+|_)\b|except \(?.*\bNameError\b",
        ),
        (
            "for another meaning of a name",
            r"(?m)^\s*global\b|\b(mock|monkeypatch)\b|\bpatch(\.\w+)?\(|\b(set|del)attr\(|\bsys\.(modules|path|settrace|setprofile)\b"
            r"|\bos\.(chdir|putenv)\b|\benviron(\[[^]]*\] =(?!=)|\.(update|setdefault|pop)\b)",
        ),
        (
            "for time or memory",
            r"\btimeit\b|\b(time|perf_counter|process_time|monotonic)(_ns)?\(\)|\btracemalloc\b|\brecursionlimit\b",
        ),
        ("what was drawn", r"\b(gcf|gca|get_fignums|fignum_exists)\b"),
    )
)
# Calls that run a text or a file as code, or create objects that may contain code from it.
_RUNS = re.compile(
    r"\beval\((?!\))|(?<!\.)\bcompile\(|\.query\(|\byaml\.(load|load_all|full_load|unsafe_\w+)\(|\btorch\.load\("
    r"|\b(exec|sympify|parse_expr|read_pickle|run_path|run_module)\("
    r"|\b(_?pickle|cPickle|cloudpickle|dill|joblib|marshal|shelve|runpy|subprocess|importlib|allow_pickle|safe_mode)\b"
    r"|\bos\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*)\b|\b(run_cell\w*|run_line_magic|run_code)\b"
)
_FILES = re.compile(
    r"\bos\.(path|listdir|scandir|stat|walk|remove|unlink)\b|\bPath\(|\bglob\b|\bopen\(|\.exists\(|\bread_\w+\(|\bload(txt)?\("
)


def asks(test: str, exercises: Sequence[str], beside: Collection[str], helpers: Sequence[str] = ()) -> str:
    """Find out whether a test asks for something that only the student process knows.

    Args:
        test: Source of the test.
        exercises: Sources of the solutions of the exercises.
        beside: Names of the files that both processes have.
        helpers: Sources of the lab's other code, whose functions and classes the test may use.

    Returns:
        What the test asks, as a phrase that continues "it asks"; "" if nothing was found.
    """
    tree = module(test)
    code = _without_text(tree)
    for what, words in _ASKS:
        if words.search(code):
            return what
    if runs_code(test, helpers):
        return "to run its input as code"
    if _FILES.search(code) and not _files(tree) & set(beside):
        return "for files"
    if any(map(_identity, ast.walk(tree))):
        return "whether two values are one object"
    if taken := sorted(_renamed(test, tree) & _read_inside(exercises)):
        return f"for another meaning of `{taken[0]}`"
    return "for another meaning of a name" if any(_patches(node, test) for node in ast.walk(tree)) else ""


def runs_code(test: str, helpers: Sequence[str] = ()) -> bool:
    """Return whether a test, or a helper that it uses, may run its input as code, for instance by `eval` or `pickle`.

    Args:
        test: Source of the test.
        helpers: Sources of the lab's other code.

    Returns:
        Whether this was found.
    """
    return any(_RUNS.search(_without_text(module(text))) for text in (test, *_used(test, helpers)))


def _without_text(tree: ast.Module) -> str:
    return ast.unparse(_NoText().visit(ast.parse(ast.unparse(tree))))


def _used(test: str, helpers: Sequence[str]) -> list[str]:
    """Return the source of the helpers' statements that the test depends on, directly or indirectly."""
    makers: dict[str, list[str]] = {}
    for statement in (statement for text in helpers for statement in statements(text)):
        for name in names(statement).assigns:
            makers.setdefault(name, []).append(statement)
    found: dict[str, None] = {}
    waiting = list(names(test).reads)
    while waiting:
        new = [statement for statement in makers.pop(waiting.pop(), ()) if statement not in found]
        found.update(dict.fromkeys(new))
        waiting += (name for statement in new for name in names(statement).reads)
    return list(found)


class _NoText(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")


def _files(tree: ast.Module) -> set[str]:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text.removeprefix("./") for text in texts}


def _identity(node: ast.AST) -> bool:
    """Return whether `node` compares two values by `is`; `a is None` and `type(a) is int` do not count."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [node.left, *node.comparators]
    plain = any(isinstance(s, ast.Constant) or (isinstance(s, ast.Name) and hasattr(builtins, s.id)) for s in sides)
    kinds = any(isinstance(s, ast.Call) and isinstance(s.func, ast.Name) and s.func.id == "type" for s in sides)
    return any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops) and not plain and not kinds


def _renamed(test: str, tree: ast.Module) -> set[str]:
    """Return the names of the notebook that the test assigns or changes, except imports."""
    said = names(test)
    return set((said.assigns | said.changes) - said.imports)


def _read_inside(exercises: Sequence[str]) -> set[str]:
    """Return the names of the notebook that functions and classes of the exercises read when they are called."""
    found: set[str] = set()
    for source in exercises:
        for node in module(source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found |= names(ast.unparse(node)).reads
    return found


def _patches(node: ast.AST, test: str) -> bool:
    """Return whether a statement sets an attribute of an object that the test did not create."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    for target in targets:
        root: ast.AST = target
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        said = names(test)
        own = said.assigns - said.imports
        if isinstance(target, ast.Attribute) and isinstance(root, ast.Name) and root.id not in own:
            return True
    return False
