"""Sealed splits: samples that no student-facing loader returns, for hidden tests that ask how well a model does on new data.

They are drawn from a secret of the course, which the grader gives to its examiners alone, in the variable COURSEKIT_SEALED_SECRET
(see `secret`). Where there is none, as when stock nbgrader runs the source notebook, the process draws one for itself and keeps to
it. Nothing in this file tells a student what is in a split, so nothing is lost when it is read.

One thing no secret can hide: the rows of California housing are public. What the loader leaves out, anybody can download. The split
is a part of these rows, each changed a little, so that a table of exact rows does not help; but a notebook that holds the whole
census can look for the nearest row. Drawn districts are nowhere to be had. The pictures are public too, but there a test asks the
student's network, not a function that could look them up.

A hidden test imports this module between its markers, so that the released notebook does not; the published course has no
`autograder`. Knows nothing of labs, marks or submissions.
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
COUNT = 2_000  # pictures of Fashion-MNIST, as many of each class
# Districts of the stand-in. Of as few as the loader's test split has, some draws would be harder than others by more than what separates
# a good network from one that was not trained enough; of so many, every draw is alike: a network's RMSE varies by a hundredth of itself.
DISTRICTS = 20_640
DIM, BRIGHT = (0.86, 0.95), (1.05, 1.14)  # by how much a picture is re-lit: never by nothing

Sample = tuple[np.ndarray, np.ndarray]


def load(name: str, *, size: int = 160, settings: Settings | None = None) -> Sample:
    """The sealed split of a data set, real or drawn as COURSEKIT_DATA says, in the types that its loader gives.

    "california-housing": X float32 (n, 8), y float32 (n,): 1,935 of the 2,580 test rows that the loader leaves out, each changed a
    little; of the stand-in, 20,640 districts drawn for this purpose alone.
    "fashion-mnist": X uint8 (2000, 28, 28), y int64 (2000,): official test pictures, moved by up to half a pixel and re-lit a
    little; of the stand-in, pictures drawn for this purpose alone. 200 of each class.
    "clothing": X uint8 (n, size, size, 3), y int64 (n,): the test photographs, 20 of a class at most, each cut off a little at the
    edges, every other one mirrored. size: in pixels, for this set only.
    The same call gives the same values for the same secret. The arrays are new: they may be changed.
    Raises ValueError for an unknown name, DataError if the real set is asked for and cannot be had.
    """
    if name not in _LOADERS:
        raise ValueError(f"no sealed split is called {name!r}; there are: {', '.join(_LOADERS)}")
    settings = settings or Settings.from_environment()
    drawn = data.source(name, settings=settings) == "drawn"
    return _LOADERS[name](np.random.default_rng(_seed(name)), drawn, size, settings)


def _seed(name: str) -> int:
    """What decides about one split; it says nothing about the secret or about another split."""
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
    """Districts that differ a little from those of X, as far as a census is exact: by half a per cent, and by some 400 metres.

    Ages stay, and people stay whole numbers.
    """
    moved = X * rng.uniform(0.995, 1.005, X.shape)
    moved[:, 1] = X[:, 1]
    moved[:, 4] = np.rint(moved[:, 4])
    moved[:, 6:] = X[:, 6:] + rng.uniform(-0.004, 0.004, (len(X), 2))
    return moved.astype(np.float32)


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
    """From the files, not from arrays of that size, so that what is cut out is as sharp as what the loader gives."""
    paths = sorted(data.clothing_folder(settings=settings).glob("test/*/*.jpg"))
    names = sorted({path.parent.name for path in paths})
    X = np.stack([decode.photograph(path, size, _box(rng)) for path in paths])
    mirrored = rng.permutation(len(X))[: len(X) // 2]
    X[mirrored] = X[mirrored, :, ::-1]
    y = np.array([names.index(path.parent.name) for path in paths], np.int64)
    order = rng.permutation(len(y))
    return X[order], y[order]


def _box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a part that holds nine tenths, more or less, of a photograph each way; all from 0 to 1."""
    width, height = rng.uniform(0.87, 0.96, 2)
    left, top = rng.uniform(0, 1, 2) * (1 - width, 1 - height)
    return left, top, left + width, top + height


def _moved(rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
    """Each picture (n, height, width) moved by up to half a pixel, up or down and left or right; float64.

    A whole pixel would cost a dense network five points of accuracy, and the split would measure something else.
    """
    moved = np.pad(X.astype(float), ((0, 0), (1, 1), (1, 1)))
    for axis in (1, 2):
        step = rng.uniform(-0.5, 0.5, (len(X), 1, 1))
        before, after = np.roll(moved, 1, axis), np.roll(moved, -1, axis)
        moved = (1 - abs(step)) * moved + abs(step) * np.where(step > 0, before, after)
    return moved[:, 1:-1, 1:-1]


def _relit(rng: np.random.Generator, X: np.ndarray) -> np.ndarray:
    """Each picture a little darker or a little brighter."""
    light = np.where(rng.random(len(X)) < 0.5, rng.uniform(*DIM, len(X)), rng.uniform(*BRIGHT, len(X)))
    lit = np.rint(X * light.reshape(-1, *[1] * (X.ndim - 1)))
    return np.clip(lit, 0, 255).astype(np.uint8)


def _integer(rng: np.random.Generator) -> int:
    """A number as a seed for what takes one."""
    return int.from_bytes(rng.bytes(16), "big")


_LOADERS: dict[str, Callable[[np.random.Generator, bool, int, Settings], Sample]] = {
    "california-housing": _housing,
    "fashion-mnist": _fashion,
    "clothing": _clothing,
}
NAMES = tuple(_LOADERS)
# Downloaded files that hold the sealed samples as they are: no student's process may read them.
FILES = {"california-housing": ("cal_housing.tgz",)}
