"""Functions and iterators that live in one process and are used from the other: by number, through what stands for them there.

An iterator is asked for one item at a time, so a generator without end may be read as far as a test likes. Knows numbers and
signatures; nothing of how a call travels.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import GeneratorType
from typing import Any

__all__ = ["Functions", "is_iterator", "parameters"]

MAX_ITEMS = 10_000_000  # that one iterator of the other end may give

# Iterators of Python itself, of which nothing but the items can be asked. A file or an object of a student's class is more than that.
_ITERATORS: tuple[type, ...] = (
    GeneratorType, map, filter, zip, enumerate, reversed,
    type(iter([])), type(iter(())), type(iter("")), type(iter(b"")), type(iter(range(0))), type(iter(range(2**70))),
    type(iter(set())), type(iter({})), type(iter({}.values())), type(iter({}.items())), type(reversed([])), type(reversed({})),
    type(iter(int, 0)),
)  # fmt: skip


def is_iterator(value: Any) -> bool:
    """Whether this is an iterator of Python's own, such as a generator or a `map`."""
    kind = type(value)
    return kind in _ITERATORS or (kind.__module__ == "itertools" and hasattr(kind, "__next__"))


class Functions:
    """The functions of this process that the other end may call, by number, and what stands here for functions of the other end.

    call: does a call of a function of the other end, given its number, the arguments and the keyword arguments.
    """

    def __init__(self, call: Callable[[int, tuple[Any, ...], dict[str, Any]], Any]) -> None:
        self._call = call
        self._own: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._stand_ins: dict[int, Any] = {}  # number at the other end: what stands here for it
        self._foreign: dict[int, int] = {}  # id of the stand-in: that number

    def __getitem__(self, number: int) -> Any:
        """What the other end calls by this number."""
        value = self._own[number]
        return _Pull(value) if is_iterator(value) else value

    def own(self, number: int) -> Any:
        """The value itself that has this number."""
        return self._own[number]

    def number(self, value: Any) -> int:
        """The number of a function, an iterator or another value of this process."""
        if id(value) not in self._numbers:
            self._numbers[id(value)] = len(self._own)
            self._own.append(value)
        return self._numbers[id(value)]

    def foreign(self, value: Any) -> int | None:
        """The other end's number of the function or iterator that this one stands for, None if it is of this process."""
        return self._foreign.get(id(value))

    def speaks(self, value: Any) -> bool:
        """Whether this is a function of the other end's: what it says to a test, the other end decides anew each time."""
        return callable(value) and self.foreign(value) is not None

    def stand_in(self, number: int, name: str, parameters: Sequence[Sequence[Any]] | None) -> Any:
        """A function that calls the other end's function `number`; the same parameters can be read from it."""

        def remote(*args: Any, **kwargs: Any) -> Any:
            return self._call(number, args, kwargs)

        remote.__name__ = remote.__qualname__ = name
        remote.__signature__ = _signature(parameters)  # type: ignore[attr-defined]
        return self._remember(number, remote)

    def iterator(self, number: int, kind: str) -> Any:
        """An iterator that asks the other end's iterator `number` for each of its items. kind: "map", "filter" or another."""
        items = self._items(number)
        made = {"map": lambda: map(_itself, items), "filter": lambda: filter(_always, items)}.get(kind, lambda: items)()
        return self._remember(number, made)

    def _items(self, number: int) -> Iterator[Any]:
        sent = None
        for _ in range(MAX_ITEMS):
            more, item = self._call(number, (sent,), {})
            if not more:
                return item
            sent = yield item
        raise ValueError(f"the iterator gave more than {MAX_ITEMS:,} items")

    def _remember(self, number: int, made: Any) -> Any:
        """What stands for the other end's value: the same each time."""
        kept = self._stand_ins.setdefault(number, made)
        self._foreign[id(kept)] = number
        return kept


class _Pull:
    """Takes the next item of an iterator: (True, item), or (False, what a generator returned)."""

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
    """Name, kind and whether there is a default, for each parameter; None if that cannot be found out."""
    try:
        found = inspect.signature(function).parameters.values()
    except Exception:  # a callable of the student's may raise anything
        return None
    return [[str(p.name), int(p.kind), p.default is not p.empty] for p in found]


def _signature(parameters: Sequence[Sequence[Any]] | None) -> inspect.Signature:
    either = [
        inspect.Parameter("args", inspect.Parameter.VAR_POSITIONAL),
        inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD),
    ]
    if parameters is None:
        return inspect.Signature(either)
    try:
        kinds = list(inspect._ParameterKind)
        return inspect.Signature(
            [
                inspect.Parameter(str(name), kinds[kind], default=None if optional else inspect.Parameter.empty)
                for name, kind, optional in parameters
            ]
        )
    except (ValueError, TypeError, IndexError):
        return inspect.Signature(either)
