"""Seed the random numbers of a test, so that the same work gets the same mark each time it is graded.

The seed depends on a secret of the course, the lab and the test. A student who does not know the secret
cannot predict the numbers, and all students of a class get the same numbers. Knows generators of random
numbers; nothing of labs and marks.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from itertools import count
from typing import Any

import numpy as np

from coursekit import _seeds

__all__ = ["VARIABLE", "Draws", "draws_from"]

VARIABLE = "COURSEKIT_DRAWS_SECRET"  # environment variable of the examiner


class Draws:
    """The random numbers of the tests in this process.

    `numpy.random.default_rng()` without a seed is seeded from the start of the first test on. Without
    a secret, every generator stays as it is.

    Args:
        secret: Secret of the course; by default the environment variable `VARIABLE`.
    """

    def __init__(self, secret: str | None = None) -> None:
        self._secret = os.environ.get(VARIABLE, "") if secret is None else secret
        self._unseeded: Callable[..., np.random.Generator] = np.random.default_rng
        self._test = ""
        self._numbers = count()

    def begin(self, test: str, *, everything: bool = True) -> None:
        """Prepare for a test.

        Args:
            test: Name of the lab and the test.
            everything: Whether to seed the global generators of Python, NumPy and Keras too.
        """
        if not self._secret:
            return
        self._test, self._numbers = test, count()
        np.random.default_rng = self._default_rng
        if everything:
            self._seed_globals()

    def _seed_globals(self) -> None:
        seed = self._key() % 2**32
        random.seed(seed)
        np.random.seed(seed)
        if "keras" in sys.modules:
            _seeds.set_all(seed)

    def _default_rng(self, seed: Any = None) -> np.random.Generator:
        """Return what `numpy.random.default_rng` returns, but with a seed of this test in place of none."""
        return self._unseeded(self._key() if seed is None else seed)

    def _key(self) -> int:
        """Return a number that depends on the secret, the test and how many numbers were asked for before."""
        text = f"{self._secret}\0{self._test}\0{next(self._numbers)}"
        return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")


@cache
def draws_from(secret: str) -> Draws:
    """Return the draws of a secret, the same object each time in one process.

    Each object replaces `numpy.random.default_rng`, so a process needs only one of them.
    """
    return Draws(secret)
