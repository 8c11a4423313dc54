"""Arrays in the cache: computed once, then mapped into memory, read-only.

Each array is an .npy file in a folder of the cache. Knows nothing of data sets: the caller says how the
arrays are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from coursekit.data.cache import Cache, settle
from coursekit.data.folders import damaged, filled, kept_folder

__all__ = ["Arrays", "as_type", "kept", "stored"]

Arrays = Mapping[str, np.ndarray]


def stored(cache: Cache, name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays of a cache entry as read-only memory maps, computing them if necessary.

    Args:
        cache: The cache.
        name: Name of the entry.
        make: Function that computes the arrays, called if the cache has no intact entry.

    Returns:
        A mapping from names to arrays.
    """
    found = kept(cache, name)
    if found is not None:
        return found
    arrays = make()

    def fill(folder: Path) -> None:
        for key, array in arrays.items():
            _save(folder / f"{key}.npy", array)

    opened = _mapped(filled(cache, name, fill))
    if opened is None:  # removed or damaged in the meantime: the arrays are still right
        return {key: _frozen(array) for key, array in arrays.items()}
    return opened


def kept(cache: Cache, name: str) -> Arrays | None:
    """Return the arrays of a cache entry if it is intact, else None.

    A damaged entry is removed and reported.

    Args:
        cache: The cache.
        name: Name of the entry.
    """
    folder = kept_folder(cache, name)
    return None if folder is None else _mapped(folder)


def as_type(arrays: Arrays, dtype: DTypeLike) -> Arrays:
    """Return arrays of another type, read-only. An array that has the type is not copied."""
    return {key: array if array.dtype == dtype else _frozen(array.astype(dtype)) for key, array in arrays.items()}


def _save(path: Path, array: np.ndarray) -> None:
    """Write an array to a new .npy file and wait until it is on the disk."""
    array = np.ascontiguousarray(array)
    with open(path, "xb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data)
    settle(path)


def _mapped(folder: Path) -> Arrays | None:
    """Map all arrays of a folder into memory, or return None and remove the folder if one is damaged."""
    try:
        return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in sorted(folder.glob("*.npy"))}
    except (OSError, ValueError) as error:
        damaged(folder, error)
        return None


def _frozen(array: np.ndarray) -> np.ndarray:
    """Return a read-only view of an array."""
    array = array.view()
    array.flags.writeable = False
    return array
