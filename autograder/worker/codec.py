"""Encode Python values as plain data, and decode them.

This is how values get from a student process to the examiner and back. A value becomes a node,
which is a JSON value, and blobs of bytes: arrays as .npy without pickle, Keras models as .keras
files. `frames` lists the kinds of nodes. A value that cannot be encoded is refused with an error
that names its kind, or replaced by a note; nothing that is decoded is ever executed. Objects that
both ends hold during one call (the arguments) keep their identity: the result may refer to an
argument, and changes that the call made to an argument can be copied into the caller's object.

This module encodes built-in types and containers. The modules in `values` encode other types
(NumPy, pandas, tensors, dates, the standard library, records), and `keras_codec` Keras models. Knows values;
nothing of processes, tests or marks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from autograder.worker.refusals import RefusedError, TooLargeError, Unseen, described, number_of, own_class
from autograder.worker.values import arrays, dates, records, stdlib, tables, tensors
from autograder.worker.values.functions import Functions, parameters

__all__ = ["Decoder", "Encoder", "Functions", "RefusedError"]

MAX_NODES = 2_000_000  # parts of the values of one Encoder
MAX_DEPTH = 60  # levels of nesting
_JSON_INT = 2**10_000  # larger integers are sent as text: JSON takes ever longer to write and read them

Node = Any  # a JSON value; an object is a mapping with a key "k" that names its kind


class Encoder:
    """Turns values into nodes and blobs.

    Args:
        functions: Numbers the functions and iterators of this process.
        known: Objects that both ends hold already; the index is their number. New mutable objects
            are appended in the order in which the Decoder at the other end appends them.
        given: Name → class that both ends have (classes of the lab).
        models: The module that encodes Keras objects (`keras_codec`), None for none.
        lenient: Whether a value that cannot be encoded is replaced by a note; otherwise `node`
            raises RefusedError.

    Attributes:
        known: All objects with a number.
        blobs: All blobs so far.
    """

    def __init__(
        self,
        functions: Functions,
        known: Sequence[Any] = (),
        given: Mapping[str, Any] | None = None,
        models: Any = None,
        *,
        lenient: bool = False,
    ) -> None:
        self.functions, self.given, self.models, self.lenient = functions, given or {}, models, lenient
        self.known: list[Any] = list(known)
        self.blobs: list[bytes] = []
        self._codecs = (arrays, tables, *([models] if models is not None else []), tensors, dates, stdlib)
        self._numbers = {id(value): number for number, value in enumerate(self.known)}
        self._nodes = 0

    def node(self, value: Any, name: str = "a value", depth: int = 0) -> Node:
        """Encode a value.

        Args:
            value: The value.
            name: What error messages call the value.
            depth: Its level of nesting; 0 for a whole value.

        Returns:
            The node.

        Raises:
            RefusedError: If the value cannot be encoded, unless the encoder is lenient.
            TooLargeError: If it has too many parts. A lenient encoder replaces the whole value by a
                note.
        """
        if _is_scalar(value):
            return self._count(value)
        known, blobs = len(self.known), len(self.blobs)
        try:
            return self.part(value, name, depth)
        except TooLargeError as refused:
            if not self.lenient or depth:
                raise
            reason: RefusedError = refused
        except RefusedError as refused:
            if not self.lenient:
                raise
            reason = refused
        except Exception as error:  # raised by code of the student's class when the object is read
            if not self.lenient:
                raise
            reason = RefusedError(f"a value that could not be read ({type(error).__name__[:60]})", decides_itself=True)
        self._undo(known, blobs)
        return {"k": "unseen", "what": reason.what, "own": reason.decides_itself, "n": self.functions.number(value)}

    def part(self, value: Any, name: str = "a value", depth: int = 0) -> Node:
        """Encode a part that the value cannot do without: raises RefusedError even if lenient."""
        if _is_scalar(value):
            return self._count(value)
        if depth > MAX_DEPTH:
            raise RefusedError("something nested too deep")
        self._count(None)
        if (node := self.reference(value)) is not None:
            return node
        kind, inside = type(value), depth + 1
        if kind in (tuple, set, frozenset):
            if kind is set:
                self.know(value)
            return {"k": kind.__name__, "v": [self.node(item, name, inside) for item in value]}
        if kind in (list, dict):
            return self._container(value, name, inside)
        if kind in (bytes, bytearray, complex, range, slice) or value is Ellipsis:
            return self._small(value, name, inside)
        if issubclass(kind, PurePath):
            return {"k": "path", "v": str(value)}
        number = number_of(value) if kind is Unseen else self.functions.foreign(value)
        if number is not None:
            return {"k": "own", "n": number}
        for codec in self._codecs:
            if (node := codec.node(self, value, name, inside)) is not None:
                return node
        return self._other(value, name, inside)

    def attribute(self, value: Any, name: str, depth: int, owner: type) -> Node:
        """Encode an attribute of an object of the class `owner`.

        A lenient encoder refuses a function here.
        """
        node = self.node(value, name, depth)
        if self.lenient and isinstance(node, dict) and node["k"] == "function":
            raise RefusedError(f"{described(owner)} with functions in the place of methods", decides_itself=True)
        return node

    def reference(self, value: Any) -> Node | None:
        """Return a reference to an object that both ends hold, None for any other object."""
        number = self._numbers.get(id(value))
        return None if number is None else {"k": "ref", "n": number}

    def know(self, value: Any) -> int:
        """Register an object that both ends hold from now on, and return its number."""
        self._numbers[id(value)] = len(self.known)
        self.known.append(value)
        return len(self.known) - 1

    def blob(self, data: bytes) -> int:
        """Append a blob and return its number."""
        self.blobs.append(data)
        return len(self.blobs) - 1

    def array(self, value: np.ndarray) -> int:
        """Append an array as a blob and return its number.

        Raises RefusedError for an array of objects.
        """
        return self.blob(arrays.write_array(value))

    def state(self, value: Any) -> Node:
        """Encode the current contents of a known object for `Decoder.put`; None if not supported."""
        if type(value) in (list, set, deque):
            return [self.node(item) for item in value]
        if isinstance(value, dict):
            return [[self.node(key), self.node(item)] for key, item in dict.items(value)]
        if type(value) is bytearray:
            return self.blob(bytes(value))
        if isinstance(value, np.ndarray):
            return [self.node(item) for item in value.ravel().tolist()] if value.dtype.kind == "O" else self.array(value)
        if type(value) in (np.random.Generator, np.random.RandomState):
            return self.node(arrays.generator_state(value))
        if tables.is_table(value):
            return tables.state(self, value)
        if (fields := records.fields_of(value)) is not None:
            return {name: self.node(item) for name, item in fields.items()}
        if self.models is not None and self.models.is_model(value):
            return self.models.state(self, value)
        return None

    def _count(self, node: Any) -> Any:
        """Count one more part, and return `node`."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise TooLargeError(f"a value of more than {MAX_NODES:,} parts")
        return node

    def _undo(self, known: int, blobs: int) -> None:
        """Remove the objects and blobs that were added for a value that then was refused."""
        for value in self.known[known:]:
            del self._numbers[id(value)]
        del self.known[known:], self.blobs[blobs:]

    def _container(self, value: Any, name: str, depth: int) -> Node:
        """The node of a list or a dictionary."""
        self.know(value)
        if type(value) is list:
            if _alike(value):  # such as a list with one loss per epoch, which would otherwise take one blob per number
                return {"k": "list", "b": self.array(np.asarray(value))}
            return {"k": "list", "v": [self.node(item, name, depth) for item in value]}
        return {"k": "dict", "v": [[self.node(key, name, depth), self.node(item, name, depth)] for key, item in value.items()]}

    def _small(self, value: Any, name: str, depth: int) -> Node:
        """The node of bytes, a bytearray, a complex number, a range, a slice or Ellipsis."""
        if isinstance(value, bytes | bytearray):
            if isinstance(value, bytearray):
                self.know(value)
            return {"k": type(value).__name__, "b": self.blob(bytes(value))}
        if isinstance(value, complex):
            return {"k": "complex", "v": [value.real, value.imag]}
        if value is Ellipsis:
            return {"k": "ellipsis"}
        parts = [value.start, value.stop, value.step]
        return {"k": type(value).__name__, "v": [self.node(part, name, depth) for part in parts]}

    def _other(self, value: Any, name: str, depth: int) -> Node:
        """The node of a function, or of an object of a class that both ends have."""
        kind = type(value)
        if callable(value) and not isinstance(value, type):
            name = str(getattr(value, "__name__", "function"))[:80]
            return {"k": "function", "n": self.functions.number(value), "name": name, "parameters": parameters(value)}
        if self.given.get(kind.__name__) is kind:
            state = {key: self.node(item, name, depth) for key, item in vars(value).items() if _plain(item)}
            return {"k": "given", "cls": kind.__name__, "v": state}
        raise RefusedError(_article(value), decides_itself=own_class(value if isinstance(value, type) else kind))


