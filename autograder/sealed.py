"""Sealed splits: samples that no student-facing loader returns, for hidden tests that ask how well a model does on new data.

A hidden test imports this module between its markers, so that the released notebook does not; the published course has no
`autograder`. Knows nothing of labs, marks or submissions.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coursekit import data
from coursekit.data import Settings, decode, housing, sources

__all__ = ["FILES", "NAMES", "load"]

SEED = 7_310_552_918  # of everything that chance decides here
COUNT = 2_000  # pictures of Fashion-MNIST
DISTRICTS = 2_580  # as many of the stand-in as the real split has
DISTRICTS_SEED = SEED + 13  # of fourteen draws that in which small and large networks do as on the rest of the test rows
DIM, BRIGHT = (0.86, 0.95), (1.05, 1.14)  # by how much a picture is re-lit: never by nothing

Sample = tuple[np.ndarray, np.ndarray]


def load(name: str, *, size: int = 160, settings: Settings | None = None) -> Sample:
    """The sealed split of a data set, real or drawn as COURSEKIT_DATA says, in the types that its loader gives.

    "california-housing": X float32 (2580, 8), y float32 (2580,): the test rows that the loader leaves out; of the stand-in,
    districts drawn for this purpose alone.
    "fashion-mnist": X uint8 (2000, 28, 28), y int64 (2000,): official test pictures, moved by up to half a pixel and re-lit a
    little; of the stand-in, pictures drawn for this purpose alone.
    "clothing": X uint8 (n, size, size, 3), y int64 (n,): the test photographs, 20 of a class at most, each cut off a little at the
    edges, every other one mirrored. size: in pixels, for this set only.
    The same call gives the same values. The arrays are new: they may be changed.
    Raises ValueError for an unknown name, DataError if the real set is asked for and cannot be had.
    """
    if name not in _LOADERS:
        raise ValueError(f"no sealed split is called {name!r}; there are: {', '.join(_LOADERS)}")
    settings = settings or Settings.from_environment()
    drawn = data.source(name, settings=settings) == "drawn"
    return _LOADERS[name](drawn, size, settings)


def _housing(drawn: bool, size: int, settings: Settings) -> Sample:
    if drawn:
        from coursekit.drawn.housing import districts

        return districts(DISTRICTS, DISTRICTS_SEED)
    X, y = housing.read_rows(sources.fetch_all(settings.registry["california-housing"], settings))
    _, _, test = housing.split(len(X))
    rows = test[len(test) // 2 :]
    return X[rows], y[rows]


def _fashion(drawn: bool, size: int, settings: Settings) -> Sample:
    if drawn:
        from coursekit.drawn import fashion_mnist

        *_, X, y = fashion_mnist(train=0, test=COUNT, seed=SEED)
        return X, y.astype(np.int64)
    fashion = data.load_fashion_mnist(settings=settings)
    rng = np.random.default_rng(SEED)
    rows = rng.permutation(len(fashion.X_test))[:COUNT]
    return _relit(rng, _moved(rng, fashion.X_test[rows])), fashion.y_test[rows].copy()


def _clothing(drawn: bool, size: int, settings: Settings) -> Sample:
    """From the files, not from arrays of that size, so that what is cut out is as sharp as what the loader gives."""
    rng = np.random.default_rng(SEED)
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


_LOADERS: dict[str, Callable[[bool, int, Settings], Sample]] = {
    "california-housing": _housing,
    "fashion-mnist": _fashion,
    "clothing": _clothing,
}
NAMES = tuple(_LOADERS)
# Downloaded files that hold the sealed samples as they are: no student's process may read them.
FILES = {"california-housing": ("cal_housing.tgz",)}
