"""Run one notebook cell as an IPython kernel would, and say what happened as plain data.

Knows nothing of who wrote the cell, of other processes or of marks.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from numbers import Real
from types import TracebackType
from typing import Any, cast

import numpy as np
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

from autograder.worker.quotes import one_line

__all__ = ["Errors", "make_shell", "run_cell"]

MESSAGE_CHARS = 4000
# Magics of notebooks' front ends, and of Colab, which have nothing to do here; without them their cell would end.
_FRONT_END = (
    *("autosave", "clear", "cls", "connect_info", "edit", "ed", "less", "man", "more", "qtconsole", "store"),
    *("subshell", "tensorboard", "tensorflow_version"),
)
_INLINE = (None, "inline", "agg", "module://matplotlib_inline.backend_inline")  # what can be drawn with where nobody watches


class Errors(io.TextIOWrapper):
    """Standard error of this process, which counts what Python code writes to it; native libraries write past it."""

    def __init__(self) -> None:
        descriptor = open(2, "wb", buffering=0, closefd=False)  # noqa: SIM115
        super().__init__(descriptor, errors="replace", write_through=True)
        self.written = 0

    def write(self, text: str) -> int:
        self.written += len(text)
        return super().write(text)


class _Unseen(DisplayPublisher):
    """What a cell displays is shown to nobody; printed, as IPython does outside of a kernel, it would be part of what a cell prints."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        pass


class _Shell(InteractiveShell):
    """An IPython shell without a terminal, a history file or a GUI loop."""

    display_pub_class = Type(_Unseen)

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """`%matplotlib widget`, and whatever else needs somebody who watches, draws as `inline` does."""
        try:
            return super().enable_matplotlib(gui if gui in _INLINE else "inline")
        except Exception as error:
            print(f"%matplotlib {gui}: not available here ({type(error).__name__})")
            return "inline", "agg"

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """One line instead of a coloured traceback, which takes half a second to make and which nobody reads here."""
        print(*sys.exc_info()[:2], file=sys.stderr)

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Newer IPython formats a traceback for its history too, which takes minutes after a recursion without end."""
        return {"ename": "", "evalue": "", "traceback": []}


def make_shell() -> InteractiveShell:
    """The shell of this process, with an empty notebook."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = _Shell.instance(config=config)
    shell.user_ns["__name__"] = "__main__"
    magics = {name: _nothing_to_do(name) for name in _FRONT_END} | {"load_ext": _load_extension(shell)}
    for name, magic in magics.items():
        cast(Any, shell).register_magic_function(magic, "line", name)
    _make_inline_settings_known(shell)
    return shell


def _nothing_to_do(name: str) -> Callable[[str], None]:
    def magic(line: str) -> None:
        print(f"%{name}: nothing to do here")

    return magic


def _load_extension(shell: InteractiveShell) -> Callable[[str], None]:
    extensions: Any = shell.extension_manager

    def load_ext(line: str) -> None:
        """As IPython's own, but an extension that is not installed here, such as one of Colab's, ends no cell."""
        try:
            extensions.load_extension(line.strip())
        except ModuleNotFoundError as error:
            print(f"%load_ext {line}: not available here ({error})")

    return load_ext


def _make_inline_settings_known(shell: InteractiveShell) -> None:
    """`%config InlineBackend.figure_format = "retina"` works in a kernel before anything was drawn."""
    from matplotlib_inline.config import InlineBackend

    settings, known = InlineBackend.instance(parent=shell), cast(list[Any], shell.configurables)
    settings.shell = shell
    if settings not in known:
        known.append(settings)


def run_cell(shell: InteractiveShell, source: str) -> dict[str, Any]:
    """Run a cell: {"seconds", "cpu", "error": None or {"name", "message", "line"}, "value": of its last expression if one number}.

    "odd": whether that number is shown as something else, such as np.float64(1.0). "stderr": whether anything was written there.
    """
    started, busy = time.perf_counter(), time.process_time()
    errors = sys.stderr
    written = getattr(errors, "written", 0)
    try:
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as escaped:
        error = escaped
    _close_figures()
    outcome: dict[str, Any] = {"seconds": time.perf_counter() - started, "error": None}
    outcome["cpu"] = time.process_time() - busy
    if error is None:
        outcome["value"] = _number(result.result)
        outcome["odd"] = outcome["value"] is not None and not _shown_as_number(result.result)
        outcome["stderr"] = getattr(errors, "written", 0) != written
    else:
        outcome["error"] = {
            "name": type(error).__name__[:100],
            "message": _message(error),
            "line": _line(error.__traceback__, shell.user_ns) or getattr(error, "lineno", None) or 0,
        }
    return outcome


def _number(value: Any) -> float | None:
    """The value of the cell's last expression if it is one number, of Python or NumPy; truth values are none.

    nbgrader reads the text of the expression, so that `np.float64(2.0)` of NumPy 2 is no number to it and gives all points.
    Here it means what it says.
    """
    try:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        return float(value) if isinstance(value, Real | Decimal) and not isinstance(value, bool) else None
    except Exception:
        return None


def _shown_as_number(value: Any) -> bool:
    try:
        float(repr(value))
        return True
    except Exception:
        return False


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        return ""
    if getattr(type(error), "said_elsewhere", False):
        return one_line(text)
    return text[:MESSAGE_CHARS]


def _line(traceback: TracebackType | None, user_ns: Mapping[str, Any]) -> int:
    """The line of the cell itself at which the error passed, 0 if unknown."""
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name.startswith("<") and frame.f_globals is user_ns:
            return traceback.tb_lineno
        traceback = traceback.tb_next
    return 0


def _close_figures() -> None:
    """As in a kernel, where a cell shows its figures when it ends."""
    from matplotlib_inline.config import InlineBackend

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and InlineBackend.instance().close_figures:
        pyplot.close("all")
