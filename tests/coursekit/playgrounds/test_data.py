"""The data of the playground lie where they are said to, and are divided as asked."""

from __future__ import annotations

import numpy as np
import pytest

from coursekit.playgrounds import data

KINDS = ("circle", "xor", "gauss", "spiral", "plane", "hills")


def clean(kind: str) -> tuple[np.ndarray, np.ndarray]:
    return data.make(kind, 0, seed=int(np.random.default_rng().integers(1000)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("noise", [0, 50])
def test_points_lie_in_the_plane_with_targets_from_minus_one_to_one(kind: str, noise: int) -> None:
    X, y = data.make(kind, noise, seed=3)
    assert X.shape == (len(y), 2)
    assert np.abs(X).max() <= data.EDGE
    assert np.abs(y).max() <= 1
    assert len(y) == (1200 if kind in data.REGRESSION else 500)
    assert kind in data.REGRESSION or set(y) == {-1, 1}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_points_and_another_one_others(kind: str) -> None:
    assert np.array_equal(data.make(kind, 10, 5)[0], data.make(kind, 10, 5)[0])
    assert not np.array_equal(data.make(kind, 10, 5)[0], data.make(kind, 10, 6)[0])


def test_without_noise_each_kind_follows_its_rule() -> None:
    X, y = clean("circle")
    assert np.array_equal(y > 0, np.hypot(*X.T) < 2.5 + 1e-5)
    X, y = clean("xor")
    assert np.array_equal(y > 0, X.prod(axis=1) > 0)
    X, y = clean("gauss")
    assert np.mean((X.sum(axis=1) > 0) == (y > 0)) > 0.99
    X, y = clean("plane")
    assert np.allclose(y, np.clip(X.sum(axis=1) / 10, -1, 1), atol=1e-6)
    X, y = clean("hills")
    assert abs(y[np.hypot(*(X - [-4, 2.5]).T).argmin()]) > 0.7
    assert y[np.hypot(*(X - [-4, 2.5]).T).argmin()] > 0 > y[np.hypot(*(X - [0, 2.5]).T).argmin()]


def test_the_two_arms_of_the_spiral_are_each_other_turned_by_half_a_circle() -> None:
    X, y = clean("spiral")
    one, other = (X[y == side][np.hypot(*X[y == side].T).argsort()] for side in (-1, 1))
    assert np.allclose(one, -other, atol=1e-4)


def test_noise_puts_targets_on_the_wrong_side() -> None:
    X, y = data.make("xor", 50, seed=1)
    assert 0.02 < np.mean((X.prod(axis=1) > 0) != (y > 0)) < 0.5


@pytest.mark.parametrize(("count", "share", "train"), [(500, 50, 250), (500, 10, 50), (3, 10, 1), (1, 90, 1), (0, 50, 0)])
def test_points_are_divided_by_their_share_and_one_is_always_for_training(count: int, share: int, train: int) -> None:
    parts = data.split(np.zeros((count, 2)), np.ones(count), share)
    assert parts.X_train.shape == (train, 2)
    assert parts.y_test.shape == (count - train, 1)


def test_features_are_computed_in_the_order_asked_for() -> None:
    X = np.array([[2.0, -3.0]])
    got = data.features(X, ["x2", "x1_squared", "x1_x2", "sin_x2"])
    assert np.allclose(got, [[-3, 4, -6, np.sin(-3)]])
