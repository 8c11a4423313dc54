"""Functions called over the wire: they get copies of their arguments, what they may change is said, errors keep their names."""

from __future__ import annotations

import inspect
import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from autograder.worker import keras_codec
from autograder.worker.arguments import refuse_unseen
from autograder.worker.codec import Decoder
from autograder.worker.filesync import Files
from autograder.worker.frames import unpack
from autograder.worker.models.archives import opened, saved
from autograder.worker.refusals import CannotCross
from autograder.worker.rpc import Peer
from autograder.worker.values.arrays import write_array
from autograder.worker.values.functions import Functions
from coursekit import check


def link_on(connection: Connection, **settings: Any) -> Peer:
    return Peer(connection.send_bytes, connection.recv_bytes, models=keras_codec, **settings)


@contextmanager
def remote(
    function: Callable[..., Any],
    *,
    folders: tuple[Path, Path] | None = None,
    shared: bool = False,
    gives: dict[str, Any] | None = None,
) -> Iterator[Any]:
    """What stands here for a function that lives at the other end of a wire. shared: it may change all its arguments."""
    here, there = Pipe()
    files = [Files(folder) for folder in folders] if folders else [None, None]
    watched = None if shared else check.watched
    far = link_on(there, files=files[1], takes=gives)
    near = link_on(here, files=files[0], gives=gives, watched=watched)
    number = far.functions.number(function)

    def serve() -> None:
        try:
            while True:
                far.serve(*far.take(there.recv_bytes()))
        except (EOFError, OSError):
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    parameters = [[p.name, int(p.kind), p.default is not p.empty] for p in inspect.signature(function).parameters.values()]
    yield near.functions.stand_in(number, "function", parameters)
    here.close()
    thread.join(5)
    there.close()


def test_a_call_within_a_call_is_part_of_the_time_of_the_outer_one() -> None:
    here, there = Pipe()
    said: list[float] = []
    near = Peer(here.send_bytes, here.recv_bytes, models=keras_codec)

    def send(frame: bytes) -> None:
        said.extend([header["cpu"]] if (header := unpack(frame)[0])["do"] == "answer" else [])
        there.send_bytes(frame)

    far = Peer(send, there.recv_bytes, models=keras_codec)

    def burn(_: Any) -> float:
        until = time.process_time() + 0.2
        while time.process_time() < until:
            pass
        return 1.0

    inner = far.functions.number(burn)
    outer = far.functions.number(lambda back: back(3.0))
    thread = threading.Thread(target=lambda: far.serve(*far.take(there.recv_bytes())), daemon=True)
    thread.start()
    near.call(outer, (lambda x: near.call(inner, (x,), {}),), {})
    thread.join(5)
    assert said[0] == 0.0
    assert said[1] >= 0.2
    assert len(said) == 2


def test_results_and_signatures_cross() -> None:
    def add(a: Any, b: int = 2) -> Any:
        return a + b, {"sum": a + b}

    with remote(add) as function:
        total, table = function(np.arange(3))
        assert total.tolist() == table["sum"].tolist() == [2, 3, 4]
        assert function(1, b=5) == (6, {"sum": 6})
        assert list(inspect.signature(function).parameters) == ["a", "b"]
        with pytest.raises(TypeError, match="missing 1 required positional argument"):
            function()


# ── what a function may change ───────────────────────────────────────────────────────────────────────────────────────


def overwrite(x: Any, rows: Any, table: Any, rng: Any) -> Any:
    x *= 2
    rows[0][0] = "changed"
    rows.append([7])
    table["new"] = rows
    rng.random(5)
    return x.sum()


def test_a_function_gets_copies_whatever_it_does_to_its_arguments() -> None:
    x, rows, table, rng = np.ones(3), [[1]], {"old": 1}, np.random.default_rng(3)
    with remote(overwrite) as function:
        assert function(x, rows, table, rng=rng) == 6
    assert x.tolist() == [1, 1, 1]
    assert (rows, table) == ([[1]], {"old": 1})
    assert rng.random() == np.random.default_rng(3).random()


def test_in_a_notebook_of_another_course_a_function_changes_its_arguments_as_in_one_process() -> None:
    x, rows, table, rng = np.ones(3), [[1]], {}, np.random.default_rng(3)
    with remote(overwrite, shared=True) as function:
        function(x, rows, table, rng)
    assert x.tolist() == [2, 2, 2]
    assert rows == [["changed"], [7]]
    assert table["new"] is rows
    assert rng.random() == np.random.default_rng(3).random(6)[5]


