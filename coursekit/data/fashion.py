"""Fashion-MNIST as the labs use it: training, validation and test pictures, real or drawn. Knows nothing of how files come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.data import decode
from coursekit.data.arrays import Arrays
from coursekit.data.choice import Source, load
from coursekit.data.dataset import ArrayDataset
from coursekit.data.settings import Settings

__all__ = ["FASHION_MNIST", "Splits", "load_fashion_mnist"]

CLASS_NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
VALIDATION = 5_000  # the last of the official training samples


@dataclass(frozen=True, eq=False, repr=False)
class Splits:
    """Pictures and labels in three parts. The arrays are read-only memory maps: `X / 255` makes a new array.

    X_train uint8 (n, height, width) from 0 (black) to 255, y_train int64 (n,) with class numbers; the same for valid and test.
    class_names: the name of each class number. source: "real", or "drawn" for the stand-in.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_valid: np.ndarray
    y_valid: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
    source: Source

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{part} {len(y):,}" for part, y in (("train", self.y_train), ("valid", self.y_valid), ("test", self.y_test))
        )
        return f"Splits({counts}; samples {self.X_train.shape[1:]}, {len(self.class_names)} classes, source={self.source!r})"


def load_fashion_mnist(*, settings: Settings | None = None) -> Splits:
    """Fashion-MNIST: pictures of clothes in ten classes (Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747).

    Returns Splits: X_train uint8 (55000, 28, 28), X_valid (5000, 28, 28), X_test (10000, 28, 28), labels int64 from 0 to 9.
    Validation is the last 5,000 of the 60,000 official training samples.
    Without a network and a mirror, drawn pictures serve after a warning, and `source` is "drawn".
    Raises DataError if COURSEKIT_DATA=real and the files cannot be had, or if the disk is full.
    settings: where to look; the environment decides if left out.
    """
    arrays, source = load(FASHION_MNIST, settings or Settings.from_environment())
    X, y = arrays["X_train"], arrays["y_train"]
    cut = len(X) - VALIDATION
    return Splits(X[:cut], y[:cut], X[cut:], y[cut:], arrays["X_test"], arrays["y_test"], CLASS_NAMES, source)


def _read(paths: dict[str, Path]) -> Arrays:
    return {
        "X_train": decode.idx(paths["train-images-idx3-ubyte.gz"]),
        "y_train": decode.idx(paths["train-labels-idx1-ubyte.gz"]).astype(np.int64),
        "X_test": decode.idx(paths["t10k-images-idx3-ubyte.gz"]),
        "y_test": decode.idx(paths["t10k-labels-idx1-ubyte.gz"]).astype(np.int64),
    }


def _draw() -> Arrays:
    from coursekit import drawn

    X_train, y_train, X_test, y_test = drawn.fashion_mnist()
    return {"X_train": X_train, "y_train": y_train.astype(np.int64), "X_test": X_test, "y_test": y_test.astype(np.int64)}


def _drawn_by() -> list[Path]:
    folder = Path(__file__).resolve().parent.parent / "drawn"
    return [folder / f"{module}.py" for module in ("_fashion", "cloth", "others", "shapes", "shoes", "tops")]


FASHION_MNIST = ArrayDataset("fashion-mnist", _read, _draw, _drawn_by)
