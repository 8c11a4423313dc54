"""What a notebook has on a person's machine and not here: Colab, a window for figures, somebody who answers `input()`.

A line that only concerns such a machine must not end a cell with a right answer below it. Colab's package and back ends
of matplotlib with a window do nothing here; `input` raises an error that names the line. Notebooks of other courses do
without it, because nbgrader stops them there. Knows nothing of labs or marks.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
from collections.abc import Callable
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["install"]

_COLAB = "google.colab"
_WINDOWLESS = ("agg", "cairo", "inline", "pdf", "pgf", "ps", "svg", "template")


def install() -> None:
    """Prepare this process. A second call changes nothing."""
    if not any(isinstance(finder, _Colab) for finder in sys.meta_path):
        sys.meta_path.append(_Colab())  # last, so that the real package is found where it is installed
    builtins.input = _nobody_answers
    sys.breakpointhook = lambda *args, **kwargs: print("breakpoint(): nothing to do here")
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use = _without_windows(matplotlib.use)
    plt.switch_backend = _without_windows(plt.switch_backend)


# ── Colab ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Nothing(ModuleType):
    """A module, function or object of Colab that does nothing: `drive.mount("/content/drive")` returns None."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # a package, of which any part can be imported

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        print(f"{self.__name__}: nothing to do here")


class _Colab:
    """Finds `google.colab` and all modules inside it, for imports that do not ask whether it is there.

    In `try: import google.colab` and `importlib.util.find_spec("google.colab")` the answer is no, so that what follows is
    meant for a machine like this one.
    """

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return how to import a module of Colab, or None for any other module."""
        if (name != _COLAB and not name.startswith(f"{_COLAB}.")) or _asks():
            return None
        return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return _Nothing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module is complete."""


def _asks() -> bool:
    """Return whether the import that runs now stands in a `try`, or is no statement of a notebook's cell."""
    frame: Any = sys._getframe(1)
    while frame is not None and (frame.f_code.co_filename == __file__ or "importlib._bootstrap" in frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None or frame.f_globals.get("__name__") != "__main__":
        return True
    lines = linecache.getlines(frame.f_code.co_filename)
    try:
        tries = [node for node in ast.walk(ast.parse("".join(lines))) if isinstance(node, ast.Try)]
    except SyntaxError:
        return True
    return any(node.body[0].lineno <= frame.f_lineno <= (node.body[-1].end_lineno or 0) for node in tries)


# ── windows and answers ──────────────────────────────────────────────────────────────────────────────────────────────


def _without_windows(select: Callable[..., None]) -> Callable[..., None]:
    """Return a function that selects a back end of matplotlib as `select` does, unless it needs a window."""
    if hasattr(select, "__wrapped__"):
        return select

    @wraps(select)
    def selected(backend: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(backend, str) or backend.lower().rpartition("_")[2] in _WINDOWLESS:
            select(backend, *args, **kwargs)
        else:
            print(f"{backend}: there is no window here, figures stay inline")

    return selected


def _nobody_answers(prompt: object = "") -> str:
    """Raise EOFError, as `input` does without anybody to answer, with a message that names the line."""
    frame = sys._getframe(1)
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    line = f"`{text if len(text) <= 60 else text[:59] + '…'}`" if text else "`input()`"
    raise EOFError(f"{line} waits for a person, and nobody answers here: remove the line, or write the value into the code")