def test_only_what_a_test_names_is_changed_with_all_that_is_inside_it() -> None:
    x, rows, table, rng = np.ones(3), [[1]], {}, np.random.default_rng(3)
    with remote(overwrite) as function, check.mutates(rows, rng):
        function(x, rows, table, rng)
    assert rows == [["changed"], [7]]
    assert rng.random() == np.random.default_rng(3).random(6)[5]
    assert (x.tolist(), table) == ([1, 1, 1], {})


def test_after_the_block_nothing_is_changed_any_more() -> None:
    x = np.ones(3)

    def double(x: Any) -> None:
        x *= 2

    with remote(double) as function:
        with check.mutates(x):
            function(x)
        function(x)
    assert x.tolist() == [2, 2, 2]


def test_the_whole_of_a_named_object_is_followed_through_lists_dictionaries_and_views() -> None:
    inner, other = np.zeros(2), np.zeros(2)
    named = {"deep": [(1, [inner])]}
    matrix = np.zeros((3, 2))

    def fill(*arrays: Any) -> None:
        for array in arrays:
            array[...] = 1

    with remote(fill) as function, check.mutates(named, matrix):
        function(inner, other, matrix[1])
    assert (inner.tolist(), other.tolist()) == ([1, 1], [0, 0])
    assert matrix.tolist() == [[0, 0], [1, 1], [0, 0]]


def test_unchanged_sees_a_change_at_the_other_end_and_takes_it_back() -> None:
    x, rows = np.ones(3), [[1, 2]]

    def empty(x: Any, rows: Any) -> None:
        x[:] = 0
        rows[0].clear()

    with remote(empty) as function:
        for watched, lent in ((x, x), (x, x[::-2]), (rows, x)):
            with pytest.raises(check.Mistake, match="changed its input"), check.unchanged(watched):
                function(lent, rows)
        with check.unchanged(x[1:]):
            function(x[:1], rows)
    assert (x.tolist(), rows) == ([1, 1, 1], [[1, 2]])


def _clear(x: Any) -> None:
    for part in x if isinstance(x, list) else [x]:
        part.insert(0, "b", 1) if isinstance(part, pd.DataFrame) else part.clear()


def test_another_shape_of_an_array_is_a_change_and_taken_back() -> None:
    column = np.array([[1.0], [2.0]])

    def flatten(array: np.ndarray) -> None:
        array.shape = (2,)

    with remote(flatten) as function:
        with pytest.raises(check.Mistake, match="changed its input"), check.unchanged(column):
            function(column)
        assert column.shape == (2, 1)
        function(column)
        assert column.shape == (2, 1)
        with check.mutates(column):
            function(column)
    assert column.shape == (2,)


@pytest.mark.parametrize("watched", [{1, 2}, [{3}], deque([1]), Counter("a"), pd.DataFrame({"a": [1]})], ids=repr)
def test_a_change_of_a_set_a_queue_or_a_table_is_seen_and_taken_back(watched: Any) -> None:
    before = deepcopy(watched)
    with remote(_clear) as function:
        with pytest.raises(check.Mistake, match="changed its input"), check.unchanged(watched):
            function(watched)
        function(watched)
    assert before.equals(watched) if isinstance(watched, pd.DataFrame) else before == watched


def test_a_test_that_watches_what_cannot_be_seen_from_here_is_an_error_and_does_not_pass() -> None:
    unseen = {"a": [1]}
    with pytest.raises(TypeError, match="cannot be seen from here"):
        refuse_unseen((unseen,), {id(unseen)}, [])
    refuse_unseen((unseen,), {id(unseen)}, [unseen])


def test_a_result_is_the_argument_itself_where_that_was_left_as_it_is() -> None:
    x, rows = np.arange(3), [np.zeros(2)]
    with remote(lambda x, rows: (x, rows, {"rows": rows}, x[1:])) as function:
        same, same_rows, table, view = function(x, rows)
    assert same is x
    assert same_rows is table["rows"] is rows
    assert view.tolist() == [1, 2]


