"""The arguments of a remote call at the end of the called function.

They are copies of the caller's objects. This module finds the changes that the function made to
them. Changes are sent back only for objects that the caller asked for. If the result contains an
argument, it refers to the caller's own object if that has the same contents. Otherwise (the
argument was changed, and the caller did not ask for the change) the argument is sent as a new
value. Knows `codec`; nothing of tests.
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
    """Decodes the arguments of a call, and later finds the objects in them that were changed.

    Attributes:
        wanted: Numbers of the objects whose changes are sent back.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted: frozenset[int] = frozenset()
        self._before: list[Any] = []
        self._nodes: dict[int, Node] = {}  # number of an array → its node

    def watch(self, wanted: Sequence[int]) -> None:
        """Remember the contents of the objects.

        Args:
            wanted: Numbers of the objects whose changes are sent back. Changes to others stay here.
        """
        self.wanted = frozenset(wanted).intersection(range(len(self.known)))
        # Fingerprints of large arrays take time. An array that is not wanted is only compared if
        # the result contains it.
        self._before = [
            None if _is_plain_array(value) and index not in self.wanted else fingerprint(value, self.models)
            for index, value in enumerate(self.known)
        ]

    def changes(self, encoder: Encoder) -> list[tuple[int, Node]]:
        """Return the number and the new state of each wanted object that was changed."""
        found = []
        for index in sorted(self.wanted):
            with suppress(RefusedError):
                if self._changed(index) and (state := encoder.state(self.known[index])) is not None:
                    found.append((index, state))
        return found

    def differs(self, value: Any) -> bool:
        """Return whether an argument, or a part of it, has a change that is not sent back."""
        inside = {id(part) for part in parts([value])}
        return any(id(part) in inside and self._lost(index) for index, part in enumerate(self.known))

    def for_result(self) -> list[Any]:
        """Return the objects to which a result may refer, by number.

        A placeholder replaces a model with changes that are not sent back: the caller's model and
        layers differ from it.
        """
        watched = enumerate(self.known[: len(self._before)])
        lost = [self._is_model(value) and self._lost(index) for index, value in watched]
        return [object() if gone else value for gone, value in zip(lost, self.known, strict=False)]

    def _is_model(self, value: Any) -> bool:
        return self.models is not None and bool(self.models.is_model(value))

    def _lost(self, index: int) -> bool:
        """Whether the object with this number was changed and the change is not sent back."""
        return index not in self.wanted and self._changed(index)

    def _changed(self, index: int) -> bool:
        """Whether the object with this number was changed."""
        value, before = self.known[index], self._before[index]
        if before is None and index in self._nodes:
            before = fingerprint(self.array(self._nodes[index]["b"]))
        try:
            return before is None or bool(fingerprint(value, self.models) != before)
        except Exception:  # the object cannot be read any more
            return True

    def value(self, node: Node) -> Any:
        """Decode a node."""
        if isinstance(node, dict) and node.get("k") == "array":
            self._nodes[len(self.known)] = node
        return super().value(node)


class Result(Encoder):
    """Encodes the result of a call.

    It refers to an argument only if the caller's own object has the same contents.

    Args:
        arguments: The arguments of the call.
        *args: Arguments of `Encoder`.
        **kwargs: Keyword arguments of `Encoder`.
    """

    def __init__(self, arguments: Arguments, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arguments = arguments
        self._unchecked = set(self._numbers)  # ids of arguments that have not been compared yet

    def reference(self, value: Any) -> Node | None:
        """Return a reference to an object that both ends hold with the same contents, or None."""
        if id(value) in self._unchecked:
            self._unchecked.remove(id(value))
            if self._arguments.differs(value):
                del self._numbers[id(value)]
        return super().reference(value)


def is_view(value: Any, arrays: Sequence[np.ndarray]) -> bool:
    """Return whether a value is an array within the memory of one of `arrays`."""
    if not isinstance(value, np.ndarray) or not value.size:
        return False
    low, high = _bounds(value)
    return any(start <= low and high <= end for start, end in map(_bounds, arrays))


def refuse_unseen(args: Any, watched: Collection[int], known: Sequence[Any]) -> None:
    """Refuse arguments with a watched object whose changes could not be sent back.

    A check would not notice these changes.

    Args:
        args: The arguments.
        watched: ids of the watched objects.
        known: Objects whose changes can be sent back.

    Raises:
        TypeError: If there is such an object.
    """
    seen = {id(value) for value in known}
    for value in parts([args]):
        if id(value) in watched and id(value) not in seen and can_change(value):
            raise TypeError(
                f"what a function does to a {type(value).__name__} cannot be seen from here: check.unchanged and check.mutates take "
                "arrays, lists, dictionaries, random generators and Keras models"
            )


def _bounds(array: np.ndarray) -> tuple[int, int]:
    """The addresses at which the memory of an array begins and ends."""
    start: int = array.__array_interface__["data"][0]
    steps = [(size - 1) * stride for size, stride in zip(array.shape, array.strides, strict=True)]
    return start + sum(step for step in steps if step < 0), start + array.itemsize + sum(step for step in steps if step > 0)


def _is_plain_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind != "O"
