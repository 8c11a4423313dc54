"""The scene in which drawn objects are photographed: background, cloth, shadow, light and camera noise.

`photograph` makes a colour picture of a sketch. It knows nothing of what the sketch shows. So it serves
both the clothes and the other objects from which the drawn backbone learns.
"""

from __future__ import annotations

import numpy as np

from coursekit.drawn.shapes import Array, ramp, wave
from coursekit.drawn.sketch import Sketch, between, chance, patches, pick

__all__ = ["PATTERNS", "USUAL", "photograph"]

PATTERNS = ("plain", "hoops", "stripes", "checks", "dots", "print", "fade", "blocks")
USUAL = (6.0, 1.2, 1.2, 1.2, 0.8, 2.0, 0.6, 0.5)
_CONTRAST = 0.14  # smallest difference between the tones of object and background, in at least one colour


def photograph(rng: np.random.Generator, thing: Sketch, patterns: tuple[float, ...] = USUAL) -> Array:
    """Photograph a sketch on a random background, uint8 (side, side, 3). `patterns`: how often each occurs."""
    side = len(thing.u)
    tone, ground = _background(rng, side)
    front = _cloth(rng, thing, tone, patterns)
    ground *= 1 - between(rng, 0.1, 0.6) * _shadow(rng, thing.cover)
    picture = ground + thing.cover * (front - ground)
    return _camera(rng, picture)


def _colour(rng: np.random.Generator) -> Array:
    """Draw a colour, float32 (3, 1, 1): mostly muted, sometimes vivid."""
    grey = between(rng, 0.06, 0.94)
    vivid = between(rng, 0.0, 0.3) if chance(rng, 0.6) else between(rng, 0.3, 0.9)
    hue = rng.random((3, 1, 1), dtype=np.float32)
    return np.clip(grey + vivid * (hue - np.float32(0.5)), 0.02, 0.98)


def _other_colour(rng: np.random.Generator, tone: Array, contrast: float = _CONTRAST) -> Array:
    """Draw a colour that differs visibly from `tone`."""
    while True:
        colour = _colour(rng)
        if np.abs(colour - tone).max() >= contrast:
            return colour


def _like(rng: np.random.Generator, tone: Array, far: float) -> Array:
    """Draw a colour similar to `tone`."""
    return np.clip(tone + far * (2 * rng.random((3, 1, 1), dtype=np.float32) - 1) + between(rng, -far, far), 0, 1)


# ── backgrounds ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _background(rng: np.random.Generator, side: int) -> tuple[Array, Array]:
    """Draw a background: a sheet, boards, tiles, a carpet, a patterned cloth or a wall.

    Returns:
        A tuple of its middle tone (3, 1, 1) and the background float32 (3, side, side).
    """
    tone = _colour(rng)
    frame = Sketch(side, x=between(rng, -1, 1), y=between(rng, -1, 1), turn=_turn(rng), size=between(rng, 0.6, 1.4))
    kind = pick(rng, (3, 2, 1.5, 1.5, 1, 1.5))
    make = (_sheet, _boards, _tiles, _carpet, _spread, _wall)[kind]
    ground = make(rng, frame, tone)
    if chance(rng, 0.3):  # another object at the edge of the frame
        away = 1.0 if chance(rng, 0.5) else -1.0
        frame = Sketch(
            side, x=away * between(rng, 0.9, 1.3), y=between(rng, -1, 1), turn=_turn(rng), size=between(rng, 0.3, 0.6)
        )
        clutter = frame.disc(0, 0, 1, 1) if chance(rng, 0.4) else frame.slab(-1, -1, 1, 1)
        ground = ground + np.clip(clutter * frame.fine + 0.5, 0, 1) * (_colour(rng) - ground)
    return tone, ground


def _turn(rng: np.random.Generator) -> float:
    """Draw an angle for `Sketch`."""
    return between(rng, -1, 1)