@pytest.mark.parametrize("named", [False, True])
def test_a_changed_argument_that_is_returned_is_another_object_unless_it_may_be_changed(named: bool) -> None:
    x, rows = np.ones(2), [np.ones(2)]

    def spoil(x: Any, rows: Any) -> Any:
        x *= 3
        rows[0] *= 3
        return x, rows, [rows[0]]

    with remote(spoil) as function, check.mutates(*((x, rows) if named else ())):
        got, got_rows, parts = function(x, rows)
    assert got.tolist() == got_rows[0].tolist() == parts[0].tolist() == [3, 3]
    assert parts[0] is got_rows[0]
    assert (got is x) == (got_rows is rows) == named
    assert x.tolist() == rows[0].tolist() == ([3, 3] if named else [1, 1])


def test_a_liar_at_the_other_end_changes_nothing_that_is_not_named() -> None:
    here, there = Pipe()
    near, far = link_on(here, watched=check.watched), link_on(there)
    x, named = np.ones(2), np.ones(2)

    def lie() -> None:
        far.take(there.recv_bytes())
        encoder = far.encoder()
        states = [[place, encoder.state(np.full(2, 9.0))] for place in (0, 1)]
        far.answer({"result": {"k": "ref", "n": 0}, "error": None, "changed": states, "cpu": 0.0}, encoder)

    thread = threading.Thread(target=lie, daemon=True)
    thread.start()
    with check.mutates(named):
        near.call(0, (x, named), {})
    thread.join(5)
    assert (x.tolist(), named.tolist()) == ([1, 1], [9, 9])


def test_a_result_that_is_a_view_of_an_argument_shares_its_memory() -> None:
    x = np.arange(12.0).reshape(3, 4)
    with remote(lambda x: (x[1:], x.T, x.copy(), x[::2, 1])) as function:
        rows, turned, copy, part = function(x)
        assert [bool(np.shares_memory(x, y)) for y in (rows, turned, copy, part)] == [True, True, False, True]
        x[1, 0] = 99
        assert (rows[0, 0], turned[0, 1], copy[1, 0]) == (99, 99, 4)
        forged = Decoder([memoryview(write_array(np.zeros(4)))], Functions(lambda *_: None), [x])
        view = {"of": 0, "start": 0, "strides": [8], "layout": list(x.strides)}
        assert not np.shares_memory(forged.value({"k": "array", "b": 0, "w": True, "view": view}), x)
        other = function(np.asfortranarray(x)[::2])  # laid out in another way than what arrives at the other end
        assert other[1].tolist() == x[::2].T.tolist()


def test_what_was_not_changed_is_not_written() -> None:
    fixed = np.arange(4)
    fixed.flags.writeable = False
    with remote(lambda x: x.sum()) as function:
        assert function(fixed) == 6

    def write(x: Any) -> None:
        x[0] = 1

    with remote(write) as function, pytest.raises(ValueError, match="read-only"):
        function(fixed)


def test_a_named_random_generator_goes_on_where_the_function_left_it() -> None:
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    with remote(lambda rng: rng.normal(size=5)) as function, check.mutates(ours):
        assert function(ours).tolist() == theirs.normal(size=5).tolist()
    assert ours.random() == theirs.random()


def test_a_function_may_be_given_a_function_and_give_one_back() -> None:
    def slope(f: Any, x: float) -> Any:
        return (f(x + 0.5) - f(x - 0.5)), lambda y: f(y) + 1

    with remote(slope) as function:
        value, more = function(lambda x: x * x, 3.0)
        assert value == 6.0
        assert more(4) == 17


class Stop(ValueError):
    pass


def test_errors_keep_name_kind_and_message() -> None:
    def fail(kind: str) -> None:
        if kind == "own":
            raise Stop("no further")
        if kind == "exit":
            raise SystemExit(0)
        {}[kind]

    with remote(fail) as function:
        with pytest.raises(ValueError, match="no further") as own:
            function("own")
        assert type(own.value).__name__ == "Stop"
        with pytest.raises(KeyError) as missing:
            function("key")
        assert str(missing.value) == "'key'"
        with pytest.raises(RuntimeError, match="0") as left:  # never one that would end the examiner
            function("exit")
        assert type(left.value).__name__ == "SystemExit"


def test_a_result_that_may_not_cross_is_a_type_error() -> None:
    with remote(lambda: inspect) as function, pytest.raises(TypeError, match="a module cannot be handed to another process"):
        function()


