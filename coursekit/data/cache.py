"""A folder on this machine that stores files. A file gets its name only when it is complete.

Several processes may use one folder at once: each writes under a name of its own and renames the file
at the end, which the operating system does in one step. If the folder cannot be written to, this
process writes to a temporary folder and still reads from the first. What is complete is read-only. Knows
nothing of data sets or the network.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from coursekit.data.errors import DataError, note

__all__ = ["Cache", "discard", "homeless", "settle", "sha256", "unlocked", "writing", "writing_folder"]

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_CHUNK = 1 << 20  # bytes read at once
_READ_ONLY, _SEARCHABLE = 0o444, 0o111
_STALE = 24 * 3600  # seconds after which half-written files of killed processes are removed


@dataclass(frozen=True)
class Cache:
    """A cache on the disk.

    Attributes:
        folder: Its folder, which need not exist yet.
    """

    folder: Path

    def places(self, name: str) -> list[Path]:
        """Return every path where the entry `name` may be, best first."""
        temporary = _TEMPORARY.get(self.folder)
        return [self.folder / name, *([temporary / name] if temporary else [])]

    def target(self, name: str) -> Path:
        """Return the path where the entry `name` is to be written; its parent folder exists.

        The path is in a temporary folder if `folder` cannot be written to.

        Raises:
            DataError: If the disk is full.
        """
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


_TEMPORARY: dict[Path, Path] = {}  # cache folder that cannot be written to → the one used in this process


_making = Lock()


def _temporary(folder: Path, why: OSError) -> Path:
    """Return the temporary folder that replaces `folder` in this process, creating it at first use."""
    with _making:  # several threads may get here at once
        if folder not in _TEMPORARY:
            _TEMPORARY[folder] = temporary = Path(tempfile.mkdtemp(prefix="coursekit-"))
            atexit.register(_remove_own, temporary, os.getpid())
            note(
                f"the cache folder {folder} cannot be written to ({why.strerror}); {temporary} is used until this process ends. "
                "Set COURSEKIT_CACHE to a folder of yours to keep the data."
            )
        return _TEMPORARY[folder]


def homeless() -> Path:
    """Return the folder for a user without a home folder: a temporary one, the same for the whole process."""
    return _temporary(Path("~", ".cache", "coursekit"), OSError(errno.ENOENT, "this user has no home folder"))


def _remove_own(folder: Path, owner: int) -> None:
    """Remove a temporary folder at the end of the process that created it."""
    if os.getpid() == owner:  # a forked process must not remove its parent's folder
        discard(folder)


@contextmanager
def writing(target: Path) -> Iterator[Path]:
    """Provide a path to write a file to, which becomes `target` if the block ends without an error.

    The file is read-only. After an error nothing of it remains.
    """
    _sweep(target)
    with _explained(target):
        handle, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
    part = Path(name)
    try:
        with _explained(target):
            yield part
            settle(part)
            os.chmod(part, _READ_ONLY)
            if os.name == "nt":  # where a read-only file cannot be replaced
                _unlock(target)
            os.replace(part, target)
    finally:
        discard(part)


@contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """Provide a folder to fill, which becomes `target` if the block ends without an error.

    The folder and what is in it are read-only. If another process was faster, its folder stays.
    """
    _sweep(target)
    with _explained(target):
        part = Path(tempfile.mkdtemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent))
    try:
        with _explained(target):
            yield part
            os.chmod(part, 0o755)
            _lock(part)
            try:
                os.rename(part, target)
            except OSError:
                if not target.is_dir():
                    raise
    finally:
        discard(part)


def _lock(folder: Path) -> None:
    """Make a folder and everything in it read-only, so that nobody changes data by accident."""
    for path in [*folder.rglob("*"), folder]:
        with suppress(OSError):  # a second name of a file that belongs to somebody else
            os.chmod(path, _READ_ONLY | (_SEARCHABLE if path.is_dir() else 0))


@contextmanager
def unlocked(folder: Path) -> Iterator[None]:
    """Let the block write into a folder that is read-only, but not into the folders below it."""
    with suppress(OSError):
        os.chmod(folder, 0o755)
    try:
        yield
    finally:
        with suppress(OSError):
            os.chmod(folder, _READ_ONLY | _SEARCHABLE)


def settle(path: Path) -> None:
    """Wait until the bytes of a file are on the disk, so that a power cut cannot leave an empty file."""
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def discard(path: Path) -> bool:
    """Remove a file or a folder, whatever its state. Return whether it is gone."""
    if path.is_dir() and not path.is_symlink():
        aside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:  # frees the name at once, even if another process still has the files open
            os.rename(path, aside)
        except OSError:
            aside = path
        _unlock(aside)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        try:
            if os.name == "nt":  # where a read-only file cannot be removed
                _unlock(path)
            path.unlink(missing_ok=True)
        except OSError:
            return False
    return not path.exists()


def _unlock(path: Path) -> None:
    """Make a file, or the folders of a folder, writable for its owner; on Windows also the files of a folder."""
    below = [inner for inner in path.rglob("*") if os.name == "nt" or inner.is_dir()] if path.is_dir() else []
    for inner in [path, *below]:
        if not inner.is_symlink():
            with suppress(OSError):
                os.chmod(inner, stat.S_IMODE(inner.stat().st_mode) | stat.S_IWUSR)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sweep(target: Path) -> None:
    """Remove what killed processes have left half-written for `target`."""
    for left in target.parent.glob(f"{target.name}.*.part"):
        try:
            if time.time() - left.stat().st_mtime > _STALE:
                discard(left)
        except OSError:
            continue


@contextmanager
def _explained(target: Path) -> Iterator[None]:
    """Turn the error of a full disk into one that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _full(target, error) from error
        raise


def _full(target: Path, error: OSError) -> DataError:
    """Return the error for a full disk."""
    return DataError(
        f"no room left for {target} ({error.strerror}). No half-written file was kept. "
        "Free some space, or set COURSEKIT_CACHE to a folder on another disk."
    )
