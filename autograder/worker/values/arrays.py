"""Encode and decode values of NumPy and SciPy.

Arrays are sent as .npy without pickle, and other objects as the arrays that they consist of. An
array is decoded only if the number of its bytes is the one that its header states, so no memory is
allocated for data that was not sent. Knows NumPy, SciPy's sparse matrices and nodes; nothing of
pandas, Keras or processes.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.worker.refusals import RefusedError, described, own_class

if TYPE_CHECKING:
    from autograder.worker.codec import Decoder, Encoder, Node

__all__ = ["MAKERS", "generator_state", "node", "read_array", "set_generator_state", "write_array"]

ARRAY_KINDS = "biufcSUmMV"
MAX_EMPTY = 2_000_000  # maximum number of entries of an array whose entries have no bytes
HEADER_BYTES = 70_000  # the header of an array must fit into these bytes
_CLASSES: Mapping[type, str] = {np.matrix: "matrix", np.recarray: "recarray", np.ma.MaskedArray: "masked"}
_BIT_GENERATORS = {kind.__name__: kind for kind in (np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64)}
_TYPES: Mapping[str, type] = {
    kind.__name__: kind for kind in (*np.sctypeDict.values(), np.ndarray, np.generic, np.number, np.integer, np.floating)
}
_POLYNOMIALS = ("Polynomial", "Chebyshev", "Legendre", "Laguerre", "Hermite", "HermiteE")


def write_array(value: np.ndarray) -> bytes:
    """Return an array as .npy. Raises RefusedError for an array of objects."""
    if value.dtype.kind not in ARRAY_KINDS or value.dtype.hasobject:
        raise RefusedError(f"an array of dtype {str(value.dtype)[:80]}")
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asarray(value), allow_pickle=False)
    return out.getvalue()


def read_array(blob: memoryview) -> np.ndarray:
    """Read an array.

    Args:
        blob: The bytes of a .npy file.

    Raises:
        ValueError: If the bytes are something else, or more or fewer than the header states.
    """
    file = io.BytesIO(blob[:HEADER_BYTES])
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read:
        raise ValueError(f"not an array: .npy of version {version}")
    shape, by_columns, dtype = read[version](file)
    if dtype.hasobject:
        raise ValueError("an array of objects would be a pickle, and allow_pickle=False")
    data, count = blob[file.tell() :], prod(shape)
    if min(shape, default=0) < 0 or len(data) != count * dtype.itemsize or (not dtype.itemsize and count > MAX_EMPTY):
        raise ValueError("an array is not as long as it says")
    flat = np.frombuffer(data, dtype, count) if len(data) else np.zeros(count, dtype)
    if dtype.kind == "b":  # a byte other than 0 and 1 would be neither True nor False
        flat = flat.view(np.uint8) != 0
    return flat.reshape(shape[::-1]).T.copy("K") if by_columns else flat.reshape(shape).copy()


def node(encoder: Encoder, value: Any, name: str, depth: int) -> Node | None:
    """Encode a value of NumPy or SciPy.

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
    kind: type = type(value)
    if issubclass(kind, np.generic):
        return {"k": "scalar", "b": encoder.array(np.asarray(value)), "record": kind is np.record}
    if kind in (np.ndarray, np.memmap):
        return _array_node(encoder, value, name, depth)
    if kind in _CLASSES:
        return _subclass_node(encoder, value, name)
    if issubclass(kind, np.ndarray):
        raise RefusedError(f"{described(kind)}, a kind of array", decides_itself=True)
    if kind in (np.random.Generator, np.random.RandomState):
        return _generator_node(encoder, value, name, depth)
    if issubclass(kind, np.dtype):
        if (value.hasobject and value.kind != "O") or value.fields or value.subdtype:
            raise RefusedError("a structured dtype")
        return {"k": "dtype", "v": value.str}
    if kind is type and any(value is known for known in _TYPES.values()):
        return {"k": "numpy type", "v": value.__name__}
    if kind is np.poly1d:
        return {"k": "poly1d", "v": encoder.array(value.coeffs), "variable": value.variable}
    if kind.__module__.startswith("numpy.polynomial.") and kind.__name__ in _POLYNOMIALS:
        parts = [encoder.array(np.asarray(part)) for part in (value.coef, value.domain, value.window)]
        return {"k": "polynomial", "as": kind.__name__, "v": parts}
    if (sparse := sys.modules.get("scipy.sparse")) is not None and sparse.issparse(value):
        return _sparse_node(encoder, value, sparse)
    return None


def _array_node(encoder: Encoder, value: np.ndarray, name: str, depth: int) -> Node:
    """The node of a plain array, also of an array of objects."""
    encoder.know(value)
    if value.dtype.kind == "O":
        items = [encoder.node(item, name, depth) for item in value.ravel().tolist()]
        return {"k": "objects", "shape": list(value.shape), "v": items}
    return {"k": "array", "b": encoder.array(value), "w": bool(value.flags.writeable), "view": _view_node(encoder, value)}


def _view_node(encoder: Encoder, value: np.ndarray) -> Node | None:
    """The position of a view in an array that both ends hold, None for an array with its own memory."""
    base = value.base
    if type(base) is not np.ndarray or base.dtype != value.dtype or (known := encoder.reference(base)) is None:
        return None
    start = value.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return {"of": known["n"], "start": start, "strides": value.strides, "layout": base.strides}


