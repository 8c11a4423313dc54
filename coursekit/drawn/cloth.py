"""Cloth: the grey tone of a garment at every pixel, its pattern and folds, and the grain of a photograph.

Knows nothing of the garments that are made from it.
"""

from __future__ import annotations

import numpy as np

from coursekit.drawn.shapes import SIDE, Array, X, Y, choose, chosen, ramp, spread, wave

__all__ = ["PATTERNS", "cloth", "develop", "patches"]

PATTERNS = ("plain", "hoops", "pinstripes", "checks", "print", "blocks", "fade")


def patches(rng: np.random.Generator, n: int, cell: int) -> Array:
    """Draw smooth random patches of about `cell` pixels, float32 (n, 28, 28) from 0 to 1."""
    count = SIDE // cell + 2
    coarse = rng.random((n, count, count), dtype=np.float32)
    at = np.arange(SIDE) / cell
    low, t = at.astype(int), (at - at.astype(int)).astype(np.float32)
    rows = coarse[:, low] * (1 - t[:, None]) + coarse[:, low + 1] * t[:, None]
    return rows[:, :, low] * (1 - t) + rows[:, :, low + 1] * t


def cloth(rng: np.random.Generator, n: int, weights: tuple[float, ...], tone: tuple[float, float]) -> Array:
    """Draw the tones of n garments, float32 (n, 28, 28) from 0.08 to 1.

    Args:
        rng: Source of the random numbers.
        n: Number of garments.
        weights: How often each of PATTERNS occurs.
        tone: Range of the base tone.
    """
    kind = choose(rng, n, weights)
    base = np.maximum(spread(rng, n, *tone), spread(rng, n, *tone))  # light cloth is more common
    strength = spread(rng, n, 0.15, 0.7)
    pitch, shift = spread(rng, n, 0.12, 0.3), spread(rng, n, 0, 1)
    hoops, pinstripes = wave(pitch * Y + shift), wave(pitch * X + shift)
    patterns = (
        np.zeros_like(hoops),
        ramp(hoops, 0.35, 0.65),
        ramp(pinstripes, 0.5, 0.7),
        0.5 * ramp(hoops, 0.4, 0.6) + 0.5 * ramp(pinstripes, 0.4, 0.6),
        ramp(patches(rng, n, 2), 0.35, 0.65),
        (spread(rng, n, -9, 9) < Y).astype(np.float32),
        ramp(Y, -13.5, 13.5),
    )
    field = sum(((kind == i) * pattern for i, pattern in enumerate(patterns)), np.zeros((n, SIDE, SIDE), np.float32))
    flip = chosen(rng, n, 0.5)
    field = flip * field + (1 - flip) * (1 - field)
    lifted = base * (1 - strength * field * (kind > 0))
    folds = 1 + spread(rng, n, 0.05, 0.35) * (patches(rng, n, 4) - 0.5)
    return np.clip(lifted * folds, 0.08, 1).astype(np.float32)


def develop(rng: np.random.Generator, picture: Array) -> Array:
    """Add grain where there is cloth and round to eight bits: (n, 28, 28) float → uint8."""
    n = len(picture)
    grain = rng.integers(0, 256, (n, SIDE, SIDE), dtype=np.uint8).astype(np.float32) / np.float32(255) - np.float32(0.5)
    picture = picture * (1 + spread(rng, n, 0.05, 0.3) * grain)
    return np.floor(np.clip(picture, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)