def _is_scalar(value: Any) -> bool:
    """Whether the value is its own node, because JSON can represent it."""
    kind = type(value)
    return value is None or kind in (bool, float, str) or (kind is int and -_JSON_INT < value < _JSON_INT)


def _alike(values: list[Any]) -> bool:
    """Whether these are NumPy numbers of one type. They can be sent as one array without a loss."""
    return bool(values) and isinstance(values[0], np.number) and {type(item) for item in values} == {type(values[0])}


class Decoder:
    """Turns nodes back into values. Its methods raise ValueError for a node that no Encoder writes.

    Args:
        blobs: The blobs of the frame.
        functions: Stands for the functions of the other end.
        known: Objects that both ends hold already; the index is their number.
        given: Name → class that both ends have (classes of the lab).
        models: The module that decodes Keras objects (`keras_codec`), None for none.
        records: Name → class at this end. A record with the name and the fields of such a class
            becomes an instance of it.
        wary: Whether to refuse values whose attributes are functions of the other end. Such a value
            could pass as an object with methods, for instance as a model that reports its own
            score.

    Attributes:
        known: All objects with a number.
        fixed: Numbers of known objects that must not be changed, whatever refers to them.
    """

    def __init__(
        self,
        blobs: Sequence[memoryview],
        functions: Functions,
        known: Sequence[Any] = (),
        given: Mapping[str, Any] | None = None,
        models: Any = None,
        *,
        records: Mapping[str, Any] | None = None,
        wary: bool = False,
    ) -> None:
        self.blobs: Sequence[memoryview] = blobs
        self.functions: Functions = functions
        self.given, self.records = given or {}, records or {}
        self.known: list[Any] = list(known)
        self.fixed: frozenset[int] = frozenset()
        self.models, self.wary = models, wary

    def attribute(self, node: Node) -> Any:
        """Decode a node that becomes an attribute of another value."""
        value = self.value(node)
        if self.wary and self.functions.speaks(value):
            raise ValueError("expected plain values, got an object with functions in the place of methods")
        return value

    def value(self, node: Node) -> Any:
        """Decode a node."""
        if node is None or isinstance(node, bool | int | float | str):
            return node
        try:
            make = _MAKERS.get(node["k"])
            if make is not None:
                return make(self, node)
            if self.models is not None:
                return self.models.value(self, node)
        except ValueError:
            raise
        except Exception as error:
            raise ValueError(f"not a value: {error!r}") from error
        raise ValueError(f"not a value: {str(node)[:80]}")

    def know(self, value: Any) -> Any:
        """Register an object that both ends hold from now on, and return it."""
        self.known.append(value)
        return value

    def array(self, number: int) -> np.ndarray:
        """Return the array in a blob. Raises ValueError if the blob is something else."""
        return arrays.read_array(memoryview(self.blobs[number]))

    def put(self, value: Any, state: Node) -> None:
        """Set a known object of this end to contents that `Encoder.state` wrote at the other end."""
        if type(value) in (list, set, deque):
            items = [self.value(item) for item in state]
            value.clear()
            (value.update if type(value) is set else value.extend)(items)
        elif isinstance(value, dict):
            pairs = [(self.value(key), self.value(item)) for key, item in state]
            value.clear()
            dict.update(value, pairs)
        elif type(value) is bytearray:
            value[:] = self.blobs[state]
        elif isinstance(value, np.ndarray):
            self._put_array(value, state)
        elif type(value) in (np.random.Generator, np.random.RandomState):
            arrays.set_generator_state(value, self.value(state))
        elif tables.is_table(value):
            tables.put(self, value, state)
        elif records.fields_of(value) is not None:
            records.set_fields(value, {name: self.attribute(item) for name, item in state.items()})
        elif self.models is not None and self.models.is_model(value):
            self.models.put(self, value, state)

    def _put_array(self, value: np.ndarray, state: Node) -> None:
        if value.dtype.kind == "O":
            items = np.empty(value.size, dtype=object)
            for index, item in enumerate(state):
                items[index] = self.value(item)
            changed: np.ndarray = items.reshape(value.shape)
        else:
            changed = self.array(state)
        if not value.flags.writeable or changed.size != value.size:
            return
        if changed.shape != value.shape:
            try:
                value.shape = changed.shape  # as `y.shape = …` did at the other end
            except AttributeError:  # not without a copy, which would be another array
                return
        value[...] = changed


