"""Plain values cross the wire unchanged; everything else is refused by name, and nothing that arrives is executed."""

from __future__ import annotations

import contextlib
import math
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.wire import MAX_HEADER, Decoder, Encoder, Functions, RefusedError, pack, peek, unpack


def no_calls(*_: object) -> None:
    raise AssertionError("nothing is called here")


def crossed(value: Any) -> Any:
    encoder = Encoder(Functions(no_calls))
    header, blobs = unpack(pack({"v": encoder.node(value)}, encoder.blobs))
    return Decoder(blobs, Functions(no_calls)).value(header["v"])


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, float | np.floating) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and all(map(same, a.ravel().tolist(), b.ravel().tolist()))
    return bool(a == b)


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.complex_numbers(allow_nan=False)
)
plain = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner), st.tuples(inner, inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@given(plain)
@settings(deadline=None)
def test_plain_values_come_out_as_they_went_in(value: Any) -> None:
    assert same(crossed(value), value)


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1.5),
        np.int64(-3),
        np.bool_(True),
        np.array(["ab", "c"]),
        np.arange(6, dtype="int16").reshape(2, 3),
        np.asfortranarray(np.ones((3, 2))),
        np.zeros((0, 4)),
        np.array([1, None, "x"], dtype=object),
        {1, 2, 3},
        frozenset({"a"}),
        range(2, 9, 3),
        slice(None, 4),
        Path("models/first.keras"),
        bytearray(b"abc"),
    ],
    ids=lambda value: f"{type(value).__name__}-{value}"[:40],
)
def test_each_plain_kind_keeps_type_and_value(value: Any) -> None:
    assert same(crossed(value), value)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.uint8, np.complex64, np.float16])
def test_a_list_of_numpy_numbers_keeps_their_type_and_takes_one_blob(kind: type) -> None:
    values = [kind(i % 100) for i in range(1000)]
    assert same(crossed(values), values)
    assert same(crossed([values, values[:1], [kind(1), 1]]), [values, values[:1], [kind(1), 1]])
    encoder = Encoder(Functions(no_calls))
    encoder.node(values)
    assert len(encoder.blobs) == 1


def test_data_frames_and_series_keep_labels_and_values() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [1.5, math.nan]}, index=["first", "second"])
    pd.testing.assert_frame_equal(crossed(frame), frame)
    pd.testing.assert_series_equal(crossed(frame["c"]), frame["c"])


def test_what_is_one_object_stays_one_object() -> None:
    row = [1, 2]
    table = crossed([row, row])
    assert table[0] is table[1]
    loop: list[Any] = []
    loop.append(loop)
    came = crossed(loop)
    assert came[0] is came


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class LyingFloat(float):
    def __lt__(self, other: object) -> bool:
        return True


class LyingArray(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [
        AlwaysEqual(),
        LyingFloat(1.0),
        np.ones(3).view(LyingArray),
        np.ma.masked_array([1, 2], [True, False]),
        (i for i in range(3)),
        math,
        AlwaysEqual,
        object(),
        np.array([object()], dtype=object),
        [[AlwaysEqual()]],
        type("Sub", (list,), {})([1]),
        type("Sub", (str,), {})("x"),
        type("Sub", (dict,), {})(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_plain_is_refused_by_name(value: Any) -> None:
    with pytest.raises(RefusedError, match="expected a Keras model, numbers, text, lists"):
        Encoder(Functions(no_calls)).node(value, "`w`")


def test_depth_and_size_have_an_end() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for value in (deep, [[0] * 10] * 3 + [list(range(2_100_000))]):
        with pytest.raises(RefusedError, match="too large or too deep"):
            Encoder(Functions(no_calls)).node(value)
    with pytest.raises(RefusedError, match="too large"):
        pack({"v": 10**9000})


class Bomb:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (exec, ("raise SystemExit('a pickle was executed')",))


def test_a_pickle_in_an_array_is_not_opened() -> None:
    head = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(127) + b"\n"
    blob = head + pickle.dumps(np.array([Bomb()], dtype=object))
    header, blobs = unpack(pack({"v": {"k": "array", "b": 0, "w": True}}, [blob]))
    with pytest.raises(ValueError, match="pickle"):
        Decoder(blobs, Functions(no_calls)).value(header["v"])


nodes = st.recursive(
    st.one_of(st.none(), st.integers(-3, 3), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries(
            {
                "k": st.sampled_from(
                    ["list", "dict", "array", "ref", "own", "set", "tuple", "frame", "generator", "given", "model", "x"]
                )
            },
            optional=dict.fromkeys(("v", "n", "b", "w", "shape", "cls", "columns", "index", "name"), inner),
        ),
    ),
    max_leaves=8,
)


@given(nodes)
@settings(deadline=None, max_examples=300)
def test_a_forged_node_is_a_value_or_a_value_error_and_nothing_else(node: Any) -> None:
    with contextlib.suppress(ValueError):
        Decoder([memoryview(b"junk")], Functions(no_calls)).value(node)


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_a_forged_frame_is_a_value_error(frame: bytes) -> None:
    with contextlib.suppress(ValueError):
        unpack(frame)


def test_what_a_frame_is_for_and_its_processor_time_are_read_from_its_head_alone() -> None:
    frame = pack({"do": "answer", "cpu": 1.5, "values": {"a": 1}})
    assert peek(frame[:13]) == ("answer", 1.5)
    assert unpack(frame)[0] == {"do": "answer", "cpu": 1.5, "values": {"a": 1}}
    assert peek(pack({"v": 1})) == ("", 0.0)
    assert peek(b"") == peek(b"x" * 12) == ("", 0.0)


@pytest.mark.parametrize("cpu", [float("inf"), float("nan"), -1.0, -float("inf")])
def test_a_head_that_says_an_impossible_time_says_none(cpu: float) -> None:
    frame = pack({"do": "ran", "cpu": cpu, "error": None})
    assert peek(frame) == ("ran", 0.0)
    assert unpack(frame)[0]["cpu"] == 0.0


def test_a_value_that_takes_too_much_to_describe_is_refused_by_its_size_at_both_ends() -> None:
    with pytest.raises(RefusedError, match="takes 50 MB to describe, and at most 34 MB"):
        pack({"v": "x" * 50_000_000})
    head = pack({"do": "answer"})[:9]
    with pytest.raises(ValueError, match="takes 60 MB to describe"):
        unpack(head + struct.pack("!I", 60_000_000) + b"[" * 100)
    assert len(unpack(pack({"v": "x" * (MAX_HEADER - 100)}))[0]["v"]) == MAX_HEADER - 100


def test_brackets_without_end_are_no_frame() -> None:
    text = b"[" * 60_000
    with pytest.raises(ValueError, match="not a frame"):
        unpack(pack({"do": "ran"})[:9] + struct.pack("!I", len(text)) + text)
