"""A student's own copy of the course: labs and lectures, laid out of the package into a folder.

What is in the folder already is never overwritten. Uses the standard library only. Knows nothing of what
the notebooks ask, and opens none of them.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coursekit import _editions

__all__ = ["DEFAULT", "Laid", "is_root", "lay_out", "open_jupyterlab", "own_folder", "released"]

DEFAULT = Path("coursekit-course")
_FOLDERS = ("labs", "lectures")


@dataclass(frozen=True)
class Laid:
    """What became of one notebook of the course.

    Attributes:
        path: Its place in the student's folder.
        beside: Where the release was laid, because the student's own copy is of an older one; None if
            that was not necessary.
        changes: What is new in the release, in a few lines.
        is_new: Whether the notebook was not there before.
    """

    path: Path
    beside: Path | None = None
    changes: tuple[str, ...] = ()
    is_new: bool = False


def released() -> Path:
    """Return the folder with the notebooks of the installed package, or of the checkout that it runs from.

    Raises:
        LookupError: If they are in neither.
    """
    package = Path(__file__).parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if _notebooks(folder):
            return folder
    raise LookupError(
        f"the course's notebooks are neither in {package / 'notebooks'} nor in {package.parent / 'notebooks'}: install coursekit again"
    )


def own_folder(here: Path | None = None) -> Path:
    """Return where the student's copy is or will be: this folder if it holds one, else a new folder in it.

    Args:
        here: The folder; by default the current one.
    """
    here = here or Path()
    course = released()
    names = {path.relative_to(course) for path in _notebooks(course)}
    is_copy = here.resolve() != course.resolve() and any(path.relative_to(here) in names for path in _notebooks(here))
    return here if is_copy else here / DEFAULT


def lay_out(target: Path, source: Path | None = None, version: str = "") -> list[Laid]:
    """Copy the course's notebooks into a folder, and leave what is there as it is.

    A notebook that is there keeps its name. If it is of an older release, the new one is laid beside it,
    once, under a name with the version.

    Args:
        target: The student's folder. It is created if it does not exist.
        source: Folder with the released notebooks; by default those of this package.
        version: Version of the release, for the name of a notebook that is laid beside another.

    Returns:
        One entry per notebook.

    Raises:
        OSError: If a file cannot be written. What was written before is complete.
        LookupError: If the package is damaged.
    """
    source = source or released()
    Path(target).mkdir(parents=True, exist_ok=True)
    return [_lay(path, Path(target) / path.relative_to(source), version or _version()) for path in _notebooks(source)]


def is_root() -> bool:
    """Return whether this user is root, as in many containers. JupyterLab does not start for root unless it is told to."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def open_jupyterlab(folder: Path, *, browser: bool = True, port: int | None = None) -> int | None:
    """Open JupyterLab in a folder, for root too, and wait until it ends.

    Args:
        folder: The folder.
        browser: Whether it opens a browser.
        port: Its port; None to let JupyterLab choose.

    Returns:
        Its exit code; None if it is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        return None
    options = [
        *(["--allow-root"] if is_root() else []),
        *([] if browser else ["--no-browser"]),
        *([] if port is None else [f"--port={port}"]),
    ]
    process = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=kernel_environment())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # JupyterLab got it too: it asks whether to stop, and ends by itself
            continue


def kernel_environment() -> dict[str, str]:
    """Return the environment in which kernels explain cells that lack the set-up cell, after a restart for example.

    A file that Python runs at its start by the user's own wish is left alone.
    """
    return {"PYTHONSTARTUP": str(Path(__file__).with_name("_startup.py")), **os.environ}


def _notebooks(folder: Path) -> list[Path]:
    return sorted(path for name in _FOLDERS for path in (folder / name).glob("*.ipynb"))


def _version() -> str:
    import coursekit

    return coursekit.__version__.replace("not installed", "new")


def _lay(release: Path, place: Path, version: str) -> Laid:
    data = release.read_bytes()
    if not os.path.lexists(place):
        _write(data, place)
        return Laid(place, is_new=True)
    new = _editions.parse(data)
    if new is None:
        raise LookupError(f"{release} is damaged: install coursekit again")
    copies = {path: _read(path) for path in (place, *sorted(place.parent.glob(f"{place.stem}-*.ipynb")))}
    if any(copy and _editions.edition(copy) == _editions.edition(new) for copy in copies.values()):
        return Laid(place)
    own = copies[place]
    changes = _editions.changes(own, new) if own else ["your copy cannot be read as a notebook"]
    if not changes and own and not _editions.edition(own):  # only its metadata are lost
        return Laid(place)
    changes = changes or ["changed: the first cell, the order of cells, or text that is gone now"]
    beside = _free(place.with_name(f"{place.stem}-{version}.ipynb"))
    _write(data, beside)
    return Laid(place, beside, tuple(changes))


def _read(path: Path) -> _editions.Notebook | None:
    try:
        return _editions.parse(path.read_bytes())
    except OSError:
        return None


def _free(path: Path) -> Path:
    """Return the path, or if that is taken one with a number."""
    number, free = 2, path
    while os.path.lexists(free):
        free, number = path.with_name(f"{path.stem}-{number}.ipynb"), number + 1
    return free


def _write(data: bytes, path: Path) -> None:
    """Write a file that appears only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".coursekit-") as scratch:
        whole = Path(scratch) / path.name
        whole.write_bytes(data)
        os.replace(whole, path)
