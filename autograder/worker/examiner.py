"""The examiner: runs the instructor's tests, in its own process, on values that crossed the wire.

It is forked from a warm parent of its own and runs the lab's given cells for itself, so that no test rests on what a student's
code may have done to them. A function of the student's gets copies of what a test gives it; what it changes there is changed here
only where the test says so (`check.mutates`, `check.unchanged`). Knows cells and values; nothing of submissions, and it holds no
code of a student.
"""

from __future__ import annotations

from contextlib import nullcontext
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from autograder.worker import keras_codec
from autograder.worker.filesync import Files
from autograder.worker.frames import DONE, READY, SPENT, TO_STUDENT, pack, unpack
from autograder.worker.generators import Generators
from autograder.worker.given import Given
from autograder.worker.refusals import CannotCross, sentence
from autograder.worker.rpc import Peer
from autograder.worker.shell import make_shell, run_cell
from coursekit import check

__all__ = ["serve"]


def serve(connection: Connection, *, files: bool = False, shared_arguments: bool = False) -> None:
    """Answer requests until the other end is closed: {"do": "given", "source": …} or {"do": "test", "source": …, "names": […],
    "restore": …}.

    names: what the test reads of the student's; restore: see Step; "random": the test and the student's functions draw from the
    same global random numbers. Each is answered with how the cell ended. files: the student process has copies of the files in the
    current folder; those that are there now, and those that the lab's cells write, are the examiner's own. shared_arguments: a
    student's function may change whatever a test gives it, as in one process; what the lab's cells made is then not looked after.
    """
    shell = make_shell()
    shared = Files(Path.cwd()) if files else None
    if shared is not None:
        shared.settle()
        shared.claim()
        shared.guard_imports()
    link = Peer(
        lambda frame: connection.send_bytes(TO_STUDENT + frame),
        connection.recv_bytes,
        gives=shell.user_ns,
        models=keras_codec,
        files=shared,
        watched=None if shared_arguments else check.watched,
    )
    given = Given(shell.user_ns)
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
                link.generators = Generators() if request["random"] else None
                outcome = _examine(link, shell, request)
                spent = not shared_arguments and given.changed(request["source"], link.touched)
                link.touched.clear()
            connection.send_bytes((SPENT if spent else DONE) + pack(outcome))
        except (EOFError, BrokenPipeError):
            return


def _examine(link: Peer, shell: InteractiveShell, request: dict[str, Any]) -> dict[str, Any]:
    """Run a test on the student's values; afterwards the notebook is as it was, whatever names the test used."""
    before, names = dict(shell.user_ns), request["names"]
    try:
        if link.generators is not None:
            link.generators.settle()  # a notebook's random numbers go on from where the student's cells left them
        if names:
            question = {"do": "get", "names": names, "restore": request["restore"]}
            answer, blobs = link.ask(question, link.encoder())
            decoder = link.decoder(blobs)
            for name, (kind, said) in answer["values"].items():
                if name not in names:
                    continue
                if kind != "value":
                    return _failed(sentence(str(said)[:200]), CannotCross.__name__)
                shell.user_ns[name] = decoder.value(said)
        return run_cell(shell, request["source"])
    except ValueError as error:
        return _failed(str(error), "TypeError")
    except CannotCross as limit:
        return _failed(str(limit), type(limit).__name__)
    finally:
        shell.user_ns.clear()
        shell.user_ns.update(before)


def _failed(message: str, name: str) -> dict[str, Any]:
    """How a test ends whose values cannot be looked at: with an error of this name."""
    return {"seconds": 0.0, "cpu": 0.0, "error": {"name": name, "message": message[:4000], "line": 1}}
