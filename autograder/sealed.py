"""Sealed splits: samples that no loader for students returns, for hidden tests of how well a model works on new data.

A sealed split is drawn at random from a secret of the course. The grader passes this secret only to
examiners, in the variable COURSEKIT_SEALED_SECRET (see `autograder.grading.secret`). Without the
variable, for instance when stock nbgrader runs the source notebook, the process draws its own secret
once. This file does not reveal the content of a split, so students may read it.

A limitation: the rows of California housing are public, and anybody can download the rows that the
loader leaves out. The split consists of some of these rows, each changed slightly. A table of exact
rows therefore does not help, but a notebook that contains the whole census can search for the nearest
row. Synthetic districts are not published anywhere. The pictures are public too, but there a test
uses the student's network and not a function that could look them up.

A hidden test imports this module between its markers, so the released notebook does not contain the
import; the published course does not contain `autograder`. This module does not know labs, marks or
submissions.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from functools import cache
from hashlib import blake2b, sha256

import numpy as np

from coursekit import data
from coursekit.data import Settings, decode, housing, sources

__all__ = ["FILES", "NAMES", "VARIABLE", "load"]

VARIABLE = "COURSEKIT_SEALED_SECRET"
COUNT = 2_000  # pictures of Fashion-MNIST, equally many per class
# Districts of the synthetic housing data. With as few districts as in the loader's test split, the difficulty of
# the draws would vary by more than the difference between a good network and one that was not trained enough.
# With this number, the RMSE of a network varies by about 1 % between draws.
DISTRICTS = 20_640
DIM, BRIGHT = (0.86, 0.95), (1.05, 1.14)  # ranges of the brightness factor of a picture; it is never 1

Sample = tuple[np.ndarray, np.ndarray]


def load(name: str, *, size: int = 160, settings: Settings | None = None) -> Sample:
    """Load the sealed split of a data set, real or synthetic according to COURSEKIT_DATA.

    The arrays have the types that the loader of the data set returns:

    - "california-housing": X float64 (n, 8), y float64 (n,). Real: 1,935 of the 2,580 test rows
      that the loader leaves out, each changed slightly. Synthetic: 20,640 districts that are drawn
      only for this purpose.
    - "fashion-mnist": X uint8 (2000, 28, 28), y int64 (2000,), 200 pictures per class. Real:
      official test pictures, shifted by up to half a pixel and made slightly darker or brighter.
      Synthetic: pictures that are drawn only for this purpose.
    - "clothing": X uint8 (n, size, size, 3), y int64 (n,). The test photographs, at most 20 per
      class, each cropped slightly; half of them are mirrored.

    Args:
        name: Name of the data set.
        size: Width and height in pixels of the pictures of "clothing".
        settings: Data settings; by default those of the environment variables.

    Returns:
        New arrays (X, y), which the caller may change. The same call with the same secret returns
        the same values.

    Raises:
        ValueError: There is no sealed split with this name.
        DataError: The real data set was requested and cannot be obtained.
    """
    if name not in _LOADERS:
        raise ValueError(f"no sealed split is called {name!r}; there are: {', '.join(_LOADERS)}")
    settings = settings or Settings.from_environment()
    drawn = data.source(name, settings=settings) == "drawn"
    return _LOADERS[name](np.random.default_rng(_seed(name)), drawn, size, settings)


def _seed(name: str) -> int:
    """Return the seed of one split, from which neither the secret nor another split can be derived."""
    secret = os.environ.get(VARIABLE) or _own_secret()
    return int.from_bytes(blake2b(name.encode(), key=sha256(secret.encode()).digest(), digest_size=32).digest(), "big")


@cache
def _own_secret() -> str:
    return secrets.token_hex(32)


# ── districts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _housing(rng: np.random.Generator, drawn: bool, size: int, settings: Settings) -> Sample:
    if drawn:
        from coursekit.drawn.housing import districts

        return districts(DISTRICTS, _integer(rng))
    X, y = housing.read_rows(sources.fetch_all(settings.registry["california-housing"], settings))
    _, _, test = housing.split(len(X))
    rows = rng.permutation(test[len(test) // 2 :])
    rows = rows[: len(rows) * 3 // 4]
    return _nearby(rng, X[rows]), y[rows]


def _nearby(rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
    """Change the districts of X slightly, within the accuracy of a census: by up to 0.5 % and about 400 metres.

    Ages are not changed, and numbers of people remain whole numbers.
    """
    moved = X * rng.uniform(0.995, 1.005, X.shape)
    moved[:, 1] = X[:, 1]
    moved[:, 4] = np.rint(moved[:, 4])
    moved[:, 6:] = X[:, 6:] + rng.uniform(-0.004, 0.004, (len(X), 2))
    return moved


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _fashion(rng: np.random.Generator, drawn: bool, size: int, settings: Settings) -> Sample:
    if drawn:
        from coursekit.drawn import fashion_mnist

        *_, X, y = fashion_mnist(train=0, test=COUNT, seed=_integer(rng))
        return X, y.astype(np.int64)
    fashion = data.load_fashion_mnist(settings=settings)
    order = rng.permutation(len(fashion.y_test))
    classes = [order[fashion.y_test[order] == label][: COUNT // 10] for label in range(10)]
    rows = rng.permutation(np.concatenate(classes))
    return _relit(rng, _moved(rng, fashion.X_test[rows])), fashion.y_test[rows].copy()


def _clothing(rng: np.random.Generator, drawn: bool, size: int, settings: Settings) -> Sample:
    """Crop the photographs in the files, not resized arrays, so that they are as sharp as those of the loader."""
    paths = sorted(data.clothing_folder(settings=settings).glob("test/*/*.jpg"))
    names = sorted({path.parent.name for path in paths})
    X = np.stack([decode.photograph(path, size, _box(rng)) for path in paths])
    mirrored = rng.permutation(len(X))[: len(X) // 2]
    X[mirrored] = X[mirrored, :, ::-1]
    y = np.array([names.index(path.parent.name) for path in paths], np.int64)
    order = rng.permutation(len(y))
    return X[order], y[order]


def _box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom (0 to 1) of a crop of about nine tenths of the width and height of a photograph."""
    width, height = rng.uniform(0.87, 0.96, 2)
    left, top = rng.uniform(0, 1, 2) * (1 - width, 1 - height)
    return left, top, left + width, top + height