def test_an_argument_that_may_not_cross_is_the_limit_of_the_grader() -> None:
    with remote(lambda x: x) as function, pytest.raises(CannotCross, match="cannot hand a module to a function"):
        function(inspect)


def test_a_generator_without_end_is_read_item_by_item() -> None:
    made: list[int] = []

    def squares() -> Iterator[int]:
        for i in itertools.count():
            made.append(i)
            yield i * i

    with remote(squares) as function:
        items = function()
        assert inspect.isgenerator(items)
        assert list(itertools.islice(items, 4)) == [0, 1, 4, 9]
        assert made == [0, 1, 2, 3]
        assert next(items) == 16


def test_iterators_end_and_are_sent_values_as_in_one_process() -> None:
    def running_mean() -> Iterator[float]:
        total, mean = 0.0, 0.0
        for n in itertools.count(1):
            total += yield mean
            mean = total / n

    with remote(running_mean) as function:
        means = function()
        assert next(means) == 0
        assert [means.send(2.0), means.send(4.0)] == [2, 3]
    with remote(lambda items: (map(str, items), zip(items, "ab", strict=False), iter(items))) as function:
        words, pairs, items = function([1, 2, 3])
        assert type(words) is map
        assert (list(words), list(pairs), list(items), list(items)) == (["1", "2", "3"], [(1, "a"), (2, "b")], [1, 2, 3], [])


def test_a_function_may_be_given_an_iterator_and_hand_it_on() -> None:
    numbers = iter([1, 2, 3])
    with remote(lambda items: (next(items), items)) as function:
        first, rest = function(numbers)
    assert first == 1
    assert rest is numbers
    assert next(numbers) == 2


def test_an_error_within_a_generator_is_raised_where_the_item_is_asked_for() -> None:
    def three() -> Iterator[int]:
        yield 3
        raise KeyError("four")

    with remote(three) as function:
        items = function()
        assert next(items) == 3
        with pytest.raises(KeyError, match="four"):
            next(items)


def test_what_a_call_changed_in_tables_sets_and_queues_comes_back() -> None:
    def spoil(frame: Any, names: Any, queue: Any, counts: Any, data: Any) -> None:
        frame["b"] = frame["a"] * 2
        frame.loc[0, "a"] = 7
        names.add("new")
        queue.append(9)
        counts.update("aab")
        data += b"!"

    frame, names, queue, counts, data = pd.DataFrame({"a": [1, 2]}), {"old"}, deque([1], 2), Counter("a"), bytearray(b"x")
    with remote(spoil, shared=True) as function:
        function(frame, names, queue, counts, data)
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"a": [7, 2], "b": [2, 4]}))
    assert (names, queue, counts, data) == ({"old", "new"}, deque([1, 9]), Counter(a=3, b=1), b"x!")
    assert queue.maxlen == 2


@dataclass
class Account:
    owner: str
    paid: list[int]

    def balance(self) -> int:
        return sum(self.paid)


def test_an_object_of_the_labs_own_data_class_goes_and_comes_back_changed() -> None:
    def pay(account: Account) -> int:
        account.paid.append(3)
        account.owner = "Bob"
        return account.balance()

    mine = Account("Ann", [4])
    with remote(pay, gives={"Account": Account}, shared=True) as function:
        assert function(mine) == 7
    assert (mine.owner, mine.paid) == ("Bob", [4, 3])


def test_a_table_that_was_not_changed_is_not_written() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    column = frame["a"]
    with remote(lambda frame: frame.sum()) as function:
        assert function(frame)["a"] == 3
    assert column is not None
    assert frame["a"].equals(column)


# ── networks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def network(compiled: bool = True) -> keras.Sequential:
    layers = [keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    if compiled:
        model.compile("adam", loss="mse")
    return model


def batch(n: int = 8) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng()
    return rng.normal(size=(n, 3)).astype("float32"), rng.normal(size=(n, 1)).astype("float32")


def test_a_network_arrives_with_its_weights_and_its_optimizer() -> None:
    X, y = batch()
    kept: list[keras.Model] = []

    def build() -> keras.Model:
        model = network()
        model.fit(X, y, epochs=3, verbose=0)
        kept.append(model)
        return model

    with remote(build) as function:
        came = function()
    assert came is not kept[0]
    assert np.array_equal(came.predict(X, verbose=0), kept[0].predict(X, verbose=0))
    assert int(came.optimizer.iterations) == 3
    states = zip(came.optimizer.variables, kept[0].optimizer.variables, strict=True)
    assert all(np.array_equal(a, b) for a, b in states)


def test_a_network_that_was_not_compiled_arrives_not_compiled() -> None:
    with remote(lambda: network(compiled=False)) as function:
        assert not function().compiled


def test_an_optimizer_that_was_not_built_arrives_not_built() -> None:
    with remote(network) as function:
        assert not function().optimizer.built


def called_first() -> keras.Sequential:
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    model(batch()[0])
    return model


def never_called() -> keras.Sequential:
    return keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])


