"""Encode and decode values of pandas.

These are data frames, series, indices, columns of the usual types, time stamps and periods. A table
is sent as its columns and labels, each as an array or as plain values. The values of a column are a
JSON object with their form under "c": "array" (NumPy), "objects", "texts" (strings), "zoned" (times
with a time zone), "periods", "categories", "intervals", "sparse" or "nullable" (numbers with
missing values). If pandas is not loaded, nothing is encoded. Knows pandas and nodes; nothing of
Keras or processes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from hashlib import blake2b
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.worker.refusals import RefusedError, described, own_class

if TYPE_CHECKING:
    from autograder.worker.codec import Decoder, Encoder, Node

__all__ = ["MAKERS", "fingerprint", "is_table", "node", "put", "state"]


def _pandas() -> Any:
    """pandas, which is imported only if a table is sent."""
    return import_module("pandas")


def is_table(value: Any) -> bool:
    """Return whether a value is a data frame or a series, which can be changed in place."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and type(value) in (pandas.DataFrame, pandas.Series)


def node(encoder: Encoder, value: Any, name: str, depth: int) -> Node | None:
    """Encode a value of pandas.

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
    pd = sys.modules.get("pandas")
    kind = type(value)
    if pd is None:
        return None
    if is_table(value):
        encoder.know(value)
        return state(encoder, value, name, depth)
    if isinstance(value, pd.Index) and kind.__module__.split(".")[0] == "pandas":
        return _index(encoder, value, name, depth)
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        raise RefusedError(f"{described(kind)}, a kind of table", decides_itself=own_class(kind))
    if value is pd.NaT or value is pd.NA:
        return {"k": "missing", "v": "NaT" if value is pd.NaT else "NA"}
    if kind in (pd.Timestamp, pd.Timedelta):
        zone = encoder.part(value.tzinfo, name, depth) if kind is pd.Timestamp else None
        return {"k": "stamp", "as": kind.__name__, "v": int(value.asm8.view("i8")), "unit": value.unit, "tz": zone}
    if kind is pd.Period:
        return {"k": "period", "v": int(value.ordinal), "freq": value.freqstr}
    if kind is pd.Interval:
        ends = [encoder.part(end, name, depth) for end in (value.left, value.right)]
        return {"k": "interval", "v": ends, "closed": value.closed}
    if isinstance(value, pd.api.extensions.ExtensionArray) and kind.__module__.split(".")[0] == "pandas":
        return {"k": "column", "v": _column(encoder, value, name, depth)}
    if isinstance(value, pd.api.extensions.ExtensionDtype) and kind.__module__.split(".")[0] == "pandas":
        return {"k": "pandas dtype", "v": _column(encoder, pd.Series([], dtype=value).array, name, depth)}
    return None


def state(encoder: Encoder, value: Any, name: str = "the table", depth: int = 1) -> Node:
    """Encode the current contents of a data frame or a series.

    Args:
        encoder: The encoder of the frame.
        value: The data frame or series.
        name: What error messages call the value.
        depth: Its level of nesting.
    """
    index = _index(encoder, value.index, name, depth)
    if type(value).__name__ == "Series":
        series_name = encoder.part(value.name, name, depth)
        return {"k": "series", "name": series_name, "index": index, "v": _column(encoder, value.array, name, depth)}
    labels = _index(encoder, value.columns, name, depth)
    columns = [_column(encoder, value.iloc[:, i].array, name, depth) for i in range(value.shape[1])]
    return {"k": "frame", "columns": labels, "index": index, "v": columns}


def fingerprint(encoder: Encoder, value: Any) -> Any:
    """Return a value that compares equal later if the table still has the same contents.

    Args:
        encoder: A new encoder.
        value: The data frame or series.

    Returns:
        A digest, or None if the table cannot be encoded.
    """
    try:
        table_node = state(encoder, value)
    except RefusedError:
        return None
    digest = blake2b(json.dumps(table_node).encode())
    for blob in encoder.blobs:
        digest.update(blob)
    return digest.digest()


def put(decoder: Decoder, value: Any, node: Node) -> None:
    """Set a table of this end to contents that `state` wrote at the other end."""
    made = (_make_series if type(value).__name__ == "Series" else _make_frame)(decoder, node)
    value._update_inplace(made)


# ── labels and columns ───────────────────────────────────────────────────────────────────────────────────────────────

_NUMBERS = [f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)]
_DTYPES = frozenset([*_NUMBERS, "Float32", "Float64", "boolean", "string", "str"])


def _index(encoder: Encoder, index: Any, name: str, depth: int) -> Node:
    """The node of an index."""
    pd = _pandas()
    if type(index) is pd.RangeIndex:
        index_name = encoder.part(index.name, name, depth)
        return {"k": "index", "form": "range", "v": [index.start, index.stop, index.step], "name": index_name}
    if type(index) is pd.MultiIndex:
        return {
            "k": "index",
            "form": "multi",
            "levels": [_index(encoder, level, name, depth) for level in index.levels],
            "codes": [encoder.array(np.asarray(codes)) for codes in index.codes],
            "names": [encoder.part(level_name, name, depth) for level_name in index.names],
        }
    freq = index.freqstr if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) else None
    index_name = encoder.part(index.name, name, depth)
    return {"k": "index", "form": "plain", "v": _column(encoder, index.array, name, depth), "name": index_name, "freq": freq}


def _column(encoder: Encoder, values: Any, name: str, depth: int) -> Node:
    """The values of a column or an index, as a JSON object with their form under "c"."""
    pd = _pandas()
    dtype = values.dtype
    if isinstance(dtype, pd.StringDtype):
        gaps = values.isna()
        texts = [None if gap else str(text) for text, gap in zip(values, gaps, strict=True)]
        return {"c": "texts", "dtype": str(dtype), "v": texts}
    if isinstance(values, pd.arrays.NumpyExtensionArray) or isinstance(dtype, np.dtype):
        plain = values.to_numpy()
        if plain.dtype.kind == "O":
            return {"c": "objects", "v": [encoder.attribute(item, name, depth, pd.Series) for item in plain.tolist()]}
        return {"c": "array", "b": encoder.array(np.asarray(plain))}
    if isinstance(dtype, pd.DatetimeTZDtype):
        whole = encoder.array(values.asi8)
        return {"c": "zoned", "b": whole, "unit": dtype.unit, "tz": encoder.part(dtype.tz, name, depth)}
    if isinstance(dtype, pd.PeriodDtype):
        return {"c": "periods", "b": encoder.array(values.asi8), "freq": str(dtype).removeprefix("period[").removesuffix("]")}
    if isinstance(dtype, pd.CategoricalDtype):
        categories = _index(encoder, values.categories, name, depth)
        codes = encoder.array(np.asarray(values.codes))
        return {"c": "categories", "b": codes, "categories": categories, "ordered": bool(values.ordered)}
    if isinstance(dtype, pd.IntervalDtype):
        ends = [_index(encoder, end, name, depth) for end in (values.left, values.right)]
        return {"c": "intervals", "v": ends, "closed": dtype.closed}
    if isinstance(dtype, pd.SparseDtype):
        return {"c": "sparse", "b": encoder.array(np.asarray(values)), "fill": encoder.part(dtype.fill_value)}
    if str(dtype) in _DTYPES:
        gaps = np.asarray(values.isna())
        plain = values.to_numpy(dtype=dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        return {"c": "nullable", "dtype": str(dtype), "b": encoder.array(plain), "m": encoder.array(gaps)}
    raise RefusedError(f"a column of dtype {str(dtype)[:60]}")


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _values(decoder: Decoder, node: Node) -> Any:
    """The values of a column or an index: a NumPy array, or an array of pandas."""
    pd = _pandas()
    form = node["c"]
    if form == "objects":
        made = np.empty(len(node["v"]), dtype=object)
        for index, item in enumerate(node["v"]):
            made[index] = decoder.attribute(item)  # pandas offers entries as attributes too: series.name is series["name"]
        return made
    if form == "texts":
        if node["dtype"] not in ("string", "str"):
            raise ValueError("not a column of text")
        return pd.array(node["v"], dtype=node["dtype"])
    if form == "intervals":
        left, right = (_make_index(decoder, end) for end in node["v"])
        return pd.arrays.IntervalArray.from_arrays(left, right, closed=node["closed"])
    plain = decoder.array(node["b"])
    if form == "array":
        return plain
    if form == "zoned":
        stamps = pd.DatetimeIndex(plain.astype("i8").view(f"M8[{_unit(node)}]"))
        return stamps.tz_localize("UTC").tz_convert(_zone(decoder, node)).array
    if form == "periods":
        return pd.PeriodIndex.from_ordinals(plain.astype("i8"), freq=str(node["freq"])).array
    if form == "categories":
        categories = _make_index(decoder, node["categories"])
        return pd.Categorical.from_codes(plain, categories=categories, ordered=bool(node["ordered"]))
    if form == "sparse":
        return pd.arrays.SparseArray(plain, fill_value=decoder.value(node["fill"]))
    if form == "nullable" and node["dtype"] in _DTYPES:
        made = pd.array(plain, dtype=node["dtype"])
        made[decoder.array(node["m"])] = pd.NA
        return made
    raise ValueError("not a column")


def _unit(node: Node) -> Any:
    """The unit of a time."""
    if node["unit"] not in ("s", "ms", "us", "ns"):
        raise ValueError("not a unit of time")
    return str(node["unit"])


def _zone(decoder: Decoder, node: Node) -> Any:
    """The time zone of a time."""
    import datetime

    zone = decoder.value(node["tz"])
    if not issubclass(type(zone), datetime.tzinfo):
        raise ValueError("not a time zone")
    return zone


def _make_index(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    if node["form"] == "range":
        return pd.RangeIndex(*node["v"], name=decoder.value(node["name"]))
    if node["form"] == "multi":
        levels = [_make_index(decoder, level) for level in node["levels"]]
        codes = [decoder.array(part) for part in node["codes"]]
        return pd.MultiIndex(levels, codes, names=[decoder.value(name) for name in node["names"]])
    name, values = decoder.value(node["name"]), _values(decoder, node["v"])
    made = pd.Index(values, name=name, dtype=object if values.dtype.kind == "O" and node["v"]["c"] == "objects" else None)
    return type(made)(made, freq=str(node["freq"]), name=name) if node.get("freq") is not None else made


def _make_frame(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    index, labels = _make_index(decoder, node["index"]), _make_index(decoder, node["columns"])
    columns = {i: _series(_values(decoder, column), index) for i, column in enumerate(node["v"])}
    made = pd.DataFrame(columns, index=index)
    made.columns = labels
    return made


def _make_series(decoder: Decoder, node: Node) -> Any:
    index = _make_index(decoder, node["index"])
    name = decoder.value(node["name"])
    return _series(_values(decoder, node["v"]), index).rename(name)


def _series(values: Any, index: Any) -> Any:
    """A series with these values."""
    pd = _pandas()
    return pd.Series(values, index=index, dtype=object if type(values) is np.ndarray and values.dtype.kind == "O" else None)


def _known(make: Callable[[Decoder, Node], Any]) -> Callable[[Decoder, Node], Any]:
    """Decode with `make`, but register the object before its parts, as the encoder does."""

    def made(decoder: Decoder, node: Node) -> Any:
        number = len(decoder.known)
        decoder.know(None)
        value = decoder.known[number] = make(decoder, node)
        return value

    return made


def _make_stamp(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    if node["as"] == "Timedelta":
        return pd.Timedelta(np.timedelta64(int(node["v"]), _unit(node)))
    made = pd.Timestamp(np.datetime64(int(node["v"]), _unit(node)))
    return made if node["tz"] is None else made.tz_localize("UTC").tz_convert(_zone(decoder, node))


def _make_period(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    return pd.Period(ordinal=int(node["v"]), freq=str(node["freq"]))


def _make_interval(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    return pd.Interval(*map(decoder.value, node["v"]), closed=node["closed"])


def _make_missing(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    return pd.NaT if node["v"] == "NaT" else pd.NA


def _make_array(decoder: Decoder, node: Node) -> Any:
    pd = _pandas()
    values = _values(decoder, node["v"])
    return (
        pd.arrays.NumpyExtensionArray(values)
        if type(values) is np.ndarray and values.dtype.kind not in "mM"
        else pd.array(values)
    )


MAKERS: Mapping[str, Callable[[Decoder, Node], Any]] = {
    "frame": _known(_make_frame),
    "series": _known(_make_series),
    "index": _make_index,
    "stamp": _make_stamp,
    "period": _make_period,
    "interval": _make_interval,
    "missing": _make_missing,
    "column": _make_array,
    "pandas dtype": lambda decoder, node: _values(decoder, node["v"]).dtype,
}
