"""Folders in the cache: filled once, then only read.

A manifest in the folder holds the size, modification time and SHA-256 of each file. A file is trusted
if its size and time are those of the manifest. If only the time differs, the bytes are checked again.
If anything else differs, the folder is removed, so that it is created again. Knows nothing of what is
in the files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coursekit.data.cache import Cache, discard, sha256, writing, writing_folder
from coursekit.data.errors import note

__all__ = ["damaged", "filled", "kept_folder"]

_MANIFEST = "manifest.json"


def kept_folder(cache: Cache, name: str) -> Path | None:
    """Return the folder `name` if the cache has it and it is intact, else None.

    A damaged folder is removed and reported.
    """
    for folder in cache.places(name):
        if not folder.is_dir():
            continue
        try:
            _verify(folder, json.loads((folder / _MANIFEST).read_text(encoding="utf-8")))
            return folder
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            damaged(folder, error)
    return None


def damaged(folder: Path, why: Exception) -> None:
    """Remove a damaged folder and report it."""
    discard(folder)
    note(f"{folder} is damaged ({why}); it is created again.")


def filled(cache: Cache, name: str, fill: Callable[[Path], None]) -> Path:
    """Create the folder `name` and return its path.

    The folder gets its name only when it is complete. If another process was faster, its folder stays.

    Args:
        cache: The cache.
        name: Name of the entry.
        fill: Function that puts the files into the empty folder that it is given.
    """
    target = cache.target(name)
    with writing_folder(target) as folder:
        fill(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        manifest = {path.relative_to(folder).as_posix(): {**_stamp(path), "sha256": sha256(path)} for path in files}
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return target


def _stamp(path: Path) -> dict[str, int]:
    """Return the size and the modification time of a file."""
    state = path.stat()
    return {"bytes": state.st_size, "mtime_ns": state.st_mtime_ns}


def _verify(folder: Path, manifest: dict[str, Any]) -> None:
    """Raise ValueError if a file is not the one that the manifest describes."""
    moved = False
    for name, expected in manifest.items():
        path = folder / name
        state = _stamp(path)
        if state["bytes"] != expected["bytes"]:
            raise ValueError(f"{name} has {state['bytes']:,} bytes, expected {expected['bytes']:,}")
        if state["mtime_ns"] != expected["mtime_ns"]:
            if sha256(path) != expected["sha256"]:
                raise ValueError(f"the SHA-256 of {name} is not that of the file when it was written")
            expected["mtime_ns"], moved = state["mtime_ns"], True
    if moved:
        _remember(folder, manifest)


def _remember(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest again with new modification times."""
    try:
        with writing(folder / _MANIFEST) as part:
            part.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    except (OSError, RuntimeError):
        return  # a cache that cannot be written to is checked again each time
