"""The figures of a submission, made small enough for a page.

This module knows cells of notebooks and pictures; it knows neither marks nor pages.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image

from autograder.reporting.pictures import Album

__all__ = ["Figure", "figures_of"]

MAX_SIDE = 640  # pixels
MAX_FIGURES = 8
MAX_BYTES = 90_000  # of all figures of a page, before base64


@dataclass(frozen=True)
class Figure:
    """A small picture.

    Attributes:
        kind: MIME type.
        data: The picture in base64.
        width: Width in pixels.
        height: Height in pixels.
    """

    kind: str
    data: str
    width: int
    height: int


def figures_of(cells: Sequence[Mapping[str, Any]], exercises: Mapping[str, str]) -> dict[str, tuple[Figure, ...]]:
    """Take the figures from the outputs of a notebook.

    Args:
        cells: Submitted cells with their pictures, in order.
        exercises: Name of each exercise → its text.

    Returns:
        Name of an exercise → figures of its cell and of the cells after it, up to the next
        exercise. Figures above the first exercise are left out, and so are those that do not fit.
    """
    names = {text: name for name, text in exercises.items()}
    album, found, room, count, current = Album(), dict[str, list[Figure]](), MAX_BYTES, 0, ""
    for cell in cells:
        current = names.get(str(cell.get("source", "")), current)
        for picture in album.of_outputs(cell.get("outputs")) if current else ():
            figure = _small(picture)
            if figure is None or count == MAX_FIGURES or len(figure.data) * 3 // 4 > room:
                continue
            room -= len(figure.data) * 3 // 4
            count += 1
            found.setdefault(current, []).append(figure)
    return {name: tuple(figures) for name, figures in found.items()}


def _small(picture: Mapping[str, str]) -> Figure | None:
    """Return the picture with at most MAX_SIDE pixels a side, as PNG or JPEG, whichever is smaller."""
    (data,) = picture.values()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(base64.b64decode(data)), formats=("PNG", "JPEG")).convert("RGBA")
    except Exception:  # Pillow raises many kinds for malformed input
        return None
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    plain = Image.new("RGB", image.size, "white")
    plain.paste(image, mask=image.getchannel("A"))
    made = {"image/png": BytesIO(), "image/jpeg": BytesIO()}
    # Not optimized: that makes a plot 6 % smaller and takes six times as long.
    plain.quantize(64, method=Image.Quantize.FASTOCTREE).save(made["image/png"], "PNG")
    plain.save(made["image/jpeg"], "JPEG", quality=75, optimize=True)
    kind = min(made, key=lambda name: len(made[name].getvalue()))
    return Figure(kind, base64.b64encode(made[kind].getvalue()).decode(), *plain.size)
