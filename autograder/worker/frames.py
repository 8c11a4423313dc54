"""The frames that grader, student process and examiner exchange.

A frame is a binary head (kind, processor seconds, length of the JSON text), a JSON header, and blobs of
bytes. The header lists the sizes of the blobs under "blobs". The head alone tells the kind and the
processor seconds (`peek`), so the grader can forward a frame without parsing it.

Each process first sends READY. If a process gets private environment variables, the grader sends them
before that, as plain JSON (`worker.forkserver`).

=========== ====== =================== =============================================================
kind ("do") letter from → to           keys of the header
=========== ====== =================== =============================================================
"run"       r      grader → student    "source", "course", "names": run a cell (`steps.Step`)
"ran"       R      student → grader    the outcome: "seconds", "cpu", "error", and if there is no
                                       error "value", "odd", "stderr" (`shell.run_cell`)
"given"     G      grader → examiner   "source": run a cell of the lab
"test"      t      grader → examiner   "source", "names", "restore", "random", "draws", "watched": run a
                                       test
""          -      examiner → grader   the outcome of "given" or "test", with the keys of "ran", and
                                       "checks" (JSON text) of a test that is watched
"get"       g      examiner → student  "names", "restore": send values
"call"      c      either → other      "function" (number), "args" (node), "wanted" (numbers of
                                       objects whose changes are sent back)
"answer"    a      either → other      to "get": "values": {name: ["value", node] or ["refused",
                                       kind of the value]}; to "call": "result" (node), "error",
                                       "changed": [[number of an object, its new state], …]
=========== ====== =================== =============================================================

The grader forwards "get", "call" and "answer" between the examiner and the student process. The examiner
puts one byte before each of its frames: TO_STUDENT before a frame to forward, DONE or SPENT before an
outcome.
Frames of the two processes may also have "files" (`filesync`) and "random" (`generators`) in the header.

Values are written as nodes (`codec`). None, truth values, floats, strings and small integers are JSON
values. Every other node is a JSON object with its kind under "k". Common keys: "v" parts or plain data,
"b" number of a blob, "n" number of an object or a function, "as" the exact type.

============================ ===========================================================================
module                       kinds of nodes
============================ ===========================================================================
`codec`: containers          "tuple", "set", "frozenset", "list", "dict"
`codec`: plain values        "bytes", "bytearray", "complex", "ellipsis", "range", "slice", "path"
`codec`: references          "ref": object number "n" that both ends hold; "function": function "n" of the
                             sender; "own": function or value "n" of the receiver, handed back to it
`codec`: other               "given": instance of a class of the lab; "unseen": a value that cannot be
                             sent, with the kind of the value
`values.stdlib`              "int" (large), "mapping" (Counter, OrderedDict, defaultdict), "view" (of a
                             dictionary), "proxy", "namespace", "deque", "iterator", "fraction",
                             "decimal", "pattern", "uuid", "address", "typed" (array.array), "memory",
                             "type", "exception", "member" (of an Enum), "not implemented"
`values.dates`               "date", "time", "datetime", "timedelta", "timezone", "zone"
`values.records`             "record type", "record" (named tuples, data classes)
`values.arrays`              "scalar", "array", "objects" (array of objects), "generator", "dtype",
                             "numpy type", "poly1d", "polynomial", "sparse"
`values.tables`              "frame", "series", "index", "stamp", "period", "interval", "missing",
                             "column", "pandas dtype"
`keras_codec`                "model", "history", "tensor", "keras" (layer, optimizer, loss, metric, …)
============================ ===========================================================================
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from autograder.worker.refusals import TooLargeError

__all__ = ["DONE", "MESSAGE_CHARS", "READY", "SPENT", "TO_STUDENT", "pack", "peek", "unpack"]

MAX_HEADER = 32 * 2**20  # bytes of JSON, which take twenty times as much when parsed. Blobs (arrays, files) do not count.
# The letter in the head of a frame → its kind. "-" is for frames whose kind follows from where they
# are expected.
_KINDS = {b"-": "", b"r": "run", b"R": "ran", b"g": "get", b"c": "call", b"a": "answer", b"G": "given", b"t": "test"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_HEAD = struct.Struct("!cdI")  # kind, seconds of processor time, length of the JSON header


def pack(header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """Build a frame.

    Args:
        header: JSON values. "do" is the kind and "cpu" the processor seconds that the sender spent;
            both go into the head and may be missing.
        blobs: The blobs, to which nodes in the header refer by number.

    Raises:
        TooLargeError: If the header cannot be written as JSON or is longer than MAX_HEADER.
    """
    rest = {name: value for name, value in header.items() if name not in ("do", "cpu")}
    try:
        text = json.dumps({**rest, "blobs": [len(blob) for blob in blobs]}).encode()
    except (ValueError, RecursionError) as error:
        raise TooLargeError(f"a value that is too large or nested too deep ({error})") from None
    if len(text) > MAX_HEADER:
        raise TooLargeError(_too_large(len(text)))
    head = _HEAD.pack(_LETTERS[header.get("do", "")], float(header.get("cpu", 0.0)), len(text))
    return b"".join([head, text, *blobs])


def peek(head: bytes) -> tuple[str, float]:
    """Read the head of a frame.

    Args:
        head: The first bytes of the frame.

    Returns:
        The kind and the processor seconds; "" and 0.0 if the bytes are not a valid head.
    """
    try:
        letter, cpu, _ = _HEAD.unpack_from(head)
    except struct.error:
        return "", 0.0
    return _KINDS.get(letter, ""), cpu if 0 <= cpu < math.inf else 0.0


def unpack(frame: bytes) -> tuple[dict[str, Any], list[memoryview]]:
    """Parse a frame.

    Args:
        frame: The whole frame, without the byte that the examiner puts before it.

    Returns:
        The header, with "do" and "cpu" from the head, and the blobs.

    Raises:
        ValueError: If the bytes are not a frame, or the header is longer than MAX_HEADER.
    """
    try:
        letter, _, length = _HEAD.unpack_from(frame)
        end = _HEAD.size + length
        if length > MAX_HEADER:
            raise ValueError(_too_large(length))
        header = json.loads(frame[_HEAD.size : end])
        sizes, blobs = header.pop("blobs"), []
        for size in sizes:
            if not 0 <= size <= len(frame) - end:
                raise ValueError("a blob is longer than its frame")
            blobs.append(memoryview(frame)[end : end + size])
            end += size
        header["do"], header["cpu"] = _KINDS[letter], peek(frame)[1]
        return header, blobs
    except (struct.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from error


def _too_large(size: int) -> str:
    return (
        f"a value that takes {size / 1e6:.0f} MB to describe, where at most {MAX_HEADER / 1e6:.0f} MB can be looked at (large "
        "collections of numbers are best kept in an array)"
    )


# The first byte of everything that the examiner sends: a frame for the student process, or an
# outcome for the grader. SPENT is an outcome too, and means that this examiner must run no other
# test, because this one changed objects that the lab's cells made.
MESSAGE_CHARS = 4000  # of an error message in a frame
TO_STUDENT, DONE, SPENT = b"S", b"D", b"X"
READY = b"ready"  # the first message of both processes, sent when they are in their sandbox