def _sheet(rng: np.random.Generator, frame: Sketch, tone: Array) -> Array:
    """Draw a sheet with folds."""
    side = len(frame.u)
    folds = between(rng, 0.05, 0.5) * (patches(rng, side, between(rng, 2, 7)) - 0.5)
    along = wave(frame.u * between(rng, 0.4, 1.2) + 0.8 * patches(rng, side, 3))
    return tone * (1 + folds + between(rng, 0, 0.2) * (along - 0.5))


def _boards(rng: np.random.Generator, frame: Sketch, tone: Array) -> Array:
    """Draw wooden boards."""
    width, length = between(rng, 0.12, 0.35), between(rng, 0.8, 2.5)
    row = frame.u / width
    number = np.floor(row).astype(np.intp) % 64
    tones = rng.random((64, 64), dtype=np.float32)
    place = frame.v / length + tones[number, 0]
    plank = tones[number, np.floor(place).astype(np.intp) % 64]
    grain = patches(rng, len(frame.u), 40) * wave(frame.u * between(rng, 8, 20) + 0.2 * plank)
    gap = wave(row + 0.5) * (width / 2 * frame.fine)
    seam = 1 - np.clip(gap, 0, 1)
    varied = 1 + between(rng, 0.1, 0.5) * (plank - 0.5) + between(rng, 0, 0.25) * (grain - 0.5)
    return tone * (varied * (1 - between(rng, 0.1, 0.6) * seam))


def _tiles(rng: np.random.Generator, frame: Sketch, tone: Array) -> Array:
    """Draw tiles with grout."""
    width = between(rng, 0.25, 0.8)
    tones = rng.random((64, 64), dtype=np.float32)
    u, v = frame.u / width, frame.v / width
    tile = tones[np.floor(u).astype(np.intp) % 64, np.floor(v).astype(np.intp) % 64]
    near = np.minimum(wave(u + 0.5), wave(v + 0.5)) * (width / 2 * frame.fine)
    grout = 1 - np.clip(near - between(rng, 0, 1.0), 0, 1)
    ground = tone * (1 + between(rng, 0.02, 0.4) * (tile - 0.5) + between(rng, 0, 0.2) * (patches(rng, len(u), 9) - 0.5))
    return ground + grout * (_like(rng, tone, 0.3) - ground)


def _carpet(rng: np.random.Generator, frame: Sketch, tone: Array) -> Array:
    """Draw a carpet."""
    side = len(frame.u)
    other = _like(rng, tone, 0.25)
    mix = 0.6 * patches(rng, side, between(rng, 5, 14)) + 0.4 * patches(rng, side, between(rng, 25, 50))
    if chance(rng, 0.5):
        mix = ramp(mix, 0.42, 0.58)
    return tone + mix * (other - tone)


def _spread(rng: np.random.Generator, frame: Sketch, tone: Array) -> Array:
    """Draw a patterned cloth."""
    mix = _pattern(rng, frame, pick(rng, (0, 1, 1, 2, 1, 2)))
    folds = 1 + between(rng, 0, 0.3) * (patches(rng, len(frame.u), 5) - 0.5)
    return (tone + mix * (_like(rng, tone, 0.35) - tone)) * folds


def _wall(rng: np.random.Generator, frame: Sketch, tone: Array) -> Array:
    """Draw a wall with a floor or a door post beside it."""
    plain = tone * (1 + between(rng, 0, 0.15) * (patches(rng, len(frame.u), 12) - 0.5))
    beyond = ramp((frame.v - between(rng, 0.3, 1.0)) * frame.fine, -0.5, 0.5)
    return plain + beyond * (_boards(rng, frame, _like(rng, tone, 0.4)) - plain)


