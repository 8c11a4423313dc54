"""What belongs to the course in a student's process, put back before a test that has to run there.

A student's cell can give `np`, a helper of the course or a function of a package another meaning. Names and functions are put
back to what they were before that. It shuts the easy ways only: code in the same process can reach everything, so the marks
of such tests are shown apart. Knows names and modules; nothing of tests or marks.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Collection, Mapping
from types import FunctionType, ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Course"]

# Packages whose functions tests judge by. Data in their modules is left alone: some of it is meant to change.
PACKAGES = frozenset(
    {"IPython", "builtins", "coursekit", "inspect", "itertools", "json", "math", "numpy", "operator", "pandas"}
) | {"collections", "copy", "functools", "random", "re", "statistics", "unittest"}


class Course:
    """What stood in a shell before the student's code could touch it."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._modules = {name: _judging(module) for name, module in list(sys.modules.items()) if _is_course(name, module)}
        self._transformers = {name: list(getattr(shell, name)) for name in ("ast_transformers", "input_transformers_post")}
        self._own = dict(vars(shell))
        self._names: dict[str, Any] = {}
        self._parts: dict[str, Mapping[str, Any]] = {}

    def remember(self, before: Mapping[str, Any]) -> None:
        """Note the names that have another value than `before`, and what functions, classes and modules among them consist of."""
        for name, value in self._shell.user_ns.items():
            if name.startswith("_") or before.get(name) is value:
                continue
            self._names[name] = value
            self._parts[name] = _parts(value)

    def restore(self, but: Collection[str]) -> None:
        """Put everything back, names in `but` aside."""
        for name, functions in self._modules.items():
            vars(sys.modules.setdefault(name, ModuleType(name))).update(functions)
        for name, value in self._names.items():
            if name not in but:
                _rebuild(value, self._parts[name])
                self._shell.user_ns[name] = value
        for name in set(vars(self._shell)) - set(self._own):
            if callable(vars(self._shell)[name]):
                delattr(self._shell, name)
        for name, transformers in self._transformers.items():
            getattr(self._shell, name)[:] = transformers
        for name in set(self._shell.user_ns) & set(dir(builtins)) - set(self._names) - set(but):
            if not name.startswith("_") and callable(getattr(builtins, name)):
                del self._shell.user_ns[name]  # a `sum` or `isinstance` of the student's own


def _is_course(name: str, module: Any) -> bool:
    return isinstance(module, ModuleType) and name.split(".")[0] in PACKAGES


def _judging(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if callable(value) or isinstance(value, ModuleType)}


def _parts(value: Any) -> Mapping[str, Any]:
    if isinstance(value, FunctionType):
        return {name: getattr(value, name) for name in ("__code__", "__defaults__", "__kwdefaults__")}
    if isinstance(value, type) and value.__flags__ & (1 << 9):  # a class made in Python, whose attributes can be set
        return {name: part for name, part in vars(value).items() if callable(part) or isinstance(part, property)}
    return _judging(value) if isinstance(value, ModuleType) else {}


def _rebuild(value: Any, parts: Mapping[str, Any]) -> None:
    if isinstance(value, ModuleType):
        vars(value).update(parts)
        return
    for name, part in parts.items():
        if vars(value).get(name, getattr(value, name, None)) is not part:
            setattr(value, name, part)
