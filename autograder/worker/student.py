"""The student process: runs the cells of one notebook, and makes their results available.

It is forked from the fork server, gets requests through a socket and answers each with one frame:
it runs a cell, sends values, or calls a function that a cell defined. It knows nothing of labs,
points or verdicts: to it every cell is code. The other processes read what it sends as plain data
only.
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

    "run" runs a cell (`steps.Step` describes the fields), "get" runs the code in "restore" and
    sends values, "call" calls a function that was sent before. `frames` lists the fields.

    Args:
        connection: The socket to the grader.
        files: Whether the examiner keeps a copy of the files in the current folder.
    """
    shell = make_shell()
    shared = Files(Path.cwd()) if files else None
    if shared is not None:
        shared.remember()
    peer = Peer(
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
            request, blobs = peer.take(connection.recv_bytes())
            if request["do"] == "run":
                if request["course"] and course is None:
                    course = Course(shell)
                connection.send_bytes(pack({"do": "ran", **_run(shell, course, request)}))
            elif request["do"] == "get":
                _restore(shell, request["restore"])
                _send_values(peer, shell, request["names"])
            elif request["do"] == "call":
                peer.serve(request, blobs)
        except (EOFError, BrokenPipeError):
            return


def _run(shell: InteractiveShell, course: Course | None, request: dict[str, Any]) -> dict[str, Any]:
    """Run a cell, and remember or restore the names of the course if the request says so."""
    if course is not None and request["course"] == "restore":
        course.restore(request["names"])
    before = dict(shell.user_ns)
    outcome = run_cell(shell, request["source"], of_student=True)
    if course is not None and request["course"] == "remember":
        course.remember(before)
    return outcome


def _restore(shell: InteractiveShell, code: str) -> None:
    """Run code of the lab: functions and imports.

    Not as a cell, because the student may have changed how the shell runs cells.
    """
    with suppress(Exception):
        exec(compile(code, "<lab>", "exec"), shell.user_ns)


def _send_values(peer: Peer, shell: InteractiveShell, names: list[str]) -> None:
    """Send the values of the names that exist, with notes for values that cannot be sent."""
    encoder = peer.encoder()
    values = {name: ["value", encoder.node(shell.user_ns[name], f"`{name}`")] for name in names if name in shell.user_ns}
    try:
        peer.answer({"values": values}, encoder)
    except RefusedError as refused:
        peer.answer({"values": {name: ["refused", refused.what] for name in names}}, peer.encoder())
