"""File formats: from the bytes that a publisher offers to NumPy arrays. Knows nothing of caches, sources or splits."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

__all__ = ["VERSION", "idx"]

VERSION = 1  # part of the name under which decoded arrays are kept: raise it when a function here gives other arrays


def idx(path: Path) -> np.ndarray:
    """The array in a gzipped IDX file of unsigned bytes (format of MNIST: yann.lecun.com/exdb/mnist).

    Two zero bytes, the type (8: unsigned byte), the number of axes, each axis' length as a big-endian 32-bit integer, data.
    Returns uint8, read-only. Raises ValueError when the file is anything else.
    """
    with gzip.open(path, "rb") as stream:
        content = stream.read()
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path.name} is not an IDX file of unsigned bytes: it begins with {content[:4].hex(' ')}")
    axes = content[3]
    shape = struct.unpack_from(f">{axes}I", content, 4)
    data = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if data.size != np.prod(shape, dtype=int):
        raise ValueError(f"{path.name} says {shape} but holds {data.size:,} values")
    return data.reshape(shape)