def one_in_another() -> keras.Sequential:
    return keras.Sequential([network(compiled=False), keras.layers.Dense(1)])


def input_only() -> keras.Sequential:
    return keras.Sequential([keras.Input((3,))])


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize("build", [network, called_first, never_called, one_in_another, input_only])
def test_a_sequential_network_arrives_as_far_built_as_it_was(build: Callable[[], keras.Sequential]) -> None:
    sent = build()
    with remote(lambda: sent) as function:
        came = function()
    assert type(came) is keras.Sequential
    assert came.built == sent.built
    assert [type(layer) for layer in came.layers] == [type(layer) for layer in sent.layers]
    assert [w.shape for w in came.weights] == [w.shape for w in sent.weights]
    if sent.layers and sent.built:
        assert np.array_equal(came(batch()[0] * 0), sent(batch()[0] * 0))
        assert came.input_shape == sent.input_shape
    later = keras.layers.Dense(2)
    came.add(later)
    sent.add(keras.layers.Dense(2))
    assert came.built == sent.built


def test_a_sequential_network_is_built_once_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data, builds, build = saved(network()), [], keras.Sequential.build
    monkeypatch.setattr(keras.Sequential, "build", lambda self, *args: builds.append(1) or build(self, *args))
    opened(data)
    assert len(builds) == 1


def freeze_and_train(given: keras.Model) -> keras.Model:
    given.layers[0].trainable = False
    given.fit(*batch(), epochs=2, verbose=0)
    return given


def test_training_a_network_that_is_named_changes_it_here() -> None:
    model = network()
    before = model.get_weights()
    with remote(freeze_and_train) as function, check.mutates(model):
        assert function(model) is model
    after = model.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False, False]
    assert [tuple(w.shape) for w in model.trainable_weights] == [(4, 1), (1,)]
    assert int(model.optimizer.iterations) == 2


def test_a_network_that_is_not_named_stays_as_it_is_and_comes_back_trained_as_another_one() -> None:
    model = network()
    before = model.get_weights()
    with remote(freeze_and_train) as function:
        trained = function(model)
    assert trained is not model
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert (len(model.trainable_weights), len(trained.trainable_weights)) == (4, 2)
    assert not any(np.array_equal(a, b) for a, b in zip(before[2:], trained.get_weights()[2:], strict=True))


def test_unchanged_sees_that_a_network_was_trained_or_frozen_and_takes_it_back() -> None:
    model = network()
    before = model.get_weights()

    def freeze(given: keras.Model) -> None:
        given.trainable = False

    for function_there in (freeze_and_train, freeze):
        with remote(function_there) as function, pytest.raises(check.Mistake), check.unchanged([model]):
            function(model)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert len(model.trainable_weights) == 4


@pytest.mark.parametrize("named", [False, True])
def test_layers_that_were_frozen_in_an_argument_are_shared_only_if_it_may_be_changed(named: bool) -> None:
    base = network(compiled=False)

    def freeze_and_reuse(given: keras.Model) -> keras.Model:
        given.trainable = False
        given.layers[0].set_weights([0 * w for w in given.layers[0].get_weights()])
        return keras.Sequential([keras.Input((3,)), *given.layers[:2], keras.layers.Dense(2)])

    with remote(freeze_and_reuse) as function, check.mutates(*([base] if named else [])):
        new = function(base)
    assert (new.layers[0] is base.layers[0]) == named
    assert not new.get_weights()[0].any()
    assert bool(base.get_weights()[0].any()) != named
    assert (len(base.trainable_weights), len(new.trainable_weights)) == (0 if named else 4, 2)


