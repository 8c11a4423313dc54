"""Hostile twins: known answers whose functions overwrite the arguments that a test passes to them.

A twin is an answer followed by code that wraps the functions of the answer. This module creates such
cells; it does not know labs, processes or marks.
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

__all__ = ["Twin", "call_of", "functions", "overwriting", "pretending"]


class Twin:
    """Wraps functions of a notebook. Its source runs in a student process, which cannot import the grader.

    With `overwrite`, a function overwrites its arguments after each call and empties lists and
    dictionaries. Otherwise the functions are right for as many calls as the visible part of a test
    makes. In later calls they overwrite their arguments first: the test's own objects if `begin`
    was called with `hostile`, and copies of them otherwise.

    Args:
        namespace: Namespace of the notebook.
        names: Names of the functions to wrap.
        fill: Value that replaces every number in an argument.
        overwrite: Kind of twin, see above.
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
        """Return the hostile version of a function."""
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
        """Call a function and overwrite its arguments."""
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
        """Run the visible part of a test, as students can, and count its calls."""
        self.calls, self.left = 0, 10**9
        try:
            exec(visible, dict(self.namespace))
        finally:
            self.visible[test] = self.calls

    def begin(self, test: str, hostile: bool) -> None:
        """Prepare for a run of a test after `rehearse`."""
        self.left, self.hostile = self.visible[test], hostile

    def copy(self, value: Any, networks: bool = True) -> Any:
        """Return a deep copy of arrays and containers in `value`, and of networks if `networks` is true."""
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
                if value.optimizer.built:
                    twin.optimizer.build(twin.trainable_variables)
                for mine, theirs in zip(twin.optimizer.variables, value.optimizer.variables, strict=False):
                    mine.assign(theirs)
            return twin
        return value

    def layers(self, value: Any) -> Any:
        """Return the ids of the layers of all networks in a result."""
        inside = value if isinstance(value, list | tuple) else getattr(value, "layers", ())
        return {id(value)}.union(*map(self.layers, inside if isinstance(inside, list | tuple) else ()))

    def spoil(self, values: Any, spared: Any = ()) -> None:
        """Overwrite everything in `values`, except objects whose id is in `spared`."""
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
                for variable in getattr(getattr(value, "optimizer", None), "variables", ()):
                    variable.assign(0 * variable + self.fill)
            elif isinstance(value, dict):
                self.spoil(list(value.values()), spared)
                self.refill(value, list(value))
            elif isinstance(value, list):
                self.spoil(value, spared)
                self.refill(value, range(len(value)))
            elif isinstance(value, tuple):
                self.spoil(value, spared)

    def refill(self, container: Any, keys: Any) -> None:
        """Empty a container, or overwrite the numbers in it."""
        if self.overwrite:
            container.clear()
            return
        for key in keys:
            if type(container[key]) in (int, float):
                container[key] = type(container[key])(self.fill)


def functions(source: str) -> tuple[str, ...]:
    """Find the functions with parameters that a cell defines at its top level.

    Args:
        source: Source of the cell.

    Returns:
        Names of the functions.

    Raises:
        SyntaxError: The source is not valid Python.
    """
    found = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and ast.unparse(statement.args):
            found.append(statement.name)
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
            found += [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return tuple(found)


def overwriting(source: str, fill: float) -> str:
    """Create the cell of the twin that overwrites its arguments after each call.

    Args:
        source: Source of the answer.
        fill: Value that replaces every number in an argument.

    Returns:
        Source of the cell.
    """
    return _cell(source, fill, overwrite=True)


def pretending(source: str, fill: float) -> str:
    """Create the cell of the twin that is right only in the visible part of a test, see `Twin`.

    Args:
        source: Source of the answer.
        fill: Value that replaces every number in an argument.

    Returns:
        Source of the cell.
    """
    return _cell(source, fill, overwrite=False)


def call_of(method: str, *arguments: object) -> str:
    """Create a cell that calls a method of the twin.

    Args:
        method: Name of the method.
        *arguments: Arguments with a `repr` that is valid Python.

    Returns:
        Source of the cell.
    """
    return f"_twin.{method}({', '.join(map(repr, arguments))})"


def _cell(source: str, fill: float, *, overwrite: bool) -> str:
    made = f"_twin = Twin(globals(), {functions(source)!r}, {fill}, {overwrite})"
    return f"{source}\n\n\nfrom typing import Any\n\n\n{inspect.getsource(Twin)}\n\n{made}\n"
