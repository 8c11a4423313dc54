"""Plain values cross the wire unchanged; everything else is refused by name, and nothing that arrives is executed."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import math
import pickle
import re
import struct
from array import array
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from autograder.worker.codec import _MAKERS, Decoder, Encoder
from autograder.worker.frames import MAX_HEADER, pack, peek, unpack
from autograder.worker.refusals import CannotCross, NotPlain, RefusedError, is_limit
from autograder.worker.values.functions import Functions


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


Point = namedtuple("Point", "x y")


class Town(NamedTuple):
    name: str
    people: int = 0


@dataclass
class Order:
    item: str
    parts: list[int]


class Stack(list[int]):
    def push(self, item: int) -> None:
        self.append(item)


class Sides(IntEnum):
    LEFT = 1


class Colour(Enum):
    RED = "red"


whole = st.integers(-(2**64), 2**64)
kin = st.one_of(
    st.builds(Counter, st.lists(st.text(max_size=3))),
    st.builds(OrderedDict, st.lists(st.tuples(st.text(max_size=3), whole))),
    st.builds(lambda items: defaultdict(list, items), st.dictionaries(whole, st.lists(whole))),
    st.builds(deque, st.lists(whole), st.one_of(st.none(), st.integers(0, 5))),
    st.fractions(),
    st.decimals(places=3),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.one_of(st.none(), st.timezones(), st.just(dt.timezone.utc))),
    st.timedeltas(),
    st.integers(2**10_100, 2**10_200),
    st.uuids(),
    st.ip_addresses(),
)


@given(kin)
@settings(deadline=None)
def test_kin_of_plain_values_come_out_as_they_went_in(value: Any) -> None:
    came = crossed(value)
    assert type(came) is type(value)
    assert hex(came) == hex(value) if isinstance(value, int) else repr(came) == repr(value)


RECORDS = np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("-Infinity"),
        Decimal("1.50"),
        dt.timezone(dt.timedelta(hours=2), "summer"),
        re.compile(r"a+b", re.IGNORECASE),
        array("d", [1.0, 2.5]),
        SimpleNamespace(a=1, b=[2]),
        {1: 2}.keys(),
        OrderedDict(a=1).items(),
        int,
        ValueError,
        np.float32,
        np.dtype("float32"),
        NotImplemented,
        np.array([[1, 2], [3, 4]]).view(np.matrix),
        RECORDS,
        RECORDS[0],
        RECORDS.view(np.recarray),
        np.ma.masked_array([1, 2]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.poly1d([1, 2]),
        pd.Timestamp("2020-01-01 12:00", tz="Europe/Berlin"),
        pd.Timedelta("3h"),
        pd.Period("2020-01", "M"),
        pd.Interval(0, 1),
        pd.NaT,
        pd.NA,
    ],
    ids=lambda value: f"{type(value).__name__}-{value}"[:40],
)
def test_each_of_the_kin_keeps_type_and_value(value: Any) -> None:
    came = crossed(value)
    assert type(came) is type(value)
    assert repr(came) == repr(value)


def test_a_random_state_goes_on_where_it_was() -> None:
    rng = np.random.RandomState(3)
    rng.normal()
    assert crossed(rng).normal() == rng.normal()


def test_sparse_matrices_keep_class_and_entries() -> None:
    for kind in (sparse.csr_matrix, sparse.coo_array, sparse.lil_matrix, sparse.csc_array, sparse.dok_matrix):
        matrix = kind([[0.0, 1.5], [2.0, 0.0]])
        came = crossed(matrix)
        assert type(came) is kind
        assert came.toarray().tolist() == [[0.0, 1.5], [2.0, 0.0]]


def test_values_and_exceptions_compare_by_what_they_hold() -> None:
    assert list(crossed({"a": 1}.values())) == [1]
    came = crossed(KeyError("a", 2))
    assert type(came) is KeyError
    assert came.args == ("a", 2)


def test_named_tuples_and_data_classes_come_as_their_fields() -> None:
    came = crossed([Point(1, [2]), Point(3, 4), Town("Ulm", 120_000), Order("bolt", [1, 2]), Order("nut", [])])
    assert came[:3] == [(1, [2]), (3, 4), ("Ulm", 120_000)]
    assert came[0].y == [2]
    assert came[2]._asdict() == {"name": "Ulm", "people": 120_000}
    assert type(came[0]) is type(came[1])
    assert (came[3].item, came[3].parts) == ("bolt", [1, 2])
    assert repr(came[3]) == "Order(item='bolt', parts=[1, 2])"
    assert came[3] == crossed(Order("bolt", [1, 2]))
    assert came[3] != came[4]
    assert crossed(Point)(1, 2) == (1, 2)


def test_a_record_of_the_labs_own_class_is_one_of_it() -> None:
    encoder = Encoder(Functions(no_calls))
    header, blobs = unpack(pack({"v": encoder.node([Point(1, 2), Order("bolt", [])])}, encoder.blobs))
    own = {"Point": Point, "Order": Order}
    assert all(map(isinstance, Decoder(blobs, Functions(no_calls), records=own).value(header["v"]), (Point, Order)))


def test_a_member_of_an_enum_is_that_of_the_labs_own_where_there_is_one() -> None:
    encoder = Encoder(Functions(no_calls))
    header, blobs = unpack(pack({"v": encoder.node([Sides.LEFT, Colour.RED])}, encoder.blobs))
    there = Decoder(blobs, Functions(no_calls), records={"Sides": Sides, "Colour": Colour}).value(header["v"])
    assert there[0] is Sides.LEFT
    assert there[1] is Colour.RED
    elsewhere = Decoder(blobs, Functions(no_calls)).value(header["v"])
    assert same(elsewhere[0], 1)
    assert repr(elsewhere[1]) == "a member of the Enum Colour"


def test_subclasses_of_plain_types_come_as_the_plain_value() -> None:
    kinds = {base: type("Own", (base,), {"__init__": lambda self, *_: None, "more": 1}) for base in (float, str, int, bytes)}
    values = [Stack([1, 2]), kinds[float](-0.0), kinds[str]("x"), kinds[int](7), kinds[bytes](b"y"), Sides.LEFT]
    came = crossed(values)
    assert same(came, [[1, 2], -0.0, "x", 7, b"y", 1])
    assert math.copysign(1, came[1]) == -1


FRAME = pd.DataFrame(
    {
        "number": [1, 2],
        "text": ["x", None],
        "part": [1.5, np.nan],
        "nullable": pd.array([1, None], dtype="Int64"),
        "truth": pd.array([True, None], dtype="boolean"),
        "said": pd.array(["a", None], dtype="string"),
        "day": pd.to_datetime(["2020-01-01", "2021-01-01"]),
        "instant": pd.to_datetime(["2020-01-01", "2021-01-01"], utc=True),
        "kind": pd.Categorical(["u", "v"], categories=["v", "u", "w"], ordered=True),
        "month": pd.period_range("2020-01", periods=2, freq="M"),
        "span": pd.interval_range(0, 2),
        "wait": pd.to_timedelta([1, 2], unit="s"),
        "sparse": pd.arrays.SparseArray([0.0, 1.0]),
        "any": pd.Series([[1], {2: 3}], dtype=object),
    },
)
DAYS = pd.date_range("2020", periods=2, freq="D", tz="Europe/Berlin", name="t")
TABLES = {
    "every dtype": FRAME,
    "empty": pd.DataFrame(),
    "no rows": pd.DataFrame(columns=["a", "b"]),
    "no columns": pd.DataFrame(index=[1, 2]),
    "labels twice": pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"], index=[0, 0]),
    "levels": FRAME.set_index(["number", "text"]),
    "levels of columns": pd.DataFrame({"g": [1, 1], "v": [1, 2]}).groupby("g").agg(["mean", "sum"]),
    "days": FRAME.set_index(DAYS),
    "quarters": FRAME.set_index(pd.period_range("2020", periods=2, freq="Q")),
    "named axes": FRAME.rename_axis(columns="columns", index="rows"),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_keeps_dtypes_and_labels(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(crossed(table), table, check_freq=True, check_flags=False)
    for name in table.columns[:20]:
        if isinstance(table[name], pd.Series):
            pd.testing.assert_series_equal(crossed(table[name]), table[name], check_freq=True)
    pd.testing.assert_index_equal(crossed(table.index), table.index, exact=True)
    pd.testing.assert_series_equal(crossed(table.dtypes), table.dtypes)


# ── what does not cross ──────────────────────────────────────────────────────────────────────────────────────────────


class AlwaysEqual:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@dataclass
class Agreeable:
    item: str

    def __eq__(self, other: object) -> bool:
        return True


class LyingFloat(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class LyingArray(np.ndarray):
    pass


class Ring(list[int]):
    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(place % len(self))


class Memo(dict[int, int]):
    def __missing__(self, key: int) -> int:
        return key


REFUSED = {
    "object": (AlwaysEqual(), "an AlwaysEqual"),
    "inside": ([[AlwaysEqual()]], "an AlwaysEqual"),
    "inside an array": (np.array([AlwaysEqual()], dtype=object), "an AlwaysEqual"),
    "data class with a method": (Agreeable("x"), "which has methods of its own"),
    "float": (LyingFloat(1.0), "which is a float that redefines __eq__"),
    "list": (Ring([1]), "which is a list that redefines __getitem__"),
    "dict": (Memo(), "which is a dict that redefines __missing__"),
    "array": (np.ones(3).view(LyingArray), "a LyingArray, a kind of array"),
    "masked": (np.ma.masked_array([1, 2], [True, False]), "a MaskedArray with masked entries"),
    "module": (math, "a module"),
    "class": (AlwaysEqual, "the class AlwaysEqual itself"),
    "integer": (1 << 1_100_000, "an integer of about 331133 digits"),
    "decimal": (Decimal("1e999999"), "a Decimal of more digits"),
    "fraction": (Fraction(1, 3**40_000), "a Fraction of more digits"),
    "pattern": (re.compile("a" * 2000), "a regular expression of more than 1000 characters"),
    "file": (io.StringIO("a"), "a StringIO"),
}


@pytest.mark.parametrize(("value", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_plain_is_refused_by_a_sentence_that_names_it(value: Any, said: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(said)):
        Encoder(Functions(no_calls)).node(value, "`w`")


def noted(value: Any) -> Any:
    """What arrives of a value from an end that notes what does not cross."""
    encoder = Encoder(Functions(no_calls), lenient=True)
    header, blobs = unpack(pack({"v": encoder.node(value)}, encoder.blobs))
    return Decoder(blobs, Functions(no_calls)).value(header["v"])


def test_what_does_not_cross_is_noted_in_its_place_and_the_rest_arrives() -> None:
    shared = [1]
    came = noted({"a": shared, "b": AlwaysEqual(), "c": np.array([AlwaysEqual()] * 2, dtype=object), "d": shared})
    assert came["a"] == [1]
    assert came["a"] is came["d"]
    assert repr(came["b"]) == "an AlwaysEqual"
    assert repr(list(came["c"])) == "[an AlwaysEqual, an AlwaysEqual]"


USES: list[Callable[[Any], object]] = [
    bool, len, iter, float, list, np.asarray,
    lambda x: x == 1,
    lambda x: x + 1,
    lambda x: 1 + x,
    lambda x: x.real,
    lambda x: x[0],
    lambda x: x(),
    lambda x: isinstance(x, int),
    lambda x: np.ones(2) * x,
    lambda x: f"{x:.2f}",
]  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_a_test_that_looks_at_it_ends_at_the_limit_of_the_grader(use: Callable[[Any], object]) -> None:
    with pytest.raises(CannotCross, match="cannot look at a module from outside your own process") as limit:
        use(noted(math))
    assert is_limit(type(limit.value).__name__)
    assert not isinstance(limit.value, Exception)


def test_an_object_that_decides_itself_what_it_equals_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AlwaysEqual, "__module__", "__main__")
    with pytest.raises(NotPlain, match="an object of your class AlwaysEqual"):
        bool(noted(AlwaysEqual()))
    with pytest.raises(NotPlain, match="MaskedArray with masked entries"):
        bool(noted(np.ma.masked_all(3)))


def test_what_did_not_cross_can_be_handed_back() -> None:
    there, here = Functions(no_calls), Functions(no_calls)
    value = AlwaysEqual()
    encoder = Encoder(there, lenient=True)
    header, blobs = unpack(pack({"v": encoder.node(value)}, encoder.blobs))
    back = Encoder(here).node(Decoder(blobs, here).value(header["v"]))
    assert Decoder([], there).value(back) is value


def test_depth_and_size_have_an_end() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for value in (deep, [[0] * 10] * 3 + [list(range(2_100_000))]):
        with pytest.raises(RefusedError, match=r"nested too deep|of more than 2,000,000 parts"):
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


HOSTILE: dict[str, Any] = {
    "more than there is": {"k": "array", "b": 0, "w": True},
    "exponent": {"k": "decimal", "v": "1e999999999"},
    "digits": {"k": "int", "v": "0x" + "f" * 300_000},
    "fraction": {"k": "fraction", "v": [1, {"k": "int", "v": "0x" + "f" * 20_000}]},
    "zone as a path": {"k": "zone", "v": "../../../../etc/passwd"},
    "zone of another library": {"k": "zone", "v": "/etc/passwd", "as": "pytz"},
    "pattern": {"k": "pattern", "v": "(" * 5000, "flags": 0},
    "type": {"k": "type", "v": "__import__"},
    "exception that ends processes": {"k": "exception", "name": "SystemExit", "v": []},
    "record with code": {
        "k": "record", "form": "tuple", "v": [1],
        "t": {"k": "record type", "form": "tuple", "name": "P", "fields": ["x=print(1)"], "frozen": False, "order": False},
    },
    "record that is no record": {"k": "record", "form": "dataclass", "t": {"k": "type", "v": "int"}, "v": []},
    "polynomial": {"k": "polynomial", "as": "set_default_printstyle", "v": [0, 0, 0]},
    "sparse": {"k": "sparse", "as": "save_npz", "shape": [1], "v": [0, 0, 0]},
    "dtype": {"k": "column", "v": {"c": "nullable", "dtype": "object", "b": 0, "m": 0}},
}  # fmt: skip


@pytest.mark.parametrize("node", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_node_is_a_value_error_at_once(node: Any) -> None:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.zeros(2))
    longer = out.getvalue().replace(b"(2,)", b"(2000000000000,)").replace(b" " * 11, b"", 1)
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        Decoder([memoryview(longer)], Functions(no_calls)).value(node)


def test_truth_values_that_arrive_are_true_or_false() -> None:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.array([True, False]))
    forged = out.getvalue()[:-2] + b"\x02\x00"
    came = Decoder([memoryview(forged)], Functions(no_calls)).array(0)
    assert came.view(np.uint8).tolist() == [1, 0]


KINDS = sorted(_MAKERS)
nodes = st.recursive(
    st.one_of(st.none(), st.integers(-3, 3), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries(
            {"k": st.sampled_from([*KINDS, "model", "x"])},
            optional=dict.fromkeys(
                ("v", "n", "b", "w", "shape", "cls", "columns", "index", "name", "as", "form", "t", "fields", "c", "tz"), inner
            ),
        ),
    ),
    max_leaves=8,
)


@given(nodes)
@settings(deadline=None, max_examples=300)
def test_a_forged_node_is_a_value_or_a_value_error_and_nothing_else(node: Any) -> None:
    with contextlib.suppress(ValueError, CannotCross):
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
    with pytest.raises(RefusedError, match="takes 50 MB to describe, where at most 34 MB"):
        pack({"v": "x" * 50_000_000})
    head = pack({"do": "answer"})[:9]
    with pytest.raises(ValueError, match="takes 60 MB to describe"):
        unpack(head + struct.pack("!I", 60_000_000) + b"[" * 100)
    assert len(unpack(pack({"v": "x" * (MAX_HEADER - 100)}))[0]["v"]) == MAX_HEADER - 100


def test_brackets_without_end_are_no_frame() -> None:
    text = b"[" * 60_000
    with pytest.raises(ValueError, match="not a frame"):
        unpack(pack({"do": "ran"})[:9] + struct.pack("!I", len(text)) + text)
