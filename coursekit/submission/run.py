"""Run a notebook from top to bottom in a new process, with a clock.

Knows nothing of what its cells are for.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursekit.submission.notebook import Notebook

__all__ = ["Run", "run_fresh"]

_GRACE = 10.0  # seconds that a process has to end its kernel


@dataclass(frozen=True)
class Run:
    """How a notebook ran.

    Attributes:
        errors: Index of each code cell that ran → its error in one line, "" if it has none.
        outputs: Index of each code cell → (its outputs, its number); empty if the run did not end, or they were not kept.
        problem: Why the run did not reach the last cell; "" if it did.
    """

    errors: dict[int, str]
    outputs: dict[int, tuple[list[Any], int | None]] = field(default_factory=dict)
    problem: str = ""


def run_fresh(
    notebook: Notebook,
    folder: Path,
    seconds: float,
    on_cell: Callable[[int], None] = lambda index: None,
    on_wait: Callable[[], None] = lambda: None,
) -> Run:
    """Run all code cells of a notebook. A cell that fails does not stop the ones below it.

    Args:
        notebook: The notebook.
        folder: Where its cells run.
        seconds: Duration after which the run is ended.
        on_cell: Called with the index of each cell that has run.
        on_wait: Called about once a second while a cell runs.

    Returns:
        How it ran. What goes wrong is described there and not raised.
    """
    with tempfile.TemporaryDirectory() as scratch:
        given, made = Path(scratch, "notebook.ipynb"), Path(scratch, "outputs.json")
        given.write_text(json.dumps(notebook), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "coursekit.submission.runner", str(given), str(made)],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        late = threading.Event()

        def ring() -> None:
            late.set()
            _end(process)

        clock = threading.Timer(seconds, ring)
        clock.start()
        try:
            said = _Tail(process)
            errors = _listen(process, on_cell, on_wait)
            process.wait()
        finally:
            clock.cancel()
            _end(process)
            process.wait()
        problem = ""
        if late.is_set():
            problem = f"The run was ended after {_duration(seconds)}. coursekit.submit(minutes=…) gives it more time."
        elif process.returncode != 0 or not made.exists():
            problem = f"The run ended before the last cell: {said.last_line() or f'exit code {process.returncode}'}"
        outputs = {} if problem else {int(i): tuple(o) for i, o in json.loads(made.read_text(encoding="utf-8")).items()}
    return Run(errors, outputs, problem)


def _environment() -> dict[str, str]:
    """Return the variables of the new process, which finds the same packages as this one."""
    path = [str(Path(__file__).parents[2]), *(os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    inherited = {name: text for name, text in os.environ.items() if name not in ("JPY_SESSION_NAME", "MPLBACKEND")}
    return {**inherited, "PYTHONPATH": os.pathsep.join(filter(None, path))}


def _listen(process: subprocess.Popen[str], on_cell: Callable[[int], None], on_wait: Callable[[], None]) -> dict[int, str]:
    """Read a line for each cell that has run, until the process ends."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    errors: dict[int, str] = {}
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            on_wait()
            continue
        if line is None:
            return errors
        try:
            index, error = json.loads(line)
        except ValueError:  # something that a cell wrote past its kernel
            continue
        errors[index] = error
        on_cell(index)


class _Tail:
    """Reads what a process writes to stderr, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._text = ""
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        for line in process.stderr or ():
            self._text = (self._text + line)[-2_000:]

    def last_line(self) -> str:
        self._thread.join(5)
        return next((line.strip() for line in reversed(self._text.splitlines()) if line.strip()), "")


def _end(process: subprocess.Popen[str]) -> None:
    """End a process: it is asked first, so that it ends its kernel."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def _duration(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds < 90 else f"{seconds / 60:g} minutes"
