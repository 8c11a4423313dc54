"""Restore the names and functions of the course before a test that runs in a student process.

A student's cell can redefine `np`, a helper of the course or a function of a package. Names and
functions are reset to what they were before. This prevents only simple manipulations: code in the
same process can reach everything, so the marks of such tests are shown separately. Knows names and
modules; nothing of tests or marks.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Collection, Mapping
from types import FunctionType, ModuleType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Course"]

# Packages whose functions tests use to judge answers. Data in their modules is not restored: some
# of it is meant to change.
PACKAGES = frozenset(
    {"IPython", "builtins", "coursekit", "inspect", "itertools", "json", "math", "numpy", "operator", "pandas"}
) | {"collections", "copy", "functools", "random", "re", "statistics", "unittest"}


class Course:
    """The state of a shell before the student's code could change it.

    Args:
        shell: The shell, before a cell of the student has run.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._modules = {name: _functions(module) for name, module in list(sys.modules.items()) if _is_course(name, module)}
        self._transformers = {name: list(getattr(shell, name)) for name in ("ast_transformers", "input_transformers_post")}
        self._own = dict(vars(shell))
        self._names: dict[str, Any] = {}
        self._parts: dict[str, Mapping[str, Any]] = {}

    def remember(self, before: Mapping[str, Any]) -> None:
        """Remember the names that a cell of the course has defined.

        For functions, classes and modules, their parts are remembered too.

        Args:
            before: The namespace before the cell has run.
        """
        for name, value in self._shell.user_ns.items():
            if name.startswith("_") or before.get(name) is value:
                continue
            self._names[name] = value
            self._parts[name] = _parts(value)

    def restore(self, but: Collection[str]) -> None:
        """Restore everything except the names in `but`."""
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
                del self._shell.user_ns[name]  # the student's own definition of a built-in such as `sum`


def _is_course(name: str, module: Any) -> bool:
    """Whether the functions of a module are restored."""
    return isinstance(module, ModuleType) and name.split(".")[0] in PACKAGES


def _functions(module: ModuleType) -> dict[str, Any]:
    """The functions, classes and modules in a module."""
    return {name: value for name, value in vars(module).items() if callable(value) or isinstance(value, ModuleType)}


def _parts(value: Any) -> Mapping[str, Any]:
    """The parts of a function, class or module that are restored."""
    if isinstance(value, FunctionType):
        return {name: getattr(value, name) for name in ("__code__", "__defaults__", "__kwdefaults__")}
    if isinstance(value, type) and value.__flags__ & (1 << 9):  # a class defined in Python, whose attributes can be set
        return {name: part for name, part in vars(value).items() if callable(part) or isinstance(part, property)}
    return _functions(value) if isinstance(value, ModuleType) else {}


def _rebuild(value: Any, parts: Mapping[str, Any]) -> None:
    """Restore the parts of a function, class or module."""
    if isinstance(value, ModuleType):
        vars(value).update(parts)
        return
    for name, part in parts.items():
        if vars(value).get(name, getattr(value, name, None)) is not part:
            setattr(value, name, part)
