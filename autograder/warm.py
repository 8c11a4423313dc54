"""The warm parent: a process that has imported what notebooks import and is forked for each submission.

Started as `python -m autograder.warm FD`; on that socket it takes requests as JSON, for a new process together with the two
descriptors that the process will use. Importing must run no TensorFlow op: a process forked after one hangs at its first op.
It keeps a dead child's number reserved until it is told to let go, so that nobody ever kills a stranger.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

__all__ = ["main"]

MAX_REQUEST = 1 << 20


def main(control: socket.socket) -> None:
    """Serve requests until the other end is closed: {"start": arguments of student.serve} or {"release": pid}."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which then closes the socket
    _import_all()
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 2)
        if not request:
            return
        message = json.loads(request)
        if "start" in message:
            control.send(json.dumps({"pid": _fork(control, message["start"], descriptors)}).encode())
        else:
            with suppress(ChildProcessError):
                os.waitpid(message["release"], 0)
            control.send(b"{}")


def _fork(control: socket.socket, job: dict[str, Any], descriptors: list[int]) -> int:
    pid = os.fork()
    if pid == 0:
        control.close()
        _become_student(job, *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _become_student(job: dict[str, Any], connection: int, output: int) -> NoReturn:
    from autograder import student

    code = 1
    try:
        student.serve(connection, output, **job)
        code = 0
    finally:
        os._exit(code)


def _import_all() -> None:
    """Load what student processes need. coursekit comes first: it quiets TensorFlow's native logs."""
    import coursekit  # noqa: I001
    import IPython.core.interactiveshell  # noqa: F401
    import keras  # noqa: F401
    import matplotlib
    import matplotlib.pyplot
    import pandas  # noqa: F401
    import scipy.special  # noqa: F401
    import sklearn.linear_model
    import sklearn.metrics  # noqa: F401

    import autograder.student  # noqa: F401

    matplotlib.use("agg")
    for name in coursekit.__all__:
        getattr(coursekit, name)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
