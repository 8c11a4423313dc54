"""Encode and decode values of the standard library: counters, fractions, iterators and others.

The receiver creates each value anew, as the same type, from plain data. An instance of a subclass
of a plain type (int, list, …) is sent as that type. It is read with the methods of the plain type,
so code of the subclass is neither run nor trusted. Knows the standard library and nodes; nothing of
NumPy, pandas, Keras or processes.
"""

from __future__ import annotations

import array
import builtins
import enum
import ipaddress
import re
import types
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from autograder.worker.refusals import RefusedError, Unseen, described, own_class
from autograder.worker.values.functions import is_iterator
from autograder.worker.values.records import is_record_type, record_node, record_type_node

if TYPE_CHECKING:
    from autograder.worker.codec import Decoder, Encoder, Node

__all__ = ["MAKERS", "as_plain", "node"]

MAX_BITS = 1_000_000  # of an integer: about 300,000 digits
MAX_FRACTION_BITS = 50_000  # of each part of a fraction; creating one reduces it, which takes time
MAX_DECIMAL = 100_000  # digits, and exponent, of a Decimal: int(Decimal("1e999999999")) would never end
MAX_PATTERN = 1000  # characters of a regular expression
_FACTORIES: Mapping[str, Any] = {
    kind.__name__: kind for kind in (int, float, str, bool, list, dict, set, tuple, deque, Counter)
}
_MAPPINGS: Mapping[str, Any] = {kind.__name__: kind for kind in (Counter, OrderedDict, defaultdict)}
_VIEWS: Mapping[type, tuple[str, Any]] = {
    type(getattr(kind(), view)()): (view, kind) for kind in (dict, OrderedDict) for view in ("keys", "values", "items")
}
_TYPES: Mapping[str, type] = {name: kind for name, kind in vars(builtins).items() if isinstance(kind, type)}
_ADDRESSES: Mapping[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(ipaddress.IPv4Address, ipaddress.IPv4Network, ipaddress.IPv4Interface),
        *(ipaddress.IPv6Address, ipaddress.IPv6Network, ipaddress.IPv6Interface),
    )
}


