"""The builders give the networks that the labs describe, and refuse what makes no network."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest

from coursekit import models


def dense_parameters(*sizes: int) -> int:
    """Weights and biases of a dense network with these layer sizes, counted by hand."""
    return sum(inputs * outputs + outputs for inputs, outputs in pairwise(sizes))


def test_the_default_mlp_has_the_parameters_that_the_lab_predicts() -> None:
    assert models.mlp().count_params() == dense_parameters(784, 300, 100, 10) == 266_610


@pytest.mark.parametrize("hidden", [(), (7,), (5, 4, 3)])
def test_an_mlp_has_the_layers_asked_for(hidden: tuple[int, ...]) -> None:
    model = models.mlp((4, 6), hidden, 3)
    assert model.count_params() == dense_parameters(24, *hidden, 3)
    assert model.output_shape == (None, 3)


def test_an_mlp_gives_probabilities_by_default_and_scores_on_request() -> None:
    X = np.random.default_rng().normal(size=(9, 28, 28)).astype("float32")
    p = keras.ops.convert_to_numpy(models.mlp()(X))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    scores = keras.ops.convert_to_numpy(models.mlp(output_activation="linear")(X))
    assert scores.min() < 0


def test_a_flat_input_may_be_given_as_a_number() -> None:
    assert models.mlp(784).input_shape == (None, 784)


def test_the_binary_network_is_21_100_100_100_1_with_a_probability() -> None:
    model = models.binary_mlp()
    assert model.count_params() == dense_parameters(21, 100, 100, 100, 1)
    p = keras.ops.convert_to_numpy(model(10 * np.random.default_rng().normal(size=(50, 21))))
    assert p.shape == (50, 1)
    assert (p >= 0).all()
    assert (p <= 1).all()


def test_the_xor_network_computes_xor_with_the_weights_of_the_lecture() -> None:
    model = models.xor_network(hidden=2)
    # (x1 AND NOT x2) OR (NOT x1 AND x2), steep enough for the sigmoid to be nearly a step
    model.set_weights([20 * np.array([[1, -1], [-1, 1]]), np.array([-10, -10]), 20 * np.ones((2, 1)), np.array([-10])])
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert keras.ops.convert_to_numpy(model(X)).round().ravel().tolist() == [0, 1, 1, 0]


def test_a_perceptron_is_one_weighted_sum_and_its_activation() -> None:
    model = models.perceptron(3, activation="linear")
    W, b = model.get_weights()
    X = np.random.default_rng().normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(X)), X @ W + b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("build", [models.mlp, models.binary_mlp, models.xor_network, models.perceptron])
def test_a_builder_gives_a_model_that_is_not_compiled(build) -> None:
    assert not build().compiled


@pytest.mark.parametrize(
    ("build", "arguments", "said"),
    [
        (models.mlp, {"input_shape": ()}, "input_shape is empty"),
        (models.mlp, {"hidden": 300}, "expected a sequence"),
        (models.mlp, {"hidden": (300, 0)}, "at least 1"),
        (models.mlp, {"hidden": (300, 2.5)}, "whole number"),
        (models.mlp, {"classes": "ten"}, "whole number"),
        (models.mlp, {"activation": "rellu"}, "rellu"),
        (models.mlp, {"kernel_initializer": "he"}, "kernel_initializer"),
        (models.binary_mlp, {"inputs": True}, "whole number"),
        (models.xor_network, {"hidden": -1}, "at least 1"),
        (models.perceptron, {"inputs": 0}, "at least 1"),
    ],
)
def test_a_builder_says_which_argument_makes_no_network(build, arguments: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build(**arguments)


@pytest.mark.parametrize("inputs", [np.int64(784), np.uint8(7), (np.int32(28), 28), np.array([28, 28])])
def test_whole_numbers_of_numpy_are_sizes(inputs: Any) -> None:
    assert models.mlp(inputs).input_shape[1:] == tuple(np.atleast_1d(inputs))
