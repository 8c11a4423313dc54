"""The drawn Fashion-MNIST: 70,000 silhouettes of ten classes of clothes.

Knows which garment belongs to which class, and how many there are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from coursekit.drawn.cloth import develop
from coursekit.drawn.others import draw_bag, draw_trousers
from coursekit.drawn.shapes import SIDE, Array
from coursekit.drawn.shoes import draw_boot, draw_sandal, draw_sneaker
from coursekit.drawn.tops import COAT, DRESS, PULLOVER, SHIRT, TSHIRT, draw_top

__all__ = ["CLASSES", "fashion_mnist", "garments"]

SEED = 28_10
BLOCK = 500  # garments drawn at once, so that their arrays fit into the processor's cache

CLASSES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "T-shirt/top": lambda rng, n: draw_top(rng, n, TSHIRT),
    "Trouser": draw_trousers,
    "Pullover": lambda rng, n: draw_top(rng, n, PULLOVER),
    "Dress": lambda rng, n: draw_top(rng, n, DRESS),
    "Coat": lambda rng, n: draw_top(rng, n, COAT),
    "Sandal": draw_sandal,
    "Shirt": lambda rng, n: draw_top(rng, n, SHIRT),
    "Sneaker": draw_sneaker,
    "Bag": draw_bag,
    "Ankle boot": draw_boot,
}


def garments(label: int, n: int, rng: np.random.Generator) -> Array:
    """Draw n garments of class `label` (0 to 9), uint8 (n, 28, 28), on a black background."""
    draw = list(CLASSES.values())[label]
    return develop(rng, draw(rng, n)) if n else np.zeros((0, SIDE, SIDE), np.uint8)


def fashion_mnist(train: int = 60_000, test: int = 10_000, seed: int = SEED) -> tuple[Array, Array, Array, Array]:
    """Draw the stand-in for Fashion-MNIST.

    The same arguments give the same bytes on every machine.

    Args:
        train: Number of training samples, a multiple of 10. Each class gets a tenth, in shuffled order.
        test: Number of test samples, a multiple of 10.
        seed: Seed of the random numbers.

    Returns:
        A tuple `(X_train, y_train, X_test, y_test)`: pictures uint8 (n, 28, 28) and labels uint8 (n,).

    Raises:
        ValueError: If a number of samples is not a multiple of 10.
    """
    if train % 10 or test % 10:
        raise ValueError(f"train and test must be multiples of 10, one tenth for each class; got {train} and {test}")
    parts = []
    for part, count in enumerate((train, test)):
        X = np.empty((count, SIDE, SIDE), np.uint8)
        y = np.repeat(np.arange(10, dtype=np.uint8), count // 10)
        y = np.random.Generator(np.random.PCG64([seed, part])).permutation(y)
        for label in range(10):
            rng = np.random.Generator(np.random.PCG64([seed, part, label]))
            where = np.flatnonzero(y == label)
            for start in range(0, len(where), BLOCK):
                block = where[start : start + BLOCK]
                X[block] = garments(label, len(block), rng)
        parts += [X, y]
    return parts[0], parts[1], parts[2], parts[3]