def node(encoder: Encoder, value: Any, name: str, depth: int) -> Node | None:
    """Encode a value of the standard library.

    Args:
        encoder: The encoder of the frame.
        value: Any value.
        name: What error messages call the value.
        depth: Its level of nesting.

    Returns:
        The node, None if the value is of no type that this module knows.

    Raises:
        RefusedError: If the value cannot be encoded.
    """
    kind = type(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(encoder, value, name, depth)
    if is_iterator(value):
        return {"k": "iterator", "n": encoder.functions.number(value), "as": kind.__name__}
    if kind is type or issubclass(kind, type):
        return _type_node(encoder, value)
    if issubclass(kind, enum.Enum):
        return _enum_node(encoder, value, name, depth)
    if (record := record_node(encoder, value, name, depth)) is not None:
        return record
    if issubclass(kind, BaseException) and _TYPES.get(kind.__name__) is kind:
        parts = [encoder.node(part, name, depth) for part in value.args]
        return {"k": "exception", "name": kind.__name__, "v": parts}
    if issubclass(kind, _PLAIN):
        return encoder.part(as_plain(value), name, depth)
    return None


# ── subclasses of plain types ────────────────────────────────────────────────────────────────────────────────────────

# Plain type → a function that reads an instance with the methods of this type, even if a subclass
# overrides them.
_BASES: Mapping[type, Callable[[Any], Any]] = {
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    str: str.__str__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytearray(bytearray.__iter__(value)),
    tuple: lambda value: tuple.__getitem__(value, slice(None)),
    list: lambda value: list.__getitem__(value, slice(None)),
    dict: dict.copy,
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}
_PLAIN = tuple(_BASES)
# Methods that a subclass may override, because they do not affect how a reader sees the value.
_HARMLESS = """
    __init__ __new__ __repr__ __str__ __format__ __doc__ __hash__ __reduce__ __reduce_ex__
    __getnewargs__ __getstate__ __setstate__ __sizeof__ __class_getitem__ __init_subclass__
    __subclasshook__ __dir__ __setattr__ __delattr__ __setitem__ __delitem__ __iadd__ __imul__
    __ior__ __iand__ __isub__ __ixor__ append extend insert pop remove clear sort reverse update
    setdefault popitem add discard difference_update intersection_update symmetric_difference_update
"""


def as_plain(value: Any) -> Any:
    """Convert an instance of a subclass of a plain type to the plain type.

    Args:
        value: An instance of int, float, str, list, dict or another key of `_BASES`, or of a
            subclass.

    Raises:
        RefusedError: If the subclass overrides how values are read, compared or computed with.
    """
    kind = type(value)
    base = next(base for base in kind.__mro__ if base in _BASES)
    own = [name for above in kind.__mro__[: kind.__mro__.index(base)] for name in vars(above)]
    redefined = sorted(name for name in own if name not in _HARMLESS.split() and (name in vars(base) or name == "__missing__"))
    if redefined:
        what = f"{described(kind)}, which is a {base.__name__} that redefines {', '.join(redefined[:3])}"
        raise RefusedError(what, decides_itself=own_class(kind))
    return _BASES[base](value)


# ── encoding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _int_node(encoder: Encoder, value: int, name: str, depth: int) -> Node:
    if value.bit_length() > MAX_BITS:
        raise RefusedError(f"an integer of about {value.bit_length() * 0.30103:.0f} digits")
    return {"k": "int", "v": hex(value)}


def _mapping_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    encoder.know(value)
    pairs = [[encoder.node(key, name, depth), encoder.node(item, name, depth)] for key, item in dict.items(value)]
    factory = value.default_factory if isinstance(value, defaultdict) else None
    if factory is not None and _FACTORIES.get(getattr(factory, "__name__", "")) is not factory:
        factory_node = encoder.node(factory, name, depth)  # such as a lambda, which is sent like any function
    else:
        factory_node = factory.__name__ if factory is not None else None
    return {"k": "mapping", "as": type(value).__name__, "factory": factory_node, "v": pairs}


def _view_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    view, kind = _VIEWS[type(value)]
    return {"k": "view", "as": view, "ordered": kind is OrderedDict, "v": [encoder.node(item, name, depth) for item in value]}


def _proxy_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    return {"k": "proxy", "v": encoder.node(dict(value), name, depth)}


def _namespace_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    parts = [[key, encoder.attribute(item, name, depth, type(value))] for key, item in vars(value).items()]
    return {"k": "namespace", "v": parts}


def _deque_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    encoder.know(value)
    return {"k": "deque", "maxlen": value.maxlen, "v": [encoder.node(item, name, depth) for item in value]}


def _fraction_node(encoder: Encoder, value: Fraction, name: str, depth: int) -> Node:
    parts = [value.numerator, value.denominator]
    if any(part.bit_length() > MAX_FRACTION_BITS for part in parts):
        raise RefusedError("a Fraction of more digits than can be looked at")
    return {"k": "fraction", "v": [encoder.node(part, name, depth) for part in parts]}


def _decimal_node(encoder: Encoder, value: Decimal, name: str, depth: int) -> Node:
    if _too_long(value):
        raise RefusedError("a Decimal of more digits than can be looked at")
    return {"k": "decimal", "v": str(value)}


def _too_long(value: Decimal) -> bool:
    """Whether a Decimal exceeds MAX_DECIMAL."""
    digits, exponent = value.as_tuple()[1:]
    return len(digits) > MAX_DECIMAL or (isinstance(exponent, int) and abs(exponent) > MAX_DECIMAL)


def _pattern_node(encoder: Encoder, value: re.Pattern[Any], name: str, depth: int) -> Node:
    if len(value.pattern) > MAX_PATTERN:
        raise RefusedError(f"a regular expression of more than {MAX_PATTERN} characters")
    return {"k": "pattern", "v": encoder.node(value.pattern, name, depth), "flags": int(value.flags)}


def _text_node(kind: str) -> Callable[[Encoder, Any, str, int], Node]:
    return lambda encoder, value, name, depth: {"k": kind, "as": type(value).__name__, "v": str(value)}


def _array_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    if value.typecode in "uw":
        raise RefusedError("an array.array of characters")
    return {"k": "typed", "as": value.typecode, "b": encoder.blob(value.tobytes())}


def _type_node(encoder: Encoder, value: type) -> Node | None:
    """The node of a built-in class or of a record class, None for any other class."""
    if _TYPES.get(value.__name__) is value:
        return {"k": "type", "v": value.__name__}
    if is_record_type(value):
        return record_type_node(encoder, value)
    return None


def _enum_node(encoder: Encoder, value: enum.Enum, name: str, depth: int) -> Node:
    """The node of an Enum member: its name, and its value if that is plain.

    The name is for a receiver whose lab defines the Enum.
    """
    kind = type(value)
    base = next((base for base in kind.__mro__ if base in _BASES), None)  # int for an IntEnum
    node = {"k": "member", "cls": kind.__name__, "name": value.name, "own": own_class(kind), "plain": base is not None}
    return {**node, "n": encoder.functions.number(value), "v": encoder.node(_BASES[base](value) if base else None, name, depth)}


_WRITERS: Mapping[type, Callable[[Encoder, Any, str, int], Node]] = {
    int: _int_node,
    Counter: _mapping_node,
    OrderedDict: _mapping_node,
    defaultdict: _mapping_node,
    **dict.fromkeys(_VIEWS, _view_node),
    types.MappingProxyType: _proxy_node,
    types.SimpleNamespace: _namespace_node,
    deque: _deque_node,
    Fraction: _fraction_node,
    Decimal: _decimal_node,
    re.Pattern: _pattern_node,
    uuid.UUID: _text_node("uuid"),
    **dict.fromkeys(_ADDRESSES.values(), _text_node("address")),
    array.array: _array_node,
    memoryview: lambda encoder, value, name, depth: {"k": "memory", "b": encoder.blob(value.tobytes())},
    type(NotImplemented): lambda encoder, value, name, depth: {"k": "not implemented"},
}


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make_int(decoder: Decoder, node: Node) -> int:
    if len(node["v"]) > MAX_BITS // 4 + 4:
        raise ValueError("an integer of too many digits")
    return int(node["v"], 16)


def _make_mapping(decoder: Decoder, node: Node) -> Any:
    made = decoder.know(_MAPPINGS[node["as"]]())
    pairs = [(decoder.value(key), decoder.value(item)) for key, item in node["v"]]
    dict.update(made, pairs) if isinstance(made, Counter) else made.update(pairs)
    factory = node["factory"]
    if factory is not None:
        made.default_factory = _FACTORIES[factory] if isinstance(factory, str) else decoder.value(factory)
    return made


def _make_view(decoder: Decoder, node: Node) -> Any:
    items: Iterable[Any] = [decoder.value(item) for item in node["v"]]
    pairs = {"keys": lambda: dict.fromkeys(items), "values": lambda: dict(enumerate(items)), "items": lambda: dict(items)}
    made = pairs[node["as"]]()
    return getattr(OrderedDict(made) if node["ordered"] else made, node["as"])()


def _make_deque(decoder: Decoder, node: Node) -> Any:
    made = decoder.know(deque(maxlen=node["maxlen"]))
    made.extend(decoder.value(item) for item in node["v"])
    return made


def _make_namespace(decoder: Decoder, node: Node) -> Any:
    return types.SimpleNamespace(**{key: decoder.attribute(item) for key, item in node["v"]})


def _make_fraction(decoder: Decoder, node: Node) -> Fraction:
    parts = [decoder.value(part) for part in node["v"]]
    if not all(type(part) is int and part.bit_length() <= MAX_FRACTION_BITS for part in parts):
        raise ValueError("not a fraction")
    return Fraction(*parts)


def _make_decimal(decoder: Decoder, node: Node) -> Decimal:
    if len(node["v"]) > MAX_DECIMAL + 30 or _too_long(made := Decimal(node["v"])):
        raise ValueError("a Decimal of too many digits")
    return made


def _make_pattern(decoder: Decoder, node: Node) -> Any:
    text = decoder.value(node["v"])
    if not isinstance(text, str | bytes) or len(text) > MAX_PATTERN:
        raise ValueError("not a regular expression")
    return re.compile(text, int(node["flags"]) & ~int(re.DEBUG))


def _make_typed(decoder: Decoder, node: Node) -> Any:
    if node["as"] not in tuple("bBhHiIlLqQfd"):
        raise ValueError("not an array.array of numbers")
    return array.array(node["as"], bytes(decoder.blobs[node["b"]]))


def _make_member(decoder: Decoder, node: Node) -> Any:
    kind: Any = decoder.records.get(node["cls"])
    if type(kind) is enum.EnumMeta and node["name"] in kind.__members__:
        return kind[node["name"]]
    if node["plain"]:
        return decoder.value(node["v"])
    return Unseen(f"a member of the Enum {str(node['cls'])[:60]}", bool(node["own"]), int(node["n"]))


def _make_exception(decoder: Decoder, node: Node) -> Any:
    kind = _TYPES[node["name"]]
    if not issubclass(kind, Exception):
        raise ValueError("not an exception")
    return kind(*[decoder.value(part) for part in node["v"]])


MAKERS: Mapping[str, Callable[[Decoder, Node], Any]] = {
    "int": _make_int,
    "mapping": _make_mapping,
    "view": _make_view,
    "proxy": lambda decoder, node: types.MappingProxyType(decoder.value(node["v"])),
    "namespace": _make_namespace,
    "deque": _make_deque,
    "iterator": lambda decoder, node: decoder.functions.iterator(int(node["n"]), str(node["as"])),
    "fraction": _make_fraction,
    "decimal": _make_decimal,
    "pattern": _make_pattern,
    "uuid": lambda decoder, node: uuid.UUID(node["v"]),
    "address": lambda decoder, node: _ADDRESSES[node["as"]](node["v"]),
    "typed": _make_typed,
    "memory": lambda decoder, node: memoryview(bytes(decoder.blobs[node["b"]])),
    "type": lambda decoder, node: _TYPES[node["v"]],
    "exception": _make_exception,
    "member": _make_member,
    "not implemented": lambda decoder, node: NotImplemented,
}
