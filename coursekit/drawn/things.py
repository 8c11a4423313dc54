"""Drawn objects that are not clothes. The drawn backbone learns from them, as MobileNet does from ImageNet.

An object is a short list of parts. Each time it is drawn, every measure varies a little. Knows nothing
of networks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from coursekit.drawn.scene import photograph
from coursekit.drawn.shapes import Array
from coursekit.drawn.sketch import Sketch, between, chance

__all__ = ["THINGS", "thing_photo"]


@dataclass(frozen=True)
class Part:
    """A part of an object.

    Attributes:
        shape: "disc", "ring", "slab", "bar" or "turned".
        measures: Its measures, as the function of this name takes them.
        does: "lay", "other", "trim", "shade" or "cut".
        twice: Whether it is repeated on the left, mirrored.
        times: How often it is repeated in a row.
        step: Distance between repetitions.
    """

    shape: str
    measures: tuple[float, ...]
    does: str = "lay"
    twice: bool = False
    times: int = 1
    step: tuple[float, float] = (0.0, 0.0)


def disc(x: float, y: float, rx: float, ry: float) -> Part:
    """Return an ellipse."""
    return Part("disc", (x, y, rx, ry))


def ring(x: float, y: float, rx: float, ry: float, thick: float) -> Part:
    """Return an elliptic ring."""
    return Part("ring", (x, y, rx, ry, thick))


def slab(left: float, top: float, right: float, bottom: float) -> Part:
    """Return a box."""
    return Part("slab", (left, top, right, bottom))


def bar(x: float, y: float, x_end: float, y_end: float, width: float, width_end: float | None = None) -> Part:
    """Return a straight bar."""
    return Part("bar", (x, y, x_end, y_end, width, width if width_end is None else width_end))


def turned(*points: float) -> Part:
    """Return a turned shape: height, half the width, height, half the width, … from top to bottom."""
    return Part("turned", points)


def trim(part: Part) -> Part:
    """Return the part in the second material, drawn only where the object already is."""
    return replace(part, does="trim")


def other(part: Part) -> Part:
    """Return the part as a piece of the second material."""
    return replace(part, does="other")


def shade(part: Part) -> Part:
    """Return the part as a shadow."""
    return replace(part, does="shade")


def cut(part: Part) -> Part:
    """Return the part as a hole."""
    return replace(part, does="cut")


def both(part: Part) -> Part:
    """Return the part repeated on the left, mirrored."""
    return replace(part, twice=True)


def row(part: Part, times: int, x: float, y: float) -> Part:
    """Return the part repeated in a row."""
    return replace(part, times=times, step=(x, y))


THINGS: dict[str, tuple[Part, ...]] = {
    "mug": (ring(0.6, 0.0, 0.32, 0.38, 0.12), slab(-0.6, -0.7, 0.5, 0.7)),
    "teapot": (
        ring(0.65, 0.0, 0.3, 0.35, 0.1), bar(-0.4, 0.2, -1.0, -0.4, 0.3, 0.14), disc(0, 0.1, 0.65, 0.55),
        disc(0, -0.5, 0.1, 0.1),
    ),
    "jug": (ring(0.5, -0.1, 0.35, 0.45, 0.1), turned(-0.9, 0.3, -0.5, 0.25, 0.4, 0.6, 0.9, 0.4)),
    "bottle": (turned(-1.0, 0.13, -0.5, 0.14, -0.2, 0.36, 1.0, 0.36), trim(slab(-1, 0.1, 1, 0.6))),
    "flask": (turned(-0.9, 0.16, -0.2, 0.16, 0.9, 0.75), trim(slab(-1, 0.35, 1, 1))),
    "wine glass": (turned(-0.9, 0.4, -0.5, 0.46, 0.0, 0.06, 0.7, 0.06, 0.8, 0.45), trim(slab(-1, -0.5, 1, -0.1))),
    "vase": (turned(-0.9, 0.3, -0.6, 0.15, 0.1, 0.6, 0.9, 0.25), trim(row(slab(-1, -0.1, 1, 0.0), 3, 0, 0.25))),
    "bucket": (ring(0, -0.5, 0.6, 0.5, 0.05), turned(-0.5, 0.62, 0.8, 0.45), shade(slab(-1, -0.5, 1, -0.42))),
    "bell": (
        disc(0, 0.75, 0.16, 0.16), turned(-0.7, 0.15, -0.2, 0.35, 0.3, 0.42, 0.7, 0.8),
        ring(0, -0.75, 0.12, 0.12, 0.06),
    ),
    "lamp": (turned(-0.9, 0.3, -0.1, 0.65), other(turned(-0.1, 0.06, 0.75, 0.06, 0.9, 0.4))),
    "hourglass": (
        turned(-0.8, 0.5, 0.0, 0.08, 0.8, 0.5), other(slab(-0.6, -0.9, 0.6, -0.78)), other(slab(-0.6, 0.78, 0.6, 0.9)),
    ),
    "candle": (slab(-0.2, -0.3, 0.2, 0.8), other(disc(0, -0.6, 0.11, 0.22)), other(slab(-0.5, 0.75, 0.5, 0.9))),
    "light bulb": (
        disc(0, -0.3, 0.55, 0.58), turned(0.1, 0.4, 0.45, 0.22), other(slab(-0.22, 0.4, 0.22, 0.85)),
        shade(row(slab(-1, 0.5, 1, 0.53), 3, 0, 0.12)),
    ),
    "table": (slab(-0.95, -0.4, 0.95, -0.2), both(bar(0.8, -0.2, 0.8, 0.8, 0.14))),
    "round table": (disc(0, -0.35, 0.95, 0.18), slab(-0.08, -0.3, 0.08, 0.7), turned(0.55, 0.1, 0.8, 0.5)),
    "stool": (slab(-0.5, -0.6, 0.5, -0.4), both(bar(0.3, -0.4, 0.55, 0.9, 0.12)), slab(-0.45, 0.2, 0.45, 0.3)),
    "chair": (bar(-0.5, -0.95, -0.5, 0.9, 0.14), slab(-0.55, 0.0, 0.5, 0.15), bar(0.42, 0.1, 0.42, 0.9, 0.14)),
    "armchair": (
        slab(-0.5, -0.8, 0.5, 0.5), both(slab(0.45, -0.1, 0.8, 0.7)), other(slab(-0.45, 0.15, 0.45, 0.45)),
        both(slab(0.5, 0.7, 0.65, 0.85)),
    ),
    "bed": (
        slab(-0.95, -0.6, -0.8, 0.6), slab(-0.9, 0.0, 0.95, 0.35), slab(0.8, -0.1, 0.95, 0.6),
        other(slab(-0.78, -0.2, -0.35, 0.02)),
    ),
    "ladder": (both(bar(0.3, -0.95, 0.42, 0.95, 0.1)), row(slab(-0.4, -0.75, 0.4, -0.68), 5, 0, 0.36)),
    "shelf": (slab(-0.6, -0.95, 0.6, 0.95), cut(row(slab(-0.5, -0.85, 0.5, -0.4), 3, 0, 0.6))),
    "chest of drawers": (
        slab(-0.7, -0.7, 0.7, 0.75), shade(row(slab(-0.6, -0.3, 0.6, -0.26), 3, 0, 0.35)),
        trim(both(row(disc(0.3, -0.45, 0.05, 0.05), 3, 0, 0.36))),
    ),
    "book": (slab(-0.65, -0.85, 0.65, 0.85), shade(slab(-0.5, -0.9, -0.45, 0.9)), trim(slab(-0.25, -0.5, 0.45, -0.2))),
    "open book": (
        both(bar(0.02, 0.0, 0.95, -0.1, 1.1, 1.1)), shade(slab(-0.02, -0.6, 0.02, 0.6)),
        shade(both(row(slab(0.15, -0.35, 0.8, -0.31), 4, 0, 0.2))),
    ),
    "envelope": (slab(-0.9, -0.6, 0.9, 0.6), shade(both(bar(0.0, 0.1, 0.9, -0.6, 0.04)))),
    "clock": (
        disc(0, 0, 0.85, 0.85), shade(ring(0, 0, 0.75, 0.75, 0.04)), trim(bar(0, 0, 0, -0.6, 0.08)),
        trim(bar(0, 0, 0.4, 0.2, 0.08)),
    ),
    "wheel": (
        ring(0, 0, 0.8, 0.8, 0.22), bar(-0.7, 0, 0.7, 0, 0.09), bar(0, -0.7, 0, 0.7, 0.09), disc(0, 0, 0.18, 0.18),
    ),
    "telephone": (slab(-0.42, -0.9, 0.42, 0.9), trim(slab(-0.34, -0.75, 0.34, 0.6)), trim(disc(0, 0.76, 0.07, 0.07))),
    "television": (
        slab(-0.9, -0.65, 0.9, 0.5), trim(slab(-0.78, -0.55, 0.78, 0.38)), both(bar(0.2, 0.5, 0.4, 0.75, 0.1)),
    ),
    "radio": (
        slab(-0.9, -0.4, 0.9, 0.6), shade(disc(-0.45, 0.1, 0.32, 0.32)),
        trim(row(disc(0.3, 0.35, 0.09, 0.09), 2, 0.35, 0)), bar(0.6, -0.4, 0.85, -1.0, 0.05),
    ),
    "key": (ring(0, -0.6, 0.3, 0.3, 0.14), slab(-0.08, -0.35, 0.08, 0.9), row(slab(0.05, 0.45, 0.3, 0.55), 2, 0, 0.25)),
    "padlock": (
        ring(0, -0.3, 0.35, 0.5, 0.14), slab(-0.55, -0.2, 0.55, 0.75), shade(disc(0, 0.15, 0.1, 0.1)),
        shade(slab(-0.05, 0.15, 0.05, 0.45)),
    ),
    "hammer": (slab(-0.08, -0.5, 0.08, 0.95), other(slab(-0.5, -0.85, 0.45, -0.5))),
    "axe": (slab(-0.08, -0.9, 0.08, 0.95), other(bar(0.0, -0.55, 0.6, -0.5, 0.3, 0.8))),
    "saw": (bar(-0.95, 0.0, 0.4, 0.0, 0.25, 0.5), other(ring(0.65, 0.05, 0.28, 0.3, 0.16))),
    "wrench": (
        slab(-0.1, -0.5, 0.1, 0.6), disc(0, -0.65, 0.32, 0.32), cut(slab(-0.13, -1.0, 0.13, -0.6)),
        ring(0, 0.7, 0.22, 0.22, 0.14),
    ),
    "spoon": (disc(0, -0.6, 0.24, 0.36), bar(0, -0.3, 0, 0.95, 0.08, 0.16)),
    "fork": (
        row(slab(-0.24, -0.95, -0.16, -0.3), 3, 0.2, 0), slab(-0.24, -0.4, 0.24, -0.2),
        bar(0, -0.25, 0, 0.95, 0.1, 0.16),
    ),
    "knife": (bar(0.05, -0.95, 0, 0.2, 0.1, 0.28), other(slab(-0.12, 0.2, 0.12, 0.95))),
    "frying pan": (disc(-0.3, 0, 0.6, 0.6), shade(ring(-0.3, 0, 0.5, 0.5, 0.04)), other(slab(0.25, -0.09, 1.0, 0.09))),
    "scissors": (
        bar(-0.35, 0.6, 0.25, -0.95, 0.12, 0.06), bar(0.35, 0.6, -0.25, -0.95, 0.12, 0.06),
        both(other(ring(0.35, 0.7, 0.22, 0.25, 0.1))),
    ),
    "tongs": (both(bar(0.06, -0.9, 0.3, 0.9, 0.14, 0.12)), other(slab(-0.2, -0.95, 0.2, -0.8))),
    "clothes peg": (both(bar(0.16, -0.9, 0.2, 0.9, 0.26, 0.2)), other(slab(-0.35, -0.15, 0.35, 0.0))),
    "glasses": (both(ring(0.5, 0, 0.38, 0.32, 0.08)), slab(-0.15, -0.08, 0.15, 0.0)),
    "umbrella": (
        turned(-0.7, 0.1, -0.5, 0.55, 0.0, 0.95), slab(-0.04, 0.0, 0.04, 0.8),
        shade(both(bar(0.0, -0.7, 0.35, 0.0, 0.03))),
    ),
    "balloon": (disc(0, -0.3, 0.55, 0.65), bar(0, 0.35, 0.1, 1.0, 0.03), turned(0.3, 0.03, 0.42, 0.1)),
    "kite": (
        turned(-0.95, 0.02, -0.3, 0.6, 0.6, 0.02), shade(slab(-1, -0.32, 1, -0.28)),
        row(other(disc(0, 0.68, 0.1, 0.06)), 3, 0.06, 0.14),
    ),
    "racket": (
        ring(0, -0.4, 0.48, 0.55, 0.1), bar(0, 0.1, 0, 0.95, 0.12), row(slab(-0.4, -0.65, 0.4, -0.62), 4, 0, 0.17),
    ),
    "guitar": (
        disc(0, 0.55, 0.5, 0.42), disc(0, 0.05, 0.36, 0.34), other(slab(-0.07, -0.95, 0.07, 0.2)),
        shade(disc(0, 0.3, 0.15, 0.15)),
    ),
    "drum": (
        slab(-0.7, -0.35, 0.7, 0.6), other(disc(0, -0.35, 0.7, 0.2)),
        shade(row(bar(-0.5, -0.2, -0.35, 0.55, 0.04), 4, 0.28, 0)),
    ),
    "trumpet": (slab(-0.9, -0.08, 0.5, 0.08), bar(0.3, 0, 0.95, 0, 0.15, 0.8), ring(-0.25, 0.15, 0.35, 0.25, 0.09)),
    "anchor": (
        slab(-0.08, -0.6, 0.08, 0.8), slab(-0.4, -0.45, 0.4, -0.32), ring(0, -0.75, 0.16, 0.16, 0.08),
        both(bar(0.0, 0.85, 0.7, 0.35, 0.18, 0.1)),
    ),
    "house": (
        turned(-0.9, 0.02, -0.2, 0.9), slab(-0.7, -0.3, 0.7, 0.85), trim(slab(-0.15, 0.3, 0.15, 0.9)),
        trim(both(slab(0.3, 0.0, 0.55, 0.25))),
    ),
    "tower": (
        slab(-0.35, -0.6, 0.35, 0.95), row(slab(-0.45, -0.85, -0.25, -0.55), 3, 0.35, 0),
        shade(row(slab(-0.08, -0.3, 0.08, -0.05), 3, 0, 0.4)),
    ),
    "windmill": (
        turned(-0.3, 0.2, 0.95, 0.42), other(bar(-0.65, -0.85, 0.65, 0.35, 0.14)),
        other(bar(0.65, -0.85, -0.65, 0.35, 0.14)),
    ),
    "car": (
        slab(-0.95, -0.1, 0.95, 0.3), turned(-0.5, 0.4, -0.1, 0.65), both(other(disc(0.55, 0.32, 0.22, 0.22))),
        shade(both(slab(0.06, -0.4, 0.38, -0.1))),
    ),
    "bus": (
        slab(-0.95, -0.55, 0.95, 0.4), both(other(disc(0.55, 0.42, 0.2, 0.2))),
        trim(row(slab(-0.8, -0.35, -0.5, -0.05), 4, 0.42, 0)),
    ),
    "boat": (turned(0.2, 0.9, 0.6, 0.55), slab(-0.04, -0.9, 0.04, 0.2), other(bar(0.08, 0.1, 0.08, -0.85, 1.1, 0.05))),
    "rocket": (
        both(bar(0.15, 0.4, 0.5, 0.9, 0.4, 0.1)), turned(-1.0, 0.02, -0.4, 0.3, 0.7, 0.26),
        trim(disc(0, -0.2, 0.13, 0.13)),
    ),
    "aeroplane": (
        turned(-0.95, 0.05, -0.6, 0.15, 0.9, 0.06), both(bar(0, -0.15, 0.95, 0.2, 0.4, 0.14)),
        both(bar(0, 0.7, 0.38, 0.85, 0.2, 0.1)),
    ),
    "tree": (other(slab(-0.12, 0.2, 0.12, 0.95)), disc(0, -0.3, 0.6, 0.6), both(disc(0.4, 0.0, 0.38, 0.35))),
    "fir": (
        other(slab(-0.1, 0.6, 0.1, 0.95)), turned(-0.1, 0.15, 0.7, 0.75), turned(-0.55, 0.1, 0.2, 0.58),
        turned(-0.95, 0.02, -0.3, 0.42),
    ),
    "cactus": (
        turned(-0.9, 0.1, -0.6, 0.24, 0.9, 0.24), both(bar(0.0, 0.1, 0.6, 0.1, 0.2)),
        both(bar(0.6, 0.2, 0.6, -0.5, 0.2)),
    ),
    "flower": (
        slab(-0.05, 0.0, 0.05, 0.95), both(bar(0.0, 0.7, 0.45, 0.45, 0.2, 0.05)), disc(0, -0.75, 0.22, 0.3),
        disc(0, -0.1, 0.22, 0.3), both(disc(0.35, -0.42, 0.3, 0.22)), other(disc(0, -0.42, 0.2, 0.2)),
    ),
    "leaf": (
        turned(-0.95, 0.02, -0.1, 0.5, 0.7, 0.02), slab(-0.04, 0.5, 0.04, 1.0), shade(slab(-0.02, -0.8, 0.02, 0.8)),
        shade(both(row(bar(0.0, -0.1, 0.35, -0.4, 0.03), 3, 0, 0.25))),
    ),
    "mushroom": (
        other(turned(0.0, 0.2, 0.9, 0.28)), turned(-0.7, 0.2, -0.4, 0.65, 0.1, 0.85),
        trim(both(disc(0.4, -0.2, 0.12, 0.1))), trim(disc(0, -0.45, 0.12, 0.1)),
    ),
    "apple": (
        both(disc(0.28, 0.1, 0.45, 0.6)), other(bar(0, -0.45, 0.1, -0.85, 0.08)), other(disc(0.3, -0.7, 0.2, 0.1)),
    ),
    "pear": (disc(0, 0.35, 0.55, 0.5), disc(0, -0.3, 0.28, 0.45), other(bar(0, -0.7, 0.06, -0.98, 0.08))),
    "carrot": (
        turned(-0.4, 0.3, 0.2, 0.22, 0.95, 0.02), other(bar(0, -0.35, 0, -0.95, 0.1, 0.2)),
        both(other(bar(0, -0.35, 0.35, -0.85, 0.08, 0.14))), shade(row(slab(-0.3, -0.15, 0.02, -0.12), 3, 0, 0.25)),
    ),
    "ice cream": (other(turned(0.0, 0.42, 0.95, 0.02)), disc(0, -0.2, 0.46, 0.42), disc(0, -0.65, 0.32, 0.3)),
    "cake": (
        slab(-0.8, 0.0, 0.8, 0.6), other(slab(-0.8, -0.15, 0.8, 0.08)),
        row(other(slab(-0.5, -0.55, -0.42, -0.1)), 3, 0.46, 0),
    ),
    "fish": (
        disc(-0.15, 0, 0.65, 0.38), bar(0.4, 0, 0.95, 0, 0.1, 0.8), trim(disc(-0.5, -0.08, 0.08, 0.08)),
        shade(ring(-0.25, 0, 0.1, 0.3, 0.03)),
    ),
    "bird": (
        disc(0.1, 0.1, 0.55, 0.35), disc(-0.45, -0.35, 0.25, 0.25), other(bar(-0.62, -0.35, -0.98, -0.3, 0.16, 0.02)),
        bar(0.45, 0.05, 0.98, -0.2, 0.25, 0.3), both(bar(0.12, 0.4, 0.12, 0.85, 0.06)),
    ),
    "butterfly": (
        both(disc(0.45, -0.35, 0.42, 0.42)), both(disc(0.38, 0.35, 0.32, 0.36)), other(disc(0, 0, 0.08, 0.65)),
        trim(both(disc(0.5, -0.35, 0.16, 0.16))),
    ),
    "spider": (
        disc(0, 0.2, 0.35, 0.4), disc(0, -0.3, 0.22, 0.2), both(bar(0, -0.2, 0.8, -0.75, 0.07)),
        both(bar(0, 0.0, 0.95, -0.1, 0.07)), both(bar(0, 0.1, 0.9, 0.5, 0.07)), both(bar(0, 0.2, 0.6, 0.9, 0.07)),
    ),
    "cat": (
        both(bar(0.42, -0.3, 0.5, -0.9, 0.5, 0.04)), disc(0, 0, 0.68, 0.58), trim(both(disc(0.28, -0.1, 0.12, 0.1))),
        shade(disc(0, 0.15, 0.09, 0.07)), shade(both(bar(0.2, 0.2, 0.8, 0.15, 0.03))),
    ),
    "hare": (
        both(disc(0.25, -0.6, 0.15, 0.4)), disc(0, 0.2, 0.5, 0.5), trim(both(disc(0.2, 0.1, 0.08, 0.1))),
        shade(disc(0, 0.35, 0.08, 0.06)),
    ),
    "bear": (
        both(disc(0.45, -0.5, 0.24, 0.24)), disc(0, 0, 0.65, 0.6), other(disc(0, 0.25, 0.3, 0.24)),
        shade(both(disc(0.25, -0.12, 0.08, 0.08))),
    ),
    "dog": (
        slab(-0.6, -0.2, 0.55, 0.3), disc(-0.65, -0.4, 0.3, 0.25), row(slab(-0.58, 0.2, -0.42, 0.85), 2, 0.95, 0),
        bar(0.5, -0.1, 0.9, -0.6, 0.12), other(disc(-0.5, -0.35, 0.1, 0.25)),
    ),
    "turtle": (
        both(bar(0.3, 0.3, 0.5, 0.65, 0.2)), disc(0.75, 0.15, 0.22, 0.16), turned(-0.5, 0.15, -0.2, 0.55, 0.3, 0.75),
        shade(ring(0, 0.1, 0.35, 0.3, 0.04)),
    ),
    "snowman": (
        disc(0, 0.5, 0.5, 0.48), disc(0, -0.15, 0.36, 0.36), disc(0, -0.65, 0.25, 0.25),
        trim(row(disc(0, -0.2, 0.05, 0.05), 4, 0, 0.22)), both(bar(0.3, -0.15, 0.85, -0.45, 0.06)),
    ),
    "robot": (
        slab(-0.42, -0.35, 0.42, 0.45), slab(-0.28, -0.9, 0.28, -0.42), both(slab(0.48, -0.3, 0.65, 0.4)),
        both(slab(0.1, 0.45, 0.32, 0.95)), trim(both(disc(0.13, -0.7, 0.07, 0.07))),
        trim(row(slab(-0.25, -0.2, 0.25, -0.12), 2, 0, 0.2)),
    ),
    "man waving": (
        disc(0, -0.72, 0.2, 0.22), bar(0, -0.5, 0, 0.2, 0.4, 0.3), bar(0.15, -0.4, 0.75, -0.9, 0.14),
        bar(-0.15, -0.4, -0.5, 0.2, 0.14), both(bar(0.1, 0.15, 0.3, 0.95, 0.18)),
    ),
    "doll": (
        disc(0, -0.65, 0.28, 0.28), bar(0, -0.4, 0, 0.5, 0.3, 0.9), both(bar(0.1, -0.3, 0.6, 0.0, 0.13)),
        both(slab(0.08, 0.5, 0.2, 0.95)),
    ),
    "gingerbread man": (
        disc(0, -0.6, 0.3, 0.3), slab(-0.25, -0.35, 0.25, 0.35), both(bar(0.1, -0.15, 0.8, -0.2, 0.28, 0.24)),
        both(bar(0.1, 0.25, 0.45, 0.9, 0.3, 0.28)), trim(row(disc(0, -0.15, 0.06, 0.06), 3, 0, 0.22)),
    ),
    "star": (
        turned(-0.95, 0.01, -0.25, 0.25, -0.24, 0.9, 0.2, 0.5), both(bar(0.12, 0.1, 0.5, 0.9, 0.7, 0.02)),
        both(bar(0.1, 0.0, 0.92, -0.22, 0.55, 0.02)),
    ),
    "heart": (both(disc(0.33, -0.3, 0.38, 0.38)), turned(-0.25, 0.7, 0.3, 0.45, 0.9, 0.01)),
    "moon": (disc(0, 0, 0.8, 0.8), cut(disc(0.4, -0.1, 0.65, 0.65))),
    "cross": (slab(-0.22, -0.9, 0.22, 0.9), slab(-0.6, -0.45, 0.6, -0.05)),
    "letter T": (slab(-0.7, -0.85, 0.7, -0.5), slab(-0.2, -0.6, 0.2, 0.9)),
    "letter H": (both(slab(0.35, -0.85, 0.65, 0.85)), slab(-0.4, -0.15, 0.4, 0.15)),
    "letter A": (both(bar(0.1, -0.9, 0.55, 0.9, 0.28)), slab(-0.35, 0.2, 0.35, 0.42)),
    "letter U": (
        both(slab(0.35, -0.85, 0.65, 0.4)), turned(0.3, 0.65, 0.5, 0.62, 0.9, 0.35),
        cut(turned(-0.9, 0.34, 0.3, 0.34, 0.5, 0.15)),
    ),
    "arrow": (slab(-0.14, -0.3, 0.14, 0.9), turned(-0.95, 0.02, -0.2, 0.6)),
    "traffic light": (
        slab(-0.35, -0.95, 0.35, 0.5), slab(-0.07, 0.5, 0.07, 0.95), trim(row(disc(0, -0.68, 0.17, 0.17), 3, 0, 0.45)),
    ),
    "die": (
        slab(-0.7, -0.7, 0.7, 0.7), trim(both(row(disc(0.38, -0.38, 0.12, 0.12), 2, 0, 0.76))),
        trim(disc(0, 0, 0.12, 0.12)),
    ),
    "flag": (slab(-0.65, -0.95, -0.53, 0.95), slab(-0.53, -0.9, 0.75, 0.0), trim(slab(-0.53, -0.6, 0.75, -0.3))),
    "gear": (
        disc(0, 0, 0.6, 0.6), bar(-0.85, 0, 0.85, 0, 0.28), bar(0, -0.85, 0, 0.85, 0.28),
        bar(-0.6, -0.6, 0.6, 0.6, 0.28), bar(0.6, -0.6, -0.6, 0.6, 0.28), cut(disc(0, 0, 0.24, 0.24)),
    ),
}  # fmt: skip


def thing_photo(name: str, rng: np.random.Generator, side: int) -> tuple[Array, Array]:
    """Draw one photograph of an object.

    Args:
        name: A key of THINGS.
        rng: Source of the random numbers.
        side: Height and width in pixels.

    Returns:
        The photograph uint8 (side, side, 3), and how much of each pixel the object hides, float32 (side, side).
    """
    sketch = Sketch(
        side,
        x=between(rng, -0.2, 0.2),
        y=between(rng, -0.2, 0.2),
        size=between(rng, 0.55, 1.0),
        turn=between(rng, -1, 1) * between(rng, 0, 1) * 0.35,
        wide=between(rng, 0.75, 1.3) * (1 if chance(rng, 0.5) else -1),
    )
    for part in THINGS[name]:
        _draw(sketch, rng, part)
    return photograph(rng, sketch), sketch.cover


def _draw(sketch: Sketch, rng: np.random.Generator, part: Part) -> None:
    m = tuple(measure * between(rng, 0.88, 1.12) + between(rng, -0.02, 0.02) for measure in part.measures)
    strength, seam = between(rng, 0.2, 0.6), between(rng, 0.0, 0.4)
    right = sketch.u
    if part.twice:
        sketch.u = np.abs(right)
    for i in range(part.times):
        depth = _depth(sketch, part.shape, m, part.step[0] * i, part.step[1] * i)
        if part.does == "lay":
            sketch.lay(depth, 0.0, seam)
        elif part.does == "other":
            sketch.lay(depth, 1.0, seam)
        elif part.does == "trim":
            sketch.trim(depth)
        elif part.does == "shade":
            sketch.shade(depth, strength)
        else:
            sketch.cut(depth)
    sketch.u = right


def _depth(sketch: Sketch, shape: str, m: tuple[float, ...], dx: float, dy: float) -> Array:
    if shape == "disc":
        return sketch.disc(m[0] + dx, m[1] + dy, m[2], m[3])
    if shape == "ring":
        return m[4] / 2 - np.abs(sketch.disc(m[0] + dx, m[1] + dy, m[2], m[3]))
    if shape == "slab":
        return sketch.slab(m[0] + dx, m[1] + dy, m[2] + dx, m[3] + dy)
    if shape == "bar":
        return sketch.limb((m[0] + dx, m[1] + dy), (m[2] + dx, m[3] + dy), m[4], m[5])
    return sketch.profile(list(zip(m[::2], m[1::2], strict=True)))
