"""Garments with shoulders: T-shirt, pullover, dress, coat and shirt, all cut from one pattern.

The five differ only in how often an attribute occurs (sleeves, front opening, collar, length, flare)
and in overlapping ranges of measures. This makes the drawn set difficult: a long-sleeved shirt without
visible buttons may as well be a pullover.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coursekit.drawn.cloth import cloth
from coursekit.drawn.shapes import SIDE, Array, X, Y, box, choose, chosen, limb, paint, path, spread, wave

__all__ = ["COAT", "DRESS", "PULLOVER", "SHIRT", "TSHIRT", "Cut", "draw_top"]

Range = tuple[float, float]


@dataclass(frozen=True)
class Cut:
    """Measures of a kind of garment, in pixels or shares: ranges (low, high), and probabilities from 0 to 1."""

    sleeves: tuple[float, float, float, float]  # weights of: none, short, half, long
    shoulder: Range  # half the width at the shoulders
    chest: Range  # half width there, as a share of the shoulder
    waist: Range  # as a share of the chest
    hem: Range  # as a share of the chest
    length: Range  # from neck to hem
    neck: Range  # half width of the neck
    scoop: Range  # how deep the neckline is
    arm: Range  # width of a sleeve
    opening: float  # chance of a front opening
    buttons: float  # chance of buttons along it
    collar: float
    pockets: float
    motif: float  # chance of a print on the chest
    belt: float
    tone: Range
    patterns: tuple[float, ...]


TSHIRT = Cut(
    sleeves=(0.18, 0.66, 0.1, 0.06), shoulder=(5.6, 8.6), chest=(0.9, 1.05), waist=(0.84, 1.0), hem=(0.9, 1.1),
    length=(21, 27.5), neck=(2.2, 4.2), scoop=(1.5, 5), arm=(4.0, 6.5), opening=0.06, buttons=0.3, collar=0.06, pockets=0.03,
    motif=0.4, belt=0.01, tone=(0.32, 1.0), patterns=(6, 1.2, 0.2, 0.2, 1, 0.3, 0.4),
)  # fmt: skip
PULLOVER = Cut(
    sleeves=(0.0, 0.03, 0.05, 0.92), shoulder=(6.2, 8.4), chest=(0.92, 1.08), waist=(0.92, 1.04), hem=(0.9, 1.05),
    length=(21, 27), neck=(2.0, 3.8), scoop=(0.8, 3.5), arm=(3.8, 5.8), opening=0.08, buttons=0.3, collar=0.15, pockets=0.06,
    motif=0.25, belt=0.01, tone=(0.32, 1.0), patterns=(6, 1.4, 0.3, 0.3, 0.8, 0.7, 0.4),
)  # fmt: skip
DRESS = Cut(
    sleeves=(0.42, 0.28, 0.1, 0.2), shoulder=(3.8, 7.0), chest=(0.85, 1.05), waist=(0.72, 1.0), hem=(0.85, 1.8),
    length=(24.5, 27.5), neck=(1.6, 3.6), scoop=(1.5, 6), arm=(2.6, 4.6), opening=0.12, buttons=0.4, collar=0.1, pockets=0.01,
    motif=0.04, belt=0.25, tone=(0.32, 1.0), patterns=(6, 0.6, 0.4, 0.4, 1.6, 0.6, 0.6),
)  # fmt: skip
COAT = Cut(
    sleeves=(0.0, 0.01, 0.02, 0.97), shoulder=(6.8, 9.0), chest=(0.9, 1.06), waist=(0.86, 1.03), hem=(0.9, 1.14),
    length=(24, 27.5), neck=(1.8, 3.4), scoop=(1.0, 6), arm=(4.4, 6.4), opening=0.85, buttons=0.4, collar=0.5, pockets=0.5,
    motif=0.01, belt=0.12, tone=(0.24, 0.92), patterns=(8, 0.1, 0.1, 0.35, 0.4, 0.8, 0.4),
)  # fmt: skip
SHIRT = Cut(
    sleeves=(0.1, 0.2, 0.22, 0.48), shoulder=(5.8, 8.0), chest=(0.9, 1.06), waist=(0.84, 1.02), hem=(0.9, 1.1),
    length=(23, 27.5), neck=(1.8, 3.6), scoop=(1.0, 5), arm=(3.6, 5.6), opening=0.8, buttons=0.75, collar=0.75, pockets=0.15,
    motif=0.04, belt=0.02, tone=(0.32, 1.0), patterns=(4, 0.5, 1.4, 2.2, 1.8, 0.1, 0.3),
)  # fmt: skip


def draw_top(rng: np.random.Generator, n: int, cut: Cut) -> Array:
    """Draw n garments of this cut, float32 (n, 28, 28) from 0 to 1."""
    material = cloth(rng, n, cut.patterns, cut.tone)
    x = np.abs(X - spread(rng, n, -1.2, 1.2) + spread(rng, n, -0.03, 0.03) * Y)
    length = spread(rng, n, *cut.length)
    top = -length / 2 + spread(rng, n, -0.8, 0.8)
    bottom = top + length
    shoulder = spread(rng, n, *cut.shoulder)

    picture = _sleeves(rng, n, cut, x, top, length, shoulder, material)
    picture = _body(rng, n, cut, x, top, bottom, shoulder, material, picture)
    picture = _neck(rng, n, cut, x, top, material, picture)
    return _details(rng, n, cut, x, top, bottom, shoulder, material, picture)


def _sleeves(
    rng: np.random.Generator, n: int, cut: Cut, x: Array, top: Array, length: Array, shoulder: Array, material: Array
) -> Array:
    """Draw the sleeves."""
    kind = choose(rng, n, cut.sleeves)
    share = np.choose(kind, [np.float32(0), spread(rng, n, 0.2, 0.36), spread(rng, n, 0.4, 0.7), spread(rng, n, 0.8, 0.98)])
    width = spread(rng, n, *cut.arm)
    angle = np.where(kind == 3, spread(rng, n, 0.1, 0.26), spread(rng, n, 0.25, 0.85))  # step sideways per step down
    reach = share * length / np.sqrt(1 + angle * angle)
    start_x, start_y = shoulder - width * np.float32(0.42), top + spread(rng, n, 1.2, 2.2)
    end_x = np.minimum(start_x + angle * reach, 13.2 - width * np.float32(0.3))
    depth = limb(x, Y, (start_x, start_y), (end_x, start_y + reach), width, width * spread(rng, n, 0.6, 0.95))
    tone = material * spread(rng, n, 0.8, 1.1)
    return paint(np.zeros((n, SIDE, SIDE), np.float32), depth, tone, share=(kind > 0).astype(np.float32))


def _body(
    rng: np.random.Generator,
    n: int,
    cut: Cut,
    x: Array,
    top: Array,
    bottom: Array,
    shoulder: Array,
    material: Array,
    picture: Array,
) -> Array:
    """Draw the body over the sleeves."""
    chest = shoulder * spread(rng, n, *cut.chest)
    waist, hem = chest * spread(rng, n, *cut.waist), np.minimum(chest * spread(rng, n, *cut.hem), 12.5)
    height = bottom - top
    half = path(
        Y + 0 * top,
        [
            (top, shoulder * np.float32(0.45)),
            (top + spread(rng, n, 1.8, 3.2), shoulder),
            (top + 0.3 * height, chest),
            (top + spread(rng, n, 0.42, 0.55) * height, waist),
            (bottom, hem),
        ],
    )
    curve = spread(rng, n, -0.5, 1.2) * (x / 8) * (x / 8)  # the hem hangs lower in the middle
    depth = box(x, Y, -half, half, top, bottom - curve)
    return paint(picture, depth, material, seam=spread(rng, n, 0.1, 0.7))


def _neck(rng: np.random.Generator, n: int, cut: Cut, x: Array, top: Array, material: Array, picture: Array) -> Array:
    """Draw the neckline and the collar."""
    width, scoop = spread(rng, n, *cut.neck), spread(rng, n, *cut.scoop)
    down = np.clip((Y - top) / scoop, 0, 1)
    pointed = chosen(rng, n, 0.4)
    edge = width * (pointed * (1 - down) + (1 - pointed) * np.sqrt(1 - down * down))
    hole = np.minimum(edge - x, top + scoop - Y)
    inside = material * spread(rng, n, 0.0, 0.7) * chosen(rng, n, 0.5)
    picture = paint(picture, hole, inside)
    collar = np.minimum(spread(rng, n, 0.8, 1.4) - np.abs(x - edge - 0.6), top + scoop + 1.0 - Y)
    tone = np.clip(material * spread(rng, n, 0.7, 1.4), 0, 1)
    return paint(picture, collar, tone, seam=0.25, share=chosen(rng, n, cut.collar) * (picture > 0.04))


def _details(
    rng: np.random.Generator,
    n: int,
    cut: Cut,
    x: Array,
    top: Array,
    bottom: Array,
    shoulder: Array,
    material: Array,
    picture: Array,
) -> Array:
    """Draw front opening, buttons, print, pockets and belt."""
    worn = (picture > 0.04).astype(np.float32)
    height = bottom - top
    below = np.clip(Y - top - 3, 0, 1) * worn
    # Front opening: a line darker or lighter than the cloth, faint to clear, with or without buttons.
    line = np.clip(spread(rng, n, 0.5, 1.0) - x + 0.5, 0, 1) * below * chosen(rng, n, cut.opening)
    contrast = spread(rng, n, 0.1, 0.8) * (1 - 2 * chosen(rng, n, 0.35))
    picture = picture * (1 - contrast * line)
    dots = line * chosen(rng, n, cut.buttons) * (wave(Y * spread(rng, n, 0.18, 0.3)) > 0.7)
    picture = picture + dots * spread(rng, n, -0.4, 0.5)
    # A print on the chest.
    motif = box(x, Y, -X * 0 - 20, spread(rng, n, 1.5, 4.5), top + height * 0.3, top + height * spread(rng, n, 0.42, 0.65))
    picture = picture + np.clip(motif + 0.5, 0, 1) * spread(rng, n, -0.6, 0.6) * chosen(rng, n, cut.motif) * worn * (
        0.5 + 0.5 * wave(Y * 0.3 + X * 0.17)
    )
    # Pockets and a belt.
    at = top + height * spread(rng, n, 0.55, 0.75)
    pocket = np.clip(1.2 - np.abs(Y - at), 0, 1) * np.clip(2.2 - np.abs(x - shoulder * 0.5), 0, 1)
    picture = picture * (1 - spread(rng, n, 0.1, 0.5) * pocket * chosen(rng, n, cut.pockets))
    belt = (
        np.clip(1.3 - np.abs(Y - (top + height * spread(rng, n, 0.4, 0.52))), 0, 1) * (x < shoulder) * chosen(rng, n, cut.belt)
    )
    return np.clip(picture * (1 - spread(rng, n, -0.3, 0.7) * belt), 0, 1)