def _make_unseen(decoder: Decoder, node: Node) -> Any:
    return Unseen(str(node["what"]), bool(node["own"]), int(node["n"]))


def _make_set(decoder: Decoder, node: Node) -> Any:
    made: set[Any] = decoder.know(set())
    made.update([decoder.value(item) for item in node["v"]])
    return made


def _make_list(decoder: Decoder, node: Node) -> Any:
    made: list[Any] = decoder.know([])
    made.extend(decoder.array(node["b"]).ravel() if "b" in node else map(decoder.value, node["v"]))
    return made


def _make_dict(decoder: Decoder, node: Node) -> Any:
    made: dict[Any, Any] = decoder.know({})
    made.update((decoder.value(key), decoder.value(item)) for key, item in node["v"])
    return made


def _make_given(decoder: Decoder, node: Node) -> Any:
    kind = decoder.given[node["cls"]]
    made = kind.__new__(kind)
    vars(made).update({key: decoder.value(item) for key, item in node["v"].items()})
    return made


def _make_function(decoder: Decoder, node: Node) -> Any:
    return decoder.functions.stand_in(int(node["n"]), str(node["name"]), node["parameters"])


_MAKERS: Mapping[str, Callable[[Decoder, Node], Any]] = {
    "ref": lambda decoder, node: decoder.known[node["n"]],
    "own": lambda decoder, node: decoder.functions.own(node["n"]),
    "unseen": _make_unseen,
    "tuple": lambda decoder, node: tuple(decoder.value(item) for item in node["v"]),
    "set": _make_set,
    "frozenset": lambda decoder, node: frozenset([decoder.value(item) for item in node["v"]]),
    "list": _make_list,
    "dict": _make_dict,
    "bytes": lambda decoder, node: bytes(decoder.blobs[node["b"]]),
    "bytearray": lambda decoder, node: decoder.know(bytearray(decoder.blobs[node["b"]])),
    "complex": lambda decoder, node: complex(*node["v"]),
    "ellipsis": lambda decoder, node: Ellipsis,
    "range": lambda decoder, node: range(*map(decoder.value, node["v"])),
    "slice": lambda decoder, node: slice(*map(decoder.value, node["v"])),
    "path": lambda decoder, node: Path(str(node["v"])),
    "function": _make_function,
    "given": _make_given,
    **arrays.MAKERS,
    **tables.MAKERS,
    **dates.MAKERS,
    **stdlib.MAKERS,
    **records.MAKERS,
}


