"""The student process: runs the cells of one notebook, one at a time, as an IPython kernel would.

It is forked from the warm parent, takes cells from a pipe and answers each with one line of JSON. It knows nothing of labs,
points or verdicts: to it every cell is code, and what it says is only ever read as plain data.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell

__all__ = ["serve"]

MESSAGE_CHARS = 4000


class _Shell(InteractiveShell):
    """An IPython shell without a terminal, a history file or a GUI loop."""

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """One line instead of a coloured traceback, which takes half a second to make and which nobody reads here."""
        print(*sys.exc_info()[:2], file=sys.stderr)


def serve(descriptor: int, output: int, *, scratch: str, env: Mapping[str, str], memory_mb: int) -> None:
    """Run every cell that arrives (JSON: {"source": …}) and answer with its outcome, until the other end is closed.

    descriptor: of the connection on which cells arrive. output: of the pipe to which everything printed goes.
    scratch: an empty folder to live in. env: variables to set.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _limit(memory_mb)
    os.environ.update(env)
    os.environ["HOME"] = os.environ["TMPDIR"] = scratch
    tempfile.tempdir = None  # which the warm parent may have settled before
    os.chdir(scratch)
    _redirect(output)
    _close_all_but(descriptor)
    connection = Connection(descriptor)
    shell = _make_shell()
    while True:
        try:
            request = json.loads(connection.recv_bytes())
            answer = _run(shell, request["source"])
            connection.send_bytes(json.dumps(answer).encode())
        except (EOFError, BrokenPipeError):
            return


def _limit(memory_mb: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
    if not Path("/dev/nvidia0").exists():  # CUDA reserves far more addresses than it uses
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))


def _redirect(output: int) -> None:
    """Send descriptors 0, 1 and 2 to nothing and to `output`, so that native code and subprocesses are caught too."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115


def _close_all_but(kept: int) -> None:
    """Close what was inherited: through the pipes of the warm parent a hostile cell could end it for everybody."""
    os.closerange(3, kept)
    os.closerange(kept + 1, 4096)


def _make_shell() -> InteractiveShell:
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    shell = _Shell.instance(config=config)
    shell.user_ns["__name__"] = "__main__"
    return shell


def _run(shell: InteractiveShell, source: str) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as escaped:
        error = escaped
    _close_figures()
    outcome: dict[str, Any] = {"seconds": time.perf_counter() - started, "error": None}
    if error is None:
        outcome["value"] = _number(result.result)
    else:
        outcome["error"] = {
            "name": type(error).__name__,
            "message": _message(error)[:MESSAGE_CHARS],
            "line": _line(error.__traceback__, shell.user_ns) or getattr(error, "lineno", None) or 0,
        }
    return outcome


def _number(value: Any) -> float | None:
    """The value of the cell's last expression if it is one plain number."""
    return float(value) if isinstance(value, int | float | np.number) else None


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
