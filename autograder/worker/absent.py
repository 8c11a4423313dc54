"""What a notebook has on a person's machine and not here: Colab, a window for figures, somebody who answers `input()`.

A line that only concerns such a machine must not end a cell with a right answer below it. Colab's package and back ends
of matplotlib with a window do nothing here; `input` raises an error that names the line. Knows nothing of labs or marks.
"""

from __future__ import annotations

import builtins
import linecache
import sys
from collections.abc import Callable, Sequence
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

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        print(f"{self.__name__}: nothing to do here")


class _Colab:
    """Finds `google.colab` and all modules inside it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return how to import a module of Colab, or None for any other module."""
        inside = name == _COLAB or name.startswith(f"{_COLAB}.")
        return ModuleSpec(name, self, is_package=True) if inside else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return _Nothing(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: the module is complete."""


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
