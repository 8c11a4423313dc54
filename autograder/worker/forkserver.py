"""The fork server: a process that forks each student process and each examiner.

It has imported what notebooks import, so that the new processes start at once. `start` gets the
number of a socket on the command line (see `sandbox.interpreters`) and takes requests from it as
JSON; a request for a new process comes with the three descriptors that the process will use. The
fork server answers at once: everything slow, such as entering the sandbox, happens in the new
processes at the same time. The imports compute nothing on a backend of Keras: what a process cannot
follow into its fork differs between backends (docs/platforms.md), and the pools of threads that all
of them start at their first operation are part of it. The fork server does not reap a dead child until it is told to release
it. Until then the process ID is not reused, so a late signal hits no other process.
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
import warnings
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from autograder import sandbox
from autograder.worker import hugepages

__all__ = ["main", "start"]

MAX_REQUEST = 1 << 20
MANY = 30  # after so many forks it pays to make further ones cheaper: half a second for a hundredth of a second each
# What the labs import and what a shell loads when it is created: loaded once here, not in every
# process.
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
    """Serve on the socket whose number is sys.argv[1], then exit."""
    with suppress(BrokenPipeError):  # the grader is gone
        main(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # an orderly shutdown of all imported libraries would take seconds


def main(control: socket.socket) -> None:
    """Serve requests until the other end is closed.

    The request {"start": job} forks a process; the job is described at `_become`. The answer is
    {"child": process ID}: the child of the fork server, which is the new process or the watcher
    outside its sandbox. The request {"release": process ID} allows to reap a child; the answer is
    {}.

    Args:
        control: The socket.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the grader, which then closes the socket
    _import_all()
    released: list[int] = []
    forks = 0
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 3)
        if not request:
            return
        message = json.loads(request)
        if "start" in message:
            control.send(json.dumps({"child": _fork(control, message["start"], descriptors)}).encode())
            forks += 1
            if forks == MANY:
                hugepages.collapse()
        else:
            released.append(message["release"])
            control.send(b"{}")
        released = [child for child in released if not _reap(child)]


def _reap(child: int) -> bool:
    """Reap a child if it has ended. Return whether it is gone."""
    with suppress(ChildProcessError):
        return os.waitpid(child, os.WNOHANG)[0] == child
    return True


def _fork(control: socket.socket, job: dict[str, Any], descriptors: list[int]) -> int:
    """Fork a process for the job and return its ID."""
    child = os.fork()
    if child == 0:
        control.close()
        _become(job, *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return child


def _become(job: dict[str, Any], connection: int, output: int, pid_pipe: int) -> NoReturn:
    """Turn the forked process into a student process or an examiner in its sandbox, and serve.

    job: the keys are
        "role": "student" or "examiner";
        "env": environment variables to set;
        "private_env": whether further variables arrive as the first message on the connection;
        "files", "shared_arguments": see `examiner.serve`;
        "beside": files to copy into the current folder;
        "handed_in": the same, opened before the sandbox is entered, because they are outside of it;
        "level", "spec": the sandbox.
    connection: descriptor of the socket to the grader.
    output: descriptor for what the process prints.
    pid_pipe: descriptor to which the process ID, as seen from outside the sandbox, is written.
    """
    from autograder.worker import examiner, student

    sandboxed_student = job["role"] == "student" and job["level"] != "open"
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _redirect(output)
        _close_all_but(connection, pid_pipe)
        readable, hidden = sandbox.default_readable(), sandbox.grader_files() if sandboxed_student else ()
        spec = sandbox.SandboxSpec(**{**job["spec"], "readable": (*readable, *job["spec"]["readable"]), "hidden": hidden})
        handed_in = _opened(job["handed_in"])
        _enter_sandbox(spec, job["level"], pid_pipe)
        ours = Connection(connection)
        os.environ.update(job["env"])
        if job["private_env"]:
            os.environ.update(json.loads(ours.recv_bytes()))
        os.environ["HOME"] = os.environ["TMPDIR"] = spec.scratch
        tempfile.tempdir = None  # the fork server may have set it
        _limit_threads()
        os.chdir(spec.scratch)
        _copy(job["beside"])
        _write(handed_in)
        sys.path.insert(0, "")  # Python looks for modules in the notebook's folder first, as in a kernel
        if sandboxed_student:
            _unload_grader()
        if job["role"] == "student":
            student.serve(ours, files=job["files"])
        else:
            examiner.serve(ours, files=job["files"], shared_arguments=job["shared_arguments"])
        code = 0
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def _limit_threads() -> None:
    """Let PyTorch use as many threads as TensorFlow may: it read its own variables when the fork server imported it."""
    torch, count = sys.modules.get("torch"), os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    if torch is not None and count.isdecimal() and int(count) > 0:
        torch.set_num_threads(int(count))


def _unload_grader() -> None:
    """Make the grader unavailable to imports.

    This process has loaded all it needs of it, and the files are hidden. A value of None in
    sys.modules makes the import fail; without it, the empty folder would count as a package.
    """
    for name in [name for name in sys.modules if name.split(".")[0] == "autograder"]:
        del sys.modules[name]
    sys.modules["autograder"] = None  # type: ignore[assignment]


def _copy(files: list[list[str]]) -> None:
    """Copy files, given as [relative name, path], into the current folder."""
    for name, path in files:
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        shutil.copyfile(path, name)


def _opened(files: list[list[str]]) -> list[tuple[str, int]]:
    """Open files, given as [relative name, path]. Links and files that are gone are left out."""
    opened = []
    for name, path in files:
        with suppress(OSError):
            opened.append((name, os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)))
    return opened


