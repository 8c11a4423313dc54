"""Frames of bytes over a socket whose other end may be hostile: each is bounded in size, and moves whole within a time or not at all.

The other end speaks as `multiprocessing.Connection` does: a length of four bytes, then the frame. It may stop within a frame, send
a byte now and then, claim any length, or never read. A large frame is passed on in pieces, so that it is nowhere here as a whole.
Knows sockets and how much time is left; nothing of what frames say.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

__all__ = ["MAX_FRAME", "Channel", "EndedError", "Frame", "LateError", "Time"]

# The largest values of labs are data sets: the images of Fashion-MNIST in double precision are 376 MB.
MAX_FRAME = 512 * 2**20
HEAD_BYTES = 32  # of a frame that are read at once: enough to say what kind of frame it is
CHUNK = 1 << 18
LOOK_SECONDS = 0.25  # after so long without a byte, what is left of the time is asked for again
_LENGTH = struct.Struct("!i")


class LateError(Exception):
    """The time was over before the frame had moved. Nothing more can be said over a channel whose frame is half moved."""


class EndedError(Exception):
    """The other end has gone, or what it sends is no frame."""


class Time(Protocol):
    def left(self) -> float:
        """Seconds, 0 when the time is over."""


class Channel:
    """Our end of the conversation. end: the socket, which the channel closes."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end

    def poll(self, seconds: float) -> bool:
        """Whether something can be received, waiting up to so long for it."""
        return self._wait(select.POLLIN, seconds)

    def frame(self, time: Time, most: int = MAX_FRAME) -> Frame:
        """The next frame as soon as it begins. Raises LateError, and EndedError for one that is longer than `most` bytes."""
        (size,) = _LENGTH.unpack(self._exactly(_LENGTH.size, time))
        if not 0 <= size <= most:
            raise EndedError(f"a frame of {size} bytes; at most {most} were expected")
        return Frame(self, size, self._exactly(min(size, HEAD_BYTES), time), time)

    def receive(self, time: Time, most: int = MAX_FRAME) -> bytes:
        """The next frame, whole."""
        return self.frame(time, most).read()

    def send(self, frame: bytes, time: Time) -> None:
        """Send one frame. Raises LateError, EndedError."""
        self.begin(len(frame), time)
        self.write(frame, time)

    def begin(self, size: int, time: Time) -> None:
        """Say that a frame of so many bytes follows, for `write`."""
        self.write(_LENGTH.pack(size), time)

    def write(self, data: bytes | memoryview, time: Time) -> None:
        """Send a part of a frame."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._end.send(rest[:CHUNK]) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, min(LOOK_SECONDS, time.left()))
            except OSError as error:
                raise EndedError(str(error)) from None
            if rest and time.left() <= 0:
                raise LateError

    def some(self, most: int, time: Time) -> bytes:
        """What has arrived, at least one byte."""
        while True:
            if time.left() <= 0:
                raise LateError
            try:
                if data := self._end.recv(min(most, CHUNK)):
                    return data
                raise EndedError("the other end was closed")
            except BlockingIOError:
                self._wait(select.POLLIN, min(LOOK_SECONDS, time.left()))
            except OSError as error:
                raise EndedError(str(error)) from None

    def close(self) -> None:
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits here
        self._end.close()

    def _exactly(self, size: int, time: Time) -> bytes:
        data = b""
        while len(data) < size:
            data += self.some(size - len(data), time)
        return data

    def _wait(self, event: int, seconds: float) -> bool:
        poll = select.poll()
        try:
            poll.register(self._end, event)
        except ValueError:  # closed meanwhile by another thread
            raise EndedError("closed") from None
        return bool(poll.poll(max(0.0, seconds) * 1000))


class Frame:
    """A frame that has begun to arrive. size: of the whole. head: its first bytes, which are here already."""

    def __init__(self, channel: Channel, size: int, head: bytes, time: Time) -> None:
        self._channel, self.size, self.head, self._time = channel, size, head, time

    def read(self) -> bytes:
        """The whole frame."""
        return b"".join(self.pieces())

    def pieces(self, skip: int = 0) -> Iterator[bytes]:
        """The frame without its first `skip` bytes, which are part of the head, as it arrives."""
        if first := self.head[skip:]:
            yield first
        missing = self.size - len(self.head)
        while missing:
            piece = self._channel.some(missing, self._time)
            missing -= len(piece)
            yield piece
