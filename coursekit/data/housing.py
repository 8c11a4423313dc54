"""California housing as the labs use it: eight numbers per district and its median house value.

Real or drawn. A fixed part of the rows, the sealed split, is excluded from everything that is cached
and returned here. Knows nothing of how files are obtained.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from coursekit.data import decode
from coursekit.data.arrays import Arrays, as_type
from coursekit.data.choice import Source, load
from coursekit.data.dataset import ArrayDataset
from coursekit.data.settings import Settings

__all__ = ["CALIFORNIA_HOUSING", "Housing", "draw_rows", "load_california_housing", "read_rows", "split"]

FEATURE_NAMES = ("MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude")
TARGET_NAME = "MedHouseVal"
SEED = 42  # of the published split: a quarter for testing, then a quarter of the rest for validation


@dataclass(frozen=True, eq=False, repr=False)
class Housing:
    """Districts and their median house value in three parts: training, validation and test.

    The arrays are read-only.

    Attributes:
        X_train: Features, float64 (n, 8), one column per name in `feature_names`.
        y_train: Median house value in units of $100,000, float64 (n,), capped at 5.00001.
        X_valid: Features for validation.
        y_valid: House values for validation.
        X_test: Features for testing.
        y_test: House values for testing.
        feature_names: Name of each column.
        target_name: Name of the target.
        source: "real", or "drawn" for the stand-in.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_valid: np.ndarray
    y_valid: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    feature_names: tuple[str, ...]
    target_name: str
    source: Source

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{part} {len(y):,}" for part, y in (("train", self.y_train), ("valid", self.y_valid), ("test", self.y_test))
        )
        return f"Housing({counts}; {len(self.feature_names)} features, target {self.target_name}, source={self.source!r})"


def load_california_housing(*, dtype: DTypeLike = np.float64, settings: Settings | None = None) -> Housing:
    """Load California housing: districts of the 1990 census (Pace and Barry 1997), as in scikit-learn.

    The numbers are those of scikit-learn's `fetch_california_housing()`, to the last digit. The split is that
    of `train_test_split(random_state=42)` applied twice. `X_test` is the first half of its test rows. Without a
    network and a mirror, drawn districts are used after a warning, and `source` is "drawn".

    Args:
        dtype: Type of all arrays: float64, or float32 for half the memory. Results that hang on the last digits,
            such as those of a long training, differ between the two.
        settings: Where to look for the file. By default this comes from the environment variables.

    Returns:
        Housing with `X_train` float64 (11610, 8), `X_valid` (3870, 8), `X_test` (2580, 8), and targets
        float64 (n,) in units of $100,000.

    Raises:
        ValueError: If `dtype` is another one.
        DataError: If COURSEKIT_DATA is "real" and the file cannot be obtained, or the disk is full.
    """
    if not any(dtype in (kind, kind.__name__, np.dtype(kind)) for kind in (np.float64, np.float32)):
        raise ValueError(f"dtype is {dtype!r}: expected float64 or float32, as in load_california_housing(dtype=np.float32)")
    arrays, source = load(CALIFORNIA_HOUSING, settings or Settings.from_environment())
    return Housing(**as_type(arrays, dtype), feature_names=FEATURE_NAMES, target_name=TARGET_NAME, source=source)


def split(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices of the training, validation and test rows.

    They are those of scikit-learn's `train_test_split(random_state=42)` applied twice.

    Args:
        rows: Number of all rows.
    """
    rest, test = _quarter(np.arange(rows))
    train, valid = _quarter(rest)
    return train, valid, test


def _quarter(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split indices into three quarters and one quarter.

    Uses NumPy's legacy generator, whose numbers never change.
    """
    order = np.random.RandomState(SEED).permutation(len(indices))
    count = -(-len(indices) // 4)
    return indices[order[count:]], indices[order[:count]]


def read_rows(paths: dict[str, Path]) -> tuple[np.ndarray, np.ndarray]:
    """Read all rows of the official archive in their order.

    Args:
        paths: Paths of the files by name.

    Returns:
        A tuple `(X, y)`: X float64 (20640, 8), y float64 (20640,).
    """
    table = decode.csv_in_tar(paths["cal_housing.tgz"], "CaliforniaHousing/cal_housing.data", columns=9)
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = table.T
    columns = [income, age, rooms / households, bedrooms / households, population, population / households, latitude, longitude]
    return np.stack(columns, axis=1), value / 100_000


def draw_rows() -> tuple[np.ndarray, np.ndarray]:
    """Draw all rows of the stand-in, with the shapes and dtypes of `read_rows`."""
    from coursekit.drawn import housing

    return housing.districts()


def _public(X: np.ndarray, y: np.ndarray) -> Arrays:
    """Return the arrays for students. The second half of the test rows is not part of them."""
    train, valid, test = split(len(X))
    parts = {"train": train, "valid": valid, "test": test[: len(test) // 2]}
    return {f"{letter}_{part}": array[rows] for part, rows in parts.items() for letter, array in (("X", X), ("y", y))}


def _drawn_by() -> list[Path]:
    """Return the source files that draw the stand-in."""
    return [Path(__file__).resolve().parent.parent / "drawn" / "housing.py"]


CALIFORNIA_HOUSING = ArrayDataset(
    "california-housing", lambda paths: _public(*read_rows(paths)), lambda: _public(*draw_rows()), _drawn_by, form="float64"
)
