"""Photographs of clothes as the labs use them: arrays of one size, or a folder of JPEG files.

Real or drawn. Knows nothing of how files are obtained.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from coursekit.data import decode
from coursekit.data.arrays import Arrays
from coursekit.data.choice import choose, load
from coursekit.data.dataset import ArrayDataset, short
from coursekit.data.fashion import Splits
from coursekit.data.folders import filled, kept_folder
from coursekit.data.settings import Settings
from coursekit.data.sources import fetch_all

__all__ = ["CLOTHING", "clothing_folder", "load_clothing"]

NAME = "clothing"
CLASS_NAMES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
SPLITS = {"train": "train", "valid": "validation", "test": "test"}  # name in the arrays → name of the folder
SIZE = 160  # size of the drawn photographs, and the default
SIZES = range(16, 513)
SEED = 42  # of the shuffling


def load_clothing(size: int = SIZE, *, settings: Settings | None = None) -> Splits:
    """Load photographs of clothes in ten classes (Grigorev 2020).

    The samples are shuffled, always in the same order. Without a network and a mirror, drawn photographs
    are used after a warning, and `source` is "drawn".

    Args:
        size: Height and width in pixels, from 16 to 512. Each photograph is resized to a square of this
            size, whatever its shape.
        settings: Where to look for the files. By default this comes from the environment variables.

    Returns:
        Splits with `X_train` uint8 (500, size, size, 3), `X_valid` (120, size, size, 3), `X_test`
        (179, size, size, 3), and labels int64 from 0 to 9. The drawn set has 200 test samples.

    Raises:
        ValueError: If `size` is out of range.
        DataError: If COURSEKIT_DATA is "real" and the files cannot be obtained, or the disk is full.
    """
    if size not in SIZES:
        raise ValueError(f"size is {size!r}: expected a whole number of pixels from {SIZES.start} to {SIZES.stop - 1}")
    settings = settings or Settings.from_environment()
    dataset = CLOTHING if size == SIZE else _of_size(int(size), lambda: _scaled(CLOTHING.drawn(settings), int(size)))
    arrays, source = load(dataset, settings)
    return Splits(**arrays, class_names=CLASS_NAMES, source=source)


def clothing_folder(*, settings: Settings | None = None) -> Path:
    """Return a folder with the photographs as files, for `keras.utils.image_dataset_from_directory`.

    The folder holds `train`, `validation` and `test`. Each of these holds one folder per class with .jpg
    files. It is part of the cache and read-only. The photographs are real or drawn, as for
    `load_clothing`.

    Args:
        settings: Where to look for the files. By default this comes from the environment variables.

    Raises:
        DataError: If COURSEKIT_DATA is "real" and the files cannot be obtained, or the disk is full.
    """
    settings = settings or Settings.from_environment()
    folder, _ = choose(NAME, settings, real=lambda: _real_folder(settings), drawn=lambda: _drawn_folder(settings))
    return folder


# ── arrays ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_size(size: int, draw: Callable[[], Arrays]) -> ArrayDataset:
    """Describe the data set with photographs of this size."""
    return ArrayDataset(NAME, lambda paths: _read(paths, size), draw, _drawn_by, form=str(size))


def _read(paths: dict[str, Path], size: int) -> Arrays:
    """Decode the photographs from their files."""
    arrays: dict[str, np.ndarray] = {}
    for part, split in SPLITS.items():
        names = [name for name in paths if name.startswith(f"{split}/")]
        X = decode.photographs([paths[name] for name in names], size)
        y = np.array([CLASS_NAMES.index(name.split("/")[1]) for name in names], np.int64)
        arrays |= _shuffled(part, X, y)
    return arrays


def _draw() -> Arrays:
    """Draw the stand-in."""
    from coursekit.drawn import photos

    arrays: dict[str, np.ndarray] = {}
    for part, split in SPLITS.items():
        X, y = photos.clothing_photos(split)
        arrays |= _shuffled(part, X, y.astype(np.int64))
    return arrays


def _scaled(arrays: Arrays, size: int) -> Arrays:
    """Resize the drawn photographs."""
    return {name: decode.resized(array, size) if name.startswith("X") else array for name, array in arrays.items()}


def _shuffled(part: str, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Shuffle one split. The files come class by class, and a lab may use only the first hundred samples."""
    order = np.random.RandomState(SEED).permutation(len(y))
    return {f"X_{part}": X[order], f"y_{part}": y[order]}


def _drawn_by() -> list[Path]:
    """Return every source file of `drawn`, since its modules share code."""
    return sorted((Path(__file__).resolve().parent.parent / "drawn").glob("*.py"))


CLOTHING = _of_size(SIZE, _draw)


# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _real_folder(settings: Settings) -> Path:
    """Return a folder with the files of the registry and no others.

    The folder of the cache itself may hold more files, or be split into two folders.
    """
    dataset = settings.registry[NAME]
    name = f"{NAME}/photographs-{short(' '.join(f'{file.name} {file.sha256}' for file in dataset.files).encode())}"

    def fill(folder: Path) -> None:
        for file, path in fetch_all(dataset, settings).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _link(path, folder / file)

    return kept_folder(settings.cache, name) or filled(settings.cache, name, fill)


def _link(path: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no links."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _drawn_folder(settings: Settings) -> Path:
    """Return a folder with the drawn photographs as files."""

    def fill(folder: Path) -> None:
        arrays = CLOTHING.drawn(settings)
        for part, split in SPLITS.items():
            for label, class_name in enumerate(CLASS_NAMES):
                (folder / split / class_name).mkdir(parents=True)
                for number, picture in enumerate(arrays[f"X_{part}"][arrays[f"y_{part}"] == label]):
                    decode.write_photograph(folder / split / class_name / f"drawn-{number:03}.jpg", picture)

    name = f"{NAME}/drawn-files-{CLOTHING.drawn_entry().rpartition('-')[2]}"
    return kept_folder(settings.cache, name) or filled(settings.cache, name, fill)
