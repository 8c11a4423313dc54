"""Encode and decode records: named tuples and data classes.

The name of the class and the names and values of its fields are sent. The code of the class is not
sent. The receiver creates a new class with these fields, whose instances compare by their values,
whatever the original class defines. If the lab's own cells define a class with the same name and
fields, the receiver uses that class. Knows records and nodes; nothing of processes.
"""

from __future__ import annotations

import dataclasses
from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import lru_cache
from keyword import iskeyword
from types import FunctionType
from typing import TYPE_CHECKING, Any

from autograder.worker.refusals import RefusedError

if TYPE_CHECKING:
    from autograder.worker.codec import Decoder, Encoder, Node

__all__ = ["MAKERS", "fields_of", "is_record_type", "record_node", "record_type_node", "set_fields"]

MAX_FIELDS = 200


def is_record_type(kind: type) -> bool:
    """Return whether a class is a named tuple without methods of its own."""
    return _form(kind) == "tuple" and not _methods(kind)


def record_type_node(encoder: Encoder, kind: type) -> Node:
    """Encode the class of a record. Returns a reference if both ends hold it already."""
    if (known := encoder.reference(kind)) is not None:
        return known
    encoder.know(kind)
    settings = getattr(kind, "__dataclass_params__", None)
    return {
        "k": "record type",
        "form": _form(kind),
        "name": kind.__name__,
        "fields": list(_fields(kind)),
        "frozen": bool(getattr(settings, "frozen", False)),
        "order": bool(getattr(settings, "order", False)),
    }


def record_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node | None:
    """Encode a named tuple or an instance of a data class.

    Args:
        encoder: The encoder of the frame.
        value: Any value.
        name: What error messages call the value.
        depth: Its level of nesting.

    Returns:
        The node, None for any other value.

    Raises:
        RefusedError: If the class has methods and is not a class of the lab.
    """
    kind = type(value)
    form = _form(kind)
    if not form:
        return None
    if (own := _methods(kind)) and encoder.given.get(kind.__name__) is not kind:
        what = f"an object of your class {kind.__name__[:60]}, which has methods of its own ({', '.join(own[:3])})"
        raise RefusedError(what, decides_itself=True)
    if form == "tuple":
        type_node, values = record_type_node(encoder, kind), tuple.__getitem__(value, slice(None))
    else:
        encoder.know(value)
        type_node = record_type_node(encoder, kind)
        values = tuple((fields_of(value) or {}).values())
    return {"k": "record", "form": form, "t": type_node, "v": [encoder.attribute(item, name, depth, kind) for item in values]}


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return the fields of an instance of a data class by name; None for any other value."""
    kind = type(value)
    return {name: object.__getattribute__(value, name) for name in _fields(kind)} if _form(kind) == "dataclass" else None


def set_fields(value: Any, values: Mapping[str, Any]) -> None:
    """Set the fields of an instance of a data class, even if it is frozen.

    Raises KeyError if a value is missing.
    """
    for name in _fields(type(value)):
        object.__setattr__(value, name, values[name])


def _form(kind: type) -> str:
    """The form of a record class: "tuple" or "dataclass"; "" for any other class."""
    if issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple) and hasattr(kind, "_field_defaults"):
        return "tuple"
    settings = vars(kind).get("__dataclass_params__")
    return "dataclass" if settings is not None and settings.eq else ""


def _fields(kind: Any) -> tuple[str, ...]:
    return kind._fields if _form(kind) == "tuple" else tuple(field.name for field in dataclasses.fields(kind))


def _methods(kind: type) -> list[str]:
    """The functions and properties of a class, without those that Python generates for a record."""
    written = object if _form(kind) == "dataclass" else tuple
    classes = [above for above in kind.__mro__[: kind.__mro__.index(written)] if above.__module__ != "typing"]
    return sorted(
        name
        for above in classes
        for name, item in vars(above).items()
        if name not in ("__post_init__", "__init__", "__repr__", "__new__") and _is_code(item)
    )


def _is_code(item: Any) -> bool:
    """Whether an attribute of a class is a function or property that Python did not generate."""
    function = getattr(item, "__func__", item)
    if isinstance(function, FunctionType):
        return not (
            function.__code__.co_filename in ("<string>",) or function.__module__ in ("collections", "dataclasses", "reprlib")
        )
    return isinstance(function, property)


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make_type(decoder: Decoder, node: Node) -> Any:
    fields = tuple(node["fields"])
    if not all(map(_is_name, (node["name"], *fields))) or len(fields) > MAX_FIELDS:
        raise ValueError("not a record")
    own: Any = decoder.records.get(node["name"])
    if issubclass(type(own), type) and _form(own) == node["form"] and _fields(own) == fields:
        return decoder.know(own)
    return decoder.know(_made(node["form"], node["name"], fields, bool(node["frozen"]), bool(node["order"])))


def _is_name(text: Any) -> bool:
    return (
        isinstance(text, str) and text.isidentifier() and not iskeyword(text) and not text.startswith("__") and len(text) <= 100
    )


@lru_cache(maxsize=512)
def _made(form: str, name: str, fields: tuple[str, ...], frozen: bool, order: bool) -> type:
    if form == "tuple":
        return namedtuple(name, fields, module="__main__")
    return dataclasses.make_dataclass(name, fields, frozen=frozen, order=order)


def _make_record(decoder: Decoder, node: Node) -> Any:
    form, number = node["form"], len(decoder.known)
    if form == "dataclass":
        decoder.know(None)
    kind = decoder.value(node["t"])
    if not issubclass(type(kind), type) or not form or _form(kind) != form or len(_fields(kind)) != len(node["v"]):
        raise ValueError("not a record")
    if form == "tuple":
        return tuple.__new__(kind, [decoder.attribute(item) for item in node["v"]])
    made = decoder.known[number] = object.__new__(kind)
    for field, item in zip(_fields(kind), node["v"], strict=True):
        object.__setattr__(made, field, decoder.attribute(item))
    return made


MAKERS: Mapping[str, Callable[[Decoder, Node], Any]] = {"record type": _make_type, "record": _make_record}
