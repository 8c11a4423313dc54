"""The arguments of a function that the other end calls: copies here, and what the function did to them.

What it changed goes back only in those objects of which the caller wants to hear. A result that holds another one of them, changed,
takes it along as a value of its own; one that was left as it is stays the caller's own object. Knows the wire; nothing of tests.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from autograder.worker.codec import Decoder, Encoder, Node, fingerprint
from autograder.worker.refusals import RefusedError
from coursekit.changes import can_change, parts

__all__ = ["Arguments", "Result", "is_view", "refuse_unseen"]


class Arguments(Decoder):
    """Decodes arguments, and tells later which of the objects in them were changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted: frozenset[int] = frozenset()
        self._before: list[Any] = []
        self._nodes: dict[int, Node] = {}  # of arrays, by number

    def watch(self, wanted: Sequence[int]) -> None:
        """Remember what the objects hold. wanted: numbers of those of which changes go back; the others are copies for good."""
        self.wanted = frozenset(wanted).intersection(range(len(self.known)))
        # A large array takes time to look at. Whether one that stays here was changed is asked only if the result holds it.
        self._before = [
            None if _is_plain_array(value) and place not in self.wanted else fingerprint(value, self.models)
            for place, value in enumerate(self.known)
        ]

    def changes(self, encoder: Encoder) -> list[tuple[int, Node]]:
        """The wanted objects that hold something else now, and what they hold."""
        found = []
        for place in sorted(self.wanted):
            with suppress(RefusedError):
                if self._changed(place) and (state := encoder.state(self.known[place])) is not None:
                    found.append((place, state))
        return found

    def differs(self, value: Any) -> bool:
        """Whether the caller's object for this argument lacks a change, in itself or in something inside it."""
        inside = {id(part) for part in parts([value])}
        return any(id(part) in inside and self._lost(place) for place, part in enumerate(self.known))

    def for_result(self) -> list[Any]:
        """The objects to which a result may refer, by number. A network that lost its changes is none: its layers are others now."""
        looked = enumerate(self.known[: len(self._before)])
        lost = [self._is_network(value) and self._lost(place) for place, value in looked]
        return [object() if gone else value for gone, value in zip(lost, self.known, strict=False)]

    def _is_network(self, value: Any) -> bool:
        return self.models is not None and bool(self.models.is_model(value))

    def _lost(self, place: int) -> bool:
        """Whether the object with this number was changed and the caller does not want to hear of it."""
        return place not in self.wanted and self._changed(place)

    def _changed(self, place: int) -> bool:
        value, before = self.known[place], self._before[place]
        if before is None and place in self._nodes:
            before = fingerprint(self.array(self._nodes[place]["b"]))
        try:
            return before is None or bool(fingerprint(value, self.models) != before)
        except Exception:  # it cannot be looked at any more
            return True

    def value(self, node: Node) -> Any:
        if isinstance(node, dict) and node.get("k") == "array":
            self._nodes[len(self.known)] = node
        return super().value(node)


class Result(Encoder):
    """Encodes what a function returns. It may refer to an argument only where the caller's own object holds the same."""

    def __init__(self, arguments: Arguments, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arguments = arguments
        self._open = set(self._numbers)  # ids of arguments that have not been compared yet

    def reference(self, value: Any) -> Node | None:
        if id(value) in self._open:
            self._open.remove(id(value))
            if self._arguments.differs(value):
                del self._numbers[id(value)]
        return super().reference(value)


def is_view(value: Any, arrays: Sequence[np.ndarray]) -> bool:
    """Whether this is an array that lies within the memory of one of `arrays`."""
    if not isinstance(value, np.ndarray) or not value.size:
        return False
    low, high = _bounds(value)
    return any(start <= low and high <= end for start, end in map(_bounds, arrays))


def refuse_unseen(args: Any, watched: Collection[int], known: Sequence[Any]) -> None:
    """Raise TypeError if the arguments hold a watched object of a kind that crosses as a copy for good: a check would pass unseen.

    watched: ids of objects.
    """
    seen = {id(value) for value in known}
    for value in parts([args]):
        if id(value) in watched and id(value) not in seen and can_change(value):
            raise TypeError(
                f"what a function does to a {type(value).__name__} cannot be seen from here: check.unchanged and check.mutates take "
                "arrays, lists, dictionaries, random generators and Keras models"
            )


def _bounds(array: np.ndarray) -> tuple[int, int]:
    """Where the memory of an array begins and ends."""
    start: int = array.__array_interface__["data"][0]
    steps = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    return start + sum(step for step in steps if step < 0), start + array.itemsize + sum(step for step in steps if step > 0)


def _is_plain_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind != "O"
