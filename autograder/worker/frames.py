"""Frames: a kind, a JSON header and blobs of bytes; what either process sends, and what the grader reads of it."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.worker.refusals import (
    TooLargeError,
)

__all__ = ["DONE", "READY", "SPENT", "TO_STUDENT", "pack", "peek", "unpack"]

MAX_HEADER = 32 * 2**20  # bytes of JSON; parsed they take twenty times as much. Arrays and files are blobs and do not count
# What a frame is for: the letter in its head and what its header calls it. Other frames say so by where they are expected.
_KINDS = {b"-": "", b"r": "run", b"R": "ran", b"g": "get", b"c": "call", b"a": "answer", b"G": "given", b"t": "test"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_HEAD = struct.Struct("!cdI")  # kind, seconds of processor time, length of the JSON header


def pack(header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """One frame: the header, which must be JSON, and the blobs that its nodes refer to by number.

    header: "do" is one of the kinds, "cpu" the processor seconds that the sender spent; both may be missing.
    """
    rest = {name: said for name, said in header.items() if name not in ("do", "cpu")}
    try:
        text = json.dumps({**rest, "blobs": [len(blob) for blob in blobs]}).encode()
    except (ValueError, RecursionError) as error:
        raise TooLargeError(f"a value that is too large or nested too deep ({error})") from None
    if len(text) > MAX_HEADER:
        raise TooLargeError(_too_large(len(text)))
    head = _HEAD.pack(_LETTERS[header.get("do", "")], float(header.get("cpu", 0.0)), len(text))
    return b"".join([head, text, *blobs])


def peek(head: bytes) -> tuple[str, float]:
    """What a frame is for and its seconds of processor time, from its first bytes alone; ("", 0.0) if they are no head of one."""
    try:
        letter, cpu, _ = _HEAD.unpack_from(head)
    except struct.error:
        return "", 0.0
    return _KINDS.get(letter, ""), cpu if 0 <= cpu < math.inf else 0.0


def unpack(frame: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """The header and the blobs of a frame. Raises ValueError for anything else, and for a header that is too large to be parsed."""
    try:
        letter, _, length = _HEAD.unpack_from(frame)
        place = _HEAD.size + length
        if length > MAX_HEADER:
            raise ValueError(_too_large(length))
        header = json.loads(frame[_HEAD.size : place])
        sizes, blobs = header.pop("blobs"), []
        for size in sizes:
            if not 0 <= size <= len(frame) - place:
                raise ValueError("a blob is longer than its frame")
            blobs.append(memoryview(frame)[place : place + size])
            place += size
        header["do"], header["cpu"] = _KINDS[letter], peek(frame)[1]
        return header, blobs
    except (struct.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from error


def _too_large(size: int) -> str:
    return (
        f"a value that takes {size / 1e6:.0f} MB to describe, where at most {MAX_HEADER / 1e6:.0f} MB can be looked at (large "
        "collections of numbers are best kept in an array)"
    )


# The first byte of what the examiner sends says for whom it is: the student process, or whoever gave it the test. SPENT: that too,
# and no other test must run here, as this one changed what the lab's own cells made.
TO_STUDENT, DONE, SPENT = b"S", b"D", b"X"
READY = b"ready"  # what either says first, when its walls stand
