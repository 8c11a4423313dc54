"""Monte-Carlo dropout, ensembles and averages of weights, against plain NumPy and on every installed Keras backend."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import scipy.stats

from coursekit import ensembles


def network(rate: float = 0.5, inputs: int = 6, classes: int = 3) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(20, activation="relu"),
            keras.layers.Dropout(rate),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )


def predicted(model: keras.Model, X: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(X, training=False))


# ── the regularised network ──────────────────────────────────────────────────────────────────────────────────────────


def test_regularisation_adds_layers_and_a_penalty_but_no_parameters(rng: np.random.Generator) -> None:
    model = ensembles.regularised_mlp(0.5, 0.01, input_shape=(4, 6), hidden=(7, 5), classes=3)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.5, 0.5]
    assert isinstance(model.layers[-1], keras.layers.Dense)
    weights = [rng.normal(size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    squares = sum((w**2).sum() for w in weights if w.ndim == 2)
    np.testing.assert_allclose(sum(float(loss) for loss in model.losses), 0.01 * squares, rtol=1e-4)
    plain = ensembles.regularised_mlp(input_shape=(4, 6), hidden=(7, 5), classes=3)
    assert not plain.losses
    plain.set_weights(weights)
    X = rng.normal(size=(8, 4, 6))
    np.testing.assert_allclose(predicted(model, X), predicted(plain, X), rtol=1e-5)


@pytest.mark.parametrize("arguments", [{"dropout": 1.0}, {"dropout": -0.1}, {"l2": -1e-3}, {"hidden": 300}])
def test_what_makes_no_network_is_refused(arguments: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        ensembles.regularised_mlp(**arguments)


# ── Monte-Carlo dropout ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_spread_is_that_of_the_dropout_mask() -> None:
    p = 0.3
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dropout(p)])
    mean, std = ensembles.mc_dropout(model, np.ones((400, 1)), times=50)
    assert mean.shape == std.shape == (400, 1)
    np.testing.assert_allclose(mean.mean(), 1, atol=0.05)  # a survivor counts 1/(1 − p), so the mean stays 1
    np.testing.assert_allclose((std**2).mean(), p / (1 - p) * 49 / 50, rtol=0.1)


def test_monte_carlo_means_are_probabilities_and_the_model_is_left_as_it_was(rng: np.random.Generator) -> None:
    model, X = network(), rng.normal(size=(7, 6))
    weights = model.get_weights()
    mean, std = ensembles.mc_dropout(model, X, times=20)
    np.testing.assert_allclose(mean.sum(axis=1), 1, rtol=1e-5)
    assert (std > 0).all()
    assert all(np.array_equal(old, new) for old, new in zip(weights, model.get_weights(), strict=True))
    np.testing.assert_array_equal(predicted(model, X), predicted(model, X))


def test_batches_are_joined_in_order(rng: np.random.Generator) -> None:
    model, X = network(rate=0.01), rng.normal(size=(11, 6))
    mean, _ = ensembles.mc_dropout(model, X, times=30, batch_size=4)
    np.testing.assert_allclose(mean, predicted(model, X), atol=0.1)


def test_dropout_is_found_inside_other_models_and_in_recurrent_layers(rng: np.random.Generator) -> None:
    inside = keras.Sequential([keras.Input((6,)), network(), keras.layers.Softmax()])
    assert ensembles.mc_dropout(inside, rng.normal(size=(2, 6)))[0].shape == (2, 3)
    recurrent = keras.Sequential([keras.Input((4, 2)), keras.layers.Bidirectional(keras.layers.GRU(3, dropout=0.5))])
    assert ensembles.mc_dropout(recurrent, rng.normal(size=(2, 4, 2)))[1].max() > 0


@pytest.mark.parametrize(
    ("layers", "options", "said"),
    [
        ([keras.layers.Dense(2)], {}, "no dropout"),
        ([keras.layers.Dropout(0.0)], {}, "no dropout"),
        ([keras.layers.Dropout(0.5), keras.layers.BatchNormalization()], {}, "batch normalisation"),
        ([keras.layers.Dropout(0.5)], {"times": 1}, "at least 2"),
        ([keras.layers.Dropout(0.5)], {"batch_size": 2.5}, "whole number"),
    ],
)
def test_what_cannot_give_a_spread_is_refused(layers: list, options: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ensembles.mc_dropout(keras.Sequential([keras.Input((3,)), *layers]), np.ones((2, 3)), **options)


# ── ensembles ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_ensemble_is_the_mean_of_its_members(rng: np.random.Generator) -> None:
    members, X = [network(), network(), network()], rng.normal(size=(9, 6)).astype("float32")
    np.testing.assert_allclose(
        ensembles.ensemble(members, X, batch_size=4), np.mean([predicted(m, X) for m in members], axis=0), rtol=1e-5
    )


def test_an_ensemble_needs_members_that_fit_together_and_samples() -> None:
    with pytest.raises(ValueError, match="no model"):
        ensembles.ensemble([], np.ones((2, 6)))
    with pytest.raises(ValueError, match="different shapes"):
        ensembles.ensemble([network(), network(classes=4)], np.ones((2, 6)))
    with pytest.raises(ValueError, match="at least one"):
        ensembles.ensemble([network()], np.ones((0, 6)))


def test_entropy_agrees_with_scipy_and_takes_certainty(rng: np.random.Generator) -> None:
    P = rng.dirichlet(np.ones(5), size=(4, 6))
    np.testing.assert_allclose(ensembles.entropy(P), scipy.stats.entropy(P, axis=-1))
    assert ensembles.entropy([[1.0, 0.0]]).tolist() == [0.0]


# ── weights ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def checkpoints(rng: np.random.Generator, count: int = 4) -> list[list[np.ndarray]]:
    return [[rng.normal(size=(3, 2)).astype("float32"), rng.normal(size=2).astype("float32")] for _ in range(count)]


def test_the_average_of_weights_fits_back_into_the_model(rng: np.random.Generator) -> None:
    model = network()
    first, second = model.get_weights(), network().get_weights()
    model.set_weights(ensembles.average_weights([first, second]))
    for got, one, other in zip(model.get_weights(), first, second, strict=True):
        np.testing.assert_allclose(got, (one + other) / 2, rtol=1e-5, atol=1e-7)
        assert got.dtype == one.dtype


def test_a_running_average_weighs_the_newest_most(rng: np.random.Generator) -> None:
    sets = checkpoints(rng)
    got = ensembles.running_average(iter(sets), decay=0.7)
    for i, array in enumerate(got):
        expected = 0.343 * sets[0][i] + 0.3 * (0.49 * sets[1][i] + 0.7 * sets[2][i] + sets[3][i])
        np.testing.assert_allclose(array, expected, rtol=1e-5, atol=1e-7)


def test_without_decay_the_last_set_is_left_and_nothing_given_is_changed(rng: np.random.Generator) -> None:
    sets = checkpoints(rng)
    before = [[array.copy() for array in one] for one in sets]
    assert all(np.array_equal(a, b) for a, b in zip(ensembles.running_average(sets, 0), sets[-1], strict=True))
    ensembles.average_weights(sets)
    for one, old in zip(sets, before, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, old, strict=True))


def test_weights_that_are_none_or_of_another_network_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="no weights"):
        ensembles.average_weights([])
    with pytest.raises(ValueError, match="set 1 of the weights"):
        ensembles.running_average([network().get_weights(), network(inputs=5).get_weights()], 0.9)
    with pytest.raises(ValueError, match="decay is 1"):
        ensembles.running_average(checkpoints(rng), 1)


# ── backends ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ELSEWHERE = """
import keras, numpy as np
from coursekit import ensembles
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")])
X = np.random.default_rng().normal(size=(5, 6))
mean, std = ensembles.mc_dropout(model, X, times=10)
assert type(mean) is np.ndarray and np.allclose(mean.sum(axis=1), 1, atol=1e-5) and std.min() > 0
assert ensembles.ensemble([model, model], X).shape == (5, 3)
model.set_weights(ensembles.average_weights([model.get_weights()] * 2))
print(keras.backend.backend())
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_gives_the_same_kinds_of_result(backend: str) -> None:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    env = {**os.environ, "KERAS_BACKEND": backend}
    run = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True, env=env, timeout=300)
    assert run.stdout.strip() == backend, run.stderr


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ensembles.regularised_mlp(dropout="0.5"), "dropout is '0.5': expected a number"),
        (lambda: ensembles.regularised_mlp(l2=float("nan")), "l2 is nan: expected a number"),
        (lambda: ensembles.mc_dropout(None, np.ones((2, 3))), "expected a Keras model, got NoneType"),
        (lambda: ensembles.ensemble(keras.Sequential([keras.Input((3,))]), np.ones((2, 3))), r"\[model\] is a list of one"),
        (
            lambda: ensembles.ensemble([keras.Sequential([keras.Input((3,))])], [[1.0, np.nan, 0.0]]),
            "X holds 1 values that are NaN",
        ),
        (lambda: ensembles.ensemble([keras.Sequential([keras.Input((3,))])], ["a"]), "turn words into numbers"),
        (lambda: ensembles.entropy([[2.0, -3.0]]), "P reaches from -3 to 2: expected probabilities"),
        (lambda: ensembles.entropy([[np.nan, 0.5]]), "expected probabilities"),
        (lambda: ensembles.average_weights([keras.Sequential([keras.Input((3,))])]), r"take get_weights\(\) of each"),
        (lambda: ensembles.average_weights([np.ones((2, 3)), np.ones(3)]), r"\[weights\] holds one set"),
        (lambda: ensembles.running_average([[np.ones(3)]], decay="0.9"), "decay is '0.9': expected a number"),
    ],
)
def test_arguments_of_another_kind_are_refused_in_a_sentence(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
