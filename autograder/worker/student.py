"""The student process: runs the cells of one notebook, and answers for the names and functions that they made.

It is forked from the warm parent, takes requests from a pipe and answers each with one frame. It knows nothing of labs,
points or verdicts: to it every cell is code, and what it says is only ever read as plain data.
"""

from __future__ import annotations

from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autograder.worker import keras_codec
from autograder.worker.filesync import Files
from autograder.worker.frames import READY, pack
from autograder.worker.refusals import RefusedError
from autograder.worker.restore import Course
from autograder.worker.rpc import Peer
from autograder.worker.shell import make_shell, run_cell

__all__ = ["serve"]


def serve(connection: Connection, *, files: bool = False) -> None:
    """Answer requests until the other end is closed.

    {"do": "run", "source": …, "course": …, "names": […]} runs a cell, see runs.Step; {"do": "get", "names": […], "restore": …}
    runs the code in "restore" and gives values; {"do": "call", …} calls a function that was given before. files: the other end
    keeps a copy of the files in the current folder.
    """
    shell = make_shell()
    shared = Files(Path.cwd()) if files else None
    if shared is not None:
        shared.settle()
    link = Peer(
        connection.send_bytes,
        connection.recv_bytes,
        takes=shell.user_ns,
        models=keras_codec,
        files=shared,
        lenient=True,
        follows=True,
    )
    course: Course | None = None
    connection.send_bytes(READY)
    while True:
        try:
            request, blobs = link.take(connection.recv_bytes())
            if request["do"] == "run":
                if request["course"] and course is None:
                    course = Course(shell)
                connection.send_bytes(pack({"do": "ran", **_run(shell, course, request)}))
            elif request["do"] == "get":
                _restore(shell, request["restore"])
                _give(link, shell, request["names"])
            elif request["do"] == "call":
                link.serve(request, blobs)
        except (EOFError, BrokenPipeError):
            return


def _run(shell: InteractiveShell, course: Course | None, request: dict[str, Any]) -> dict[str, Any]:
    """Run a cell, and do what it says about the names of the course."""
    if course is not None and request["course"] == "restore":
        course.restore(request["names"])
    before = dict(shell.user_ns)
    outcome = run_cell(shell, request["source"])
    if course is not None and request["course"] == "remember":
        course.remember(before)
    return outcome


def _restore(shell: InteractiveShell, code: str) -> None:
    """Run code of the lab: functions and imports. Not as a cell, for what the shell does with cells may be the student's."""
    with suppress(Exception):
        exec(compile(code, "<lab>", "exec"), shell.user_ns)


def _give(link: Peer, shell: InteractiveShell, names: list[str]) -> None:
    """Answer with the values of those names that exist; what may not cross is noted in its place."""
    encoder = link.encoder()
    values = {name: ["value", encoder.node(shell.user_ns[name], f"`{name}`")] for name in names if name in shell.user_ns}
    try:
        link.answer({"values": values}, encoder)
    except RefusedError as refused:
        link.answer({"values": {name: ["refused", refused.what] for name in names}}, link.encoder())
