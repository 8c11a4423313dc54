"""The process that runs a notebook: `python -m coursekit.submission.runner NOTEBOOK OUTPUTS`.

Writes a line of JSON, [index, error], on stdout for each cell that has run, and in the end all outputs to a file. Runs the
cells in a kernel if nbclient is installed; otherwise in an IPython shell of this process, whose outputs are not kept.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

__all__ = ["main"]

Say = Callable[[int, str], None]


def main(given: Path, made: Path) -> None:
    """Run the notebook `given`, and write the outputs of its cells to `made`."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # a kernel inherits it
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit("ended from outside"))

    def say(index: int, error: str) -> None:
        report.write(json.dumps([index, error]) + "\n")
        report.flush()

    has_client = all(importlib.util.find_spec(name) for name in ("nbclient", "nbformat", "ipykernel"))
    outputs = (_run_in_kernel if has_client else _run_here)(given, say)
    made.write_text(json.dumps(outputs), encoding="utf-8")


def _run_in_kernel(given: Path, say: Say) -> dict[int, tuple[list[Any], int | None]]:
    import nbformat
    from nbclient import NotebookClient

    notebook: Any = nbformat.read(given, as_version=4)
    client = NotebookClient(notebook, timeout=None, kernel_name="python3", allow_errors=True)
    outputs = {}
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            client.execute_cell(cell, index)
            failed = [output for output in cell.outputs if output.output_type == "error"]
            say(index, f"{failed[0].ename}: {failed[0].evalue}" if failed else "")
            outputs[index] = (cell.outputs, cell.execution_count)
    return outputs


def _run_here(given: Path, say: Say) -> dict[int, tuple[list[Any], int | None]]:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    os.environ.setdefault("MPLBACKEND", "agg")
    shell = InteractiveShell.instance(config=config)
    shell.user_ns["__name__"] = "__main__"
    quiet: TextIO = io.StringIO()
    for index, cell in enumerate(json.loads(given.read_text(encoding="utf-8"))["cells"]):
        source = cell.get("source", "")
        source = "".join(source) if isinstance(source, list) else source
        if cell["cell_type"] != "code" or not source.strip():
            continue
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        say(index, f"{type(error).__name__}: {error}" if error else "")
    return {}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
