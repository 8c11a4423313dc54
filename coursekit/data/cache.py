"""A folder on this machine that keeps files. What is in it is whole: files appear under their names only when complete.

Two processes may use one folder at once: each writes under a name of its own and renames at the end, which is one step for
the operating system. Where the folder cannot be written, a temporary one serves for this process, and the folder is still
read. Knows nothing of data sets or the network.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from coursekit.data.errors import DataError, note

__all__ = ["Cache", "discard", "settle", "sha256", "writing", "writing_folder"]

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_CHUNK = 1 << 20  # bytes read at once
_STALE = 24 * 3600  # seconds after which what a killed process left half-written is cleared away


@dataclass(frozen=True)
class Cache:
    """A cache in `folder`, which need not exist yet."""

    folder: Path

    def places(self, name: str) -> list[Path]:
        """Every path at which the entry `name` may lie, best first."""
        temporary = _TEMPORARY.get(self.folder)
        return [self.folder / name, *([temporary / name] if temporary else [])]

    def target(self, name: str) -> Path:
        """The path to write the entry `name` to; its parent folder exists. A temporary one if `folder` cannot be written."""
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path.parent):
                return path
        except OSError as error:
            if error.errno in _FULL:
                raise _full(path, error) from error
            path = _temporary(self.folder, error) / name
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        return path


_TEMPORARY: dict[Path, Path] = {}  # in this process: a cache that cannot be written → the folder that serves instead


_making = Lock()


def _temporary(folder: Path, why: OSError) -> Path:
    with _making:  # several threads may come here at once
        if folder not in _TEMPORARY:
            _TEMPORARY[folder] = temporary = Path(tempfile.mkdtemp(prefix="coursekit-"))
            atexit.register(_remove_own, temporary, os.getpid())
            note(
                f"the cache folder {folder} cannot be written ({why.strerror}); {temporary} serves until this process ends. "
                "Set COURSEKIT_CACHE to a folder of yours to keep the data."
            )
        return _TEMPORARY[folder]


def _remove_own(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child leaves its parent's folder alone
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """A path to write a file to. It becomes `target` when the block ends well; after any error nothing is left of it."""
    _sweep(target)
    with _explained(target):
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
    part = Path(name)
    try:
        with _explained(target):
            yield part
            settle(part)
            os.chmod(part, 0o644)
            os.replace(part, target)
    finally:
        discard(part)


@contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` when the block ends well. If another process was first, theirs stays."""
    _sweep(target)
    with _explained(target):
        part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    try:
        with _explained(target):
            yield part
            os.chmod(part, 0o755)
            try:
                os.rename(part, target)
            except OSError:
                if not target.is_dir():
                    raise
    finally:
        discard(part)


def settle(path: Path) -> None:
    """Wait until a file's bytes are on the disk, so that a power cut cannot leave its name without its content."""
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def discard(path: Path) -> bool:
    """Remove a file or folder, whatever state it is in. Returns whether it is gone."""
    if path.is_dir() and not path.is_symlink():
        aside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:  # the name is free at once, even if another process still has the files open
            os.rename(path, aside)
        except OSError:
            aside = path
        shutil.rmtree(aside, ignore_errors=True)
    else:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            return False
    return not path.exists()


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sweep(target: Path) -> None:
    for left in target.parent.glob(f"{target.name}.*.part"):
        try:
            if time.time() - left.stat().st_mtime > _STALE:
                discard(left)
        except OSError:
            continue


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turn a full disk into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _full(target, error) from error
        raise


def _full(target: Path, error: OSError) -> DataError:
    return DataError(
        f"no room left for {target} ({error.strerror}). Nothing half-written was kept. "
        "Free some space, or set COURSEKIT_CACHE to a folder on another disk."
    )
