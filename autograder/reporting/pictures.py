"""The pictures of a submission that people may be shown: PNG and JPEG of a size that a page takes, and nothing else.

Reads no more of a picture than its head. Knows notebooks' bundles of data; nothing of cells, labs or marks.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["Album"]

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG"}
MAX_BYTES = 2 * 2**20  # of one picture
MAX_ALL = 10 * 2**20  # of those of one notebook
MAX_PIXELS = 25_000_000  # a small file may unfold to a picture that stops the browser of whoever marks it


class Album:
    """Takes the pictures of one notebook as long as there is room. left_out: pictures that were too many or too large."""

    def __init__(self) -> None:
        self.room = MAX_ALL
        self.left_out = 0

    def take(self, bundle: Any) -> dict[str, str] | None:
        """{type: base 64} of the picture in a bundle {type: data}, None if it holds none that may be shown."""
        for kind, data in _stated(bundle):
            picture = _decoded(data)
            if picture is None or not _is_sound(picture, KINDS[kind]):
                continue
            if len(picture) > min(self.room, MAX_BYTES):
                self.left_out += 1
                return None
            self.room -= len(picture)
            return {kind: base64.b64encode(picture).decode()}
        return None

    def of_outputs(self, outputs: Any) -> list[dict[str, str]]:
        """The pictures among the outputs of a code cell, in order."""
        found = outputs if isinstance(outputs, list) else []
        pictures = (self.take(output.get("data")) for output in found if isinstance(output, dict))
        return [picture for picture in pictures if picture]


def _stated(bundle: Any) -> Iterator[tuple[str, str]]:
    """What a bundle says are pictures."""
    for kind in KINDS if isinstance(bundle, dict) else ():
        if isinstance(data := bundle.get(kind), str):
            yield kind, data


def _decoded(data: str) -> bytes | None:
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return None


def _is_sound(picture: bytes, kind: str) -> bool:
    """Whether the bytes begin as such a picture does, and it has a size to be shown."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about its size, which is looked at here
            width, height = Image.open(BytesIO(picture), formats=(kind,)).size
    except Exception:  # Pillow raises many kinds for malformed input
        return False
    return 0 < width * height <= MAX_PIXELS
