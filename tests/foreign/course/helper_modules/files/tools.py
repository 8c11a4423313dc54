"""Tools that the course gives."""

from statistics import mean, median

VERSION = "1.2"
calls = 0
_digits = 3


def is_outlier(value, values):
    global calls
    calls += 1
    middle = median(values)
    spread = median(abs(v - middle) for v in values)
    return abs(value - middle) > 5 * spread + 1e-9


def configure(digits):
    global _digits
    _digits = digits


def pretty(number):
    return f"{number:.{_digits}f}"