def _subclass_node(encoder: Encoder, value: np.ndarray, name: str) -> Node:
    """The node of a matrix, a record array, or a masked array without masked entries.

    Masked entries are refused: comparisons with them are masked, so a test could not judge them.
    """
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise RefusedError("a MaskedArray with masked entries", decides_itself=True)
    encoder.know(value)
    plain = np.ma.getdata(value) if isinstance(value, np.ma.MaskedArray) else value
    return {"k": "array", "b": encoder.array(np.asarray(plain)), "w": True, "as": _CLASSES[type(value)]}


def _generator_node(encoder: Encoder, value: Any, name: str, depth: int) -> Node:
    """The node of a random generator."""
    encoder.know(value)
    legacy = isinstance(value, np.random.RandomState)
    return {"k": "generator", "legacy": legacy, "v": encoder.node(generator_state(value), name, depth)}


def generator_state(value: Any) -> Any:
    """Return the state of a NumPy random generator (Generator or RandomState)."""
    return value.get_state(legacy=False) if isinstance(value, np.random.RandomState) else value.bit_generator.state


def set_generator_state(value: Any, state: Any) -> None:
    """Set the state of a NumPy random generator.

    Raises ValueError or TypeError if it is not valid.
    """
    if isinstance(value, np.random.RandomState):
        value.set_state(state)
    else:
        value.bit_generator.state = state


def _sparse_node(encoder: Encoder, value: Any, sparse: Any) -> Node:
    """The node of a sparse matrix or array: its entries as three arrays."""
    kind = type(value).__name__
    if getattr(sparse, kind, None) is not type(value):
        raise RefusedError(f"a sparse matrix of the class {kind[:60]}", decides_itself=own_class(type(value)))
    entries = value.tocoo()
    parts = [encoder.array(np.asarray(part)) for part in (entries.data, entries.row, entries.col)]
    return {"k": "sparse", "as": kind, "shape": [int(n) for n in value.shape], "v": parts}


# ── decoding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make_scalar(decoder: Decoder, node: Node) -> Any:
    array = decoder.array(node["b"])
    return (array.view(np.recarray) if node.get("record") else array)[()]


def _view(decoder: Decoder, position: Node, plain: np.ndarray) -> np.ndarray:
    """A view of an array of this end, if it has the same layout and the same numbers.

    Otherwise `plain`, the array as it was sent.
    """
    base = decoder.known[position["of"]]
    if type(base) is not np.ndarray or base.dtype != plain.dtype or list(base.strides) != position["layout"]:
        return plain
    memory = base if base.flags.c_contiguous else base.T
    strides = tuple(position["strides"])
    view = np.ndarray(plain.shape, plain.dtype, buffer=memory, offset=int(position["start"]), strides=strides)
    return view if view.tobytes() == plain.tobytes() else plain  # the other end may have changed its copy


def _make_array(decoder: Decoder, node: Node) -> Any:
    plain = decoder.array(node["b"])
    if node.get("view") is not None:
        plain = _view(decoder, node["view"], plain)
    shapes: Mapping[Any, Callable[[], np.ndarray]] = {
        "matrix": lambda: plain.view(np.matrix),
        "recarray": lambda: plain.view(np.recarray),
        "masked": lambda: np.ma.MaskedArray(plain),
    }
    made = decoder.know(shapes.get(node.get("as"), lambda: plain)())
    made.flags.writeable = bool(node["w"])
    return made


def _make_objects(decoder: Decoder, node: Node) -> Any:
    made = decoder.know(np.empty(len(node["v"]), dtype=object))
    for index, item in enumerate(node["v"]):
        made[index] = decoder.value(item)
    made.shape = tuple(node["shape"])
    return made


def _make_generator(decoder: Decoder, node: Node) -> Any:
    number = len(decoder.known)
    decoder.know(None)
    state = decoder.value(node["v"])
    bits = _BIT_GENERATORS[state["bit_generator"]]()
    made = decoder.known[number] = np.random.RandomState(bits) if node.get("legacy") else np.random.Generator(bits)
    set_generator_state(made, state)
    return made


def _make_sparse(decoder: Decoder, node: Node) -> Any:
    from scipy import sparse

    kinds = {f"{form}_{kind}" for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil") for kind in ("matrix", "array")}
    if node["as"] not in kinds:
        raise ValueError("not a sparse matrix")
    values, rows, columns = (decoder.array(part) for part in node["v"])
    entries = sparse.coo_array if node["as"].endswith("_array") else sparse.coo_matrix
    return getattr(sparse, node["as"])(entries((values, (rows, columns)), shape=tuple(node["shape"])))


def _make_polynomial(decoder: Decoder, node: Node) -> Any:
    if node["as"] not in _POLYNOMIALS:
        raise ValueError("not a polynomial")
    coefficients, domain, window = (decoder.array(part) for part in node["v"])
    return getattr(np.polynomial, node["as"])(coefficients, domain=domain, window=window)


MAKERS: Mapping[str, Callable[[Decoder, Node], Any]] = {
    "scalar": _make_scalar,
    "array": _make_array,
    "objects": _make_objects,
    "generator": _make_generator,
    "dtype": lambda decoder, node: np.dtype(str(node["v"])),
    "numpy type": lambda decoder, node: _TYPES[node["v"]],
    "poly1d": lambda decoder, node: np.poly1d(decoder.array(node["v"]), variable=str(node["variable"])),
    "polynomial": _make_polynomial,
    "sparse": _make_sparse,
}