def test_a_network_that_says_it_shares_layers_cannot_freeze_them() -> None:
    base = network(compiled=False)

    def reuse(given: keras.Model) -> keras.Model:
        return keras.Sequential([keras.Input((3,)), *given.layers[:2], keras.layers.Dense(2)])

    class Liar:
        """Says of every layer that it is frozen."""

        def __getattr__(self, name: str) -> Any:
            return getattr(keras_codec, name)

        def node(self, *args: Any) -> Any:
            node = keras_codec.node(*args)
            return {**node, "flags": [False] * len(node["flags"])} if node and node["k"] == "model" else node

    here, there = Pipe()
    near = link_on(here, watched=check.watched)
    far = Peer(there.send_bytes, there.recv_bytes, models=Liar())
    number = far.functions.number(reuse)
    thread = threading.Thread(target=lambda: far.serve(*far.take(there.recv_bytes())), daemon=True)
    thread.start()
    new = near.call(number, (base,), {})
    thread.join(5)
    assert new.layers[0] is base.layers[0]
    assert len(base.trainable_weights) == 4


def test_a_network_that_is_named_can_be_compiled_anew() -> None:
    model = network()

    def compile_again(given: keras.Model) -> None:
        given.compile(keras.optimizers.SGD(0.125), loss="mae", metrics=["mse"])

    with remote(compile_again) as function, check.mutates(model):
        function(model)
    assert type(model.optimizer).__name__ == "SGD"
    assert float(model.optimizer.learning_rate) == 0.125
    assert model.loss == "mae"


@pytest.mark.parametrize("copied", [False, True])
def test_layers_shared_with_an_argument_stay_shared(copied: bool) -> None:
    base = network(compiled=False)

    def reuse(given: keras.Model) -> keras.Model:
        body = keras.models.clone_model(given) if copied else given
        model = keras.Sequential([keras.Input((3,)), *body.layers[:2], keras.layers.Dense(2)])
        model.compile("sgd", loss="mse")
        return model

    with remote(reuse) as function:
        new = function(base)
    before = base.get_weights()
    X, _ = batch()
    new.fit(X, np.ones((8, 2)), verbose=0)
    unchanged = all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    assert unchanged == copied


def test_new_layers_get_other_names_than_those_that_arrived() -> None:
    base = network(compiled=False)
    given = [int(layer.name.partition("_")[2] or 0) for layer in base.layers if layer.name.startswith("dense")]
    keras.backend.clear_session()  # the other process has named no layer yet

    def new_name(_: keras.Model) -> str:
        return keras.layers.Dense(1).name

    with remote(new_name) as function:
        assert int(function(base).partition("_")[2] or 0) > max(given)


def test_a_frozen_network_arrives_frozen_as_a_whole_and_in_its_layers() -> None:
    base = network(compiled=False)
    base.trainable = False
    base.layers[0].trainable = True

    def look(given: keras.Model) -> tuple[bool, list[bool]]:
        return given.trainable, [layer.trainable for layer in given.layers]

    with remote(look) as function:
        assert function(base) == (False, [True, False, False])


def test_the_given_network_itself_is_given_back() -> None:
    model = network()
    with remote(lambda given: given) as function:
        assert function(model) is model


class Own(keras.layers.Layer):
    pass


@pytest.mark.parametrize("layer", [Own(), keras.layers.Lambda(lambda x: x)], ids=["own class", "Lambda"])
def test_networks_with_code_in_them_are_refused(layer: Any) -> None:
    def build() -> keras.Model:
        return keras.Sequential([keras.Input((3,)), layer])

    with remote(build) as function, pytest.raises((TypeError, ValueError), match=r"cannot be marked \(its layer .* holds code"):
        function()


def test_histories_and_tensors_cross() -> None:
    X, y = batch()
    with remote(lambda: network().fit(X, y, epochs=2, verbose=0)) as function:
        record = function()
    assert isinstance(record, keras.callbacks.History)
    assert len(record.history["loss"]) == 2
    with remote(lambda x: keras.ops.convert_to_tensor(x) * 2) as function:
        assert keras.ops.is_tensor(doubled := function(X))
        assert np.allclose(doubled, 2 * X)


def small(X: Any, units: int = 2) -> Any:
    return keras.layers.Dense(units)(X)


def scaled(given: keras.Model, X: Any) -> keras.Model:
    return keras.Model(X, given.layers[1](given.layers[0](X / 127.5 - 1.0)))


