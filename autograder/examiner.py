"""The examiner: runs the instructor's tests, in its own process, on values that crossed the wire.

It is forked from a warm parent of its own and runs the lab's given cells for itself, so that no test rests on what a student's
code may have done to them. Knows cells and values; nothing of submissions, and it holds no code of a student.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autograder import networks
from autograder.cells import make_shell, run_cell
from autograder.generators import Generators
from autograder.link import DONE, READY, TO_STUDENT, Files, Link
from autograder.wire import pack, unpack

__all__ = ["serve"]


def serve(connection: Connection, *, files: bool = False) -> None:
    """Answer requests until the other end is closed: {"do": "given", "source": …} or {"do": "test", "source": …, "names": […]}.

    names: what the test reads of the student's. Each is answered with how the cell ended. "random": the test and the student's
    functions draw from the same global random numbers.
    """
    if files:  # some of which a student's code wrote: no modules here
        sys.path[:] = [place for place in sys.path if place not in ("", ".")]
    shell = make_shell()
    shared = Files(Path.cwd()) if files else None
    link = Link(
        lambda frame: connection.send_bytes(TO_STUDENT + frame),
        connection.recv_bytes,
        gives=shell.user_ns,
        models=networks,
        files=shared,
    )
    connection.send_bytes(READY)
    while True:
        try:
            request, _ = unpack(connection.recv_bytes())
            if request["do"] == "given":
                outcome = run_cell(shell, request["source"])
            else:
                link.generators = Generators() if request.get("random") else None
                outcome = _examine(link, shell, request["source"], request["names"])
            connection.send_bytes(DONE + pack(outcome))
        except (EOFError, BrokenPipeError):
            return


def _examine(link: Link, shell: InteractiveShell, source: str, names: list[str]) -> dict[str, Any]:
    """Run a test on the student's values; afterwards the notebook is as it was, whatever names the test used."""
    before = dict(shell.user_ns)
    try:
        if link.generators is not None:
            link.generators.settle()  # a notebook's random numbers go on from where the student's cells left them
        if names:
            answer, blobs = link.ask({"do": "get", "names": names}, link.encoder())
            decoder = link.decoder(blobs)
            for name, (kind, said) in answer["values"].items():
                if name not in names:
                    continue
                if kind != "value":
                    return _failed(str(said))
                shell.user_ns[name] = decoder.value(said)
        return run_cell(shell, source)
    except ValueError as error:
        return _failed(str(error), "TypeError")
    finally:
        shell.user_ns.clear()
        shell.user_ns.update(before)


def _failed(message: str, name: str = "Mistake") -> dict[str, Any]:
    """How a test ends whose values cannot be looked at: as if a check of it had said so, or with an error of this name."""
    return {"seconds": 0.0, "cpu": 0.0, "error": {"name": name, "message": message[:4000], "line": 1}}
