"""Functions and iterators of one process that the other process uses: by number, through stand-ins.

The items of an iterator are requested one at a time, so a test can read as much of an infinite
generator as it needs. Knows numbers and signatures; nothing of how calls are sent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import GeneratorType
from typing import Any

__all__ = ["Functions", "is_iterator", "parameters"]

MAX_ITEMS = 10_000_000  # maximum number of items from one iterator of the other end

# Python's own iterators, which offer nothing but their items. A file or an object of a student's
# class offers more.
_ITERATORS: tuple[type, ...] = (
    GeneratorType, map, filter, zip, enumerate, reversed,
    type(iter([])), type(iter(())), type(iter("")), type(iter(b"")), type(iter(range(0))), type(iter(range(2**70))),
    type(iter(set())), type(iter({})), type(iter({}.values())), type(iter({}.items())), type(reversed([])), type(reversed({})),
    type(iter(int, 0)),
)  # fmt: skip


def is_iterator(value: Any) -> bool:
    """Return whether a value is one of Python's own iterators, such as a generator or a `map`."""
    kind = type(value)
    return kind in _ITERATORS or (kind.__module__ == "itertools" and hasattr(kind, "__next__"))


class Functions:
    """The functions that this process shows to the other end, and stand-ins for those of the other.

    Args:
        call: Calls a function of the other end, given its number, the positional arguments and the
            keyword arguments.
    """

    def __init__(self, call: Callable[[int, tuple[Any, ...], dict[str, Any]], Any]) -> None:
        self._call = call
        self._own: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._stand_ins: dict[int, Any] = {}  # number at the other end → stand-in
        self._foreign: dict[int, int] = {}  # id of a stand-in → number at the other end

    def __getitem__(self, number: int) -> Any:
        """Return the function that the other end calls with this number; of an iterator, its next item."""
        value = self._own[number]
        return _Pull(value) if is_iterator(value) else value

    def own(self, number: int) -> Any:
        """Return the function, iterator or other value of this process with this number."""
        return self._own[number]

    def number(self, value: Any) -> int:
        """Return the number of a function, an iterator or another value of this process."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._own)
            self._own.append(value)
        return self._numbers[id(value)]

    def foreign(self, value: Any) -> int | None:
        """Return the number of a stand-in's original at the other end, None for any other value."""
        return self._foreign.get(id(value))

    def speaks(self, value: Any) -> bool:
        """Return whether a value is a stand-in for a function. The other end decides what it returns."""
        return callable(value) and self.foreign(value) is not None

    def stand_in(self, number: int, name: str, parameters: Sequence[Sequence[Any]] | None) -> Any:
        """Return a function that calls a function of the other end.

        Args:
            number: Number of the function at the other end.
            name: Name of the new function.
            parameters: Result of `parameters` at the other end, from which its signature is set.
        """

        def remote(*args: Any, **kwargs: Any) -> Any:
            return self._call(number, args, kwargs)

        remote.__name__ = remote.__qualname__ = name
        remote.__signature__ = _signature(parameters)  # type: ignore[attr-defined]
        return self._remember(number, remote)

    def iterator(self, number: int, kind: str) -> Any:
        """Return an iterator that gets its items from an iterator of the other end.

        Args:
            number: Number of the iterator at the other end.
            kind: Name of its type. For "map" and "filter" the new iterator has the same type.
        """
        items = self._items(number)
        made = {"map": lambda: map(_itself, items), "filter": lambda: filter(_always, items)}.get(kind, lambda: items)()
        return self._remember(number, made)

    def _items(self, number: int) -> Iterator[Any]:
        """A generator of the items. Raises ValueError after MAX_ITEMS."""
        sent = None
        for _ in range(MAX_ITEMS):
            more, item = self._call(number, (sent,), {})
            if not more:
                return item
            sent = yield item
        raise ValueError(f"the iterator gave more than {MAX_ITEMS:,} items")

    def _remember(self, number: int, made: Any) -> Any:
        """The stand-in for a value of the other end: the first one that was made for its number."""
        first = self._stand_ins.setdefault(number, made)
        self._foreign[id(first)] = number
        return first


class _Pull:
    """Returns the next item of an iterator: (True, item), or (False, return value of a generator)."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self.iterator = iterator

    def __call__(self, sent: Any = None) -> tuple[bool, Any]:
        try:
            if sent is not None and isinstance(self.iterator, GeneratorType):
                return True, self.iterator.send(sent)
            return True, next(self.iterator)
        except StopIteration as end:
            return False, end.value


def _itself(item: Any) -> Any:
    return item


def _always(_: Any) -> bool:
    return True


def parameters(function: Any) -> list[list[Any]] | None:
    """Return the parameters of a function.

    Returns:
        [name, kind (`inspect.Parameter.kind` as a number), whether there is a default value] per
        parameter; None if the signature cannot be read.
    """
    try:
        found = inspect.signature(function).parameters.values()
    except Exception:  # a callable of the student may raise anything
        return None
    return [[str(p.name), int(p.kind), p.default is not p.empty] for p in found]


def _signature(parameters: Sequence[Sequence[Any]] | None) -> inspect.Signature:
    """The signature with these parameters; `(*args, **kwargs)` if they are unknown or not valid."""
    any_arguments = [
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
    if parameters is None:
        return inspect.Signature(any_arguments)
    try:
        kinds = list(inspect._ParameterKind)
        return inspect.Signature(
            [
                inspect.Parameter(str(name), kinds[kind], default=None if optional else inspect.Parameter.empty)
                for name, kind, optional in parameters
            ]
        )
    except (ValueError, TypeError, IndexError):
        return inspect.Signature(any_arguments)