def preprocessed(given: keras.Model, X: Any) -> keras.Model:
    images = keras.layers.Reshape((1, 1, 3))(X)
    for module in (keras.applications.mobilenet, keras.applications.vgg16):
        images = module.preprocess_input(images)
    return keras.Model(X, given.layers[0](keras.layers.Flatten()(images)))


def sliced(given: keras.Model, X: Any) -> keras.Model:
    hidden = given.layers[0](X)
    parts = keras.ops.concatenate([hidden[:, 0:1], hidden[:, 2:], keras.ops.add(hidden, np.ones(4, "float32"))], axis=-1)
    return keras.Model(X, small(parts))


def called_twice(given: keras.Model, X: Any) -> keras.Model:
    layer = given.layers[0]
    return keras.Model(X, layer(X) + layer(keras.ops.flip(X, axis=1)))


def of_several(given: keras.Model, X: Any) -> keras.Model:
    other = keras.Input((3,))
    one, two = given.layers[0](X), given.layers[0](other)
    return keras.Model([X, other], [small(one * two), keras.ops.maximum(one, two)])


def nested(given: keras.Model, X: Any) -> keras.Model:
    inner = keras.Sequential([keras.Input((3,)), given.layers[0], keras.layers.Dense(2)])
    return keras.Model(X, inner(2.0 * X))


def wrapped(given: keras.Model, X: Any) -> keras.Model:
    steps = keras.layers.Bidirectional(keras.layers.GRU(2))(keras.layers.Masking()(keras.ops.expand_dims(X, 1)))
    return keras.Model(X, keras.layers.Concatenate()([steps, given.layers[0](X)]))


@pytest.mark.parametrize(
    "build", [scaled, preprocessed, sliced, called_twice, of_several, nested, wrapped], ids=lambda build: build.__name__
)
def test_a_network_with_arithmetic_in_it_shares_the_layers_that_it_was_given(build: Callable[..., keras.Model]) -> None:
    base = network(compiled=False)
    kept: list[keras.Model] = []

    def make(given: keras.Model) -> keras.Model:
        kept.append(build(given, keras.Input((3,))))
        return kept[0]

    with remote(make) as function:
        came = function(base)
    X = [batch()[0] for _ in came.inputs] if len(came.inputs) > 1 else batch()[0]
    for ours, theirs in zip(keras.tree.flatten(came(X)), keras.tree.flatten(kept[0](X)), strict=True):
        assert np.allclose(ours, theirs, atol=1e-5)
    base.layers[0].bias.assign(np.full(4, 700.0))  # no unit is silent, whatever the weights and the preprocessed X
    changed = keras.tree.flatten(came(X))
    assert not np.allclose(changed[0], keras.tree.flatten(kept[0](X))[0])
    with remote(lambda: kept[0]) as function:  # without anything shared
        alone = function()
    assert [w.shape for w in alone.weights] == [w.shape for w in kept[0].weights]


class Always(keras.metrics.Metric):
    def update_state(self, *_: Any, **__: Any) -> None:
        pass

    def result(self) -> float:
        return 1.0


def accuracy(y: Any, y_hat: Any) -> Any:
    return keras.ops.ones(())


def evaluated(metrics: Any, loss: Any = "sparse_categorical_crossentropy") -> tuple[dict[str, float], float]:
    """What evaluate says of an untrained network that arrived compiled so, and its true accuracy."""

    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="softmax")])
        model.compile("sgd", loss=loss, metrics=metrics)
        return model

    with remote(build) as function:
        model = function()
    X, y = np.random.default_rng(1).normal(size=(64, 3)), np.arange(64) % 4
    said = model.evaluate(X, y, verbose=0, return_dict=True)
    return said, float(np.mean(model.predict(X, verbose=0).argmax(axis=1) == y))


