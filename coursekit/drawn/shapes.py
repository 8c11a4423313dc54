"""Geometry on the 28×28 grid: the depth of each pixel inside a shape, for many shapes at once, and paint.

A depth is a float32 array (n, 28, 28): the distance in pixels to the edge of the shape, positive
inside. Parameters of the n shapes are arrays (n, 1, 1). x points to the right and y downwards, both
from −13.5 to 13.5.

Only +, −, ×, ÷, floor, square root and comparisons are used. They round alike on every machine, so
every machine gets the same bytes. This module knows nothing of clothes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["SIDE", "X", "Y", "box", "choose", "chosen", "ellipse", "limb", "paint", "path", "ramp", "spread", "wave"]

Array = np.ndarray[Any, np.dtype[Any]]

SIDE = 28
Y: Array = (np.arange(SIDE, dtype=np.float32) - np.float32(13.5)).reshape(1, SIDE, 1)
X: Array = Y.reshape(1, 1, SIDE)


def spread(rng: np.random.Generator, n: int, low: float, high: float) -> Array:
    """Draw n uniform numbers from [low, high), float32 (n, 1, 1)."""
    return np.float32(low) + np.float32(high - low) * rng.random((n, 1, 1), dtype=np.float32)


def choose(rng: np.random.Generator, n: int, weights: tuple[float, ...]) -> Array:
    """Draw n indices into `weights` with these relative probabilities, int (n, 1, 1)."""
    u = spread(rng, n, 0, sum(weights))
    return sum((u >= np.float32(sum(weights[: i + 1]))).astype(np.int64) for i in range(len(weights) - 1)) + np.zeros_like(
        u, dtype=np.int64
    )


def chosen(rng: np.random.Generator, n: int, chance: float) -> Array:
    """Draw n numbers that are 1.0 with the given probability, else 0.0; float32 (n, 1, 1)."""
    return (spread(rng, n, 0, 1) < np.float32(chance)).astype(np.float32)


def ramp(value: Array, start: Array | float, end: Array | float) -> Array:
    """Return 0 before `start`, 1 after `end`, and a straight line between."""
    return np.clip((value - start) / (end - start), 0, 1)


def path(at: Array, points: list[tuple[Array | float, Array | float]]) -> Array:
    """Return a smooth curve through `points` (position, value) with rising positions; constant beyond its ends."""
    total = points[0][1] + np.zeros_like(at)
    for (p0, v0), (p1, v1) in pairwise(points):
        t = ramp(at, p0, p1)
        total = total + t * t * (3 - 2 * t) * (np.asarray(v1, np.float32) - np.asarray(v0, np.float32))
    return total.astype(np.float32)


def box(x: Array, y: Array, left: Array, right: Array, top: Array, bottom: Array) -> Array:
    """Return the depth inside a box. Each side may vary with x or y."""
    return np.minimum(np.minimum(x - left, right - x), np.minimum(y - top, bottom - y))


def ellipse(x: Array, y: Array, cx: Array | float, cy: Array | float, rx: Array | float, ry: Array | float) -> Array:
    """Return the depth inside an ellipse: exact on its axes, approximate elsewhere."""
    u, v = (x - cx) / rx, (y - cy) / ry
    return (1 - np.sqrt(u * u + v * v)) * np.minimum(rx, ry)


def limb(
    x: Array, y: Array, start: tuple[Array, Array], end: tuple[Array, Array], width: Array | float, width_end: Array | float
) -> Array:
    """Return the depth inside a straight limb with flat ends, `width` wide at its start, `width_end` at its end."""
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    length = np.sqrt(dx * dx + dy * dy) + np.float32(1e-3)
    along = ((x - ax) * dx + (y - ay) * dy) / length
    across = np.abs((x - ax) * dy - (y - ay) * dx) / length
    half = (width + (width_end - width) * np.clip(along / length, 0, 1)) / 2
    return np.minimum(half - across, np.minimum(along, length - along))


def wave(value: Array) -> Array:
    """Return a triangle wave of period 1 between 0 and 1."""
    return np.abs(2 * (value - np.floor(value)) - 1)


def paint(picture: Array, depth: Array, tone: Array | float, seam: Array | float = 0.0, share: Array | float = 1.0) -> Array:
    """Paint a shape in `tone` over a picture.

    Args:
        picture: The picture.
        depth: Depth inside the shape.
        tone: Its grey tone.
        seam: How much a line along the edge of the shape darkens what is below, from 0 to 1.
        share: Opacity of the shape; 0 leaves it out.
    """
    if not np.isscalar(seam) or seam:
        picture = picture * (1 - seam * share * np.clip(depth + 1.3, 0, 1))
    cover = share * np.clip(depth + np.float32(0.5), 0, 1)
    return picture + cover * (tone - picture)
