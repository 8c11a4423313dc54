"""Photographs of clothes as the labs use them: as arrays of one size, or as a folder of JPEG files; real or drawn.

Knows nothing of how files come.
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
SPLITS = {"train": "train", "valid": "validation", "test": "test"}  # names of the arrays and of the folders
SIZE = 160  # as drawn, and as loaded if nothing else is said
SIZES = range(16, 513)
SEED = 42  # of the order in which the photographs come


def load_clothing(size: int = SIZE, *, settings: Settings | None = None) -> Splits:
    """Photographs of clothes in ten classes (Grigorev 2020): 500 to learn from, 120 for validation, 179 for testing.

    size: height and width in pixels to which each photograph is brought, whatever its shape was; 16 to 512.
    Returns Splits: X_train uint8 (500, size, size, 3), y_train int64 (500,) from 0 to 9; the same for valid and test. The
    order is shuffled, always in the same way.
    Without a network and a mirror, drawn photographs serve after a warning, and `source` is "drawn".
    Raises ValueError for a size out of range, DataError if COURSEKIT_DATA=real and the files cannot be had, or if the disk is
    full. settings: where to look; the environment decides if left out.
    """
    if size not in SIZES:
        raise ValueError(f"size is {size!r}: expected a whole number of pixels from {SIZES.start} to {SIZES.stop - 1}")
    settings = settings or Settings.from_environment()
    dataset = CLOTHING if size == SIZE else _of_size(int(size), lambda: _scaled(CLOTHING.drawn(settings), int(size)))
    arrays, source = load(dataset, settings)
    return Splits(**arrays, class_names=CLASS_NAMES, source=source)


def clothing_folder(*, settings: Settings | None = None) -> Path:
    """A folder with the photographs as files, laid out for `keras.utils.image_dataset_from_directory`.

    It holds `train`, `validation` and `test`, in each of them one folder a class, and in those .jpg files. Treat it as
    read-only: it is the cache. Real or drawn as `load_clothing`, with the same errors.
    """
    settings = settings or Settings.from_environment()
    folder, _ = choose(NAME, settings, real=lambda: _real_folder(settings), drawn=lambda: _drawn_folder(settings))
    return folder


# ── arrays ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_size(size: int, draw: Callable[[], Arrays]) -> ArrayDataset:
    return ArrayDataset(NAME, lambda paths: _read(paths, size), draw, _drawn_by, form=str(size))


def _read(paths: dict[str, Path], size: int) -> Arrays:
    arrays: dict[str, np.ndarray] = {}
    for part, split in SPLITS.items():
        names = [name for name in paths if name.startswith(f"{split}/")]
        X = decode.photographs([paths[name] for name in names], size)
        y = np.array([CLASS_NAMES.index(name.split("/")[1]) for name in names], np.int64)
        arrays |= _shuffled(part, X, y)
    return arrays


def _draw() -> Arrays:
    from coursekit.drawn import photos

    arrays: dict[str, np.ndarray] = {}
    for part, split in SPLITS.items():
        X, y = photos.clothing_photos(split)
        arrays |= _shuffled(part, X, y.astype(np.int64))
    return arrays


def _scaled(arrays: Arrays, size: int) -> Arrays:
    """The drawn photographs at another size than they are drawn."""
    return {name: decode.resized(array, size) if name.startswith("X") else array for name, array in arrays.items()}


def _shuffled(part: str, X: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """The files come class by class; learning from the first hundred should not mean learning from dresses alone."""
    order = np.random.RandomState(SEED).permutation(len(y))
    return {f"X_{part}": X[order], f"y_{part}": y[order]}


def _drawn_by() -> list[Path]:
    """All that draws, for the photographs' modules share what they like."""
    return sorted((Path(__file__).resolve().parent.parent / "drawn").glob("*.py"))


CLOTHING = _of_size(SIZE, _draw)


# ── folders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _real_folder(settings: Settings) -> Path:
    """Only the files of the registry, all of them, in one place. The cache's own folder may hold more, or be two folders."""
    dataset = settings.registry[NAME]
    name = f"{NAME}/photographs-{short(' '.join(f'{file.name} {file.sha256}' for file in dataset.files).encode())}"

    def fill(folder: Path) -> None:
        for file, path in fetch_all(dataset, settings).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _link(path, folder / file)

    return kept_folder(settings.cache, name) or filled(settings.cache, name, fill)


def _link(path: Path, target: Path) -> None:
    """A second name for the same file; a copy where the file system has no such thing."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _drawn_folder(settings: Settings) -> Path:
    def fill(folder: Path) -> None:
        arrays = CLOTHING.drawn(settings)
        for part, split in SPLITS.items():
            for label, class_name in enumerate(CLASS_NAMES):
                (folder / split / class_name).mkdir(parents=True)
                for number, picture in enumerate(arrays[f"X_{part}"][arrays[f"y_{part}"] == label]):
                    decode.write_photograph(folder / split / class_name / f"drawn-{number:03}.jpg", picture)

    name = f"{NAME}/drawn-files-{CLOTHING.drawn_entry().rpartition('-')[2]}"
    return kept_folder(settings.cache, name) or filled(settings.cache, name, fill)