METRICS: dict[str, Callable[[], Any]] = {
    "its name": lambda: "accuracy",
    "a function": lambda: accuracy,
    "a class": lambda: Always(name="accuracy"),
    "another of Keras": lambda: keras.metrics.MeanSquaredError(name="accuracy"),
    "an easier one": lambda: keras.metrics.SparseTopKCategoricalAccuracy(k=4, name="accuracy"),
    "a wrapper": lambda: keras.metrics.MeanMetricWrapper(keras.losses.poisson, name="accuracy"),
    "the right class": lambda: keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_metric_called_accuracy_says_the_accuracy(metric: Callable[[], Any]) -> None:
    said, truth = evaluated([metric()])
    assert said["accuracy"] == pytest.approx(truth, abs=1e-6)


def test_metrics_under_names_of_their_own_stay_as_they_are() -> None:
    top = keras.metrics.SparseTopKCategoricalAccuracy(k=4)
    said, _ = evaluated([top, keras.metrics.SparseCategoricalCrossentropy(name="entropy")])
    assert said["sparse_top_k_categorical_accuracy"] == 1
    assert said["entropy"] == pytest.approx(said["loss"], rel=1e-4)


def test_a_metric_called_loss_does_not_stand_in_for_the_loss() -> None:
    said, _ = evaluated([keras.metrics.SparseTopKCategoricalAccuracy(k=4, name="loss")])
    assert said["loss"] > 1.1
    assert said["sparse_top_k_categorical_accuracy"] == 1


def test_metrics_of_a_students_own_are_left_out_and_the_rest_stays() -> None:
    said, truth = evaluated([Always(name="mine"), lambda y, y_hat: 1.0, "accuracy"])
    assert set(said) == {"loss", "accuracy"}
    assert said["accuracy"] == pytest.approx(truth, abs=1e-6)


def test_a_network_whose_loss_is_a_function_of_the_students_arrives_without_that_loss() -> None:
    model = network(compiled=False)
    model.compile(keras.optimizers.SGD(0.25), loss=lambda y, y_hat: keras.ops.mean(y_hat), metrics=["mae"])
    with remote(lambda: model) as function:
        came = function()
    X, _ = batch()
    assert np.allclose(came(X), model(X))
    assert came.loss is None
    assert float(came.optimizer.learning_rate) == 0.25


CODE: dict[str, dict[str, Any]] = {
    "activation": {"activation": lambda x: x},
    "function": {"activation": accuracy},
    "regulariser": {"kernel_regularizer": lambda w: 0.0},
}


@pytest.mark.parametrize("settings", CODE.values(), ids=CODE)
def test_a_layer_with_a_function_of_the_students_is_refused_with_its_reason(settings: dict[str, Any]) -> None:
    def build() -> keras.Model:
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, **settings)])

    with (
        remote(build) as function,
        pytest.raises(TypeError, match=r"cannot be marked \(its layer `.*` holds (your|a )"),
    ):
        function()


def test_a_model_whose_configuration_cannot_be_read_is_refused_as_one_that_keras_cannot_save() -> None:
    def build() -> keras.Model:
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        model.layers[0].get_config = partial({}.pop, "units")
        return model

    with remote(build) as function, pytest.raises(TypeError, match="a model that Keras cannot save"):
        function()


class Net(keras.Model):
    def call(self, X: Any) -> Any:
        return X


def test_a_subclass_of_model_is_refused_with_what_to_build_instead() -> None:
    with remote(Net) as function, pytest.raises(TypeError, match=r"keras\.Sequential or the functional API"):
        function()


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_follow_calls_in_both_directions(tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    for folder in (near, far):
        folder.mkdir()

    def upper(name: str) -> str:
        text = (far / name).read_text()
        (far / "made").mkdir(exist_ok=True)
        (far / "made" / "upper.txt").write_text(text.upper())
        (far / name).unlink()
        (far / "empty").mkdir()
        (far / "old").rmdir()
        return "done"

    with remote(upper, folders=(near, far)) as function:
        (near / "note.txt").write_text("hello")
        (near / "old").mkdir()
        function("note.txt")
    assert (near / "made" / "upper.txt").read_text() == "HELLO"
    assert (near / "empty").is_dir()
    assert not (near / "note.txt").exists()
    assert not (near / "old").exists()


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out-of-the-folder.txt", "link/out.txt"])
def test_no_file_is_put_outside_its_folder(name: str, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    Files(inside).put([("+" + name, memoryview(b"x"))])
    assert list(outside.iterdir()) == []
    assert not (tmp_path / "out.txt").exists()
    assert not Path("/tmp/out-of-the-folder.txt").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("sealed")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "answer.txt").symlink_to(secret)
    files = Files(tmp_path / "inside")
    assert files.changed() == []
    files.put([("+answer.txt", memoryview(b"overwritten"))])
    assert secret.read_text() == "sealed"
