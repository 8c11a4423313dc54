"""What the processes that grade need not work out again at every layer that Keras saves or loads."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from autograder.worker import saving_cache
from autograder.worker.models.archives import opened, saved
from autograder.worker.saving_cache import KINDS, fill

saving_lib = pytest.importorskip("keras.src.saving.saving_lib")
if not hasattr(saving_lib, "get_attr_skipset"):
    pytest.skip("this release of Keras keeps it under the name under which it looks it up", allow_module_level=True)


@pytest.fixture(autouse=True)
def _as_at_the_start() -> Any:
    keras.backend.clear_session()
    yield
    keras.backend.clear_session()


def network() -> keras.Sequential:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="relu"), keras.layers.BatchNormalization()])
    return keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(2)])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_what_keras_works_out(kind: str) -> None:
    try:
        expected = set(saving_lib.get_attr_skipset(kind))
    except ValueError as unknown:
        pytest.skip(f"this release of Keras does not have it: {unknown}")
    keras.backend.clear_session()
    fill()
    assert saving_lib.get_attr_skipset(kind) == expected
    assert saving_lib.get_attr_skipset(kind) is saving_lib.get_attr_skipset(kind)


def test_a_kind_that_this_keras_does_not_know_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving_cache, "KINDS", ("SomethingNew", "Layer"))
    fill()
    assert saving_lib.get_attr_skipset("Layer") is saving_lib.get_attr_skipset("Layer")


def test_no_layer_is_made_only_to_list_its_attributes_and_the_files_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X = network(), np.random.default_rng().normal(size=(5, 3)).astype("float32")
    before = opened(saved(model))
    fill()
    made: list[str] = []
    start = keras.layers.Layer.__init__
    monkeypatch.setattr(
        keras.layers.Layer,
        "__init__",
        lambda self, *args, **more: made.append(type(self).__name__) or start(self, *args, **more),
    )
    data = saved(model)
    assert made == []
    for came in (before, opened(data)):
        assert np.array_equal(came(X), model(X))
        assert [w.name for w in came.weights] == [w.name for w in model.weights]


def test_a_model_that_was_saved_without_it_is_read_with_it_and_the_other_way_round() -> None:
    model, X = network(), np.random.default_rng().normal(size=(5, 3)).astype("float32")
    without = saved(model)
    fill()
    saved_with = saved(model)
    assert np.array_equal(opened(without)(X), model(X))
    keras.backend.clear_session()
    assert np.array_equal(opened(saved_with)(X), model(X))