def _moved(rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
    """Shift each picture of X (n, height, width) by up to half a pixel in both directions; returns float64.

    A shift by a whole pixel would reduce the accuracy of a dense network by five percentage points, and the split would
    measure something else.
    """
    moved = np.pad(X.astype(float), ((0, 0), (1, 1), (1, 1)))
    for axis in (1, 2):
        step = rng.uniform(-0.5, 0.5, (len(X), 1, 1))
        before, after = np.roll(moved, 1, axis), np.roll(moved, -1, axis)
        moved = (1 - abs(step)) * moved + abs(step) * np.where(step > 0, before, after)
    return moved[:, 1:-1, 1:-1]


def _relit(rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
    """Make each picture slightly darker or brighter."""
    light = np.where(rng.random(len(X)) < 0.5, rng.uniform(*DIM, len(X)), rng.uniform(*BRIGHT, len(X)))
    lit = np.rint(X * light.reshape(-1, *[1] * (X.ndim - 1)))
    return np.clip(lit, 0, 255).astype(np.uint8)


def _integer(rng: np.random.Generator) -> int:
    """Draw an integer seed."""
    return int.from_bytes(rng.bytes(16), "big")


_LOADERS: dict[str, Callable[[np.random.Generator, bool, int, Settings], Sample]] = {
    "california-housing": _housing,
    "fashion-mnist": _fashion,
    "clothing": _clothing,
}
NAMES = tuple(_LOADERS)
# Downloaded files that contain unchanged sealed samples: no student process may read them.
FILES = {"california-housing": ("cal_housing.tgz",)}
