"""The grader's end of the fork server: start it, request processes from it, restart it if it dies.

Knows the protocol of the fork server; nothing of what the processes run.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from autograder.sandbox import cgroups
from autograder.sandbox.interpreters import clean_environment, command
from coursekit.session import chosen_backend

__all__ = ["SCRATCH", "ForkServerClient", "fork_server", "wake"]

SCRATCH = "autograder-"  # prefix of the scratch folders, followed by the process ID of the grader
# TensorFlow reads this when it is loaded. Without oneDNN a process that builds a small network takes a third less processor
# time. Large convolutions take up to twice as long; whoever grades many of them sets the variable to 1.
_DEFAULTS = {"TF_ENABLE_ONEDNN_OPTS": "0"}
OLD_SECONDS = 3600.0  # a scratch folder of a dead grader is removed after this time


def _sweep(folder: Path) -> None:
    """Remove scratch folders of killed graders that have not been changed for an hour."""
    for path in folder.glob(f"{SCRATCH}*-*"):
        number = path.name.removeprefix(SCRATCH).split("-")[0]
        with suppress(OSError):
            facts = path.lstat()
            ours = stat.S_ISDIR(facts.st_mode) and os.getuid() in (0, facts.st_uid)
            left = number.isdecimal() and not psutil.pid_exists(int(number)) and time.time() - facts.st_mtime > OLD_SECONDS
            if ours and left:
                shutil.rmtree(path, ignore_errors=True)


class ForkServerClient:
    """The grader's end of a fork server, which is started on first use and again if it dies.

    Attributes:
        lock: Held while a request is sent and answered.
        control: Socket to the fork server, None if it is not running.
        ready: Whether the fork server has answered a request.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.control: socket.socket | None = None
        self.ready = False

    def wake(self) -> None:
        """Start the fork server without waiting for it.

        Its imports take seconds, in which other work can be done.
        """
        with self.lock:
            if self.control is None:
                self._start()

    def give_up(self) -> None:
        """Abort requests that wait for a fork server that is still importing."""
        if not self.ready and (control := self.control) is not None:
            with suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)

    def request(
        self, message: dict[str, object], descriptors: Sequence[int] = (), check: Callable[[], None] | None = None
    ) -> dict[str, int]:
        """Send a request and wait for the answer.

        A request that fails is repeated once with a new fork server.

        Args:
            message: {"start": job} or {"release": process ID}; see `worker.forkserver`.
            descriptors: File descriptors to pass to the new process.
            check: Called before each attempt; may raise to abort.

        Returns:
            {"child": process ID} for "start", {} for "release".

        Raises:
            RuntimeError: If the fork server does not start.
        """
        with self.lock:
            for attempt in (1, 2):
                if check:
                    check()
                control = self.control or self._start()
                try:
                    socket.send_fds(control, [json.dumps(message).encode()], descriptors)
                    if answer := control.recv(1 << 16):
                        self.ready = True
                        return json.loads(answer)
                except OSError:
                    pass
                control.close()
                self.control = None
                if attempt == 1 and "release" in message:
                    return {}  # its children died with it
        raise RuntimeError(
            "the fork server for the student processes does not start; try `python -c 'import autograder.worker.forkserver'`"
        )

    def _start(self) -> socket.socket:
        """Start the fork server, and remove what killed graders left behind."""
        _sweep(Path(tempfile.gettempdir()))
        cgroups.sweep()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            line = command("autograder.worker.forkserver", "start", str(number))
            # Keras takes here what it takes in the grader, whose home folder with its settings may be another one.
            variables = {**_DEFAULTS, **clean_environment(), "KERAS_BACKEND": chosen_backend()}
            subprocess.Popen(line, pass_fds=[number], env=variables, stdin=subprocess.DEVNULL, start_new_session=True)
        self.control, self.ready = ours, False
        return ours


fork_server = ForkServerClient()
wake = fork_server.wake
