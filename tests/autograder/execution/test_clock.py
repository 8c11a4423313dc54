"""A limit counts what a process runs and what it sleeps, and not what it waits for a processor that others have."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping

import pytest

from autograder.execution import clock as clocks
from autograder.execution.clock import PATIENCE, Clock, delays


class Watched:
    """A process of which a test says how much each of its threads waits and how much it works, in seconds a second."""

    def __init__(self, now: Wall, waits: Mapping[int, float], works: float = 0.0) -> None:
        self.now, self.rates, self.works = now, waits, works

    def waits(self, *, all_of_it: bool) -> dict[tuple[int, int], float]:
        return {(1, thread): 50 + rate * self.now.time for thread, rate in self.rates.items()}

    def cpu_seconds(self) -> float:
        return 7 + self.works * self.now.time


class Wall:
    """A clock on the wall that a test moves."""

    time = 1000.0

    def until_late(self, clock: Clock) -> float:
        """Seconds after which the clock says that the time is over."""
        started = self.time
        while clock.left() > 0:
            self.time += clock.left()
            assert self.time < started + 10_000
        return self.time - started


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(clocks.time, "monotonic", lambda: wall.time)
    return wall


def test_one_that_sleeps_gets_its_time_and_no_more(wall: Wall) -> None:
    clock = Clock(10, Watched(wall, {1: 0.0}))
    assert wall.until_late(clock) == pytest.approx(10, abs=0.1)
    assert not clock.contended


def test_one_that_gets_half_of_a_processor_has_twice_as_long_and_was_treated_fairly(wall: Wall) -> None:
    clock = Clock(10, Watched(wall, {1: 0.5}, works=0.5))
    assert wall.until_late(clock) == pytest.approx(20, abs=0.1)
    assert clock.counted == pytest.approx(10, abs=0.1)
    assert not clock.contended  # it had ten seconds of a processor


def test_one_that_gets_next_to_nothing_has_patience_times_as_long_and_may_be_late_through_others(wall: Wall) -> None:
    clock = Clock(10, Watched(wall, {1: 0.97}, works=0.03))
    assert wall.until_late(clock) == pytest.approx(10 * PATIENCE, abs=0.1)
    assert clock.contended


def test_threads_wait_side_by_side_so_that_many_gain_no_more_than_one(wall: Wall) -> None:
    clock = Clock(10, Watched(wall, dict.fromkeys(range(500), 0.4), works=0.6))
    assert wall.until_late(clock) == pytest.approx(10 / 0.6, abs=0.1)


def test_an_examiner_and_a_student_process_wait_one_after_the_other(wall: Wall) -> None:
    clock = Clock(10, Watched(wall, {1: 0.2}), Watched(wall, {2: 0.3}))
    assert wall.until_late(clock) == pytest.approx(20, abs=0.1)
    assert clock.contended  # and neither worked


def test_what_was_waited_before_the_clock_started_does_not_count(wall: Wall) -> None:
    wall.time += 5000
    assert Clock(10, Watched(wall, {1: 0.9})).waited() == 0.0


def test_where_the_kernel_does_not_tell_processor_time_says_who_was_kept_from_it(
    wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "SCHEDSTAT", False)
    assert wall.until_late(Clock(10, Watched(wall, {}, works=1.0))) == pytest.approx(10, abs=0.1)
    assert wall.until_late(Clock(10, Watched(wall, {}, works=0.4))) == pytest.approx(20, abs=0.1)


def test_without_anybody_to_watch_the_time_is_that_on_the_wall(wall: Wall) -> None:
    assert wall.until_late(Clock(3.0)) == pytest.approx(3, abs=0.1)


@pytest.mark.skipif(not clocks.SCHEDSTAT, reason="this kernel does not report how long threads wait")
def test_the_kernel_says_that_two_on_one_processor_wait_and_that_one_that_sleeps_does_not() -> None:
    core = min(os.sched_getaffinity(0))
    spin = f"import os, time; os.sched_setaffinity(0, [{core}]); print(flush=True)\nwhile True: pass"
    both = [subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE) for _ in range(2)]
    idle = subprocess.Popen(["sleep", "60"])
    try:
        for one in both:
            one.stdout.readline()  # type: ignore[union-attr]
        before = delays([one.pid for one in both])
        time.sleep(0.8)
        after = delays([one.pid for one in both])
        assert sum(after.values()) - sum(before.values()) > 0.2
        assert sum(delays([idle.pid]).values()) < 0.2
        assert delays([2**22 + 1]) == {}
    finally:
        for one in (*both, idle):
            one.kill()
            one.wait()
            if one.stdout:
                one.stdout.close()
