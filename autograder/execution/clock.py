"""Measure how much of its time limit a process has used.

Time spent waiting for a busy processor does not count. A process therefore does not exceed its
limit because the machine is busy, and a process that only sleeps gets no extra time. Knows threads
by what /proc reports about them; nothing of frames or cells.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

__all__ = ["PATIENCE", "Clock", "delays"]

PATIENCE = 3.0  # a process may take at most this many times its limit in wall-clock time, whatever it waits for
BUSY = 0.8  # a process that used at least this part of a processor was not delayed by others
LARGE = 0.1  # if a process waited for at least this part of the time, waiting may be why it exceeded its limit
NEAR_SECONDS = 0.01  # no more than this counts as no time left
SHORT_SECONDS = 1.0  # for shorter times, waiting is not measured
SCHEDSTAT = Path("/proc/self/schedstat").exists()  # whether the kernel reports how long a thread waited for a processor

Thread = tuple[int, int]  # process ID, thread ID


class Watched(Protocol):
    """A process whose time is counted."""

    def waits(self, *, all_of_it: bool) -> Mapping[Thread, float]:
        """Seconds that each thread has waited for a processor, also of descendants if `all_of_it`."""

    def cpu_seconds(self) -> float:
        """Processor seconds that it and its children have used."""


class Clock:
    """A time limit for one or more watched processes together.

    The processes take turns: one waits for the answer while the other works. Of each process only
    the waiting time of the thread that waited longest counts, not the sum, because threads wait at
    the same time. A process with many threads can pretend that it waited, but never gets more than
    PATIENCE times its limit.

    Args:
        seconds: The limit.
        *watched: The processes whose waiting time does not count.
    """

    def __init__(self, seconds: float, *watched: Watched) -> None:
        self.seconds = seconds
        self._started = time.monotonic()
        self._watched: list[tuple[Watched, Mapping[Thread, float], float]] = []
        self._allowed = seconds  # of wall-clock time, as far as known
        for one in watched:
            self.watch(one)

    def watch(self, one: Watched) -> None:
        """Watch one more process from now on."""
        self._watched.append((one, one.waits(all_of_it=False), one.cpu_seconds()))

    @property
    def elapsed(self) -> float:
        """Wall-clock seconds since the clock was created."""
        return time.monotonic() - self._started

    @property
    def counted(self) -> float:
        """Seconds of the limit that the processes have used."""
        elapsed = self.elapsed
        return elapsed if elapsed < SHORT_SECONDS else max(elapsed - self.waited(), elapsed / PATIENCE)

    @property
    def contended(self) -> bool:
        """Whether other processes may be the reason if the limit was exceeded."""
        elapsed, waited = self.elapsed, self.waited()
        if waited < LARGE * elapsed:
            return False
        return elapsed - waited < self.seconds - 2 * NEAR_SECONDS or self._cpu_seconds() < BUSY * self.seconds

    def left(self) -> float:
        """Seconds until the limit is reached, 0 if it has been.

        A lower bound: waiting in the meantime extends it.
        """
        elapsed = self.elapsed
        if elapsed >= self._allowed:
            self._allowed = min(self.seconds + self.waited(), PATIENCE * self.seconds)
        left = self._allowed - elapsed
        return left if left > NEAR_SECONDS else 0.0

    def waited(self) -> float:
        """Seconds for which the processes have waited for a processor."""
        elapsed, waited = self.elapsed, 0.0
        for one, waits_before, cpu_before in self._watched:
            if SCHEDSTAT:
                now = one.waits(all_of_it=True).items()
                waited += max((seconds - waits_before.get(thread, 0.0) for thread, seconds in now), default=0.0)
            else:
                waited += max(0.0, elapsed - (one.cpu_seconds() - cpu_before) / BUSY)
        return min(max(waited, 0.0), elapsed)

    def _cpu_seconds(self) -> float:
        """Processor seconds that the processes have used since they were watched."""
        return sum(one.cpu_seconds() - cpu_before for one, _, cpu_before in self._watched)


def delays(processes: Iterable[int]) -> dict[Thread, float]:
    """Return how long the threads of some processes have waited for a processor.

    Args:
        processes: Process IDs.

    Returns:
        Thread → seconds. Empty if the kernel does not report it.
    """
    found: dict[Thread, float] = {}
    for process in processes:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                with suppress(OSError, ValueError, IndexError), open(f"/proc/{process}/task/{thread}/schedstat", "rb") as file:
                    found[process, int(thread)] = int(file.read().split()[1]) / 1e9
    return found
