"""The ten kinds of clothes of the drawn photographs, cut from random measures.

Shirt, long sleeve, outwear, T-shirt and dress share one pattern, pants and shorts another one. The
ranges of their measures overlap, which makes the classes difficult to distinguish. Knows nothing of
colours, backgrounds or photographs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coursekit.drawn.shapes import Array, wave
from coursekit.drawn.sketch import Sketch, between, chance, pick

__all__ = ["GARMENTS"]

Range = tuple[float, float]
Dice = np.random.Generator


@dataclass(frozen=True)
class Cut:
    """Measures of a garment with shoulders: ranges (low, high), and probabilities from 0 to 1.

    The frame has a height of 2.
    """

    sleeves: tuple[float, float, float, float]  # weights of: none, short, half, long
    length: Range  # from shoulder to hem
    shoulder: Range  # half the width there
    waist: Range  # as a share of the shoulder
    hem: Range  # as a share of the shoulder
    arm: Range  # width of a sleeve
    opening: float  # chance of a front that opens
    buttons: float  # chance of buttons along it, else a zip
    collar: float
    hood: float
    pockets: float
    motif: float  # chance of a print on the chest
    quilt: float
    belt: float


TSHIRT = Cut(
    sleeves=(0.04, 0.86, 0.1, 0.0), length=(1.2, 1.6), shoulder=(0.42, 0.6), waist=(0.85, 1.05), hem=(0.85, 1.1), arm=(0.3, 0.42),
    opening=0.02, buttons=1, collar=0.04, hood=0, pockets=0.04, motif=0.5, quilt=0, belt=0,
)  # fmt: skip
LONGSLEEVE = Cut(
    sleeves=(0.0, 0.0, 0.06, 0.94), length=(1.1, 1.6), shoulder=(0.4, 0.58), waist=(0.85, 1.05), hem=(0.85, 1.1), arm=(0.2, 0.34),
    opening=0.1, buttons=0.7, collar=0.03, hood=0.06, pockets=0.04, motif=0.35, quilt=0, belt=0,
)  # fmt: skip
SHIRT = Cut(
    sleeves=(0.02, 0.28, 0.14, 0.56), length=(1.2, 1.6), shoulder=(0.42, 0.58), waist=(0.85, 1.05), hem=(0.88, 1.1), arm=(0.22, 0.36),
    opening=0.96, buttons=0.95, collar=0.93, hood=0, pockets=0.35, motif=0.02, quilt=0, belt=0.02,
)  # fmt: skip
OUTWEAR = Cut(
    sleeves=(0.14, 0.0, 0.02, 0.84), length=(1.25, 1.85), shoulder=(0.46, 0.64), waist=(0.88, 1.05), hem=(0.9, 1.15), arm=(0.26, 0.42),
    opening=0.95, buttons=0.35, collar=0.5, hood=0.35, pockets=0.65, motif=0.06, quilt=0.35, belt=0.15,
)  # fmt: skip
DRESS = Cut(
    sleeves=(0.5, 0.32, 0.08, 0.1), length=(1.55, 1.9), shoulder=(0.28, 0.44), waist=(0.7, 1.0), hem=(1.1, 2.1), arm=(0.18, 0.3),
    opening=0.08, buttons=0.8, collar=0.06, hood=0, pockets=0.03, motif=0.08, quilt=0, belt=0.35,
)  # fmt: skip


def top(sketch: Sketch, rng: Dice, cut: Cut) -> None:
    """Draw a garment with shoulders."""
    length, shoulder = between(rng, *cut.length), between(rng, *cut.shoulder)
    neck, hem = -length / 2, length / 2
    if chance(rng, 0.25):
        _hanger(sketch, neck, shoulder)
    _sleeves(sketch, rng, cut, neck, length, shoulder)
    waist = neck + between(rng, 0.38, 0.5) * length
    sides = [
        (neck - 0.04, shoulder * 0.35),
        (neck + between(rng, 0.1, 0.2), shoulder),
        (waist, shoulder * between(rng, *cut.waist)),
        (hem, shoulder * between(rng, *cut.hem)),
    ]
    if chance(rng, cut.hood):
        rise = between(rng, 0.15, 0.3)
        sketch.lay(sketch.disc(0, neck, shoulder * between(rng, 0.45, 0.7), rise), float(chance(rng, 0.2)))
    bend = between(rng, -0.1, 0.25)
    body = np.minimum(sketch.profile(sides), hem - bend * sketch.u * sketch.u - sketch.v)
    sketch.lay(body, seam=between(rng, 0.1, 0.6))
    _front(sketch, rng, cut, neck, hem, shoulder)
    if chance(rng, cut.belt):
        at, wide = waist, between(rng, 0.03, 0.08)
        sketch.trim(np.minimum(body, wide - np.abs(sketch.v - at)), float(chance(rng, 0.7)))
        sketch.shade(np.minimum(body, 0.012 - np.abs(np.abs(sketch.v - at) - wide)), 0.4)
    _neckline(sketch, rng, cut, neck, shoulder, body)


def _hanger(sketch: Sketch, neck: float, shoulder: float) -> None:
    """Draw a clothes hanger."""
    sketch.lay(0.02 - np.abs(sketch.disc(0, neck - 0.2, 0.08, 0.08)), 1.0)
    for side in (-1, 1):
        sketch.lay(sketch.limb((0, neck - 0.1), (side * shoulder * 0.9, neck + 0.12), 0.05, 0.05), 1.0)


def _sleeves(sketch: Sketch, rng: Dice, cut: Cut, neck: float, length: float, shoulder: float) -> None:
    """Draw both sleeves, or none."""
    kind = pick(rng, cut.sleeves)
    if kind == 0:
        return
    width = between(rng, *cut.arm)
    reach = (0.0, between(rng, 0.36, 0.55), between(rng, 0.6, 0.78), between(rng, 0.95, 1.25))[kind]
    steep = between(rng, 0.6, 1.4) if kind == 1 else between(rng, 0.1, 0.8)  # step sideways per step down
    tone, seam, cuff = float(chance(rng, 0.12)), between(rng, 0.0, 0.5), float(chance(rng, 0.25))
    narrow, uneven = between(rng, 0.6, 0.95), between(rng, 0.0, 0.3)
    for side in (-1, 1):
        slope = max(0.05, steep + uneven * side)
        down = reach / (1 + slope * slope) ** 0.5
        start = (side * (shoulder - width * 0.42), neck + 0.06 + width * 0.4)
        end = (start[0] + side * slope * down, start[1] + down)
        if kind == 3 and chance(rng, 0.35):  # a bent elbow
            elbow = (start[0] + (end[0] - start[0]) * 0.5, start[1] + (end[1] - start[1]) * 0.5)
            inward = between(rng, -0.3, 0.15) * side
            sketch.lay(sketch.disc(*elbow, width * 0.46, width * 0.46), tone)
            end = (elbow[0] + inward, elbow[1] + reach * between(rng, 0.35, 0.5))
            sketch.lay(sketch.limb(elbow, end, width * 0.9, width * narrow), tone, seam)
            sketch.lay(sketch.limb(start, elbow, width, width * 0.95), tone)
        else:
            sketch.lay(sketch.limb(start, end, width, width * narrow), tone, seam)
        if cuff:
            near = (end[0] + (start[0] - end[0]) * 0.08, end[1] + (start[1] - end[1]) * 0.08)
            sketch.trim(sketch.limb(near, end, width, width))


def _front(sketch: Sketch, rng: Dice, cut: Cut, neck: float, hem: float, shoulder: float) -> None:
    """Draw quilting, print, pockets and the opening of the front."""
    u, v, a = sketch.u, sketch.v, np.abs(sketch.u)
    if chance(rng, cut.quilt):
        sketch.light *= 1 - between(rng, 0.1, 0.45) * wave(v * between(rng, 2.5, 5))
    if chance(rng, cut.motif):
        _motif(sketch, rng, neck, shoulder)
    if chance(rng, cut.pockets):
        wide, at = shoulder * between(rng, 0.2, 0.35), between(rng, 0.3, 0.65)
        low = cut.opening > 0.9 and chance(rng, 0.5)
        middle = neck + (hem - neck) * (0.75 if low else 0.33)
        edge = np.minimum(wide - np.abs(a - shoulder * 0.5), 0.13 - np.abs(v - middle))
        if not low and chance(rng, 0.6):
            edge = np.minimum(edge, u * (1 if chance(rng, 0.5) else -1))
        sketch.shade(0.015 - np.abs(edge), at)
    if chance(rng, cut.opening):
        down = v - neck - 0.05
        line = np.minimum(between(rng, 0.008, 0.03) - a, down)
        if chance(rng, cut.buttons):
            sketch.shade(np.minimum(0.01 - np.abs(u - between(rng, 0.03, 0.07)), down), between(rng, 0.1, 0.6))
            pitch = between(rng, 0.14, 0.26)
            row = 0.5 - np.abs(v / pitch - np.floor(v / pitch) - 0.5)
            size = between(rng, 0.018, 0.04)
            far = np.sqrt(a * a + (0.5 - row) * (0.5 - row) * (pitch * pitch))
            sketch.trim(np.minimum(size - far, down), 1.0)
        elif chance(rng, 0.6):
            sketch.trim(line)
        else:
            sketch.shade(line, between(rng, 0.3, 0.7))


def _motif(sketch: Sketch, rng: Dice, neck: float, shoulder: float) -> None:
    """Draw a print on the chest: a round or square patch, or lines of writing."""
    at, wide, high = neck + between(rng, 0.4, 0.6), shoulder * between(rng, 0.25, 0.7), between(rng, 0.08, 0.28)
    kind = pick(rng, (1, 1, 2))
    if kind == 0:
        sketch.trim(sketch.disc(0, at, wide, high))
    elif kind == 1:
        sketch.trim(sketch.slab(-wide, at - high, wide, at + high))
    else:
        letters = wave(sketch.u * between(rng, 4, 9)) + wave(sketch.u * between(rng, 9, 15) + sketch.v * 3) - 0.9
        lines = (wave(sketch.v * between(rng, 2, 5)) - 0.35) * 0.3
        sketch.trim(np.minimum(np.minimum(letters * 0.1, lines), sketch.slab(-wide, at - high, wide, at + high)))


def _neckline(sketch: Sketch, rng: Dice, cut: Cut, neck: float, shoulder: float, body: Array) -> None:
    """Draw the neckline with a collar, a band or neither."""
    wide, deep = shoulder * between(rng, 0.3, 0.55), between(rng, 0.06, 0.3)
    a, v = np.abs(sketch.u), sketch.v
    down = np.clip((v - neck) / deep, 0, 1)
    edge = wide * (1 - down) if chance(rng, 0.35) else wide * np.sqrt(1 - down * down)
    hole = np.minimum(edge - a, neck + deep - v)
    if chance(rng, cut.collar):
        flap = between(rng, 0.08, 0.16)
        across = np.minimum(a - edge + 0.01, edge + flap * (1.3 - 0.8 * down) - a)
        lapel = np.minimum(np.minimum(across, neck + deep + 0.05 - v), body + 0.04)
        sketch.lay(lapel, float(chance(rng, 0.2)), seam=between(rng, 0.3, 0.7))
    elif chance(rng, 0.5):
        band = np.minimum(between(rng, 0.03, 0.07) + hole, sketch.profile([(neck, shoulder), (1.0, shoulder)]))
        if chance(rng, 0.5):
            sketch.trim(band)
        else:
            sketch.shade(np.minimum(band, 0.06 + hole), 0.25)
    if chance(rng, 0.6):
        sketch.shade(hole, between(rng, 0.3, 0.7))  # the inside of the back
    else:
        sketch.cut(hole)


# ── below the waist ──────────────────────────────────────────────────────────────────────────────────────────────────


def legs(sketch: Sketch, rng: Dice, length: Range, hip: Range, hem_share: Range) -> None:
    """Draw trousers of a length; `hip` is half the width, `hem_share` the width of a leg at the hem per hip."""
    tall, wide = between(rng, *length), between(rng, *hip)
    waist, hem = -tall / 2, tall / 2
    rise = min(wide * between(rng, 1.0, 1.4), tall * 0.75)
    crotch, foot = waist + rise, wide * between(rng, *hem_share)
    apart = between(rng, 0.0, 0.3) * wide * (tall - rise)  # half the gap between the legs at the hem
    outside = sketch.profile([(waist, wide * between(rng, 0.7, 0.95)), (waist + 0.6 * rise, wide), (hem, foot + apart)])
    sketch.lay(outside)
    below = np.clip((sketch.v - crotch) / (hem - crotch), 0, 1)
    inside = np.minimum(apart * below + 0.012 - np.abs(sketch.u), sketch.v - crotch)
    slant = between(rng, -0.15, 0.3)
    sketch.cut(np.maximum(inside, sketch.v - hem + slant * np.abs(sketch.u)))
    for side in (-1, 1):  # each leg may have a crease
        if chance(rng, 0.4):
            line = sketch.limb((side * wide * 0.5, crotch), (side * (apart + foot * 0.5), hem), 0.02, 0.02)
            sketch.shade(line, between(rng, 0.1, 0.4))
    _waistband(sketch, rng, waist, wide)
    if chance(rng, 0.6):
        fly = np.minimum(0.012 - np.abs(sketch.u - between(rng, 0, 0.05)), np.minimum(sketch.v - waist, crotch - sketch.v))
        sketch.shade(fly, between(rng, 0.2, 0.6))
    if chance(rng, 0.5):
        pocket = 0.012 - np.abs(sketch.disc(0, waist, wide * 0.75, rise * 0.5))
        sketch.shade(np.minimum(pocket, np.abs(sketch.u) - wide * 0.35), between(rng, 0.2, 0.6))
    if chance(rng, 0.15):
        sketch.trim(np.minimum(0.04 - np.abs(outside - 0.08), sketch.v - waist - 0.15))


def skirt(sketch: Sketch, rng: Dice) -> None:
    """Draw a skirt."""
    tall, wide = between(rng, 0.8, 1.7), between(rng, 0.35, 0.62)
    waist, hem = -tall / 2, tall / 2
    flare = between(rng, 0.9, 1.4) if chance(rng, 0.6) else between(rng, 1.4, 2.0)
    hip = waist + between(rng, 0.25, 0.5) * tall
    body = sketch.profile([(waist, wide * between(rng, 0.75, 0.95)), (hip, wide * (1 + flare) / 2), (hem, wide * flare)])
    bend = between(rng, -0.02, 0.3)
    sketch.lay(np.minimum(body, hem - bend * sketch.u * sketch.u - sketch.v))
    if chance(rng, 0.45):
        fan = sketch.u / (1 + (sketch.v - waist) * between(rng, 0.1, 0.6))
        sketch.light *= 1 - between(rng, 0.1, 0.4) * wave(fan * between(rng, 3, 7))
    if chance(rng, 0.2):
        sketch.trim(0.05 - np.abs(sketch.v - hem + 0.12))
    _waistband(sketch, rng, waist, wide)


def _waistband(sketch: Sketch, rng: Dice, waist: float, wide: float) -> None:
    """Draw a waistband and a button, or neither."""
    if chance(rng, 0.75):
        high = between(rng, 0.06, 0.13)
        if chance(rng, 0.35):
            sketch.trim(waist + high - sketch.v)
        sketch.shade(0.012 - np.abs(sketch.v - waist - high), between(rng, 0.2, 0.6))
    if chance(rng, 0.35):
        sketch.trim(sketch.disc(0, waist + 0.05, 0.03, 0.03))


# ── head and feet ────────────────────────────────────────────────────────────────────────────────────────────────────


def hat(sketch: Sketch, rng: Dice) -> None:
    """Draw a cap, a bucket hat or a beanie."""
    kind = pick(rng, (0.6, 0.15, 0.25))
    wide, high = between(rng, 0.5, 0.75), between(rng, 0.5, 0.9)
    base = high * 0.45
    crown = np.minimum(sketch.disc(0, base, wide, high * 1.2), base - sketch.v)
    if kind == 0:  # the peak points down, or to one side
        aside, tone = between(rng, -0.35, 0.35), float(chance(rng, 0.35))
        brim = sketch.disc(aside, base, wide * between(rng, 0.8, 1.05), between(rng, 0.25, 0.45))
        sketch.lay(crown)
        for line in (-0.45, 0.0, 0.45):
            sketch.shade(np.minimum(0.012 - np.abs(sketch.u - line * wide * (1 - 0.5 * (base - sketch.v) / high)), crown), 0.3)
        sketch.trim(sketch.disc(0, base - high * 1.18, 0.05, 0.04))
        sketch.lay(np.minimum(brim, sketch.v - base + between(rng, 0.02, 0.12)), tone, seam=0.6)
        if chance(rng, 0.5):
            sketch.trim(
                sketch.disc(aside * 0.5, base - high * 0.5, wide * between(rng, 0.2, 0.4), high * between(rng, 0.15, 0.3))
            )
    elif kind == 1:
        flat = between(rng, 0.5, 0.8)
        sketch.lay(sketch.profile([(base - high, wide * flat), (base, wide * 0.85)], round_off=0.15))
        sketch.lay(
            sketch.profile([(base - 0.05, wide * 0.86), (base + between(rng, 0.2, 0.35), wide * between(rng, 1.1, 1.4))]),
            seam=0.4,
        )
        if chance(rng, 0.5):
            sketch.trim(np.minimum(sketch.v - base + between(rng, 0.12, 0.25), base - 0.05 - sketch.v))
    else:
        sketch.lay(crown)
        turn_up = sketch.slab(-wide * 1.03, base - between(rng, 0.15, 0.35), wide * 1.03, base + 0.04)
        sketch.lay(turn_up, float(chance(rng, 0.35)), seam=0.5)
        if chance(rng, 0.6):
            sketch.light *= 1 - between(rng, 0.1, 0.35) * wave(sketch.u * between(rng, 4, 9))
        if chance(rng, 0.35):
            sketch.lay(sketch.disc(0, base - high * 1.2, 0.18, 0.18), float(chance(rng, 0.5)), seam=0.3)


def shoes(sketch: Sketch, rng: Dice) -> None:
    """Draw a pair of shoes, seen from above or from the side."""
    from_above = chance(rng, 0.5)
    draw = _shoe_above if from_above else _shoe_beside
    shape = (between(rng, 0, 1), between(rng, 0, 1), pick(rng, (0.5, 0.25, 0.25)), chance(rng, 0.35), between(rng, 0.2, 0.6))
    if from_above:
        gap = between(rng, 0.34, 0.5)
        for side in (-1, 1):
            draw(sketch, side * gap, between(rng, -0.1, 0.1), side, shape)
    else:
        far = between(rng, 0.25, 0.5)
        draw(sketch, between(rng, 0.0, 0.25), -far, 1, shape)
        draw(sketch, between(rng, -0.25, 0.0), far, 1, shape)


Shape = tuple[float, float, int, bool, float]


def _shoe_above(sketch: Sketch, x: float, y: float, side: int, shape: Shape) -> None:
    """Draw one shoe, seen from above."""
    wide, long, kind, light_sole, seam = 0.2 + 0.12 * shape[0], 0.65 + 0.3 * shape[1], shape[2], shape[3], shape[4]
    sole = np.maximum(
        sketch.disc(x, y - long * 0.45, wide, long * 0.55),
        np.maximum(
            sketch.disc(x - side * 0.03, y + long * 0.6, wide * 0.8, long * 0.4),
            sketch.limb((x, y - long * 0.45), (x - side * 0.03, y + long * 0.6), wide * 1.9, wide * 1.5),
        ),
    )
    sketch.lay(sole, float(light_sole), seam=seam)
    inner = sole - 0.05
    if kind == 2:  # straps across an open sole
        sketch.shade(inner, 0.25)
        sketch.lay(np.minimum(sole + 0.02, 0.12 - np.abs(sketch.v - y + long * 0.4)), 1.0 - float(light_sole), seam=0.4)
        if shape[0] > 0.4:
            sketch.lay(np.minimum(sole + 0.02, 0.07 - np.abs(sketch.v - y - long * 0.2)), 1.0 - float(light_sole), seam=0.4)
        return
    sketch.lay(inner, 0.0)
    sketch.shade(sketch.disc(x - side * 0.02, y + long * 0.5, wide * 0.55, long * 0.32), 0.6)
    if kind == 0:  # a tongue with laces
        tongue = sketch.slab(x - wide * 0.3, y - long * 0.4, x + wide * 0.3, y + long * 0.25)
        sketch.shade(tongue, 0.15)
        sketch.trim(np.minimum(tongue, (wave(sketch.v * 6) - 0.5) * 0.1))
    else:
        sketch.shade(0.012 - np.abs(sketch.disc(x, y - long * 0.5, wide * 0.6, long * 0.3)), 0.4)


def _shoe_beside(sketch: Sketch, x: float, y: float, side: int, shape: Shape) -> None:
    """Draw one shoe, seen from the side, with its toe to the left."""
    del side
    high, long, kind, light_sole, seam = 0.25 + 0.2 * shape[0], 0.7 + 0.15 * shape[1], shape[2], float(shape[3]), shape[4]
    heel = 0.25 * shape[1] if kind == 1 else 0.0
    left, right, bed = x - long, x + long, y + high * 0.6
    raised = heel * np.clip((sketch.u - left - long * 0.5) / long, 0, 1)
    floor = bed - raised
    if heel:
        sketch.lay(np.minimum(sketch.slab(right - 0.16, y - 0.2, right - 0.02, bed + 0.06), sketch.v - floor), light_sole)
    sole = np.minimum(
        sketch.slab(left, y - 1, right, 2.0), np.minimum(sketch.v - floor + 0.02, floor + 0.06 + 0.06 * shape[0] - sketch.v)
    )
    sketch.lay(sole, light_sole, seam=seam)
    rise = np.clip((sketch.u - left) / (long * 1.1), 0, 1)
    upper = floor - high * (0.35 + 0.9 * rise * rise * (3 - 2 * rise))
    body = np.minimum(
        np.minimum(sketch.v - upper, floor - sketch.v), np.minimum(sketch.u - left - 0.02, right - 0.03 - sketch.u)
    )
    if kind == 2:
        strap = np.maximum(0.12 - np.abs(sketch.u - left - long * 0.45), 0.08 - np.abs(sketch.u - right + long * 0.35))
        body = np.minimum(body, strap)
    sketch.lay(body, 0.0, seam=0.3)
    if kind != 2:
        sketch.cut(sketch.disc(right - long * 0.45, y - high * 0.68, long * 0.36, high * 0.22))
    if kind == 0:
        laces = np.minimum(body, np.minimum(0.16 - np.abs(sketch.u - x + long * 0.12), 0.16 - (sketch.v - upper)))
        sketch.trim(np.minimum(laces, (wave(sketch.u * 7 + sketch.v * 2) - 0.5) * 0.1))


GARMENTS: dict[str, Callable[[Sketch, Dice], None]] = {
    "dress": lambda sketch, rng: top(sketch, rng, DRESS),
    "hat": hat,
    "longsleeve": lambda sketch, rng: top(sketch, rng, LONGSLEEVE),
    "outwear": lambda sketch, rng: top(sketch, rng, OUTWEAR),
    "pants": lambda sketch, rng: legs(sketch, rng, (1.5, 1.9), (0.34, 0.52), (0.35, 0.75)),
    "shirt": lambda sketch, rng: top(sketch, rng, SHIRT),
    "shoes": shoes,
    "shorts": lambda sketch, rng: legs(sketch, rng, (0.75, 1.3), (0.5, 0.72), (0.8, 1.15)),
    "skirt": skirt,
    "t-shirt": lambda sketch, rng: top(sketch, rng, TSHIRT),
}
