"""Keep the files in the current folders of student process and examiner the same.

Each end sends its changes to the other. Files of the course are the examiner's own: the student
process may change its copies, but these changes are not taken over. A file that a test writes for a
student's function may be changed by the function, as in one process. The examiner imports modules
from the folder only if they are its own, so that no code of a student ever runs in the examiner.
Knows files and names; nothing of values, calls or marks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import PathEntryFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import ModuleType

__all__ = ["Files"]

MAX_FILES, MAX_DEPTH = 2000, 20
MAX_BYTES, MAX_BYTES_IN_ALL = 2**28, 2**30  # of the files in one message, and of all files that an end accepts

Facts = tuple[int, int]  # time of the last change in nanoseconds, size in bytes
FOLDER: Facts = (-1, -1)


class Files:
    """The files and folders below one folder, of which two processes keep copies.

    Links and hidden files are left out.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: dict[str, Facts] = {}  # the files as the other end has them
        self._theirs: dict[str, Facts] = {}  # the files that the other end sent
        self._own: set[str] = set()
        self._left = MAX_BYTES_IN_ALL

    def remember(self) -> None:
        """Assume that the other end has the same files now."""
        self._seen = dict(self._list())

    def claim(self) -> None:
        """Mark the current files as this end's own.

        The other end cannot change them from now on.
        """
        self._own |= {name for name, _ in self._list()}

    @contextmanager
    def own_work(self) -> Iterator[None]:
        """Mark all files that are written in the body as this end's own.

        The body does not see the files that came from the other end: they are moved away meanwhile.
        """
        theirs = [name for name, facts in self._theirs.items() if facts != FOLDER]
        with TemporaryDirectory(prefix=".aside-", dir=self.folder) as aside:
            moves = [(self.folder / name, Path(aside, str(number))) for number, name in enumerate(theirs)]
            for path, away in moves:
                with suppress(OSError):
                    path.rename(away)
            before = dict(self._list())
            try:
                yield
            finally:
                self._own |= {name for name, facts in self._list() if before.get(name) != facts}
                for path, away in moves:
                    with suppress(OSError):
                        if not os.path.lexists(path):
                            away.rename(path)

    def guard_imports(self) -> None:
        """Allow this process to import only its own modules from the folder."""
        sys.path_hooks.insert(0, self._finder)
        for entry in list(sys.path_importer_cache):
            if _inside(self.folder, Path(entry)):
                del sys.path_importer_cache[entry]

    def changed(self) -> list[tuple[str, bytes]]:
        """Return the changes that the other end does not have yet.

        Returns:
            "+name" with the contents of a new or changed file, "/name" for a new folder, "-name" for
            a deleted file or folder. Deletions come first; a new folder comes before its contents.
        """
        found: list[tuple[str, bytes]] = []
        now: dict[str, Facts] = {}
        size = 0
        for name, facts in self._list()[: len(self._seen) + MAX_FILES]:
            now[name] = facts
            if facts == self._seen.get(name):
                continue
            if facts == FOLDER:
                found.append(("/" + name, b""))
            elif (size := size + facts[1]) <= MAX_BYTES:
                with suppress(OSError):
                    found.append(("+" + name, (self.folder / name).read_bytes()))
        gone = [("-" + name, b"") for name in sorted(self._seen, reverse=True) if name not in now]
        self._seen = now
        return gone + found

    def put(self, files: Sequence[tuple[str, memoryview]]) -> None:
        """Apply changes of the other end, except those to this end's own files or beyond a limit.

        Args:
            files: What `changed` returned at the other end.
        """
        for marked, data in files[: 2 * MAX_FILES]:
            kind, name = marked[:1], marked[1:]
            with suppress(OSError, ValueError):
                path = self._path(name)
                if kind == "-":
                    self._delete(path)
                elif len(self._theirs) >= MAX_FILES and name not in self._theirs:
                    continue
                elif kind == "/":
                    path.mkdir(parents=True, exist_ok=True)
                    self._note(path)
                elif kind == "+" and len(data) <= self._left:
                    self._left -= len(data)
                    if path.is_symlink():
                        path.unlink()
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
                    self._note(path)

    def _path(self, name: str) -> Path:
        """The path of a file of the other end.

        Raises ValueError for a file that it may not change.
        """
        pure = PurePosixPath(name)
        inside = self.folder.joinpath(pure)
        if pure.is_absolute() or not 0 < len(pure.parts) <= MAX_DEPTH or not _inside(self.folder, inside.parent):
            raise ValueError(f"not a path in the shared folder: {name!r}")
        if any(part.startswith(".") or part == "__pycache__" for part in pure.parts) or str(pure) in self._own:
            raise ValueError(f"the other end may not change {name!r}")
        return inside

    def _delete(self, path: Path) -> None:
        """Delete a file or an empty folder."""
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        name = str(path.relative_to(self.folder))
        self._seen.pop(name, None)
        self._theirs.pop(name, None)

    def _note(self, path: Path) -> None:
        """Remember a file of the other end, so that it is not sent back or counted as this end's own."""
        facts = path.stat(follow_symlinks=False)
        name = str(path.relative_to(self.folder))
        self._seen[name] = self._theirs[name] = FOLDER if path.is_dir() else (facts.st_mtime_ns, facts.st_size)

    def _list(self) -> list[tuple[str, Facts]]:
        """All names below the folder, parents first, with facts that show whether a file was changed."""
        found: list[tuple[str, Facts]] = []
        for folder, folders, names in os.walk(self.folder):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__")) and not (here / name).is_symlink())
            found += [(str((here / name).relative_to(self.folder)), FOLDER) for name in folders]
            for name in names:
                with suppress(OSError):
                    facts = (here / name).stat(follow_symlinks=False)
                    if not name.startswith(".") and not (here / name).is_symlink():
                        found.append((str((here / name).relative_to(self.folder)), (facts.st_mtime_ns, facts.st_size)))
        return found

    def _finder(self, entry: str) -> PathEntryFinder:
        """A hook for sys.path_hooks: a finder for entries inside the folder.

        Raises ImportError for other entries.
        """
        if not _inside(self.folder, Path(entry)):
            raise ImportError(f"{entry!r} is not in the shared folder")
        return _OwnModules(self, str(Path(entry).absolute()))

    def owns(self, path: Path) -> bool:
        """Return whether a file is this end's own."""
        with suppress(ValueError):
            return str(path.absolute().relative_to(self.folder)) in self._own
        return False


class _OwnModules(FileFinder):
    """Finds Python modules and packages whose files are this end's own."""

    def __init__(self, files: Files, entry: str) -> None:
        super().__init__(entry, (SourceFileLoader, SOURCE_SUFFIXES))
        self._files = files

    def find_spec(self, name: str, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module, None if its file is not this end's own."""
        spec = super().find_spec(name, target)
        return spec if spec is not None and spec.origin and self._files.owns(Path(spec.origin)) else None


def _inside(folder: Path, path: Path) -> bool:
    """Whether `path` is inside `folder` once all links are resolved."""
    return path.resolve().is_relative_to(folder.resolve())
