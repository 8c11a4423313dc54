"""Hostile twins of answers: the same work by somebody who overwrites whatever a test gives to a function.

A twin is an answer with code behind it that wraps the functions which the answer defines. Knows how such cells are written; nothing
of labs, processes or marks.
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

__all__ = ["Twin", "call_of", "functions", "overwriting", "pretending"]


class Twin:
    """Wraps functions of a notebook. Its text runs in a student process, where nothing of the grader is to be had.

    fill: what is written into every number of an argument. overwrite: do so when the work of a call is done, and empty lists and
    dictionaries. Otherwise the functions work as they should for as many calls as the visible part of a test makes, and then on
    overwritten arguments: the test's own where `begin` says hostile, else copies of them.
    """

    def __init__(self, namespace: Any, names: Any, fill: float, overwrite: bool) -> None:
        self.namespace, self.fill, self.overwrite = namespace, fill, overwrite
        self.inside, self.calls, self.left, self.hostile = False, 0, 0, False
        self.visible: Any = {}  # name of a test → calls in its visible part
        for name in names:
            function = namespace.get(name)
            if getattr(function, "__globals__", None) is namespace:
                self.namespace[name] = self.wrapped(function)

    def wrapped(self, function: Any) -> Any:
        from functools import wraps

        @wraps(function)
        def twin(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return function(*args, **kwargs)
            self.inside = True
            try:
                return self.call(function, args, kwargs)
            finally:
                self.inside = False

        return twin

    def call(self, function: Any, args: Any, kwargs: Any) -> Any:
        self.calls += 1
        if self.overwrite:
            result = self.copy(function(*args, **kwargs), networks=False)
            self.spoil([args, *kwargs.values()], self.layers(result))
            return result
        self.left -= 1
        if self.left < 0:
            if not self.hostile:
                args, kwargs = self.copy((args, kwargs))
            self.spoil([args, *kwargs.values()])
        return function(*args, **kwargs)

    def rehearse(self, test: str, visible: str) -> None:
        """Run the visible part of a test, as students do, and count the calls that it makes."""
        self.calls, self.left = 0, 10**9
        try:
            exec(visible, dict(self.namespace))
        finally:
            self.visible[test] = self.calls

    def begin(self, test: str, hostile: bool) -> None:
        self.left, self.hostile = self.visible[test], hostile

    def copy(self, value: Any, networks: bool = True) -> Any:
        import copy
        import sys

        keras: Any = sys.modules.get("keras")
        if type(value).__module__.startswith("numpy"):
            return copy.deepcopy(value)
        if type(value) in (list, tuple, set):
            return type(value)(self.copy(item, networks) for item in value)
        if type(value) is dict:
            return {key: self.copy(item, networks) for key, item in value.items()}
        if networks and keras and isinstance(value, keras.Model):
            twin = keras.models.clone_model(value)
            twin.set_weights(value.get_weights())
            if value.compiled:
                twin.compile_from_config(value.get_compile_config())
            return twin
        return value

    def layers(self, value: Any) -> Any:
        """Ids of the layers of all networks in a result."""
        inside = value if isinstance(value, list | tuple) else getattr(value, "layers", ())
        return {id(value)}.union(*map(self.layers, inside if isinstance(inside, list | tuple) else ()))

    def spoil(self, values: Any, spared: Any = ()) -> None:
        """Overwrite everything inside of `values`, but no layer that is `spared`."""
        for value in values:
            if id(value) in spared:
                continue
            if hasattr(value, "flags") and hasattr(value, "dtype"):
                if value.flags.writeable and value.ndim and value.dtype.kind in "biufc":
                    value[...] = self.fill
            elif hasattr(value, "bit_generator"):
                value.bit_generator.state = type(value.bit_generator)(0).state
            elif hasattr(value, "set_weights"):
                self.spoil(getattr(value, "layers", ()), spared)
                if not hasattr(value, "layers"):
                    value.set_weights([0 * w + self.fill for w in value.get_weights()])
            elif isinstance(value, dict):
                self.spoil(list(value.values()), spared)
                self.refill(value, list(value))
            elif isinstance(value, list):
                self.spoil(value, spared)
                self.refill(value, range(len(value)))
            elif isinstance(value, tuple):
                self.spoil(value, spared)

    def refill(self, container: Any, keys: Any) -> None:
        if self.overwrite:
            container.clear()
            return
        for key in keys:
            if type(container[key]) in (int, float):
                container[key] = type(container[key])(self.fill)


def functions(source: str) -> tuple[str, ...]:
    """The names of functions with parameters that a cell defines at its top level."""
    found = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and ast.unparse(statement.args):
            found.append(statement.name)
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
            found += [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return tuple(found)


def overwriting(source: str, fill: float) -> str:
    """The cell of the twin that does its work and then overwrites all that it was given."""
    return _cell(source, fill, overwrite=True)


def pretending(source: str, fill: float) -> str:
    """The cell of the twin that works as it should for the visible part of a test alone; see `Twin`."""
    return _cell(source, fill, overwrite=False)


def call_of(method: str, *arguments: object) -> str:
    """A cell that calls a method of the twin."""
    return f"_twin.{method}({', '.join(map(repr, arguments))})"


def _cell(source: str, fill: float, *, overwrite: bool) -> str:
    made = f"_twin = Twin(globals(), {functions(source)!r}, {fill}, {overwrite})"
    return f"{source}\n\n\nfrom typing import Any\n\n\n{inspect.getsource(Twin)}\n\n{made}\n"
