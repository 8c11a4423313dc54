"""Send and receive frames over a socket whose other end may be hostile.

Size and time of each frame are limited. The format is that of `multiprocessing.Connection`: a
length of four bytes, then the frame. The other end may stop within a frame, send single bytes
slowly, claim any length, or never read. A large frame is passed on in pieces, so this process never
holds all of it. Knows sockets and how much time is left; nothing of the contents of frames.
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

__all__ = ["MAX_FRAME", "Channel", "EndedError", "Frame", "LateError", "Time"]

# Large enough for data sets: the images of Fashion-MNIST in double precision are 376 MB.
MAX_FRAME = 512 * 2**20
HEAD_BYTES = 32  # bytes of a frame that are read at once: enough to tell the kind of the frame
CHUNK = 1 << 18  # maximum number of bytes that are moved at once
POLL_SECONDS = 0.25  # after this time without a byte, the remaining time is checked again
_LENGTH = struct.Struct("!i")


class LateError(Exception):
    """The time limit was reached before the frame was complete.

    The channel cannot be used any more if part of a frame has been sent or received.
    """


class EndedError(Exception):
    """The other end has closed the socket, or sent something that is no frame."""


class Time(Protocol):
    """A time limit, such as `clock.Clock`."""

    def left(self) -> float:
        """Seconds until the limit, 0 when it is reached."""


class Channel:
    """The grader's end of a socket to another process.

    Args:
        end: The socket, which the channel closes.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end

    def poll(self, seconds: float) -> bool:
        """Wait up to `seconds` for something to receive. Return whether there is something."""
        return self._wait(select.POLLIN, seconds)

    def frame(self, time: Time, most: int = MAX_FRAME) -> Frame:
        """Return the next frame as soon as it begins.

        Args:
            time: The time limit, also for reading the rest of the frame.
            most: Maximum size of the frame in bytes.

        Raises:
            LateError: If the frame does not begin in time.
            EndedError: If the other end is closed, or the frame is longer than `most`.
        """
        (size,) = _LENGTH.unpack(self._exactly(_LENGTH.size, time))
        if not 0 <= size <= most:
            raise EndedError(f"a frame of {size} bytes; at most {most} were expected")
        return Frame(self, size, self._exactly(min(size, HEAD_BYTES), time), time)

    def receive(self, time: Time, most: int = MAX_FRAME) -> bytes:
        """Return the next frame as bytes. Arguments and exceptions as for `frame`."""
        return self.frame(time, most).read()

    def send(self, frame: bytes, time: Time) -> None:
        """Send one frame.

        Raises:
            LateError: If the other end does not read it in time.
            EndedError: If the other end is closed.
        """
        self.begin(len(frame), time)
        self.write(frame, time)

    def begin(self, size: int, time: Time) -> None:
        """Announce a frame of `size` bytes, which is then sent with `write`."""
        self.write(_LENGTH.pack(size), time)

    def write(self, data: bytes | memoryview, time: Time) -> None:
        """Send a part of a frame."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._end.send(rest[:CHUNK]) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, min(POLL_SECONDS, time.left()))
            except OSError as error:
                raise EndedError(str(error)) from None
            if rest and time.left() <= 0:
                raise LateError

    def some(self, most: int, time: Time) -> bytes:
        """Return what has arrived: at least one byte, at most `most`."""
        while True:
            if time.left() <= 0:
                raise LateError
            try:
                if data := self._end.recv(min(most, CHUNK)):
                    return data
                raise EndedError("the other end was closed")
            except BlockingIOError:
                self._wait(select.POLLIN, min(POLL_SECONDS, time.left()))
            except OSError as error:
                raise EndedError(str(error)) from None

    def close(self) -> None:
        """Close the socket."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits here
        self._end.close()

    def _exactly(self, size: int, time: Time) -> bytes:
        """The next `size` bytes."""
        data = b""
        while len(data) < size:
            data += self.some(size - len(data), time)
        return data

    def _wait(self, event: int, seconds: float) -> bool:
        """Whether the event of the socket happens within so many seconds."""
        poll = select.poll()
        try:
            poll.register(self._end, event)
        except ValueError:  # another thread has closed it in the meantime
            raise EndedError("closed") from None
        return bool(poll.poll(max(0.0, seconds) * 1000))


class Frame:
    """A frame that has begun to arrive.

    Attributes:
        size: Size of the whole frame in bytes.
        head: Its first bytes, at most HEAD_BYTES, which have arrived already.
    """

    def __init__(self, channel: Channel, size: int, head: bytes, time: Time) -> None:
        self._channel, self.size, self.head, self._time = channel, size, head, time

    def read(self) -> bytes:
        """Wait for the whole frame and return it. Raises LateError and EndedError."""
        return b"".join(self.pieces())

    def pieces(self, skip: int = 0) -> Iterator[bytes]:
        """Yield the frame piece by piece as it arrives. Raises LateError and EndedError.

        Args:
            skip: Number of bytes to leave out at the beginning, at most the length of `head`.
        """
        if first := self.head[skip:]:
            yield first
        missing = self.size - len(self.head)
        while missing:
            piece = self._channel.some(missing, self._time)
            missing -= len(piece)
            yield piece
