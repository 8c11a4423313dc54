"""Run one notebook cell as an IPython kernel would, and say what happened as plain data.

Knows nothing of who wrote the cell, of other processes or of marks.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["make_shell", "run_cell"]

MESSAGE_CHARS = 4000


class _Shell(InteractiveShell):
    """An IPython shell without a terminal, a history file or a GUI loop."""

    def enable_gui(self, gui: str | None = None) -> None:
        pass

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
    return shell


def run_cell(shell: InteractiveShell, source: str) -> dict[str, Any]:
    """Run a cell: {"seconds", "cpu", "error": None or {"name", "message", "line"}, "value": of its last expression if one number}.

    "odd": whether that number is shown as something else, such as np.float64(1.0).
    """
    started, busy = time.perf_counter(), time.process_time()
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
    else:
        outcome["error"] = {
            "name": type(error).__name__,
            "message": _message(error)[:MESSAGE_CHARS],
            "line": _line(error.__traceback__, shell.user_ns) or getattr(error, "lineno", None) or 0,
        }
    return outcome


def _number(value: Any) -> float | None:
    """The value of the cell's last expression if it is one plain number."""
    try:
        return float(value) if isinstance(value, int | float | np.number) and not isinstance(value, bool) else None
    except OverflowError:
        return None


def _shown_as_number(value: Any) -> bool:
    try:
        float(repr(value))
        return True
    except Exception:
        return False


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _line(traceback: TracebackType | None, user_ns: Mapping[str, Any]) -> int:
    """The line of the cell itself at which the error passed, 0 if unknown."""
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name.startswith("<") and frame.f_globals is user_ns:
            return traceback.tb_lineno
        traceback = traceback.tb_next
    return 0


def _close_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
