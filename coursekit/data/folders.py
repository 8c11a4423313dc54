"""Folders in the cache: filled once, then only read.

A manifest in the folder holds the size, modification time and SHA-256 of each file. A file is trusted
if its size and time are those of the manifest. If only the time differs, the bytes are checked again.
If anything else differs, the folder is removed, so that it is created again. If it holds anything more,
it is put aside instead, because what was added belongs to somebody. Knows nothing of what is in the
files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from coursekit.data.cache import Cache, discard, sha256, unlocked, writing, writing_folder
from coursekit.data.errors import DataError, note

__all__ = ["damaged", "filled", "kept_folder"]

_MANIFEST = "manifest.json"
_LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}


def kept_folder(cache: Cache, name: str) -> Path | None:
    """Return the folder `name` if the cache has it and it is intact, else None.

    A damaged folder is removed and reported, one with something added is put aside and reported.
    """
    for folder in cache.places(name):
        if not folder.is_dir():
            continue
        try:
            manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
            added = _added(folder, manifest)
            if added:
                _put_aside(folder, added)
                continue
            _verify(folder, manifest)
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

    The folder gets its name only when it is complete, and is read-only then. If another process was faster, its folder stays.

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


def _added(folder: Path, manifest: Mapping[str, object]) -> list[str]:
    """Return the names of the files and folders that the manifest does not describe."""
    files = {*manifest, _MANIFEST}
    parents = {parent.as_posix() for name in manifest for parent in PurePosixPath(name).parents}
    return sorted(name for name in _names(folder) if name not in files and name not in parents)


def _names(folder: Path) -> Iterator[str]:
    """Yield the names of all files and folders in a folder, apart from what file managers and Jupyter leave everywhere."""
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        for name in [name for name in folders if not name.startswith(".")] + [name for name in files if name not in _LITTER]:
            if not name.startswith(f"{_MANIFEST}."):  # being written
                yield (inside / name).as_posix()


def _put_aside(folder: Path, added: list[str]) -> None:
    """Give a folder to which something was added another name, and report it."""
    number = next(n for n in count(1) if not folder.with_name(f"{folder.name}.changed-{n}").exists())
    aside = folder.with_name(f"{folder.name}.changed-{number}")
    listed = ", ".join(added[:5]) + (", …" if len(added) > 5 else "")
    try:
        os.rename(folder, aside)
    except OSError as error:
        raise DataError(
            f"{folder} holds {listed}, which the course did not put there, and it cannot be renamed ({error.strerror}). "
            "Move what is yours to another place, or remove the folder; it is created again."
        ) from error
    note(f"{folder} holds {listed}, which the course did not put there. It is now called {aside.name}, and created again.")


def _remember(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest again with new modification times."""
    try:
        with unlocked(folder), writing(folder / _MANIFEST) as part:
            part.write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    except (OSError, RuntimeError):
        return  # a cache that cannot be written to is checked again each time