def fingerprint(value: Any, models: Any = None) -> Any:
    """Return something that compares equal later if the object still has the same contents.

    Args:
        value: The object.
        models: The module for Keras objects (`keras_codec`), None for none.

    Returns:
        A digest or the parts of the object; None for an object whose contents cannot be compared.
    """
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return list(value.ravel())
        return (
            value.shape,
            value.dtype,
            blake2b(np.ascontiguousarray(value).view(np.uint8).data if value.size else b"").digest(),
        )
    if type(value) in (list, set, deque):
        return _Same(value)
    if isinstance(value, dict):
        return _Same([part for pair in dict.items(value) for part in pair])
    if type(value) is bytearray:
        return bytes(value)
    if type(value) in (np.random.Generator, np.random.RandomState):
        return repr(arrays.generator_state(value))
    if tables.is_table(value):
        return tables.fingerprint(Encoder(Functions(_no_calls), models=models, lenient=True), value)
    if (fields := records.fields_of(value)) is not None:
        return _Same(fields.values())
    if models is not None and models.is_model(value):
        return models.fingerprint(value)
    return None


class _Same:
    """A list of objects, equal to a list of the same objects (or of equal numbers and strings)."""

    def __init__(self, parts: Iterable[Any]) -> None:
        self.parts = list(parts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same) or len(self.parts) != len(other.parts):
            return False
        return all(
            a is b or (type(a) is type(b) and a.__class__ in (int, float, str) and a == b)
            for a, b in zip(self.parts, other.parts, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]


def _no_calls(*_: Any) -> None:
    raise AssertionError("an encoder calls nothing")


def _plain(value: Any) -> bool:
    """Whether an attribute of an object of the lab is sent with it."""
    return value is None or type(value) in (bool, int, float, str, list, dict, tuple) or isinstance(value, np.ndarray)


def _article(value: Any) -> str:
    """What a message calls a value of this kind, with its article."""
    if isinstance(value, type):
        return f"your class {value.__name__[:60]} itself" if own_class(value) else f"the class {value.__name__[:60]} itself"
    return described(type(value))
