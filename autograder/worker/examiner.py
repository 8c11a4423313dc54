"""The examiner: runs the instructor's tests, on values that the student process sent.

It is a separate process. It is forked from the fork server and runs the lab's given cells itself,
so that no test depends on what a student's code may have done to them. A student's function gets
copies of the arguments that a test passes; its changes to them are made in the examiner only if the
test asks for them (`check.mutates`, `check.unchanged`). Knows cells and values; nothing of
submissions. It contains no code of a student.
"""

from __future__ import annotations

from contextlib import nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autograder.worker import keras_codec
from autograder.worker.draws import Draws
from autograder.worker.filesync import Files
from autograder.worker.frames import DONE, MESSAGE_CHARS, READY, SPENT, TO_STUDENT, pack, unpack
from autograder.worker.generators import Generators
from autograder.worker.given import Given
from autograder.worker.refusals import CannotCross, sentence
from autograder.worker.rpc import Peer
from autograder.worker.shell import make_shell, run_cell
from autograder.worker.watching import noted, watching
from coursekit import check

__all__ = ["serve"]


def serve(connection: Connection, *, files: bool = False, shared_arguments: bool = False) -> None:
    """Answer requests until the other end is closed. Each is answered with the outcome of a cell.

    "given" runs a cell of the lab. "test" runs a test: "names" are the student's names that it
    reads, "restore", "draws" and "watched" are described at `steps.Step`, and "random" says whether the test
    and the student's functions use the same global random number generators. `frames` lists the fields.

    Args:
        connection: The socket to the grader.
        files: Whether the student process has copies of the files in the current folder. It cannot
            change the files that are there now, nor those that the lab's cells write.
        shared_arguments: Whether a student's function may change all arguments that a test passes,
            as in one process. Objects of the lab's cells are then not checked for changes.
    """
    shell = make_shell()
    shared = Files(Path.cwd()) if files else None
    if shared is not None:
        shared.remember()
        shared.claim()
        shared.guard_imports()
    peer = Peer(
        lambda frame: connection.send_bytes(TO_STUDENT + frame),
        connection.recv_bytes,
        gives=shell.user_ns,
        models=keras_codec,
        files=shared,
        watched=None if shared_arguments else check.watched,
    )
    given, draws = Given(shell.user_ns), Draws()
    connection.send_bytes(READY)
    while True:
        try:
            request, _ = unpack(connection.recv_bytes())
            if request["do"] == "given":
                with shared.own_work() if shared is not None else nullcontext():
                    outcome, spent = run_cell(shell, request["source"]), False
                given.forget()
            else:
                given.remember()
                draws.begin(request["draws"], everything=not request["random"])
                peer.generators = Generators() if request["random"] else None
                outcome = _run_test(peer, shell, request)
                spent = not shared_arguments and given.changed(request["source"], peer.touched)
                peer.touched.clear()
            connection.send_bytes((SPENT if spent else DONE) + pack(outcome))
        except (EOFError, BrokenPipeError):
            return


def _run_test(peer: Peer, shell: InteractiveShell, request: dict[str, Any]) -> dict[str, Any]:
    """Run a test on the student's values. Afterwards the namespace is as it was before."""
    before, names = dict(shell.user_ns), request["names"]
    try:
        if peer.generators is not None:
            peer.generators.remember()  # the test continues with the states that the student's cells left
        if names:
            question = {"do": "get", "names": names, "restore": request["restore"]}
            answer, blobs = peer.ask(question, peer.encoder())
            decoder = peer.decoder(blobs)
            for name, (kind, content) in answer["values"].items():
                if name not in names:
                    continue
                if kind != "value":
                    return _failed(sentence(str(content)[:200]), CannotCross.__name__)
                shell.user_ns[name] = decoder.value(content)
        if not request["watched"]:
            return run_cell(shell, request["source"])
        with watching(shell) as checks:
            outcome = run_cell(shell, request["source"])
        return outcome | {"checks": noted(checks)}
    except ValueError as error:
        return _failed(str(error), "TypeError")
    except CannotCross as limit:
        return _failed(str(limit), type(limit).__name__)
    finally:
        shell.user_ns.clear()
        shell.user_ns.update(before)


def _failed(message: str, name: str) -> dict[str, Any]:
    """The outcome of a test whose values could not be read: an error with this name."""
    return {"seconds": 0.0, "cpu": 0.0, "error": {"name": name, "message": message[:MESSAGE_CHARS], "line": 1}}
