"""Losses and initializers keep their settings when they go from one process to another."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from autograder.worker import keras_codec
from autograder.worker.codec import Decoder, Encoder
from autograder.worker.frames import pack, unpack
from autograder.worker.models import settings
from autograder.worker.values.functions import Functions


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    before = {kind: kind.get_config for kind in settings.LOST}
    settings.keep()
    settings.keep()
    yield
    for kind, original in before.items():
        kind.get_config = original  # type: ignore[method-assign]


def crossed(value: Any) -> Any:
    functions = Functions(lambda *_: None)
    encoder = Encoder(functions, models=keras_codec)
    header, blobs = unpack(pack({"v": encoder.node(value)}, encoder.blobs))
    return Decoder(blobs, functions, models=keras_codec).value(header["v"])


def numbers(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng().uniform(0.1, 0.9, size=shape).astype("float32")


@pytest.mark.parametrize("loss", [keras.losses.Huber(0.05), keras.losses.CosineSimilarity(axis=0)], ids=["huber", "cosine"])
def test_a_loss_that_crosses_gives_what_it_gave(loss: keras.losses.Loss) -> None:
    y, y_hat, plain = numbers((6, 4)), numbers((6, 4)), type(loss)()
    assert float(crossed(loss)(y, y_hat)) == pytest.approx(float(loss(y, y_hat)), rel=1e-6)
    assert float(loss(y, y_hat)) != pytest.approx(float(plain(y, y_hat)), rel=1e-3)  # else nothing could have been lost
    assert float(crossed(plain)(y, y_hat)) == pytest.approx(float(plain(y, y_hat)), rel=1e-6)


def test_the_loss_of_a_compiled_network_keeps_its_settings() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer=keras.initializers.Identity(4.0))])
    model.compile("sgd", loss=keras.losses.Huber(0.05))
    came, X, y = crossed(model), numbers((20, 3)), numbers((20, 2))
    assert came.evaluate(X, y, verbose=0) == pytest.approx(model.evaluate(X, y, verbose=0), rel=1e-5)
    assert np.array_equal(came.layers[0].kernel_initializer((2, 2)), 4 * np.eye(2))


@pytest.mark.parametrize("module", [keras.losses, keras.regularizers, keras.initializers])
def test_no_class_leaves_a_setting_out_of_its_configuration(module: Any) -> None:
    left_out = {}
    for name, kind in vars(module).items():
        if not inspect.isclass(kind):
            continue
        names = [one for one in inspect.signature(kind).parameters if one not in ("args", "kwargs", "name", "dtype")]
        required = {
            one.name: 0.5
            for one in inspect.signature(kind).parameters.values()
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        }
        try:
            config = kind(**required).get_config()
        except NotImplementedError:  # the base class
            continue
        if missing := [one for one in names if one not in config and one not in ("fn", "factor")]:
            left_out[name] = missing
    assert left_out == {}
