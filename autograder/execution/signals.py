"""Send signals to the intended process, or to none.

The kernel reuses the ID of a process that has ended, so a signal that is sent to a stored ID may
hit another process. A process descriptor (pidfd) always refers to the same process. Knows
processes, and nothing of what they run.
"""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress

import psutil

__all__ = ["Target"]


class Target:
    """A process that can be signalled safely.

    Args:
        pid: ID that the process has now.
        parent: ID of the process whose child it must be, None for any.

    Attributes:
        pid: ID of the process.
        facts: The process as psutil knows it, by its ID and start time.

    Raises:
        ProcessLookupError: If the process is gone, or has another parent.
    """

    def __init__(self, pid: int, parent: int | None = None) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        try:
            self.facts = psutil.Process(pid)
            if parent is not None and self.facts.ppid() != parent:
                raise ProcessLookupError(f"process {pid} is not the one that was started")
        except psutil.Error as error:
            self.close()
            raise ProcessLookupError(str(error)) from None
        except ProcessLookupError:
            self.close()
            raise

    def send(self, number: int) -> bool:
        """Send a signal.

        Args:
            number: The signal, 0 for none.

        Returns:
            Whether the process still exists, if only as a zombie.
        """
        with suppress(OSError, psutil.Error):
            if self._descriptor is None:
                self.facts.send_signal(number)
            else:
                signal.pidfd_send_signal(self._descriptor, number)
            return True
        return False

    def kill_group(self) -> None:
        """Kill the process group that it leads, if the process still exists and thus has its ID."""
        if self.send(0):
            with suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for its end. Return whether it has ended."""
        if self._descriptor is None:
            with suppress(psutil.Error):
                return self.facts.wait(seconds) is not None
            return False
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(1000 * seconds))

    def family(self) -> list[psutil.Process]:
        """All its descendants, each identified by ID and start time.

        Daemons that left it are not among them.
        """
        with suppress(psutil.Error):
            return self.facts.children(recursive=True)
        return []

    def close(self) -> None:
        """Close the descriptor. No signal can be sent afterwards."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor is not None and descriptor >= 0:
            os.close(descriptor)
