"""Run one notebook cell as an IPython kernel would, and describe what happened as plain data.

Knows nothing of who wrote the cell, of other processes or of marks.
"""

from __future__ import annotations

import io
import os
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

from autograder.worker import absent
from autograder.worker.frames import MESSAGE_CHARS
from autograder.worker.quotes import one_line

__all__ = ["Errors", "make_shell", "run_cell"]

# Magics of notebook front ends and of Colab. They do nothing here; if they were missing, a cell
# that uses one would fail.
_FRONT_END = (
    *("autosave", "clear", "cls", "connect_info", "edit", "ed", "less", "man", "more", "qtconsole", "store"),
    *("subshell", "tensorboard", "tensorflow_version"),
)
_INLINE = (None, "inline", "agg", "module://matplotlib_inline.backend_inline")  # back ends that need no display


class Errors(io.TextIOWrapper):
    """Standard error of this process, which counts the characters that Python code writes.

    Output of native libraries does not pass through it.

    Attributes:
        written: Number of characters so far.
    """

    def __init__(self) -> None:
        descriptor = open(2, "wb", buffering=0, closefd=False)  # noqa: SIM115
        super().__init__(descriptor, errors="replace", write_through=True)
        self.written = 0

    def write(self, text: str) -> int:
        """Write and count."""
        self.written += len(text)
        return super().write(text)


class _Unseen(DisplayPublisher):
    """Discards what a cell displays.

    IPython outside of a kernel would print it, and mix it with the output of the cell.
    """

    def publish(self, *args: Any, **kwargs: Any) -> None:
        pass


class _Shell(InteractiveShell):
    """An IPython shell without a terminal, a history file or a GUI loop."""

    display_pub_class = Type(_Unseen)

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def enable_matplotlib(self, gui: str | None = None) -> tuple[Any, Any]:
        """Use `inline` in place of `%matplotlib widget` and other back ends that need a display."""
        try:
            return super().enable_matplotlib(gui if gui in _INLINE else "inline")
        except Exception as error:
            print(f"%matplotlib {gui}: not available here ({type(error).__name__})")
            return "inline", "agg"

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Print one line instead of a coloured traceback, which takes half a second to format and is not read here."""
        print(*sys.exc_info()[:2], file=sys.stderr)

    def _format_exception_for_storage(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Skip the traceback that newer IPython formats for its history.

        After an infinite recursion it takes minutes.
        """
        return {"ename": "", "evalue": "", "traceback": []}


def make_shell() -> InteractiveShell:
    """Return the shell of this process, with an empty namespace."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = _Shell.instance(config=config)
    shell.user_ns["__name__"] = "__main__"
    if "NBGRADER_EXECUTION" not in os.environ:  # set for notebooks of other courses, which stop where they stop under nbgrader
        absent.install()
    magics = {name: _nothing_to_do(name) for name in _FRONT_END} | {"load_ext": _load_extension(shell)}
    for name, magic in magics.items():
        cast(Any, shell).register_magic_function(magic, "line", name)
    _register_inline_settings(shell)
    return shell


def _nothing_to_do(name: str) -> Callable[[str], None]:
    """A magic that does nothing but print a line."""

    def magic(line: str) -> None:
        print(f"%{name}: nothing to do here")

    return magic


def _load_extension(shell: InteractiveShell) -> Callable[[str], None]:
    """A `%load_ext` that accepts extensions that are not installed."""
    extensions: Any = shell.extension_manager

    def load_ext(line: str) -> None:
        """Load an extension as IPython does.

        One that is not installed, such as one of Colab's, raises no error.
        """
        try:
            extensions.load_extension(line.strip())
        except ModuleNotFoundError as error:
            print(f"%load_ext {line}: not available here ({error})")

    return load_ext


def _register_inline_settings(shell: InteractiveShell) -> None:
    """Let `%config InlineBackend.figure_format = "retina"` work before anything is drawn, as in a kernel."""
    from matplotlib_inline.config import InlineBackend

    settings, known = InlineBackend.instance(parent=shell), cast(list[Any], shell.configurables)
    settings.shell = shell
    if settings not in known:
        known.append(settings)


def run_cell(shell: InteractiveShell, source: str, *, of_student: bool = False) -> dict[str, Any]:
    """Run a cell.

    Args:
        shell: The shell.
        source: The code.
        of_student: Whether the functions of the other cells are the student's.

    Returns:
        "seconds": wall-clock time; "cpu": processor seconds; "error": None, or "name", "message" and
        "line" of the exception, and "elsewhere", whether it came from the other process or, with
        `of_student`, from a function of another cell. Without an error also "value": the value of the
        last expression if it is a single number, otherwise None; "odd": whether that number is
        displayed as something else, such as np.float64(1.0); "stderr": whether Python code wrote to
        standard error.
    """
    started, cpu_before = time.perf_counter(), time.process_time()
    errors = sys.stderr
    written = getattr(errors, "written", 0)
    try:
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as escaped:
        error = escaped
    _close_figures()
    outcome: dict[str, Any] = {"seconds": time.perf_counter() - started, "error": None}
    outcome["cpu"] = time.process_time() - cpu_before
    if error is None:
        outcome["value"] = _number(result.result)
        outcome["odd"] = outcome["value"] is not None and not _shown_as_number(result.result)
        outcome["stderr"] = getattr(errors, "written", 0) != written
    else:
        outcome["error"] = {
            "name": type(error).__name__[:100],
            "message": _message(error),
            "elsewhere": getattr(type(error), "said_elsewhere", False)
            or (of_student and _in_another_cell(error.__traceback__, shell.user_ns)),
            "line": _line(error.__traceback__, shell.user_ns) or getattr(error, "lineno", None) or 0,
        }
    return outcome


def _number(value: Any) -> float | None:
    """The value of a cell's last expression if it is a single number of Python or NumPy.

    Truth values are not numbers. nbgrader parses the displayed text, so `np.float64(2.0)` of NumPy
    2 is no number to it, and all points are given. Here it counts as the number 2.0.
    """
    try:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        return float(value) if isinstance(value, Real | Decimal) and not isinstance(value, bool) else None
    except Exception:
        return None


def _shown_as_number(value: Any) -> bool:
    """Whether the displayed text of a value is a number."""
    try:
        float(repr(value))
        return True
    except Exception:
        return False


def _message(error: BaseException) -> str:
    """The message of an exception, shortened to one line if it comes from the other process."""
    try:
        text = str(error)
    except Exception:
        return ""
    if getattr(type(error), "said_elsewhere", False):
        return one_line(text)
    return text[:MESSAGE_CHARS]


def _line(traceback: TracebackType | None, user_ns: Mapping[str, Any]) -> int:
    """The line of the cell at which the exception was raised or passed, 0 if unknown."""
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name.startswith("<") and frame.f_globals is user_ns:
            return traceback.tb_lineno
        traceback = traceback.tb_next
    return 0


def _in_another_cell(traceback: TracebackType | None, user_ns: Mapping[str, Any]) -> bool:
    """Whether the exception passed through a function that another cell defined."""
    cells = set()
    while traceback is not None:
        if traceback.tb_frame.f_globals is user_ns:
            cells.add(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return len(cells) > 1


def _close_figures() -> None:
    """Close all figures, as a kernel does at the end of a cell."""
    from matplotlib_inline.config import InlineBackend

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None and InlineBackend.instance().close_figures:
        pyplot.close("all")
