"""A sketch: shapes on top of each other on a square picture of any size, at any position, size and angle.

Measures are Python floats and fields are float32 arrays (side, side). Only +, −, ×, ÷, floor, square
root and comparisons are used. They round alike on every machine, so every machine gets the same bytes.
A depth is the distance to the edge of a shape, positive inside. Its unit is that of the object, which
reaches from about −1 to 1 in both directions.

This module knows nothing of what is drawn, of colours or of backgrounds.
"""

from __future__ import annotations

import math

import numpy as np

from coursekit.drawn.shapes import Array, path

__all__ = ["Sketch", "between", "chance", "patches", "pick"]


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a uniform number from [low, high)."""
    return low + (high - low) * float(rng.random())


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True with the given probability."""
    return float(rng.random()) < share


def pick(rng: np.random.Generator, weights: tuple[float, ...]) -> int:
    """Draw an index into `weights` with these relative probabilities."""
    left = float(rng.random()) * sum(weights)
    for i, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return i
    return len(weights) - 1


def patches(rng: np.random.Generator, side: int, cells: float) -> Array:
    """Draw smooth random patches, about `cells` per direction; float32 (side, side) from 0 to 1."""
    count = math.floor(cells) + 2
    coarse = rng.random((count, count), dtype=np.float32)
    at = np.arange(side, dtype=np.float32) * np.float32(cells / side)
    low = np.floor(at)
    t, low = at - low, low.astype(np.intp)
    t = t * t * (3 - 2 * t)
    rows = coarse[low] + (coarse[low + 1] - coarse[low]) * t[:, None]
    return rows[:, low] + (rows[:, low + 1] - rows[:, low]) * t


class Sketch:
    """An object that is being drawn.

    The methods change `cover`, `second` and `light` in place.

    Args:
        side: Height and width of the picture in pixels.
        x: Horizontal centre of the object, in a frame from −1 to 1.
        y: Vertical centre of the object.
        size: Half the height of the object.
        turn: Tangent of half the angle, so that sine and cosine need only a division.
        wide: Factor for the width.

    Attributes:
        u: Horizontal position of each pixel in the units of the object, float32 (side, side).
        v: Vertical position of each pixel, downwards.
        fine: Pixels per unit.
        cover: How much of each pixel the object hides.
        second: Share of the second material at each pixel, from 0 to 1.
        light: Brightness of each pixel, 1 where no seam or fold darkens it.
    """

    def __init__(
        self, side: int, *, x: float = 0.0, y: float = 0.0, size: float = 1.0, turn: float = 0.0, wide: float = 1.0
    ) -> None:
        """Start with an empty picture."""
        cosine, sine = (1 - turn * turn) / (1 + turn * turn), 2 * turn / (1 + turn * turn)
        at = (np.arange(side, dtype=np.float32) * 2 + (1 - side)) / np.float32(side)
        across, down = (at - x)[None, :], (at - y)[:, None]
        self.u: Array = across * (cosine / (size * wide)) + down * (sine / (size * wide))
        self.v: Array = down * (cosine / size) - across * (sine / size)
        self.fine = side * size / 2  # pixels per unit
        self.cover: Array = np.zeros((side, side), np.float32)
        self.second: Array = np.zeros((side, side), np.float32)
        self.light: Array = np.ones((side, side), np.float32)

    # ── depths ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def disc(self, x: float, y: float, rx: float, ry: float) -> Array:
        """Return the depth inside an ellipse."""
        u, v = (self.u - x) / rx, (self.v - y) / ry
        return (1 - np.sqrt(u * u + v * v)) * min(rx, ry)

    def slab(self, left: float | Array, top: float | Array, right: float | Array, bottom: float | Array) -> Array:
        """Return the depth inside a box. Each side may vary from pixel to pixel."""
        return np.minimum(np.minimum(self.u - left, right - self.u), np.minimum(self.v - top, bottom - self.v))

    def limb(self, start: tuple[float, float], end: tuple[float, float], width: float, width_end: float) -> Array:
        """Return the depth inside a straight limb with flat ends and these widths at its start and end."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        length = math.sqrt(dx * dx + dy * dy) + 1e-6
        cosine, sine = dx / length, dy / length
        u, v = self.u - start[0], self.v - start[1]
        along, across = u * cosine + v * sine, np.abs(u * sine - v * cosine)
        half = width / 2 + np.clip(along / length, 0, 1) * ((width_end - width) / 2)
        return np.minimum(half - across, np.minimum(along, length - along))

    def profile(self, points: list[tuple[float, float]], round_off: float = 0.0) -> Array:
        """Return the depth inside a shape that is symmetric about u = 0.

        Args:
            points: (v, half the width there), from top to bottom.
            round_off: Radius of the corners.
        """
        half = path(self.v, [(at, value) for at, value in points])
        upright = np.minimum(self.v - points[0][0], points[-1][0] - self.v)
        if round_off:
            corner = np.clip(np.abs(self.u) - (half - round_off), 0, round_off)
            upright = upright - corner * corner / (2 * round_off)
        return np.minimum(half - np.abs(self.u), upright)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ink(self, depth: Array) -> Array:
        """Return the share of each pixel inside a shape."""
        return np.clip(depth * self.fine + 0.5, 0, 1)

    def lay(self, depth: Array, second: float = 0.0, seam: float = 0.0) -> None:
        """Put a piece on top.

        Args:
            depth: Depth inside the piece.
            second: Its share of the second material.
            seam: How dark the line around it is, from 0 to 1.
        """
        if seam:
            self.light *= 1 - seam * np.clip(1 + depth * (self.fine / 2), 0, 1) * self.cover
        ink = self._ink(depth)
        self.cover += ink * (1 - self.cover)
        self.second += ink * (second - self.second)
        self.light += ink * (1 - self.light)

    def trim(self, depth: Array, second: float = 1.0) -> None:
        """Change the material inside a shape, only where the object already is."""
        self.second += self._ink(depth) * (second - self.second)

    def shade(self, depth: Array, strength: float) -> None:
        """Darken a shape, or lighten it if `strength` is negative."""
        self.light *= 1 - strength * self._ink(depth)

    def cut(self, depth: Array) -> None:
        """Cut a hole through which the background is visible."""
        self.cover *= 1 - self._ink(depth)
