"""Arrays kept on disk: made once, afterwards only mapped into memory, read-only.

A folder holds one .npy file an array and a manifest with each file's size, modification time and SHA-256. A file is trusted
if size and time are those in the manifest; if only the time differs, its bytes are checked again; if anything else differs,
the folder is removed and made again. Knows nothing of data sets: it is told how to make the arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .cache import Cache, discard, settle, writing, writing_folder
from .errors import note
from .sources import sha256

__all__ = ["Arrays", "kept", "stored"]

Arrays = Mapping[str, np.ndarray]

_MANIFEST = "manifest.json"


def stored(cache: Cache, name: str, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of the entry `name`, as read-only memory maps; made by `make` if the cache has none in good state."""
    found = kept(cache, name)
    if found is not None:
        return found
    arrays = make()
    target = cache.target(name)
    with writing_folder(target) as folder:
        manifest = {key: _save(folder / f"{key}.npy", array) for key, array in arrays.items()}
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    opened = _open(target)
    if opened is None:  # removed or damaged between two lines: what was made is still right
        return {key: _frozen(array) for key, array in arrays.items()}
    return opened


def kept(cache: Cache, name: str) -> Arrays | None:
    """The arrays of the entry `name` if the cache has them in good state. A damaged entry is removed and reported."""
    for folder in cache.places(name):
        opened = _open(folder)
        if opened is not None:
            return opened
    return None


def _save(path: Path, array: np.ndarray) -> dict[str, Any]:
    array = np.ascontiguousarray(array)
    with open(path, "xb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data)
    settle(path)
    return {**_stamp(path), "sha256": sha256(path)}


def _stamp(path: Path) -> dict[str, int]:
    state = path.stat()
    return {"bytes": state.st_size, "mtime_ns": state.st_mtime_ns}


def _open(folder: Path) -> Arrays | None:
    if not folder.is_dir():
        return None
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        _verify(folder, manifest)
        return {key: np.load(folder / f"{key}.npy", mmap_mode="r", allow_pickle=False) for key in manifest}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        discard(folder)
        note(f"{folder} is damaged ({error}); it is made again.")
        return None


def _verify(folder: Path, manifest: dict[str, Any]) -> None:
    """Raise ValueError if a file is not the one the manifest speaks of."""
    moved = False
    for key, expected in manifest.items():
        path = folder / f"{key}.npy"
        state = _stamp(path)
        if state["bytes"] != expected["bytes"]:
            raise ValueError(f"{path.name} has {state['bytes']:,} bytes, expected {expected['bytes']:,}")
        if state["mtime_ns"] != expected["mtime_ns"]:
            if sha256(path) != expected["sha256"]:
                raise ValueError(f"the SHA-256 of {path.name} is not the one it was written with")
            expected["mtime_ns"], moved = state["mtime_ns"], True
    if moved:
        _remember(folder, manifest)


def _remember(folder: Path, manifest: dict[str, Any]) -> None:
    try:
        with writing(folder / _MANIFEST) as part:
            part.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    except (OSError, RuntimeError):
        return  # a cache that cannot be written is checked anew each time


def _frozen(array: np.ndarray) -> np.ndarray:
    array = array.view()
    array.flags.writeable = False
    return array
