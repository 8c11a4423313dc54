"""Our end of the fork server: start it, ask it for processes, start it again should it die.

Knows its protocol; nothing of what the processes run.
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

__all__ = ["SCRATCH", "ForkServerClient", "fork_server", "wake"]

SCRATCH, OLD_SECONDS = "autograder-", 3600.0  # see _sweep


def _sweep(folder: Path) -> None:
    """Remove the scratch folders of graders that were killed: those of dead processes that nobody has touched for an hour."""
    for path in folder.glob(f"{SCRATCH}*-*"):
        number = path.name.removeprefix(SCRATCH).split("-")[0]
        with suppress(OSError):
            facts = path.lstat()
            ours = stat.S_ISDIR(facts.st_mode) and os.getuid() in (0, facts.st_uid)
            left = number.isdecimal() and not psutil.pid_exists(int(number)) and time.time() - facts.st_mtime > OLD_SECONDS
            if ours and left:
                shutil.rmtree(path, ignore_errors=True)


class ForkServerClient:
    """Our end of a warm parent, started when first needed and again should it ever die."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.control: socket.socket | None = None
        self.ready = False  # whether it has answered

    def wake(self) -> None:
        """Start it now, without waiting for it: what it imports takes seconds in which other work can be done."""
        with self.lock:
            if self.control is None:
                self._start()

    def give_up(self) -> None:
        """Let nobody wait for one that is still importing."""
        if not self.ready and (control := self.control) is not None:
            with suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)

    def request(
        self, message: dict[str, object], descriptors: Sequence[int] = (), check: Callable[[], None] | None = None
    ) -> dict[str, int]:
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
            "the warm parent of the student processes does not start; try `python -c 'import autograder.worker.forkserver'`"
        )

    def _start(self) -> socket.socket:
        _sweep(Path(tempfile.gettempdir()))
        cgroups.sweep()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            line = command("autograder.worker.forkserver", "start", str(number))
            subprocess.Popen(line, pass_fds=[number], env=clean_environment(), stdin=subprocess.DEVNULL, start_new_session=True)
        self.control, self.ready = ours, False
        return ours


fork_server = ForkServerClient()
wake = fork_server.wake