def _write(files: list[tuple[str, int]]) -> None:
    """Copy the files of these descriptors into the current folder, and close the descriptors."""
    for name, descriptor in files:
        os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
        with open(descriptor, "rb") as source, open(name, "wb") as target:
            shutil.copyfileobj(source, target)


def _enter_sandbox(spec: sandbox.SandboxSpec, level: str, pid_pipe: int) -> None:
    """Enter the sandbox (at level "open": only a new session), and write the process ID to the pipe."""

    def before(pid: int) -> None:
        os.write(pid_pipe, str(pid).encode())
        os.close(pid_pipe)

    if level == "open":
        before(os.getpid())
        os.setsid()
    else:
        sandbox.enter(spec, level, before)  # type: ignore[arg-type]
        with suppress(OSError):
            os.close(pid_pipe)


def _redirect(output: int) -> None:
    """Redirect descriptor 0 to /dev/null, and 1 and 2 to `output`.

    This also covers native code and subprocesses. sys.stderr is not replaced, because logging
    handlers that were created by imports, such as absl's, refer to it.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", buffering=1, closefd=False, errors="replace")  # noqa: SIM115


def _close_all_but(*kept: int) -> None:
    """Close inherited descriptors.

    Through those of the fork server a hostile cell could end it for all processes.
    """
    edges = [2, *sorted(kept), 4096]
    for low, high in pairwise(edges):
        os.closerange(low + 1, high)


def _import_all() -> None:
    """Load what student processes and examiners need. coursekit comes first, because it silences TensorFlow's native logs."""
    gc.disable()
    import coursekit
    from autograder.worker import saving_cache, trainings
    from autograder.worker.models import settings
    from autograder.worker.shell import Errors

    sys.stderr = Errors()
    # JAX warns at every fork of threads that do not survive it. Its own start with the first array, which is after the fork.
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
    for name in MODULES:
        import_module(name)
    saving_cache.fill()
    settings.keep()
    if find_spec("tensorflow"):  # on every backend Keras loads it to set a seed, which would take seconds in each process
        import_module("tensorflow")
        trainings.leave_small_graphs()
    trainings.one_iterator_per_epoch()

    import matplotlib

    from coursekit.data.registry import course_registry

    matplotlib.use(
        "module://matplotlib_inline.backend_inline"
    )  # as in a kernel; it draws nothing if it is loaded before there is a shell
    for name in coursekit.__all__:
        getattr(coursekit, name)
    course_registry()  # read and cached now: a sandbox may not be able to read it
    sandbox.default_readable(), sandbox.grader_files()  # cached
    # Exclude imported objects from garbage collection in the forked processes: it would take time
    # in each, and copy every page.
    gc.freeze()
    gc.enable()
