"""Files that functions at both ends find in their current folder: what one end changes there, the other end gets.

What the course lays there is the examiner's own: the student process may do what it likes with its copies, and nothing of it
arrives. What a test writes for a function to work on, the function may change, as in one process. Modules are imported from such a
folder only if they are the course's own, so that no code of a student ever runs where tests run. Knows files and names; nothing of
values, calls or marks.
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
MAX_BYTES, MAX_BYTES_IN_ALL = 2**28, 2**30  # of one message, and of all that an end takes

Facts = tuple[int, int]  # when a file was last written, and its size
FOLDER: Facts = (-1, -1)


class Files:
    """The files and folders under one folder, of which two processes keep copies. Links and hidden ones are not part of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: dict[str, Facts] = {}  # as the other end has them
        self._theirs: dict[str, Facts] = {}  # as the other end sent them
        self._own: set[str] = set()
        self._left = MAX_BYTES_IN_ALL

    def settle(self) -> None:
        """What lies here now, the other end has too."""
        self._seen = dict(self._look())

    def claim(self) -> None:
        """What lies here now is this end's own: from now on the other end cannot change it."""
        self._own |= {name for name, _ in self._look()}

    @contextmanager
    def own_work(self) -> Iterator[None]:
        """What is written meanwhile is this end's own. It is done without the files that came from the other end."""
        theirs = [name for name, facts in self._theirs.items() if facts != FOLDER]
        with TemporaryDirectory(prefix=".aside-", dir=self.folder) as aside:
            ways = [(self.folder / name, Path(aside, str(number))) for number, name in enumerate(theirs)]
            for path, away in ways:
                with suppress(OSError):
                    path.rename(away)
            before = dict(self._look())
            try:
                yield
            finally:
                self._own |= {name for name, facts in self._look() if before.get(name) != facts}
                for path, away in ways:
                    with suppress(OSError):
                        if not os.path.lexists(path):
                            away.rename(path)

    def guard_imports(self) -> None:
        """Let this process import from the folder only what is its own."""
        sys.path_hooks.insert(0, self._finder)
        for entry in list(sys.path_importer_cache):
            if _inside(self.folder, Path(entry)):
                del sys.path_importer_cache[entry]

    def changed(self) -> list[tuple[str, bytes]]:
        """What is new or other than it was: "+" and the name of a file with its content, "/" and that of a folder, "-" for gone."""
        found: list[tuple[str, bytes]] = []
        now: dict[str, Facts] = {}
        size = 0
        for name, facts in self._look()[: len(self._seen) + MAX_FILES]:
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
        """Write or delete what the other end says has changed there, as far as it may."""
        for marked, data in files[: 2 * MAX_FILES]:
            kind, name = marked[:1], marked[1:]
            with suppress(OSError, ValueError):
                path = self._place(name)
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

    def _place(self, name: str) -> Path:
        """Where a file of this name belongs. Raises ValueError for one that the other end may not touch."""
        pure = PurePosixPath(name)
        inside = self.folder.joinpath(pure)
        if pure.is_absolute() or not 0 < len(pure.parts) <= MAX_DEPTH or not _inside(self.folder, inside.parent):
            raise ValueError(f"no place in the folder: {name!r}")
        if any(part.startswith(".") or part == "__pycache__" for part in pure.parts) or str(pure) in self._own:
            raise ValueError(f"not the other end's: {name!r}")
        return inside

    def _delete(self, path: Path) -> None:
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        name = str(path.relative_to(self.folder))
        self._seen.pop(name, None)
        self._theirs.pop(name, None)

    def _note(self, path: Path) -> None:
        """Remember what came, so that it is neither sent back nor taken for our own."""
        facts = path.stat(follow_symlinks=False)
        name = str(path.relative_to(self.folder))
        self._seen[name] = self._theirs[name] = FOLDER if path.is_dir() else (facts.st_mtime_ns, facts.st_size)

    def _look(self) -> list[tuple[str, Facts]]:
        """Every name below the folder, parents first, with what tells whether it was changed."""
        found: list[tuple[str, Facts]] = []
        for place, folders, names in os.walk(self.folder):
            here = Path(place)
            folders[:] = sorted(name for name in folders if not name.startswith((".", "__")) and not (here / name).is_symlink())
            found += [(str((here / name).relative_to(self.folder)), FOLDER) for name in folders]
            for name in names:
                with suppress(OSError):
                    facts = (here / name).stat(follow_symlinks=False)
                    if not name.startswith(".") and not (here / name).is_symlink():
                        found.append((str((here / name).relative_to(self.folder)), (facts.st_mtime_ns, facts.st_size)))
        return found

    def _finder(self, entry: str) -> PathEntryFinder:
        """A hook of sys.path: what finds modules in this place of it. Raises ImportError for places outside of the folder."""
        if not _inside(self.folder, Path(entry)):
            raise ImportError(f"{entry!r} is not shared")
        return _OwnModules(self, str(Path(entry).absolute()))

    def owns(self, path: Path) -> bool:
        """Whether this is a file of this end's own."""
        with suppress(ValueError):
            return str(path.absolute().relative_to(self.folder)) in self._own
        return False


class _OwnModules(FileFinder):
    """Finds modules written in Python, and packages of them, if the course's own files hold them."""

    def __init__(self, files: Files, place: str) -> None:
        super().__init__(place, (SourceFileLoader, SOURCE_SUFFIXES))
        self._files = files

    def find_spec(self, name: str, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = super().find_spec(name, target)
        return spec if spec is not None and spec.origin and self._files.owns(Path(spec.origin)) else None


def _inside(folder: Path, place: Path) -> bool:
    """Whether no link on the way to `place` leads out of `folder`."""
    return place.resolve().is_relative_to(folder.resolve())
