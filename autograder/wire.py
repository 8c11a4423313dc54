"""What may cross between a student process and the examiner, and how: plain data in both directions.

A frame is a short binary head, a JSON header and blobs: arrays as .npy without pickle, models as .keras files. The head says what
the frame is for and how long it took, so whoever passes a frame on need read no more of it than that. What is no plain value is
refused by a sentence that names it; nothing that arrives is ever executed. Objects that both ends hold during one call (its
arguments) keep their identity: a result may refer to an argument, and what the call changed in one can be put into it.
Knows values, not processes, tests or marks. `models` says how networks cross.
"""

from __future__ import annotations

import io
import json
import math
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import PurePath
from typing import Any

import numpy as np

__all__ = ["Decoder", "Encoder", "Functions", "RefusedError", "pack", "peek", "unpack"]

MAX_HEADER = 32 * 2**20  # bytes of JSON; parsed they take twenty times as much. Arrays and files are blobs and do not count
MAX_NODES = 2_000_000
MAX_DEPTH = 60
ARRAY_KINDS = "biufcSUmM"

Node = Any  # a JSON value; an object is a mapping with a key "k" that names its kind


class RefusedError(TypeError):
    """A value that may not cross. The message is fit for a student."""


# What a frame is for: the letter in its head and what its header calls it. Other frames say so by where they are expected.
_KINDS = {b"-": "", b"r": "run", b"R": "ran", b"g": "get", b"c": "call", b"a": "answer", b"G": "given", b"t": "test"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_HEAD = struct.Struct("!cdI")  # kind, seconds of processor time, length of the JSON header


def pack(header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """One frame: the header, which must be JSON, and the blobs that its nodes refer to by number.

    header: "do" is one of the kinds, "cpu" the processor seconds that the sender spent; both may be missing.
    """
    rest = {name: said for name, said in header.items() if name not in ("do", "cpu")}
    try:
        text = json.dumps({**rest, "blobs": [len(blob) for blob in blobs]}).encode()
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"this value is too large or too deep to be looked at: {error}") from None
    if len(text) > MAX_HEADER:
        raise RefusedError(_too_large(len(text)))
    head = _HEAD.pack(_LETTERS[header.get("do", "")], float(header.get("cpu", 0.0)), len(text))
    return b"".join([head, text, *blobs])


def peek(head: bytes) -> tuple[str, float]:
    """What a frame is for and its seconds of processor time, from its first bytes alone; ("", 0.0) if they are no head of one."""
    try:
        letter, cpu, _ = _HEAD.unpack_from(head)
    except struct.error:
        return "", 0.0
    return _KINDS.get(letter, ""), cpu if 0 <= cpu < math.inf else 0.0


def unpack(frame: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """The header and the blobs of a frame. Raises ValueError for anything else, and for a header that is too large to be parsed."""
    try:
        letter, _, length = _HEAD.unpack_from(frame)
        place = _HEAD.size + length
        if length > MAX_HEADER:
            raise ValueError(_too_large(length))
        header = json.loads(frame[_HEAD.size : place])
        sizes, blobs = header.pop("blobs"), []
        for size in sizes:
            if not 0 <= size <= len(frame) - place:
                raise ValueError("a blob is longer than its frame")
            blobs.append(memoryview(frame)[place : place + size])
            place += size
        header["do"], header["cpu"] = _KINDS[letter], peek(frame)[1]
        return header, blobs
    except (struct.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from error


def _too_large(size: int) -> str:
    return (
        f"this value takes {size / 1e6:.0f} MB to describe, and at most {MAX_HEADER / 1e6:.0f} MB can be looked at; "
        "large collections of numbers are best kept in an array"
    )


class Functions:
    """The functions of this process that the other end may call, by number, and what stands here for functions of the other end.

    call: does a call of a function of the other end, given its number, the arguments and the keyword arguments.
    """

    def __init__(self, call: Callable[[int, tuple[Any, ...], dict[str, Any]], Any]) -> None:
        self._call = call
        self._own: list[Any] = []
        self._numbers: dict[int, int] = {}
        self._foreign: dict[int, tuple[int, Any]] = {}  # id of the stand-in: number, the stand-in itself

    def __getitem__(self, number: int) -> Any:
        return self._own[number]

    def number(self, function: Any) -> int:
        """The number of a function of this process."""
        if id(function) not in self._numbers:
            self._numbers[id(function)] = len(self._own)
            self._own.append(function)
        return self._numbers[id(function)]

    def foreign(self, function: Any) -> int | None:
        """The other end's number of the function that this one stands for, None if it is of this process."""
        entry = self._foreign.get(id(function))
        return entry[0] if entry else None

    def stand_in(self, number: int, name: str, parameters: Sequence[Sequence[Any]] | None) -> Any:
        """A function that calls the other end's function `number`; the same parameters can be read from it."""
        for known, function in self._foreign.values():
            if known == number:
                return function

        def remote(*args: Any, **kwargs: Any) -> Any:
            return self._call(number, args, kwargs)

        remote.__name__ = remote.__qualname__ = name
        remote.__signature__ = _signature(parameters)  # type: ignore[attr-defined]
        self._foreign[id(remote)] = (number, remote)
        return remote


class Encoder:
    """Turns values into nodes and blobs.

    known: objects that both ends hold already, by number; those met for the first time are added in the order in which the
    Decoder at the other end adds them. given: classes that both ends have, by name (the lab's own).
    """

    def __init__(
        self, functions: Functions, known: Sequence[Any] = (), given: Mapping[str, Any] | None = None, models: Any = None
    ) -> None:
        self.functions, self.given = functions, given or {}
        self.known: list[Any] = list(known)
        self.blobs: list[bytes] = []
        self.models = models
        self._numbers = {id(value): number for number, value in enumerate(self.known)}
        self._nodes = 0

    def node(self, value: Any, name: str = "a value", depth: int = 0) -> Node:
        """The node of a value. Raises RefusedError for one that may not cross; name: what the message calls it."""
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            raise RefusedError(f"{name} is too large or too deeply nested to be looked at")
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if id(value) in self._numbers:
            return {"k": "ref", "n": self._numbers[id(value)]}
        inside = depth + 1
        if kind is tuple:
            return {"k": "tuple", "v": [self.node(item, name, inside) for item in value]}
        if kind in (set, frozenset):
            return {"k": kind.__name__, "v": [self.node(item, name, inside) for item in value]}
        if isinstance(value, np.generic):
            return {"k": "scalar", "b": self._array(np.asarray(value), name)}
        if kind in (bytes, bytearray, complex, range, slice) or value is Ellipsis:
            return self._small(value, name, inside)
        if isinstance(value, PurePath):
            return {"k": "path", "v": str(value)}
        if kind in (list, dict):
            return self._container(value, name, inside)
        if kind in (np.ndarray, np.memmap):
            return self._ndarray(value, name, inside)
        if kind is np.random.Generator:
            self.know(value)
            return {"k": "generator", "v": self.node(value.bit_generator.state, name, inside)}
        if (node := self._of_library(value, name, inside)) is not None:
            return node
        if callable(value) and not isinstance(value, type):
            number = self.functions.foreign(value)
            if number is not None:
                return {"k": "own", "n": number}
            said = str(getattr(value, "__name__", "function"))[:80]
            return {"k": "function", "n": self.functions.number(value), "name": said, "parameters": _parameters(value)}
        if self.given.get(kind.__name__) is kind:
            state = {key: self.node(item, name, inside) for key, item in vars(value).items() if _plain(item)}
            return {"k": "given", "cls": kind.__name__, "v": state}
        raise RefusedError(
            f"{name} is {_article(kind)}: expected a Keras model, numbers, text, lists, arrays or functions of these"
        )

    def know(self, value: Any) -> int:
        self._numbers[id(value)] = len(self.known)
        self.known.append(value)
        return len(self.known) - 1

    def state(self, value: Any) -> Node:
        """The node for what a known object holds now, to be put into the other end's object."""
        if type(value) is list:
            return [self.node(item) for item in value]
        if type(value) is dict:
            return [[self.node(key), self.node(item)] for key, item in value.items()]
        if isinstance(value, np.ndarray):
            return self._array(value, "the array")
        if type(value) is np.random.Generator:
            return self.node(value.bit_generator.state)
        if self.models is not None and self.models.is_model(value):
            return self.models.state(self, value)
        return None

    def blob(self, data: bytes) -> int:
        self.blobs.append(data)
        return len(self.blobs) - 1

    def _container(self, value: Any, name: str, depth: int) -> Node:
        self.know(value)
        if type(value) is list:
            if _alike(value):  # such as a list of errors, one an epoch: thousands of blobs otherwise
                return {"k": "list", "b": self._array(np.asarray(value), name)}
            return {"k": "list", "v": [self.node(item, name, depth) for item in value]}
        return {"k": "dict", "v": [[self.node(key, name, depth), self.node(item, name, depth)] for key, item in value.items()]}

    def _ndarray(self, value: np.ndarray, name: str, depth: int) -> Node:
        self.know(value)
        if value.dtype.kind == "O":
            items = [self.node(item, name, depth) for item in value.ravel().tolist()]
            return {"k": "objects", "shape": list(value.shape), "v": items}
        return {"k": "array", "b": self._array(value, name), "w": bool(value.flags.writeable)}

    def _array(self, value: np.ndarray, name: str) -> int:
        if value.dtype.kind not in ARRAY_KINDS:
            raise RefusedError(f"{name} is an array of dtype {value.dtype}: expected numbers, truth values or text")
        out = io.BytesIO()
        np.lib.format.write_array(out, np.asarray(value), allow_pickle=False)
        return self.blob(out.getvalue())

    def _small(self, value: Any, name: str, depth: int) -> Node:
        if isinstance(value, bytes | bytearray):
            return {"k": type(value).__name__, "b": self.blob(bytes(value))}
        if isinstance(value, complex):
            return {"k": "complex", "v": [value.real, value.imag]}
        if value is Ellipsis:
            return {"k": "ellipsis"}
        parts = [value.start, value.stop, value.step]
        return {"k": type(value).__name__, "v": [self.node(part, name, depth) for part in parts]}

    def _of_library(self, value: Any, name: str, depth: int) -> Node | None:
        """Tensors, networks, data frames: values of packages that need not be loaded."""
        if self.models is not None and (node := self.models.node(self, value, name)) is not None:
            return node
        pandas = sys.modules.get("pandas")
        if pandas is None:
            return None
        if type(value) is pandas.DataFrame:
            columns = [self._column(value.iloc[:, i], name, depth) for i in range(value.shape[1])]
            labels = self._column(value.columns, name, depth)
            return {"k": "frame", "columns": labels, "index": self._column(value.index, name, depth), "v": columns}
        if type(value) is pandas.Series:
            index, said = self._column(value.index, name, depth), self.node(value.name, name, depth)
            return {"k": "series", "name": said, "index": index, "v": self._column(value, name, depth)}
        if isinstance(value, pandas.Index):
            return {"k": "index", "v": self._column(value, name, depth)}
        return None

    def _column(self, column: Any, name: str, depth: int) -> Node:
        values = column.to_numpy()
        return self._ndarray(values if type(values) is np.ndarray else np.asarray(values), name, depth)


def _alike(values: list[Any]) -> bool:
    """Whether these are NumPy numbers, all of one type: they come out of one array as they went in."""
    return bool(values) and isinstance(values[0], np.number) and {type(item) for item in values} == {type(values[0])}


class Decoder:
    """Turns nodes back into values. Raises ValueError for a node that no Encoder makes.

    known, given: as for Encoder. fixed: numbers of known objects that must stay as they are, whatever refers to them.
    """

    def __init__(
        self,
        blobs: Sequence[memoryview],
        functions: Functions,
        known: Sequence[Any] = (),
        given: Mapping[str, Any] | None = None,
        models: Any = None,
    ) -> None:
        self.blobs, self.functions, self.given = blobs, functions, given or {}
        self.known: list[Any] = list(known)
        self.fixed: frozenset[int] = frozenset()
        self.models = models

    def value(self, node: Node) -> Any:
        if node is None or isinstance(node, bool | int | float | str):
            return node
        try:
            make = getattr(self, f"_make_{node['k']}", None)
            if make is not None:
                return make(node)
            if self.models is not None:
                return self.models.value(self, node)
        except (KeyError, IndexError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise ValueError(f"not a value: {error!r}") from error
        raise ValueError(f"not a value: {str(node)[:80]}")

    def know(self, value: Any) -> Any:
        self.known.append(value)
        return value

    def put(self, value: Any, state: Node) -> None:
        """Put what the other end says into a known object of this end."""
        if type(value) is list:
            value[:] = [self.value(item) for item in state]
        elif type(value) is dict:
            pairs = [(self.value(key), self.value(item)) for key, item in state]
            value.clear()
            value.update(pairs)
        elif isinstance(value, np.ndarray):
            changed = self._array(state)
            if changed.shape == value.shape and value.flags.writeable:
                value[...] = changed
        elif type(value) is np.random.Generator:
            value.bit_generator.state = self.value(state)
        elif self.models is not None and self.models.is_model(value):
            self.models.put(self, value, state)

    def _array(self, number: int) -> np.ndarray:
        return np.lib.format.read_array(io.BytesIO(self.blobs[number]), allow_pickle=False)

    def _make_ref(self, node: Node) -> Any:
        return self.known[node["n"]]

    def _make_tuple(self, node: Node) -> Any:
        return tuple(self.value(item) for item in node["v"])

    def _make_set(self, node: Node) -> Any:
        return {self.value(item) for item in node["v"]}

    def _make_frozenset(self, node: Node) -> Any:
        return frozenset(self.value(item) for item in node["v"])

    def _make_scalar(self, node: Node) -> Any:
        return self._array(node["b"])[()]

    def _make_bytes(self, node: Node) -> Any:
        return bytes(self.blobs[node["b"]])

    def _make_bytearray(self, node: Node) -> Any:
        return bytearray(self.blobs[node["b"]])

    def _make_complex(self, node: Node) -> Any:
        return complex(*node["v"])

    def _make_ellipsis(self, node: Node) -> Any:
        return Ellipsis

    def _make_range(self, node: Node) -> Any:
        return range(*map(self.value, node["v"]))

    def _make_slice(self, node: Node) -> Any:
        return slice(*map(self.value, node["v"]))

    def _make_path(self, node: Node) -> Any:
        from pathlib import Path

        return Path(str(node["v"]))

    def _make_list(self, node: Node) -> Any:
        made: list[Any] = self.know([])
        made.extend(self._array(node["b"]).ravel() if "b" in node else map(self.value, node["v"]))
        return made

    def _make_dict(self, node: Node) -> Any:
        made: dict[Any, Any] = self.know({})
        made.update((self.value(key), self.value(item)) for key, item in node["v"])
        return made

    def _make_array(self, node: Node) -> Any:
        made = self.know(self._array(node["b"]))
        made.flags.writeable = bool(node["w"])
        return made

    def _make_objects(self, node: Node) -> Any:
        made = self.know(np.empty(len(node["v"]), dtype=object))
        made[:] = [self.value(item) for item in node["v"]]
        made.shape = tuple(node["shape"])
        return made

    def _make_generator(self, node: Node) -> Any:
        place = len(self.known)
        self.know(None)
        state = self.value(node["v"])
        kind = {"PCG64": np.random.PCG64, "MT19937": np.random.MT19937, "Philox": np.random.Philox, "SFC64": np.random.SFC64}
        made = self.known[place] = np.random.Generator(kind[state["bit_generator"]]())
        made.bit_generator.state = state
        return made

    def _make_own(self, node: Node) -> Any:
        return self.functions[node["n"]]

    def _make_function(self, node: Node) -> Any:
        return self.functions.stand_in(int(node["n"]), str(node["name"]), node["parameters"])

    def _make_given(self, node: Node) -> Any:
        kind = self.given[node["cls"]]
        made = kind.__new__(kind)
        vars(made).update({key: self.value(item) for key, item in node["v"].items()})
        return made

    def _make_frame(self, node: Node) -> Any:
        import pandas as pd

        columns = [self.value(column) for column in node["v"]]
        labels, index = self.value(node["columns"]), self.value(node["index"])
        made = pd.DataFrame(dict(enumerate(columns)), index=index)
        made.columns = pd.Index(labels)
        return made

    def _make_series(self, node: Node) -> Any:
        import pandas as pd

        name, index = self.value(node["name"]), self.value(node["index"])
        return pd.Series(self.value(node["v"]), index=index, name=name)

    def _make_index(self, node: Node) -> Any:
        import pandas as pd

        return pd.Index(self.value(node["v"]))


def fingerprint(value: Any, models: Any = None) -> Any:
    """Something that is equal later if the object still holds the same: a digest, or the parts themselves."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            return list(value.ravel())
        return (
            value.shape,
            value.dtype,
            blake2b(np.ascontiguousarray(value).view(np.uint8).data if value.size else b"").digest(),
        )
    if type(value) is list:
        return _Same(value)
    if type(value) is dict:
        return _Same([part for pair in value.items() for part in pair])
    if type(value) is np.random.Generator:
        return json.dumps(value.bit_generator.state, default=repr)
    if models is not None and models.is_model(value):
        return models.fingerprint(value)
    return None


class _Same:
    """Equal to another list of the very same objects."""

    def __init__(self, parts: list[Any]) -> None:
        self.parts = list(parts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same) or len(self.parts) != len(other.parts):
            return False
        return all(
            a is b or (type(a) is type(b) and a.__class__ in (int, float, str) and a == b)
            for a, b in zip(self.parts, other.parts, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]


def _plain(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str, list, dict, tuple) or isinstance(value, np.ndarray)


def _article(kind: type) -> str:
    name = kind.__name__[:60]
    return f"an object of your class {name}" if kind.__module__ == "__main__" else f"a {name}"


def _parameters(function: Any) -> list[list[Any]] | None:
    import inspect

    try:
        found = inspect.signature(function).parameters.values()
    except Exception:  # a callable of the student's may raise anything
        return None
    return [[str(p.name), int(p.kind), p.default is not p.empty] for p in found]


def _signature(parameters: Sequence[Sequence[Any]] | None) -> Any:
    import inspect

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
