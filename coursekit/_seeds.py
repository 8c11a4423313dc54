"""Seed all random numbers of a process. Knows nothing of notebooks, data or tests."""

from __future__ import annotations

import sys

__all__ = ["set_all"]


def set_all(seed: int) -> None:
    """Seed Python, NumPy, Keras and its backend, so that each draws the same numbers again.

    Before Keras 3.13, `keras.utils.set_random_seed` leaves the generator as it is that functions of `keras.random` use without
    a seed. Here it is made anew, as later versions do.

    Args:
        seed: Whole number from 0 to 2³² − 1.
    """
    import keras

    keras.utils.set_random_seed(seed)
    state = sys.modules.get("keras.src.backend.common.global_state")
    if put := getattr(state, "set_global_attribute", None):
        put("global_seed_generator", None)
