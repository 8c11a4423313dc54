"""Signals that reach the process that is meant, or nobody.

The kernel gives the number of a process that ended to a new one. Whoever keeps a number and signals it later may hit a stranger; a
descriptor of the process (pidfd) never does. Knows processes and nothing of what they run.
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress

import psutil

__all__ = ["Target"]


class Target:
    """The process that has the number `pid` now. parent: whose child it must be. Raises ProcessLookupError if it is gone."""

    def __init__(self, pid: int, parent: int | None = None) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        try:
            self.facts = psutil.Process(pid)  # which knows it by the time of its start too
            if parent is not None and self.facts.ppid() != parent:
                raise ProcessLookupError(f"process {pid} is not the one that was started")
        except psutil.Error as error:
            self.close()
            raise ProcessLookupError(str(error)) from None
        except ProcessLookupError:
            self.close()
            raise

    def send(self, number: int) -> bool:
        """Send the signal; whether the process is still there, if only as one that ended and has not been asked for its end."""
        with suppress(OSError, psutil.Error):
            if self._descriptor is None:
                self.facts.send_signal(number)
            else:
                signal.pidfd_send_signal(self._descriptor, number)
            return True
        return False

    def kill_group(self) -> None:
        """Kill the processes of the group that it leads, while its number is surely its own."""
        if self.send(0):
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; whether it has within so many seconds."""
        if self._descriptor is None:
            with suppress(psutil.Error):
                return self.facts.wait(seconds) is not None
            return False
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

    def family(self) -> list[psutil.Process]:
        """All that it started and that has not left it, each known by number and time."""
        with suppress(psutil.Error):
            return self.facts.children(recursive=True)
        return []

    def close(self) -> None:
        """Let go of the descriptor; no signal is sent from here on."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor is not None and descriptor >= 0:
            os.close(descriptor)
