"""Functions called over the wire behave as in one process: arguments come back as they were left, errors keep their names."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autograder import networks
from autograder.link import Link
from autograder.shared_files import Files
from autograder.wire import unpack


def link_on(connection: Connection, **settings: Any) -> Link:
    return Link(connection.send_bytes, connection.recv_bytes, models=networks, **settings)


@contextmanager
def remote(function: Callable[..., Any], *, folders: tuple[Path, Path] | None = None) -> Iterator[Any]:
    """What stands here for a function that lives at the other end of a wire."""
    here, there = Pipe()
    files = [Files(folder) for folder in folders] if folders else [None, None]
    far, near = link_on(there, files=files[1]), link_on(here, files=files[0])
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
    near = Link(here.send_bytes, here.recv_bytes, models=networks)

    def send(frame: bytes) -> None:
        said.extend([header["cpu"]] if "cpu" in (header := unpack(frame)[0]) else [])
        there.send_bytes(frame)

    far = Link(send, there.recv_bytes, models=networks)

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


def test_arguments_come_back_as_the_function_left_them() -> None:
    def spoil(x: Any, rows: Any, table: Any) -> Any:
        x *= 2
        rows.append([7])
        rows[0][0] = "changed"
        table["new"] = rows
        return x

    x, rows, table = np.ones(3), [[1]], {}
    with remote(spoil) as function:
        assert function(x, rows, table) is x
    assert x.tolist() == [2, 2, 2]
    assert rows == [["changed"], [7]]
    assert table["new"] is rows


def test_what_was_not_changed_is_not_written() -> None:
    fixed = np.arange(4)
    fixed.flags.writeable = False
    with remote(lambda x: x.sum()) as function:
        assert function(fixed) == 6

    def write(x: Any) -> None:
        x[0] = 1

    with remote(write) as function, pytest.raises(ValueError, match="read-only"):
        function(fixed)


def test_a_random_generator_goes_on_where_the_function_left_it() -> None:
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    with remote(lambda rng: rng.normal(size=5)) as function:
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
    with remote(lambda: (i for i in range(3))) as function, pytest.raises(TypeError, match="the result is a generator"):
        function()


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


def test_an_optimizer_that_was_not_built_arrives_not_built() -> None:
    with remote(network) as function:
        assert not function().optimizer.built


def test_training_a_network_that_was_given_changes_it_here() -> None:
    X, y = batch()
    model = network()
    before = model.get_weights()

    def train(given: keras.Model) -> None:
        given.layers[0].trainable = False
        given.fit(X, y, epochs=2, verbose=0)

    with remote(train) as function:
        function(model)
    after = model.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False, False]
    assert [tuple(w.shape) for w in model.trainable_weights] == [(4, 1), (1,)]
    assert int(model.optimizer.iterations) == 2


def test_a_network_that_was_given_can_be_compiled_anew() -> None:
    model = network()

    def compile_again(given: keras.Model) -> None:
        given.compile(keras.optimizers.SGD(0.125), loss="mae", metrics=["mse"])

    with remote(compile_again) as function:
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

    with remote(build) as function, pytest.raises((TypeError, ValueError), match=r"not Keras's own|holds code"):
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
