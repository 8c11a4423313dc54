"""Arrays kept on disk: made once, afterwards only mapped into memory, read-only. One .npy file an array, in a kept folder.

Knows nothing of data sets: it is told how to make the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from coursekit.data.cache import Cache, settle
from coursekit.data.folders import damaged, filled, kept_folder

__all__ = ["Arrays", "kept", "stored"]

Arrays = Mapping[str, np.ndarray]


def stored(cache: Cache, name: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of the entry `name`, as read-only memory maps; made by `make` if the cache has none in good state."""
    found = kept(cache, name)
    if found is not None:
        return found
    arrays = make()

    def fill(folder: Path) -> None:
        for key, array in arrays.items():
            _save(folder / f"{key}.npy", array)

    opened = _mapped(filled(cache, name, fill))
    if opened is None:  # removed or damaged between two lines: what was made is still right
        return {key: _frozen(array) for key, array in arrays.items()}
    return opened


def kept(cache: Cache, name: str) -> Arrays | None:
    """The arrays of the entry `name` if the cache has them in good state. A damaged entry is removed and reported."""
    folder = kept_folder(cache, name)
    return None if folder is None else _mapped(folder)


def _save(path: Path, array: np.ndarray) -> None:
    array = np.ascontiguousarray(array)
    with open(path, "xb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data)
    settle(path)


def _mapped(folder: Path) -> Arrays | None:
    try:
        return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in sorted(folder.glob("*.npy"))}
    except (OSError, ValueError) as error:
        damaged(folder, error)
        return None


def _frozen(array: np.ndarray) -> np.ndarray:
    array = array.view()
    array.flags.writeable = False
    return array
