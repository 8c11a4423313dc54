"""How much of its time a process has used: what it waits for a processor that others have does not count.

So a busy machine makes nobody late, and one that only sleeps gets no more than its time. Knows threads by what /proc tells of
them; nothing of frames or cells.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

__all__ = ["PATIENCE", "Clock", "delays"]

PATIENCE = 3.0  # times as long as its time a process may take whatever it waits for, also for its own threads
BUSY = 0.8  # a process that used this part of a processor was kept from it by nobody
LARGE = 0.1  # part of the time for which a process waited, from which on waiting may be why it was late
NEAR_SECONDS = 0.01
SHORT_SECONDS = 1.0  # of which nobody asks how much was waiting
TOLD = Path("/proc/self/schedstat").exists()  # whether the kernel says how long a thread waited for a processor

Thread = tuple[int, int]  # number of the process, number of the thread


class Watched(Protocol):
    """A process whose time is counted."""

    def waits(self, *, all_of_it: bool) -> Mapping[Thread, float]:
        """Seconds that each of its threads has waited for a processor, with those of its children if `all_of_it`."""

    def cpu_seconds(self) -> float:
        """Seconds of processor time that it and its children have used."""


class Clock:
    """Counts `seconds`, which the watched processes may take together. They take turns: one waits while the other works.

    The time of the thread that waited longest counts, not the sum: threads wait side by side. One with many threads can
    pretend to have waited, and gains at most PATIENCE times its time.
    """

    def __init__(self, seconds: float, *watched: Watched) -> None:
        self.seconds = seconds
        self._started = time.monotonic()
        self._watched: list[tuple[Watched, Mapping[Thread, float], float]] = []
        self._allowed = seconds  # of the time on the wall, as far as known
        for one in watched:
            self.watch(one)

    def watch(self, one: Watched) -> None:
        """Count the time of one more process from here on."""
        self._watched.append((one, one.waits(all_of_it=False), one.cpu_seconds()))

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started

    @property
    def counted(self) -> float:
        """Seconds that the processes have used of their time."""
        elapsed = self.elapsed
        return elapsed if elapsed < SHORT_SECONDS else max(elapsed - self.waited(), elapsed / PATIENCE)

    @property
    def contended(self) -> bool:
        """Whether the processes, if late, may have been so because others had the processor."""
        elapsed, waited = self.elapsed, self.waited()
        if waited < LARGE * elapsed:
            return False
        return elapsed - waited < self.seconds - 2 * NEAR_SECONDS or self._busy() < BUSY * self.seconds

    def left(self) -> float:
        """Seconds until the time is over, as far as can be known now."""
        elapsed = self.elapsed
        if elapsed >= self._allowed:
            self._allowed = min(self.seconds + self.waited(), PATIENCE * self.seconds)
        left = self._allowed - elapsed
        return left if left > NEAR_SECONDS else 0.0

    def waited(self) -> float:
        """Seconds for which the processes have waited for a processor."""
        elapsed, waited = self.elapsed, 0.0
        for one, before, busy in self._watched:
            if TOLD:
                now = one.waits(all_of_it=True).items()
                waited += max((seconds - before.get(thread, 0.0) for thread, seconds in now), default=0.0)
            else:
                waited += max(0.0, elapsed - (one.cpu_seconds() - busy) / BUSY)
        return min(max(waited, 0.0), elapsed)

    def _busy(self) -> float:
        return sum(one.cpu_seconds() - busy for one, _, busy in self._watched)


def delays(processes: Iterable[int]) -> dict[Thread, float]:
    """Seconds that each thread of these processes has waited for a processor; nothing where the kernel does not tell."""
    found: dict[Thread, float] = {}
    for process in processes:
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                with suppress(OSError, ValueError, IndexError), open(f"/proc/{process}/task/{thread}/schedstat", "rb") as file:
                    found[process, int(thread)] = int(file.read().split()[1]) / 1e9
    return found
