"""Trousers and bags, the two easy classes. Each has a shape of its own.

Knows nothing of the other garments.
"""

from __future__ import annotations

import numpy as np

from coursekit.drawn.cloth import cloth
from coursekit.drawn.shapes import SIDE, Array, X, Y, box, choose, chosen, ellipse, limb, paint, path, spread

__all__ = ["draw_bag", "draw_trousers"]


def draw_trousers(rng: np.random.Generator, n: int) -> Array:
    """Draw n pairs of trousers, float32 (n, 28, 28) from 0 to 1."""
    material = cloth(rng, n, (8, 0.1, 0.6, 0.4, 0.8, 0.1, 0.6), (0.35, 1.0))
    x = X - spread(rng, n, -1.2, 1.2) + spread(rng, n, -0.04, 0.04) * Y
    side = np.abs(x)
    length = spread(rng, n, 24.5, 27.6)
    top = -length / 2 + spread(rng, n, -0.3, 0.3)
    bottom = top + length
    hip = spread(rng, n, 3.8, 7.0)
    crotch = top + length * (spread(rng, n, 0.24, 0.36) + chosen(rng, n, 0.1) * spread(rng, n, 0.0, 0.55))  # legs may touch
    ankle = hip * spread(rng, n, 0.75, 1.35)
    outer = path(Y + 0 * top, [(top, hip * spread(rng, n, 0.72, 0.95)), (crotch, hip), (bottom, ankle)])
    gap = path(
        Y + 0 * top, [(crotch - 1, -1.0), (crotch + 1, spread(rng, n, 0.0, 0.5)), (bottom, ankle * spread(rng, n, 0.1, 0.5))]
    )
    depth = np.minimum(box(side, Y, -outer, outer, top, bottom), side - gap)
    picture = paint(np.zeros((n, SIDE, SIDE), np.float32), depth, material)
    crease = np.clip(1 - side, 0, 1) * (top + 2 < Y) * spread(rng, n, 0.0, 0.5)
    waistband = np.clip(1 - np.abs(Y - top - 2), 0, 1) * spread(rng, n, 0.0, 0.5)
    return picture * (1 - crease) * (1 - waistband)


def draw_bag(rng: np.random.Generator, n: int) -> Array:
    """Draw n bags, float32 (n, 28, 28) from 0 to 1."""
    material = cloth(rng, n, (8, 0.3, 0.2, 0.3, 1.2, 1.0, 0.5), (0.35, 1.0))
    x = X - spread(rng, n, -0.8, 0.8)
    half = spread(rng, n, 9.5, 13.6)
    height = spread(rng, n, 11, 20)
    kind = choose(rng, n, (0.25, 0.45, 0.3))  # clutch, handle, strap
    bottom = np.where(kind == 0, height / 2 + spread(rng, n, -1, 1), spread(rng, n, 8.5, 13.2))
    top = bottom - height

    picture = _handle(rng, n, kind, x, top, bottom, half, material)
    upper = half * spread(rng, n, 0.72, 1.02)
    edge = path(Y + 0 * top, [(top, upper), (top + height * spread(rng, n, 0.5, 0.9), half), (bottom + 0.1, half)])
    round_off = np.clip(np.abs(x) - half + spread(rng, n, 1.5, 5), 0, 6)
    curve = round_off * round_off * np.float32(0.15)
    picture = paint(picture, box(x, Y, -edge, edge, top + curve, bottom - curve), material, seam=0.4)
    flap = np.clip(1 - np.abs(Y - top - height * spread(rng, n, 0.2, 0.6)), 0, 1) * (np.abs(x) < edge)
    picture = picture * (1 - flap * spread(rng, n, 0.1, 0.7) * chosen(rng, n, 0.6))
    clasp = ellipse(x, Y, 0.0, top + height * 0.45, spread(rng, n, 0.8, 2), spread(rng, n, 0.8, 2))
    return paint(picture, clasp, spread(rng, n, 0.1, 1.0), share=chosen(rng, n, 0.45))


def _handle(
    rng: np.random.Generator, n: int, kind: Array, x: Array, top: Array, bottom: Array, half: Array, material: Array
) -> Array:
    """Draw the handle or the strap of the bags that have one."""
    tone = material * spread(rng, n, 0.6, 1.1)
    picture = np.zeros((n, SIDE, SIDE), np.float32)
    rise = np.minimum(top + 13.2, spread(rng, n, 4, 12))
    ring = ellipse(x, Y, 0.0, top, half * spread(rng, n, 0.3, 0.65), np.maximum(rise, 1.5))
    thick = spread(rng, n, 0.5, 1.1)
    picture = paint(picture, thick - np.abs(ring), tone, share=((kind == 1) & (top > -11)).astype(np.float32))
    peak = top - np.minimum(rise, 11)
    strap = limb(np.abs(x), Y, (half - 1, top + 3), (half * spread(rng, n, 0.0, 0.9), peak), 2 * thick, 2 * thick)
    return paint(picture, strap, tone, share=(kind == 2).astype(np.float32))
