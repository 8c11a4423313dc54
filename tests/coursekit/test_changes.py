"""What objects held is remembered with all that is inside them, a change is seen, and everything is put back."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from coursekit import check
from coursekit.changes import Record, parts


class Holder:
    def __init__(self) -> None:
        self.rows = [np.zeros(2)]


def network() -> keras.Sequential:
    layers = [keras.Input((2,)), keras.layers.Dense(3), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("adam", loss="mse")
    model.optimizer.build(model.trainable_variables)
    return model


def first(values: Any) -> Any:
    return next(iter(values))


CHANGES: list[tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda: np.zeros((2, 2)), lambda z: z.fill(1), lambda z: z.sum()),
    (lambda: np.zeros((2, 2)), lambda z: z.resize((4,), refcheck=False), lambda z: z.shape),
    (lambda: np.array([[1], "a"], dtype=object), lambda z: z[0].append(2), lambda z: len(z[0])),
    (lambda: [1, [2, np.zeros(2)]], lambda x: x[1][1].fill(3), lambda x: x[1][1].sum()),
    (lambda: [1, 2], lambda x: x.clear(), lambda x: list(x)),
    (lambda: ({"a": [1]},), lambda x: x[0].update(b=2), lambda x: sorted(x[0])),
    (lambda: {1, 2}, lambda x: x.add(3), lambda x: sorted(x)),
    (lambda: deque([1, 2]), lambda x: x.rotate(), lambda x: list(x)),
    (lambda: bytearray(b"ab"), lambda x: x.extend(b"c"), lambda x: bytes(x)),
    (lambda: np.random.default_rng(1), lambda rng: rng.normal(), lambda rng: str(rng.bit_generator.state)),
    (lambda: random.Random(1), lambda rng: rng.random(), lambda rng: rng.getstate()),
    (Holder, lambda x: x.rows[0].fill(1), lambda x: x.rows[0].sum()),
    (Holder, lambda x: setattr(x, "new", 1), lambda x: sorted(vars(x))),
    (lambda: pd.DataFrame({"a": [1, 2]}), lambda f: f.insert(0, "b", 3), lambda f: list(f.columns)),
    (lambda: pd.DataFrame({"a": [1, 2]}), lambda f: f.pop("a"), lambda f: f.shape),
    (lambda: pd.Series([1, 2]), lambda s: s.update(pd.Series([5])), lambda s: s.tolist()),
    (network, lambda m: m.set_weights([w + 1 for w in m.get_weights()]), lambda m: m.get_weights()[0].sum()),
    (
        network,
        lambda m: m.layers[0].set_weights([w + 1 for w in m.layers[0].get_weights()]),
        lambda m: m.get_weights()[1].sum(),
    ),
    (network, lambda m: setattr(m.layers[0], "trainable", False), lambda m: len(m.trainable_weights)),
    (network, lambda m: m(np.ones((4, 2)), training=True), lambda m: m.get_weights()[-3].sum()),
    (network, lambda m: m.optimizer.iterations.assign(7), lambda m: int(m.optimizer.iterations)),
    (lambda: [keras.Variable(1.0)], lambda v: v[0].assign(2.0), lambda v: float(keras.ops.convert_to_numpy(v[0]))),
]


@pytest.mark.parametrize(("make", "change", "look"), CHANGES)
def test_a_change_is_seen_and_taken_back(
    make: Callable[[], Any], change: Callable[[Any], Any], look: Callable[[Any], Any]
) -> None:
    value = make()
    before, record = look(value), Record([value])
    assert not record.changed()
    change(value)
    assert record.changed()
    assert look(value) != before
    record.restore()
    assert not record.changed()
    assert look(value) == before


@pytest.mark.parametrize(("make", "change", "look"), CHANGES)
def test_unchanged_fails_with_its_hint_and_leaves_the_object_as_it_was(
    make: Callable[[], Any], change: Callable[[Any], Any], look: Callable[[Any], Any]
) -> None:
    value = make()
    before = look(value)
    with pytest.raises(check.Mistake, match="hands off"), check.unchanged("text", value, hint="hands off"):
        change(value)
    assert look(value) == before
    with check.unchanged(value):
        look(value)


def test_an_object_is_put_back_when_the_code_stops_with_an_error_too() -> None:
    z = np.ones(2)

    def fail() -> None:
        z[:] = 0
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), check.unchanged(z):
        fail()
    assert z.tolist() == [1, 1]


def test_to_ask_a_network_is_no_change() -> None:
    model = network()
    with check.unchanged(model):
        model.predict(np.ones((3, 2)), verbose=0)


def test_what_a_test_watches_are_the_objects_of_its_open_blocks_with_all_that_is_inside() -> None:
    inner, outer = np.zeros(1), np.ones(1)
    rows = [{"x": inner}]
    assert check.watched() == []
    with check.mutates(rows), check.unchanged(outer):
        ids = {id(value) for value in check.watched()}
    assert ids == {id(rows), id(rows[0]), id(inner), id(outer)}
    assert check.watched() == []
    with pytest.raises(ZeroDivisionError), check.mutates(rows):
        1 / 0  # noqa: B018
    assert check.watched() == []


def test_in_a_notebook_every_change_is_kept_and_a_block_of_changes_checks_nothing() -> None:
    z = np.zeros(2)
    with check.mutates(z):
        z += 1
    assert z.tolist() == [1, 1]


def test_the_parts_of_an_object_that_holds_itself_are_found_once() -> None:
    knot: list[Any] = []
    knot.append(knot)
    assert parts([knot]) == [knot]
