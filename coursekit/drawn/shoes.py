"""Shoes seen from the side, with the toe to the left: sandal, sneaker and ankle boot.

All three have a sole between toe and heel. They differ above it: straps, a low upper or a high shaft.
Low boots, high sneakers and closed sandals overlap. Knows nothing of the other garments.
"""

from __future__ import annotations

import numpy as np

from coursekit.drawn.cloth import cloth, patches
from coursekit.drawn.shapes import SIDE, Array, X, Y, chosen, limb, paint, path, ramp, spread, wave

__all__ = ["draw_boot", "draw_sandal", "draw_sneaker"]

_PATTERNS = (8.0, 0.1, 0.2, 0.2, 1.0, 0.3, 0.5)


def draw_sneaker(rng: np.random.Generator, n: int) -> Array:
    """Draw n sneakers, float32 (n, 28, 28) from 0 to 1."""
    height = spread(rng, n, 8.5, 13.0) + chosen(rng, n, 0.12) * spread(rng, n, 2, 7)
    instep = np.minimum(height * spread(rng, n, 0.5, 0.8), 10)
    return _shoe(
        rng,
        n,
        height,
        instep,
        heel=spread(rng, n, 0, 0.8),
        shaft=spread(rng, n, 0.0, 5.0),
        sole=spread(rng, n, 1.2, 3.0),
        laces=0.7,
    )


def draw_boot(rng: np.random.Generator, n: int) -> Array:
    """Draw n ankle boots, float32 (n, 28, 28) from 0 to 1."""
    heel = chosen(rng, n, 0.4) * spread(rng, n, 1, 8)
    low = chosen(rng, n, 0.2)
    height = np.minimum(low * spread(rng, n, 11, 16) + (1 - low) * spread(rng, n, 16, 27) + heel * 0.5, 27)
    instep = np.minimum(spread(rng, n, 6, 9.5) + heel * 0.6, height - 2)
    return _shoe(rng, n, height, instep, heel, shaft=spread(rng, n, -4.5, 2.5), sole=spread(rng, n, 0.8, 2.6), laces=0.35)


def _shoe(
    rng: np.random.Generator, n: int, height: Array, instep: Array, heel: Array, shaft: Array, sole: Array, laces: float
) -> Array:
    """Draw closed shoes.

    Args:
        rng: Source of the random numbers.
        n: Number of shoes.
        height: From the ground to the top.
        instep: From the ground to the place where the shaft begins, at x = shaft.
        heel: How far the heel is raised.
        shaft: Where the shaft begins.
        sole: Thickness of the sole.
        laces: Probability of laces.
    """
    material = cloth(rng, n, _PATTERNS, (0.35, 1.0))
    ground = np.minimum(height / 2 + spread(rng, n, -0.5, 1.5), 13.4)
    left, right = spread(rng, n, -13.6, -11.5) + np.maximum(height - 20, 0) * 0.3, spread(rng, n, 10.5, 13.4)
    x = X + 0 * ground
    bed = ground - sole - path(x, [(left + 9, 0.0), (right - 5, heel)])
    upper = _upper(rng, n, x, left, right, shaft, ground, height, instep)
    curve = spread(rng, n, 0, 2.5) * ramp(Y, ground - height, ground - 2) * (1 - ramp(Y, ground - 7, ground))
    back = right - curve - spread(rng, n, 0, 2.0) * (1 - ramp(Y, ground - height, ground - 4))
    depth = np.minimum(np.minimum(Y - upper, bed + 1 - Y), np.minimum(x - left, back - x))
    picture = paint(np.zeros((n, SIDE, SIDE), np.float32), depth, material)
    picture = _trim(rng, n, x, left, shaft, upper, bed, height, laces, material, picture)
    return _sole(rng, n, x, left, right, bed, sole, ground, heel, picture)


def _upper(
    rng: np.random.Generator,
    n: int,
    x: Array,
    left: Array,
    right: Array,
    shaft: Array,
    ground: Array,
    height: Array,
    instep: Array,
) -> Array:
    """Return the line from the toe over the instep and up the shaft to the heel, y for each x."""
    toe = np.minimum(spread(rng, n, 2.5, 5.0), instep - 0.5)
    collar = shaft + spread(rng, n, 0.6, 2.0)
    return path(
        x,
        [
            (left - 0.5, ground - 1.0),
            (left + spread(rng, n, 1.2, 3.5), ground - toe),
            (shaft - spread(rng, n, 0.4, 1.5), ground - instep),
            (collar, ground - height),
            (right + 0.5, ground - height + spread(rng, n, -0.8, 1.5)),
        ],
    )


def _trim(
    rng: np.random.Generator,
    n: int,
    x: Array,
    left: Array,
    shaft: Array,
    upper: Array,
    bed: Array,
    height: Array,
    laces: float,
    material: Array,
    picture: Array,
) -> Array:
    """Draw laces along the instep, a stripe on the side and a seam around the heel."""
    eyelets = (
        np.clip(1.4 - np.abs(Y - upper - 1.2), 0, 1)
        * (wave(x * spread(rng, n, 0.3, 0.5)) > 0.5)
        * (x > left + 5)
        * (x < shaft + 3)
    )
    picture = picture * (1 - spread(rng, n, 0.2, 0.8) * eyelets * chosen(rng, n, laces))
    seam = np.clip(1.0 - np.abs(x - shaft - spread(rng, n, 0.5, 6) - 0.15 * Y), 0, 1) * (bed > Y)
    picture = picture * (1 - spread(rng, n, 0.1, 0.6) * seam * chosen(rng, n, 0.45))
    foot = shaft - spread(rng, n, -1, 4)
    stripe = limb(
        x, Y, (foot, bed - 0.5), (foot + spread(rng, n, 1, 6), bed - height * 0.45), spread(rng, n, 1, 3), spread(rng, n, 1, 3)
    )
    tone = np.clip(material * spread(rng, n, 0.3, 1.6), 0, 1)
    return paint(picture, stripe, tone, share=chosen(rng, n, 0.35) * (picture > 0.05))


