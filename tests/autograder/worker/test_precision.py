"""A model that computes in 16 bits arrives with its weights and computes in 32; one in full precision arrives as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from autograder.worker import keras_codec
from autograder.worker.codec import Decoder, Encoder
from autograder.worker.frames import pack, unpack
from autograder.worker.models.precision import full
from autograder.worker.values.functions import Functions

X = np.random.default_rng().normal(size=(50, 4)).astype("float32")


@pytest.fixture(autouse=True)
def usual_policy() -> Iterator[None]:
    yield
    keras.config.set_dtype_policy("float32")


def no_calls(*_: object) -> None:
    raise AssertionError("nothing is called here")


def crossed(value: Any) -> Any:
    """The value at the other end of the wire, in a process that nobody has given another policy."""
    encoder = Encoder(Functions(no_calls), models=keras_codec)
    header, blobs = unpack(pack({"v": encoder.node(value)}, encoder.blobs))
    keras.config.set_dtype_policy("float32")
    return Decoder(blobs, Functions(no_calls), models=keras_codec).value(header["v"])


def network(policy: str) -> keras.Model:
    """A network with another network inside it, compiled under a policy that was left on."""
    keras.config.set_dtype_policy(policy)
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu")], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.25), "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16"])
def test_the_weights_stay_and_the_arithmetic_has_32_bits(policy: str) -> None:
    model = network(policy)
    model.optimizer.build(model.trainable_variables)
    arrived = crossed(model)
    for sent, got in zip(model.get_weights(), arrived.get_weights(), strict=True):
        np.testing.assert_array_equal(got, np.asarray(sent, dtype="float32"))
    outputs = keras.ops.convert_to_numpy(arrived(X))
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)
    W1, b1, W2, b2 = (np.asarray(w, dtype=float) for w in model.get_weights())
    scores = np.exp(np.maximum(X @ W1 + b1, 0) @ W2 + b2)
    np.testing.assert_allclose(outputs, scores / scores.sum(axis=1, keepdims=True), atol=1e-5)
    assert isinstance(arrived.optimizer, keras.optimizers.Adam)
    assert float(arrived.optimizer.learning_rate) == 0.25


def test_the_steps_of_an_optimizer_whose_loss_is_scaled_are_counted() -> None:
    model = network("mixed_float16")
    assert type(model.optimizer) is keras.optimizers.LossScaleOptimizer
    model.optimizer.build(model.trainable_variables)
    model.optimizer.inner_optimizer.iterations.assign(17)
    assert int(crossed(model).optimizer.iterations) == 17


def test_a_configuration_in_full_precision_is_not_touched() -> None:
    config = {
        **network("float32").get_config(),
        "other": {"name": "float16", "units": 3, "texts": ["mixed_float16"], "class_name": "LossScaleOptimizer"},
    }
    assert full(config) == config
