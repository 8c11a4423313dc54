"""A signal reaches the process that is meant, or nobody: never the one that was given its number later."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from autograder.execution.limits import Environment, Limits
from autograder.execution.process import Process
from autograder.execution.signals import Target

LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


@contextmanager
def sleeper(**more: bool) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"], **more)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def heir(pid: int) -> subprocess.Popen[bytes]:
    """A new process, leader of a group, with the number of one that has ended. Skips where numbers cannot be chosen."""
    for _ in range(50):
        try:
            LAST_PID.write_text(str(pid - 1))
        except OSError as error:
            pytest.skip(f"numbers of processes cannot be chosen here: {error}")
        process = subprocess.Popen(["sleep", "60"], start_new_session=True)
        if process.pid == pid:
            return process
        process.kill()
        process.wait()
    pytest.skip("other processes were always faster")


def test_a_signal_reaches_its_process_and_says_so_until_that_is_gone() -> None:
    with sleeper() as process:
        target = Target(process.pid, parent=os.getpid())
        assert target.send(0)
        assert target.send(signal.SIGTERM)
        time.sleep(0.2)
        assert target.send(0)  # it has ended, and its number is still its own
        assert process.wait() == -signal.SIGTERM
        assert not target.send(0)
        target.close()
        assert not target.send(0)


def test_a_number_that_belongs_to_a_child_of_somebody_else_is_no_target() -> None:
    with sleeper() as process, pytest.raises(ProcessLookupError):
        Target(process.pid, parent=1)
    with pytest.raises(ProcessLookupError):
        Target(process.pid)


def test_whoever_is_given_the_number_later_is_not_signalled() -> None:
    with sleeper(start_new_session=True) as first:
        target = Target(first.pid)
    later = heir(first.pid)
    try:
        assert not target.send(signal.SIGKILL)
        target.kill_group()
        assert target.family() == []
        with pytest.raises(subprocess.TimeoutExpired):
            later.wait(0.2)
    finally:
        later.kill()
        later.wait()
        target.close()


def test_a_process_that_was_stopped_signals_nobody_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process("student", Limits(), Environment())
    process.stop()
    signalled: list[object] = []
    for module, name in ((os, "kill"), (os, "killpg"), (signal, "pidfd_send_signal")):
        monkeypatch.setattr(module, name, lambda *args: signalled.append(args))
    process.kill()  # as the timer of the last resort may, at any time
    process.interrupt()
    assert signalled == []
    assert process.waits(all_of_it=True) == {}


def test_waiting_says_whether_a_process_has_ended() -> None:
    with sleeper() as process:
        target = Target(process.pid)
        assert not target.wait(0.01)
        process.kill()
        assert target.wait(10)
        target.close()


def test_the_number_of_a_process_that_was_stopped_is_given_free() -> None:
    numbers = []
    for _ in range(3):
        process = Process("student", Limits(), Environment())
        numbers.append(process._reserved)
        process.stop()
    Process("student", Limits(), Environment()).stop()  # a new request gives free what was still dying at the one before
    assert not [number for number in numbers if psutil.pid_exists(number)]
