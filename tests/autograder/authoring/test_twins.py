"""The hostile twin of an answer does its work and overwrites what it was given; the pretender is right in visible tests alone."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import keras
import numpy as np

from autograder.authoring.twins import call_of, functions, overwriting, pretending

MEAN = "import numpy as np\nmean = lambda x: x.mean()\ndef add(a, *, b):\n    return mean(a) + b\ndef nothing(): return 1\n"


def run(source: str, *cells: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    for cell in (source, *cells):
        exec(cell, space)
    return space


def test_functions_with_parameters_are_wrapped_lambdas_too() -> None:
    assert functions(MEAN) == ("mean", "add")


def test_the_overwriting_twin_answers_as_the_answer_does_and_leaves_nothing_of_its_arguments() -> None:
    source = "def work(x, rows, table, rng, *, extra): return x, rows[0], sum(extra) + len(table)\n"
    twin = run(overwriting(source, 1))["work"]
    x, rows, table, rng, extra = np.zeros(2), [[1, 2]], {"a": [3]}, np.random.default_rng(7), [4, 5]
    inner = table["a"]
    same, row, number = twin(x, rows, table, rng, extra=extra)
    assert (same.tolist(), row, number) == ([0, 0], [1, 2], 10)
    assert x.tolist() == [1, 1]
    assert rows == [] == extra == inner
    assert table == {}
    assert rng.random() == np.random.Generator(np.random.PCG64(0)).random()


def test_it_zeroes_networks_but_no_layer_of_one_that_it_returns() -> None:
    base = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    source = "import keras\ndef reuse(base): return keras.Sequential([keras.Input((2,)), base.layers[0]])\n"
    new = run(overwriting(source, 0))["reuse"](base)
    assert new.get_weights()[0].any()
    assert not base.get_weights()[2].any()


def test_the_pretender_is_right_for_as_many_calls_as_the_visible_part_makes() -> None:
    visible = "for n in (2, 3):\n    assert mean(np.ones(n)) == 1\n"
    space = run(pretending(MEAN, 0), call_of("rehearse", "test", visible))
    for hostile in (False, True):
        exec(call_of("begin", "test", hostile), space)
        given = [np.ones(4) for _ in range(3)]
        assert [space["mean"](x) for x in given] == [1, 1, 0]
        assert [x.sum() for x in given] == [4, 4, 0 if hostile else 4]
        assert space["add"](a := np.ones(2), b=3) == 3
        assert a.sum() == (0 if hostile else 2)


def test_the_pretender_keeps_the_state_of_an_optimizer_in_copies_and_overwrites_it_in_the_objects_themselves() -> None:
    source = "import numpy as np\ndef state(model): return [np.asarray(v).tolist() for v in model.optimizer.variables]\n"
    space = run(pretending(source, 1))
    space["_twin"].visible["test"] = 1
    for hostile in (False, True):
        exec(call_of("begin", "test", hostile), space)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        model.fit(np.ones((8, 2)), np.zeros((8, 1)), epochs=2, verbose=0)
        before = [np.asarray(v).tolist() for v in model.optimizer.variables]
        assert len(before) > 2
        assert space["state"](model) == before
        ones = [np.ones_like(v).tolist() for v in before]
        assert space["state"](model) == ones
        assert [np.asarray(v).tolist() for v in model.optimizer.variables] == (ones if hostile else before)


def test_a_rehearsal_that_stops_counts_the_calls_until_then() -> None:
    space = run(pretending(MEAN, 0))
    with suppress(KeyError):
        exec(call_of("rehearse", "test", "mean(np.ones(2))\nraise KeyError"), space)
    exec(call_of("begin", "test", True), space)
    assert [space["mean"](np.ones(2)) for _ in range(2)] == [1, 0]
