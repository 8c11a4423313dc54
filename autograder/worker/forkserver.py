"""The warm parent: a process that has imported what notebooks import and is forked for each student process and each examiner.

`start` finds the number of a socket on the command line (see `interpreters`); there it takes requests as JSON, for a new process
together with the three descriptors that the process will use. It answers at once: what takes time, walls and dying, happens in
the new processes, side by side. Importing must run no TensorFlow op: a process forked after one hangs at its first op. It keeps a
dead child's number reserved until it is told to let go, so that nobody ever kills a stranger.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from autograder import sandbox

__all__ = ["main", "start"]

MAX_REQUEST = 1 << 20
# What the labs import, and what a shell loads when it is made: loaded once here, not in every process.
MODULES = (
    "keras",
    "matplotlib.pyplot",
    "matplotlib_inline.config",
    "pandas",
    "scipy.optimize",
    "scipy.special",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.neighbors",
    "sklearn.preprocessing",
    "IPython.core.application",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.interactiveshell",
    "IPython.core.logger",
    "IPython.core.magics",
    "autograder.worker.examiner",
    "autograder.worker.student",
)


def start() -> NoReturn:
    """Serve on the socket whose number is the first argument, and end."""
    with suppress(BrokenPipeError):  # whoever asked has gone
        main(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # taking all that was imported down in good order takes seconds and helps nobody


def main(control: socket.socket) -> None:
    """Serve requests until the other end is closed: {"start": what `_become` needs} or {"release": pid}.

    The answer to "start" is {"child": pid}: our own child, which is the new process or the watcher outside of its walls.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which then closes the socket
    _import_all()
    released: list[int] = []
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 3)
        if not request:
            return
        message = json.loads(request)
        if "start" in message:
            control.send(json.dumps({"child": _fork(control, message["start"], descriptors)}).encode())
        else:
            released.append(message["release"])
            control.send(b"{}")
        released = [child for child in released if not _let_go(child)]


def _let_go(child: int) -> bool:
    """Give the number of a child free if it has ended; whether there is nothing left to give."""
    with suppress(ChildProcessError):
        return os.waitpid(child, os.WNOHANG)[0] == child
    return True


def _fork(control: socket.socket, job: dict[str, Any], descriptors: list[int]) -> int:
    """Fork a process for the job; its number."""
    child = os.fork()
    if child == 0:
        control.close()
        _become(job, *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return child


def _become(job: dict[str, Any], connection: int, output: int, tell: int) -> NoReturn:
    """Turn the forked process into a student process or an examiner inside its walls.

    job: "role", "env" (variables to set), "told" (whether more of them come first on the connection), "files" and
    "shared_arguments" (see examiner.serve), "beside" and "handed_in" (files to be found in the current folder, the latter opened
    before the walls outside of which they lie), "level" and "room" of its walls. output: what it prints. tell: a pipe for its
    number as seen from outside of its walls.
    """
    from autograder.worker import examiner, student

    enclosed = job["role"] == "student" and job["level"] != "open"
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _redirect(output)
        _close_all_but(connection, tell)
        readable, hidden = sandbox.default_readable(), sandbox.grader_files() if enclosed else ()
        room = sandbox.SandboxSpec(**{**job["room"], "readable": (*readable, *job["room"]["readable"]), "hidden": hidden})
        handed_in = _opened(job["handed_in"])
        _enclose(room, job["level"], tell)
        ours = Connection(connection)
        os.environ.update(job["env"])
        if job["told"]:
            os.environ.update(json.loads(ours.recv_bytes()))
        os.environ["HOME"] = os.environ["TMPDIR"] = room.scratch
        tempfile.tempdir = None  # which this process may have settled before it was forked
        os.chdir(room.scratch)
        _copy(job["beside"])
        _write(handed_in)
        sys.path.insert(0, "")  # modules are looked for beside the notebook first, as in a kernel
        if enclosed:
            _forget_the_grader()
        if job["role"] == "student":
            student.serve(ours, files=job["files"])
        else:
            examiner.serve(ours, files=job["files"], shared_arguments=job["shared_arguments"])
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def _forget_the_grader() -> None:
    """Let no import find the grader: all of it that this process needs is loaded, and its files are out of sight.

    None is Python's own sign for a module that cannot be imported; without it an empty folder would count as a package.
    """
    for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
        del sys.modules[name]
    sys.modules["autograder"] = None  # type: ignore[assignment]


def _copy(files: list[list[str]]) -> None:
    """Put copies of the files into the current folder: [relative name, path]."""
    for name, path in files:
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        shutil.copyfile(path, name)


def _opened(files: list[list[str]]) -> list[tuple[str, int]]:
    """[relative name, path] → (relative name, descriptor), of those that are still there and no links."""
    opened = []
    for name, path in files:
        with suppress(OSError):
            opened.append((name, os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)))
    return opened


def _write(files: list[tuple[str, int]]) -> None:
    """Put what these descriptors hold into the current folder, and close them."""
    for name, descriptor in files:
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        with open(descriptor, "rb") as source, open(name, "wb") as target:
            shutil.copyfileobj(source, target)


def _enclose(room: sandbox.SandboxSpec, level: str, tell: int) -> None:
    def before(pid: int) -> None:
        os.write(tell, str(pid).encode())
        os.close(tell)

    if level == "open":
        before(os.getpid())
        os.setsid()
    else:
        sandbox.enter(room, level, before)  # type: ignore[arg-type]
        with suppress(OSError):
            os.close(tell)


def _redirect(output: int) -> None:
    """Send descriptors 0, 1 and 2 to nothing and to `output`, so that native code and subprocesses are caught too.

    sys.stderr stays the object that it is since before anything was imported: handlers of logging, such as absl's, hold it.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115


def _close_all_but(*kept: int) -> None:
    """Close what was inherited: through the pipes of the warm parent a hostile cell could end it for everybody."""
    edges = [2, *sorted(kept), 4096]
    for low, high in pairwise(edges):
        os.closerange(low + 1, high)


def _import_all() -> None:
    """Load what student processes and examiners need. coursekit comes first: it quiets TensorFlow's native logs."""
    gc.disable()
    import coursekit
    from autograder.worker.shell import Errors

    sys.stderr = Errors()
    for name in MODULES:
        import_module(name)

    import matplotlib

    from coursekit.data.registry import course_registry

    matplotlib.use(
        "module://matplotlib_inline.backend_inline"
    )  # as in a kernel; loaded before there is a shell, it draws nothing
    for name in coursekit.__all__:
        getattr(coursekit, name)
    course_registry()  # read now: it may lie outside of what can be read later
    sandbox.default_readable(), sandbox.grader_files()  # looked for once
    # No forked process looks for garbage in what was imported: that would be work again and again, and a copy of every page.
    gc.freeze()
    gc.enable()
