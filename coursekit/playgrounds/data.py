"""The two-input data of the playground: points of the plane [−6, 6]², each with a target from −1 to 1.

Four kinds are for classification (targets −1 and 1), two for regression. Knows nothing of networks. The kinds are those of
the well-known browser playground, with its sizes and distances.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["EDGE", "FEATURES", "REGRESSION", "Split", "features", "make", "split"]

EDGE = 6.0  # the plane reaches from −EDGE to EDGE in both directions
CLASSIFICATION_POINTS, REGRESSION_POINTS = 500, 1200
REGRESSION = ("plane", "hills")

Samples = tuple[np.ndarray, np.ndarray]

FEATURES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1_squared": lambda x1, x2: x1**2,
    "x2_squared": lambda x1, x2: x2**2,
    "x1_x2": lambda x1, x2: x1 * x2,
    "sin_x1": lambda x1, x2: np.sin(x1),
    "sin_x2": lambda x1, x2: np.sin(x2),
}


@dataclass(frozen=True)
class Split:
    """Points for training and for testing.

    Attributes:
        X_train: Points (n, 2), float32.
        y_train: Their targets (n, 1), float32.
        X_test: Other points (m, 2).
        y_test: Their targets (m, 1).
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


def features(X: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return the named features of points.

    Args:
        X: Points (n, 2).
        names: Names of `FEATURES`.

    Returns:
        A float32 array (n, len(names)).
    """
    return np.stack([FEATURES[name](X[:, 0], X[:, 1]) for name in names], axis=1).astype("float32")


def make(kind: str, noise: int, seed: int) -> Samples:
    """Draw points of a kind.

    Args:
        kind: One of "circle", "xor", "gauss", "spiral", "plane" and "hills".
        noise: Percent of noise, from 0 to 50. It moves the points of "gauss" and "spiral", and targets near a border otherwise.
        seed: The same seed gives the same points.

    Returns:
        `(X, y)`: points (n, 2) and targets (n,), float32, in random order.
    """
    rng = np.random.default_rng([seed, sorted(_KINDS).index(kind)])
    X, y = _KINDS[kind](rng, noise / 100)
    order = rng.permutation(len(X))
    return X[order].astype("float32"), y[order].astype("float32")


def split(X: np.ndarray, y: np.ndarray, train_share: int) -> Split:
    """Divide points into the first `train_share` percent, at least one where there are any, and the rest."""
    X, y = np.asarray(X, "float32").reshape(-1, 2), np.asarray(y, "float32").reshape(-1, 1)
    count = min(len(X), max(1, round(len(X) * train_share / 100)))
    return Split(X[:count], y[:count], X[count:], y[count:])


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)


def _circle(rng: np.random.Generator, noise: float) -> Samples:
    half, radius = CLASSIFICATION_POINTS // 2, 5.0
    distance = np.concatenate([rng.uniform(0, 0.5, half), rng.uniform(0.7, 1.0, half)]) * radius
    X = _polar(distance, rng.uniform(0, 2 * np.pi, 2 * half))
    seen = X + rng.uniform(-radius, radius, X.shape) * noise
    return X, np.where(np.hypot(*seen.T) < radius / 2, 1.0, -1.0)


def _xor(rng: np.random.Generator, noise: float) -> Samples:
    gap = 0.3  # no point lies nearer to an axis
    X = rng.uniform(-5, 5, (CLASSIFICATION_POINTS, 2))
    X += np.where(X > 0, gap, -gap)
    seen = X + rng.uniform(-5, 5, X.shape) * noise
    return X, np.where(seen.prod(axis=1) >= 0, 1.0, -1.0)


def _gauss(rng: np.random.Generator, noise: float) -> Samples:
    half = CLASSIFICATION_POINTS // 2
    y = np.repeat([1.0, -1.0], half)
    variance = 0.5 + 7 * noise
    X = 2 * y[:, None] + rng.normal(0, np.sqrt(variance), (2 * half, 2))
    return np.clip(X, -EDGE, EDGE), y


def _spiral(rng: np.random.Generator, noise: float) -> Samples:
    half = CLASSIFICATION_POINTS // 2
    along = np.arange(half) / half
    arms = [_polar(5 * along, 1.75 * along * 2 * np.pi + turn) for turn in (0.0, np.pi)]
    X = np.concatenate(arms)
    return X + rng.uniform(-1, 1, X.shape) * noise, np.repeat([1.0, -1.0], half)


def _plane(rng: np.random.Generator, noise: float) -> Samples:
    X = rng.uniform(-EDGE, EDGE, (REGRESSION_POINTS, 2))
    seen = X + rng.uniform(-EDGE, EDGE, X.shape) * noise
    return X, np.clip(seen.sum(axis=1) / 10, -1, 1)


def _hills(rng: np.random.Generator, noise: float) -> Samples:
    tops = np.array([(x, y) for y in (2.5, -2.5) for x in (-4, 0, 4)])
    signs = np.array([1, -1, 1, -1, 1, -1])
    X = rng.uniform(-EDGE, EDGE, (REGRESSION_POINTS, 2))
    seen = X + rng.uniform(-EDGE, EDGE, X.shape) * noise
    height = np.clip(1 - np.linalg.norm(seen[:, None] - tops, axis=2) / 2, 0, 1)
    nearest = height.argmax(axis=1)
    return X, signs[nearest] * height.max(axis=1)


_KINDS = {"circle": _circle, "xor": _xor, "gauss": _gauss, "spiral": _spiral, "plane": _plane, "hills": _hills}