def _sole(
    rng: np.random.Generator,
    n: int,
    x: Array,
    left: Array,
    right: Array,
    bed: Array,
    sole: Array,
    ground: Array,
    heel: Array,
    picture: Array,
) -> Array:
    """Draw the sole and the heel."""
    tone = spread(rng, n, 0.15, 1.0)
    wedge = chosen(rng, n, 0.3)
    under = bed + sole + wedge * (ground - bed - sole)
    plate = np.minimum(np.minimum(Y - bed, under - Y), np.minimum(x - left, right - x))
    picture = paint(picture, plate, tone, seam=0.3)
    block = np.minimum(np.minimum(Y - bed, ground - Y), np.minimum(x - right + spread(rng, n, 1.6, 6), right - x))
    return paint(picture, block, tone, share=(heel > 0.9).astype(np.float32))


def draw_sandal(rng: np.random.Generator, n: int) -> Array:
    """Draw n sandals, float32 (n, 28, 28) from 0 to 1."""
    material = cloth(rng, n, _PATTERNS, (0.35, 1.0))
    heeled = chosen(rng, n, 0.45)
    heel = heeled * spread(rng, n, 3, 13) + (1 - heeled) * spread(rng, n, 0, 2)
    above = spread(rng, n, 4.5, 9.5) + chosen(rng, n, 0.25) * spread(rng, n, 1, 6)
    height = np.minimum(heel * 0.9 + above, 26.5)
    ground = np.minimum(height / 2 + spread(rng, n, -0.5, 1.5), 13.4)
    left, right = spread(rng, n, -13.6, -11.5), spread(rng, n, 10.5, 13.4)
    x = X + 0 * ground
    sole = spread(rng, n, 0.9, 2.4) + chosen(rng, n, 0.15) * 2
    bed = ground - sole - path(x, [(left + 7, 0.0), (right - 4, heel)])
    picture = _vamp(rng, n, x, left, bed, above, material)
    picture = _straps(rng, n, x, left, right, ground - sole, heel, above, material, picture)
    return _sole(rng, n, x, left, right, bed, sole, ground, heel, picture)


def _vamp(rng: np.random.Generator, n: int, x: Array, left: Array, bed: Array, above: Array, material: Array) -> Array:
    """Draw the closed front that some sandals have, plain or with holes."""
    end = left + spread(rng, n, 9, 22)
    crest = above * spread(rng, n, 0.5, 0.9) * path(x, [(left - 0.5, 0.3), (end - 2, 1.0)])
    depth = np.minimum(np.minimum(Y - bed + crest, bed + 1 - Y), np.minimum(x - left - 1, end - x))
    whole = chosen(rng, n, 0.55)
    holes = np.maximum(whole, patches(rng, n, 3) > spread(rng, n, 0.2, 0.55))
    return paint(np.zeros((n, SIDE, SIDE), np.float32), depth, material, share=chosen(rng, n, 0.4) * holes)


def _straps(
    rng: np.random.Generator,
    n: int,
    x: Array,
    left: Array,
    right: Array,
    floor: Array,
    heel: Array,
    above: Array,
    material: Array,
    picture: Array,
) -> Array:
    """Draw bands over the toes and around the ankle."""
    tone = np.clip(material * spread(rng, n, 0.7, 1.2), 0, 1)
    length = right - left

    def foot(share: Array) -> tuple[Array, Array]:
        at = left + length * share
        return at, floor - heel * ramp(at, left + 7, right - 4) + 1

    for share, where in ((0.85, 0.12), (0.6, 0.28), (0.4, 0.42)):
        start = foot(where + spread(rng, n, -0.06, 0.06))
        tip = (start[0] + length * spread(rng, n, 0.1, 0.25), start[1] - above * spread(rng, n, 0.3, 0.75))
        width = spread(rng, n, 1.6, 4.2)
        picture = paint(
            picture,
            limb(x, Y, start, tip, width, width * spread(rng, n, 0.6, 1.1)),
            tone,
            seam=0.25,
            share=chosen(rng, n, share),
        )
    ankle = chosen(rng, n, 0.65)
    post = foot(np.full((n, 1, 1), 0.95, np.float32))
    top = (post[0] - spread(rng, n, -0.5, 1.0), post[1] - above * spread(rng, n, 0.7, 1.0))
    front = (top[0] - length * spread(rng, n, 0.25, 0.4), top[1] + spread(rng, n, -1, 2))
    width = spread(rng, n, 1.3, 2.8)
    for start, end in ((post, top), (foot(spread(rng, n, 0.4, 0.6)), front), (front, top)):
        picture = paint(picture, limb(x, Y, start, end, width, width), tone, share=ankle)
    return picture
