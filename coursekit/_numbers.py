"""Checks of single numbers. Standard library only."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from coursekit._words import plain

__all__ = ["real_number", "whole_number"]


def whole_number(name: str, value: Any, at_least: int = 1) -> int:
    """Return `value` as an int.

    Args:
        name: What the value is called in the message of the error.
        value: Any object. Integers of NumPy are whole numbers; True, False and floats are not.
        at_least: The smallest value allowed.

    Returns:
        The value as a plain int.

    Raises:
        ValueError: If `value` is not a whole number of at least `at_least`.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < at_least:
        raise ValueError(f"{name} is {plain(value)}: expected a whole number of at least {at_least}")
    return int(value)


def real_number(name: str, value: Any) -> float:
    """Return `value` as a float.

    Args:
        name: What the value is called in the message of the error.
        value: Any object. Numbers of NumPy are taken; True, False and texts are not.

    Raises:
        ValueError: If `value` is not a single finite number.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{name} is {plain(value)}: expected a number")
    return float(value)