# ── cloth ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cloth(rng: np.random.Generator, thing: Sketch, ground: Array, patterns: tuple[float, ...]) -> Array:
    """Draw the colours of an object at each pixel, float32 (3, side, side)."""
    side = len(thing.u)
    first = _other_colour(rng, ground)
    kind = pick(rng, patterns)
    field = first + _pattern(rng, thing, kind) * (_other_colour(rng, first, 0.2) - first)
    second = _like(rng, first, 0.25) if chance(rng, 0.4) else _other_colour(rng, first, 0.25)
    field += thing.second * (second - field)
    folds = between(rng, 0.05, 0.35) * (patches(rng, side, between(rng, 4, 10)) - 0.5)
    rounded = between(rng, 0.0, 0.25) * (1 - np.clip(thing.u * thing.u, 0, 1))
    return field * (thing.light * (1 + folds + rounded))


def _pattern(rng: np.random.Generator, thing: Sketch, kind: int) -> Array:
    """Return the share of a pattern's second colour at each pixel, float32 (side, side) from 0 to 1."""
    u, v, side = thing.u, thing.v, len(thing.u)
    pitch, start = between(rng, 1.5, 6), between(rng, 0, 1)
    hoops, stripes = wave(v * pitch + start), wave(u * pitch + start)
    if kind == 1:
        return ramp(hoops, 0.4, 0.6)
    if kind == 2:
        return ramp(stripes, 0.5, 0.7)
    if kind == 3:
        return 0.5 * (ramp(hoops, 0.45, 0.6) + ramp(stripes, 0.45, 0.6))
    if kind == 4:
        return ramp(hoops * hoops + stripes * stripes, 0.9, 1.2)
    if kind == 5:
        return ramp(patches(rng, side, between(rng, 8, 30)), 0.45, 0.55)
    if kind == 6:
        return ramp(v, -1, 1)
    if kind == 7:
        return (v > between(rng, -0.5, 0.5)).astype(np.float32)
    return np.zeros((side, side), np.float32)


# ── light and camera ─────────────────────────────────────────────────────────────────────────────────────────────────


def _shadow(rng: np.random.Generator, cover: Array) -> Array:
    """Return a soft shadow of an object, shifted to one side."""
    side = len(cover)
    far = max(2, round(side * between(rng, 0.02, 0.1)))
    right, down = chance(rng, 0.5), chance(rng, 0.7)
    wide = np.zeros((side + far, side + far), np.float32)
    for step in (far // 4, far // 2, 3 * far // 4, far):
        y, x = (step if down else far - step), (step if right else far - step)
        wide[y : y + side, x : x + side] += cover
    y, x = (0 if down else far), (0 if right else far)
    return wide[y : y + side, x : x + side] * np.float32(0.25)


def _camera(rng: np.random.Generator, picture: Array) -> Array:
    """Add uneven light, a colour cast, a soft lens and grain; round to eight bits, uint8 (side, side, 3)."""
    side = picture.shape[-1]
    at = (np.arange(side, dtype=np.float32) * 2 + (1 - side)) / np.float32(side)
    slope = between(rng, -0.3, 0.3) * at[None, :] + between(rng, -0.3, 0.3) * at[:, None]
    corner = between(rng, 0, 0.2) * (at[None, :] * at[None, :] + at[:, None] * at[:, None])
    cast = 1 + between(rng, 0, 0.12) * (2 * rng.random((3, 1, 1), dtype=np.float32) - 1)
    picture = picture * ((between(rng, 0.8, 1.2) + slope - corner) * cast)
    if chance(rng, 0.35):
        picture[:, 1:-1] = (picture[:, :-2] + 2 * picture[:, 1:-1] + picture[:, 2:]) / 4
        picture[:, :, 1:-1] = (picture[:, :, :-2] + 2 * picture[:, :, 1:-1] + picture[:, :, 2:]) / 4
    grain = rng.integers(0, 256, picture.shape, dtype=np.uint8).astype(np.float32) / np.float32(255) - np.float32(0.5)
    picture = picture + between(rng, 0.02, 0.16) * grain
    return np.ascontiguousarray(np.floor(np.clip(picture, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8).transpose(1, 2, 0))
