"""Encode and decode dates, times and time zones: as numbers, and a time zone as its name.

Knows the standard library and nodes, and pytz if pandas uses it; nothing of tables or processes.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from autograder.worker.refusals import RefusedError

if TYPE_CHECKING:
    from autograder.worker.codec import Decoder, Encoder, Node

__all__ = ["MAKERS", "node"]

_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}")


def node(encoder: Encoder, value: Any, name: str, depth: int) -> Node | None:
    """Encode a date, a time, a time difference or a time zone.

    Args:
        encoder: The encoder of the frame.
        value: Any value.
        name: What error messages call the value.
        depth: Its level of nesting.

    Returns:
        The node, None if the value is of no type that this module knows.

    Raises:
        RefusedError: If a time zone has no name.
    """
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(encoder, value, name, depth)
    if type(value).__module__.split(".")[0] == "pytz" and isinstance(value, dt.tzinfo):
        return _pytz_node(value)
    return None


def _date_node(encoder: Encoder, value: dt.date, name: str, depth: int) -> Node:
    return {"k": "date", "v": [value.year, value.month, value.day]}


def _clock(value: Any) -> list[int]:
    return [value.hour, value.minute, value.second, value.microsecond]


def _time_node(encoder: Encoder, value: dt.time, name: str, depth: int) -> Node:
    return {"k": "time", "v": _clock(value), "fold": value.fold, "tz": encoder.part(value.tzinfo, name, depth)}


def _datetime_node(encoder: Encoder, value: dt.datetime, name: str, depth: int) -> Node:
    when = [value.year, value.month, value.day, *_clock(value)]
    return {"k": "datetime", "v": when, "fold": value.fold, "tz": encoder.part(value.tzinfo, name, depth)}


def _timedelta_node(encoder: Encoder, value: dt.timedelta, name: str, depth: int) -> Node:
    return {"k": "timedelta", "v": [value.days, value.seconds, value.microseconds]}


def _timezone_node(encoder: Encoder, value: dt.timezone, name: str, depth: int) -> Node:
    zone_name = None if value == dt.timezone.utc else value.tzname(None)
    return {"k": "timezone", "offset": encoder.node(value.utcoffset(None), name, depth), "name": zone_name}


def _zone_node(encoder: Encoder, value: zoneinfo.ZoneInfo, name: str, depth: int) -> Node:
    if value.key is None:
        raise RefusedError("a time zone that was read from a file")
    return {"k": "zone", "v": value.key}


def _pytz_node(value: Any) -> Node:
    if getattr(value, "zone", None) is None:
        raise RefusedError("a time zone without a name")
    return {"k": "zone", "v": str(value.zone), "as": "pytz"}


_WRITERS: Mapping[type, Callable[[Encoder, Any, str, int], Node]] = {
    dt.date: _date_node,
    dt.time: _time_node,
    dt.datetime: _datetime_node,
    dt.timedelta: _timedelta_node,
    dt.timezone: _timezone_node,
    zoneinfo.ZoneInfo: _zone_node,
}


def _zone(decoder: Decoder, node: Node) -> dt.tzinfo | None:
    """The time zone of a time, None if it has none."""
    zone = decoder.value(node["tz"])
    if zone is not None and not isinstance(zone, dt.tzinfo):
        raise ValueError("not a time zone")
    return zone


def _make_moment(kind: Any) -> Callable[[Decoder, Node], Any]:
    return lambda decoder, node: kind(*node["v"], _zone(decoder, node), fold=node["fold"])


def _make_timezone(decoder: Decoder, node: Node) -> dt.timezone:
    name, offset = node["name"], decoder.value(node["offset"])
    return dt.timezone.utc if name is None and not offset else dt.timezone(offset, *([] if name is None else [name]))


def _make_zone(decoder: Decoder, node: Node) -> dt.tzinfo:
    if not _ZONE_NAME.fullmatch(node["v"]):
        raise ValueError("not the name of a time zone")
    if node.get("as") == "pytz" and find_spec("pytz"):
        return import_module("pytz").timezone(node["v"])
    return zoneinfo.ZoneInfo(node["v"])


MAKERS: Mapping[str, Callable[[Decoder, Node], Any]] = {
    "date": lambda decoder, node: dt.date(*node["v"]),
    "time": _make_moment(dt.time),
    "datetime": _make_moment(dt.datetime),
    "timedelta": lambda decoder, node: dt.timedelta(*node["v"]),
    "timezone": _make_timezone,
    "zone": _make_zone,
}
