"""Select the pictures of a submission that are safe to show: PNG and JPEG of limited size.

Only the header of a picture is read. This module knows MIME bundles of notebooks; it does not know
cells, labs or marks.
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
MAX_BYTES = 2 * 2**20  # bytes per picture
MAX_ALL = 10 * 2**20  # bytes of all pictures of a notebook
MAX_PIXELS = 25_000_000  # a small file may expand to a picture that is too large for a browser


class Album:
    """Collects the pictures of one notebook up to a total size.

    Attributes:
        room: Number of bytes that may still be added.
        left_out: Number of pictures that were too large or did not fit.
    """

    def __init__(self) -> None:
        self.room = MAX_ALL
        self.left_out = 0

    def take(self, bundle: Any) -> dict[str, str] | None:
        """Take the picture from a MIME bundle.

        Args:
            bundle: MIME type → data.

        Returns:
            {MIME type: base64 data}, or None if the bundle has no picture that may be shown.
        """
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
        """Return the pictures in the outputs of a code cell, in order, as `take` returns them."""
        found = outputs if isinstance(outputs, list) else []
        pictures = (self.take(output.get("data")) for output in found if isinstance(output, dict))
        return [picture for picture in pictures if picture]


def _stated(bundle: Any) -> Iterator[tuple[str, str]]:
    """Yield (MIME type, data) of the entries that claim to be pictures."""
    for kind in KINDS if isinstance(bundle, dict) else ():
        if isinstance(data := bundle.get(kind), str):
            yield kind, data


def _decoded(data: str) -> bytes | None:
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        return None


def _is_sound(picture: bytes, kind: str) -> bool:
    """Return whether the bytes begin with a valid header of this kind of picture, with an acceptable number of pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the size, which is checked below
            width, height = Image.open(BytesIO(picture), formats=(kind,)).size
    except Exception:  # Pillow raises many kinds for malformed input
        return False
    return 0 < width * height <= MAX_PIXELS
