"""Drawn photographs of clothes: the stand-in for the clothing photographs.

Knows the classes and how many photographs there are of each.
"""

from __future__ import annotations

import numpy as np

from coursekit.drawn.garments import GARMENTS
from coursekit.drawn.scene import USUAL, photograph
from coursekit.drawn.shapes import Array
from coursekit.drawn.sketch import Sketch, between

__all__ = ["CLASS_NAMES", "SIDE", "clothing_photo", "clothing_photos", "clothing_sketch"]

CLASS_NAMES = tuple(GARMENTS)
SIDE = 160
COUNTS = {"train": 50, "validation": 12, "test": 20}  # per class, about as many as in the real set
SEED = 160_10

_NEAR = {"hat": 1.1, "shorts": 1.25, "skirt": 1.1}  # small objects are photographed from closer
_PATTERNS = {"shirt": (4.0, 0.5, 2.0, 3.0, 0.5, 1.5, 0.2, 0.1)}  # shirts are more often striped or checked


def clothing_photos(split: str, *, seed: int = SEED) -> tuple[Array, Array]:
    """Draw the photographs of one split, sorted by class. Every machine gets the same bytes.

    Args:
        split: "train", "validation" or "test", with 50, 12 or 20 photographs of each of the ten classes.
        seed: Seed of the random numbers.

    Returns:
        A tuple `(X, y)`: X uint8 (n, 160, 160, 3), y int64 (n,).

    Raises:
        ValueError: If no split has this name.
    """
    if split not in COUNTS:
        raise ValueError(f"no split is called {split!r}; there are: {', '.join(COUNTS)}")
    count, part = COUNTS[split], list(COUNTS).index(split)
    X = np.empty((10 * count, SIDE, SIDE, 3), np.uint8)
    for i in range(len(X)):
        rng = np.random.Generator(np.random.PCG64([seed, part, i // count, i % count]))
        X[i] = clothing_photo(i // count, rng)
    return X, np.repeat(np.arange(10, dtype=np.int64), count)


def clothing_photo(label: int, rng: np.random.Generator, side: int = SIDE) -> Array:
    """Draw one photograph of the class with this number, uint8 (side, side, 3)."""
    return photograph(rng, clothing_sketch(label, rng, side), _PATTERNS.get(CLASS_NAMES[label], USUAL))


def clothing_sketch(label: int, rng: np.random.Generator, side: int) -> Sketch:
    """Draw what such a photograph shows, without colours and background."""
    name = CLASS_NAMES[label]
    sketch = Sketch(
        side,
        x=between(rng, -0.1, 0.1),
        y=between(rng, -0.1, 0.1),
        size=between(rng, 0.72, 1.0) * _NEAR.get(name, 1.0),
        turn=between(rng, -1, 1) * between(rng, 0, 1) * 0.25,
        wide=between(rng, 0.85, 1.15),
    )
    GARMENTS[name](sketch, rng)
    return sketch
