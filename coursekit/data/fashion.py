"""Fashion-MNIST as the labs use it: training, validation and test pictures, real or drawn.

Knows nothing of how files are obtained.
"""

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
    """Pictures and labels in three parts: training, validation and test.

    The arrays are read-only memory maps. `X / 255` creates a new array.

    Attributes:
        X_train: Pictures, uint8 (n, height, width) or (n, height, width, 3), from 0 (black) to 255.
        y_train: Class numbers, int64 (n,).
        X_valid: Pictures for validation.
        y_valid: Class numbers for validation.
        X_test: Pictures for testing.
        y_test: Class numbers for testing.
        class_names: Name of each class, in the order of the class numbers.
        source: "real", or "drawn" for the stand-in.
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
    """Load Fashion-MNIST: pictures of clothes in ten classes.

    See Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747. The validation set is the last 5,000 of the 60,000
    official training samples. Without a network and a mirror, drawn pictures are used after a warning, and
    `source` is "drawn".

    Args:
        settings: Where to look for the files. By default this comes from the environment variables.

    Returns:
        Splits with `X_train` uint8 (55000, 28, 28), `X_valid` (5000, 28, 28), `X_test` (10000, 28, 28), and
        labels int64 from 0 to 9.

    Raises:
        DataError: If COURSEKIT_DATA is "real" and the files cannot be obtained, or the disk is full.

    Example:
        >>> fashion = data.load_fashion_mnist()
        >>> X = fashion.X_train / 255
    """
    arrays, source = load(FASHION_MNIST, settings or Settings.from_environment())
    X, y = arrays["X_train"], arrays["y_train"]
    cut = len(X) - VALIDATION
    return Splits(X[:cut], y[:cut], X[cut:], y[cut:], arrays["X_test"], arrays["y_test"], CLASS_NAMES, source)


def _read(paths: dict[str, Path]) -> Arrays:
    """Decode the official files."""
    return {
        "X_train": decode.idx(paths["train-images-idx3-ubyte.gz"]),
        "y_train": decode.idx(paths["train-labels-idx1-ubyte.gz"]).astype(np.int64),
        "X_test": decode.idx(paths["t10k-images-idx3-ubyte.gz"]),
        "y_test": decode.idx(paths["t10k-labels-idx1-ubyte.gz"]).astype(np.int64),
    }


def _draw() -> Arrays:
    """Draw the stand-in."""
    from coursekit import drawn

    X_train, y_train, X_test, y_test = drawn.fashion_mnist()
    return {"X_train": X_train, "y_train": y_train.astype(np.int64), "X_test": X_test, "y_test": y_test.astype(np.int64)}


def _drawn_by() -> list[Path]:
    """Return the source files that draw the stand-in."""
    folder = Path(__file__).resolve().parent.parent / "drawn"
    return [folder / f"{module}.py" for module in ("_fashion", "cloth", "others", "shapes", "shoes", "tops")]


FASHION_MNIST = ArrayDataset("fashion-mnist", _read, _draw, _drawn_by)
