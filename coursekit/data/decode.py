"""Decodes file formats: from the bytes that a publisher offers to NumPy arrays.

Knows nothing of caches, sources or splits.
"""

from __future__ import annotations

import gzip
import struct
import tarfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

__all__ = ["VERSION", "csv_in_tar", "idx", "photograph", "photographs", "resized", "write_photograph"]

VERSION = 2  # part of the name of cached arrays: raise it when a function here gives other arrays


def idx(path: Path) -> np.ndarray:
    """Read an array from a gzipped IDX file of unsigned bytes (format of MNIST: yann.lecun.com/exdb/mnist).

    The file holds two zero bytes, the type (8: unsigned byte), the number of axes, the length of each axis
    as a big-endian 32-bit integer, and the data.

    Args:
        path: The file.

    Returns:
        A read-only uint8 array.

    Raises:
        ValueError: If the file has another format.
    """
    with gzip.open(path, "rb") as stream:
        content = stream.read()
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path.name} is not an IDX file of unsigned bytes: it begins with {content[:4].hex(' ')}")
    axes = content[3]
    shape = struct.unpack_from(f">{axes}I", content, 4)
    data = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if data.size != np.prod(shape, dtype=int):
        raise ValueError(f"{path.name} states the shape {shape} but holds {data.size:,} values")
    return data.reshape(shape)


def csv_in_tar(path: Path, member: str, columns: int) -> np.ndarray:
    """Read a table of numbers from a CSV file without a header inside a .tgz archive.

    Args:
        path: The archive.
        member: Name of the file in the archive.
        columns: Expected number of columns.

    Returns:
        A float64 array (rows, columns).

    Raises:
        ValueError: If the archive has no such file, or it is no such table.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            table = np.loadtxt(archive.extractfile(member) or (), delimiter=",", ndmin=2)
    except (tarfile.TarError, KeyError, ValueError, TypeError, OSError, EOFError) as error:
        raise ValueError(f"{path.name} holds no table {member}: {error}") from error
    if table.shape[1] != columns:
        raise ValueError(f"{member} in {path.name} has {table.shape[1]} columns, expected {columns}")
    return table


def photographs(paths: Sequence[Path], size: int) -> np.ndarray:
    """Read JPEG files, each resized to a square of `size` pixels, whatever its shape.

    Args:
        paths: The files.
        size: Height and width in pixels.

    Returns:
        A uint8 array (n, size, size, 3).

    Raises:
        ValueError: If a file is not a readable picture. The message names it.
    """
    pictures = np.empty((len(paths), size, size, 3), np.uint8)

    def put(index: int) -> None:
        pictures[index] = photograph(paths[index], size)

    with ThreadPoolExecutor() as pool:  # Pillow releases the interpreter lock while it works
        list(pool.map(put, range(len(paths))))
    return pictures


def photograph(path: Path, size: int, box: tuple[float, float, float, float] | None = None) -> np.ndarray:
    """Read one JPEG file, resized to a square of `size` pixels.

    Args:
        path: The file.
        size: Height and width in pixels.
        box: Left, top, right and bottom of the part to use, each from 0 to 1; None for the whole picture.

    Returns:
        A uint8 array (size, size, 3).

    Raises:
        ValueError: If the file is not a readable picture.
    """
    from PIL import Image

    try:
        with Image.open(path) as picture:
            # The decoder itself halves the picture as often as possible, which is several times faster.
            picture.draft("RGB", (size, size))
            width, height = picture.size
            part = None if box is None else (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
            scaled = picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR, box=part)
            return np.asarray(scaled)
    except OSError as error:
        raise ValueError(f"{path.name} is not a readable picture: {error}") from error


def resized(pictures: np.ndarray, size: int) -> np.ndarray:
    """Resize pictures uint8 (n, height, width, 3) to (n, size, size, 3). Pictures of that size are unchanged."""
    from PIL import Image

    if pictures.shape[1:3] == (size, size):
        return pictures
    scaled = [Image.fromarray(picture).resize((size, size), Image.Resampling.BILINEAR) for picture in pictures]
    return np.stack([np.asarray(picture) for picture in scaled])


def write_photograph(path: Path, picture: np.ndarray) -> None:
    """Write a picture uint8 (height, width, 3) to a JPEG file."""
    from PIL import Image

    Image.fromarray(picture).save(path, "JPEG", quality=92)
