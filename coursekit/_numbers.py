"""Checks of single numbers. Standard library only."""

from __future__ import annotations

from numbers import Integral
from typing import Any

__all__ = ["whole_number"]


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
        raise ValueError(f"{name} is {value!r}: expected a whole number of at least {at_least}")
    return int(value)
