"""A frame moves whole within its time and its size, or not at all, whatever the other end does."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

import pytest

from autograder.execution.channel import MAX_FRAME, Channel, EndedError, LateError
from autograder.execution.clock import Clock

SECONDS = 0.4
GENEROUS = 10 * SECONDS  # on a busy machine


@contextmanager
def facing(end: Callable[[Connection], None]) -> Iterator[Channel]:
    """A channel whose other end, in a thread, does what `end` says with it."""
    ours, theirs = socket.socketpair()
    other = Connection(theirs.detach())

    def act() -> None:
        with suppress(OSError, EOFError):
            end(other)
        other.close()

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    channel = Channel(ours)
    try:
        yield channel
    finally:
        channel.close()
        thread.join(10)


def drip(end: Connection) -> None:
    for byte in struct.pack("!i", 1000) + bytes(1000):
        os.write(end.fileno(), bytes([byte]))
        time.sleep(0.05)


@pytest.mark.parametrize("size", [0, 1, 31, 33, 100, 3_000_000])
def test_frames_cross_in_both_directions_as_they_are(size: int) -> None:
    data = os.urandom(size)

    def echo(end: Connection) -> None:
        end.send_bytes(end.recv_bytes())

    with facing(echo) as channel:
        channel.send(data, Clock(GENEROUS))
        assert channel.receive(Clock(GENEROUS)) == data


def test_a_frame_that_drips_ends_at_the_deadline_and_not_a_while_after_its_last_byte() -> None:
    with facing(drip) as channel:
        clock = Clock(SECONDS)
        with pytest.raises(LateError):
            channel.receive(clock)
        assert clock.elapsed < GENEROUS


def test_a_frame_that_stops_half_way_is_late_and_one_whose_sender_goes_has_ended() -> None:
    half = struct.pack("!i", 100) + bytes(50)
    with facing(lambda end: (os.write(end.fileno(), half), time.sleep(1))[1]) as channel, pytest.raises(LateError):
        channel.receive(Clock(SECONDS))
    with facing(lambda end: (os.write(end.fileno(), half), None)[1]) as channel, pytest.raises(EndedError):
        channel.receive(Clock(GENEROUS))


def test_whoever_does_not_read_makes_the_sender_late_and_nothing_else() -> None:
    with facing(lambda _: time.sleep(2 * SECONDS)) as channel, pytest.raises(LateError):
        channel.send(bytes(20_000_000), Clock(SECONDS))


@pytest.mark.parametrize(
    "claim",
    [
        struct.pack("!i", 900 * 2**20),
        struct.pack("!i", MAX_FRAME + 1),
        struct.pack("!i", -1) + struct.pack("!Q", 2**33),
        struct.pack("!i", -5),
    ],
    ids=["900 MB", "one byte too many", "8 GB", "negative"],
)
def test_a_frame_that_claims_too_much_is_refused_before_it_is_read(claim: bytes) -> None:
    tracemalloc.start()
    said = claim + bytes(1000)
    with (
        facing(lambda end: (os.write(end.fileno(), said), time.sleep(0.2))[1]) as channel,
        pytest.raises(EndedError, match="a frame of"),
    ):
        channel.receive(Clock(GENEROUS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_a_large_frame_passes_in_pieces_without_being_held() -> None:
    size = 60_000_000

    def send(end: Connection) -> None:
        os.write(end.fileno(), struct.pack("!i", size))
        for _ in range(60):
            end._send(bytes(1_000_000))  # type: ignore[attr-defined]

    with facing(send) as channel:
        tracemalloc.start()
        frame = channel.frame(Clock(60))
        assert (frame.size, frame.head) == (size, bytes(32))
        assert sum(map(len, frame.pieces())) == size
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 8_000_000  # the sender's own pieces among it


def test_a_channel_that_another_thread_closes_wakes_whoever_waits_on_it() -> None:
    with facing(lambda _: time.sleep(1)) as channel:
        threading.Timer(0.1, channel.close).start()
        clock = Clock(60)
        with pytest.raises(EndedError):
            channel.receive(clock)
        assert clock.elapsed < GENEROUS
