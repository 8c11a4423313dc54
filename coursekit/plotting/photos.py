"""Figures of colour photographs. Takes arrays and titles; knows nothing of data sets, models or classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._arrays import not_finite, number_array
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["photo_grid"]

_TILE = 1.0  # inches per photograph in a new figure
_LINE = 0.19  # height of one line of a title, in photographs
_DARKEST = 8  # floats from 0 to between 1 and this are no photograph on the scale from 0 to 255
_OUTSIDE = 128  # how far augmentation may leave the scale from 0 to 255


def photo_grid(
    photos: Any,
    titles: Sequence[Any] | None = None,
    *,
    columns: int = 10,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw colour photographs of one size side by side, row by row, each under its title.

    Args:
        photos: Array or tensor (n, height, width, 3) of any dtype, n ≥ 1, on the scale from 0 to 255. Numbers
            outside of it, as augmentation makes them, are clipped. Floats may also be on the scale from 0 to 1
            or from −1 to 1.
        titles: One title per photograph, a text or a number such as its label; or None. A title may have
            several lines ("\\n").
        columns: Largest number of photographs per row.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `photos` is not a stack of colour photographs on one of these scales, or the titles do
            not fit.
    """
    stack = _colours(photos)
    said = given.texts(titles, len(stack), "photographs")
    columns = given.column_count(columns, 10, len(stack))
    rows = -(-len(stack) // columns)
    lines = max(text.count("\n") + 1 for text in said) if said else 0
    tall = stack.shape[1] / stack.shape[2]
    wide, high = 1.05, tall + 0.05 + _LINE * lines
    ax = axes(ax, figsize=(_TILE * columns * wide, _TILE * rows * high + (0.3 if title else 0.05)))
    for number, photo in enumerate(stack):
        left, bottom = (number % columns) * wide, -(number // columns) * high
        ax.imshow(photo, extent=(left, left + 1, bottom, bottom + tall))
        if said:
            ax.text(left + 0.5, bottom + tall + 0.02, said[number], ha="center", va="bottom", fontsize=8, linespacing=1.1)
    ax.set(xlim=(-0.02, (columns - 1) * wide + 1.02), ylim=(-(rows - 1) * high - 0.02, high), aspect="equal")
    ax.set_axis_off()
    finish(ax, title)
    head = f"{title}: " if title else ""
    names = ", titled " + "; ".join(text.replace("\n", ", ") for text in said) if said else ""
    count = f"{len(stack)} colour photograph{'s' if len(stack) > 1 else ''} in {rows} row{'s' if rows > 1 else ''}"
    return describe(ax, f"{head}{count}{names}.")


def _colours(photos: Any) -> np.ndarray:
    """Return photographs as bytes (n, height, width, 3), or raise ValueError."""
    stack = number_array(photos, "photos")
    if stack.ndim != 4 or stack.shape[-1] != 3 or not stack.size:
        hint = ". Grey images are drawn by plotting.image_grid" if stack.ndim == 3 or stack.shape[-1:] == (1,) else ""
        hint = ". One photograph alone is photo[np.newaxis]" if stack.ndim == 3 and stack.shape[-1] == 3 else hint
        raise ValueError(f"expected photographs of shape (n, height, width, 3) with n ≥ 1, got shape {stack.shape}{hint}")
    if found := not_finite(stack):
        raise ValueError(f"photos holds {found[0]} values that are NaN or infinite, the first in photograph {found[1]}")
    if stack.dtype.kind == "f":
        stack = _from_0_to_255(stack.astype(float))
    elif stack.dtype.kind == "b":
        stack = 255 * stack.astype(int)
    return np.clip(stack, 0, 255).astype(np.uint8)


def _from_0_to_255(stack: np.ndarray) -> np.ndarray:
    """Return floats on the scale from 0 to 255. Their range tells which scale they have, unless it fits none."""
    low, high = float(stack.min()), float(stack.max())
    if low >= -1 and high <= 1:
        return np.round(255 * stack if low >= 0 else 127.5 * (stack + 1))
    on_bytes = low >= -_OUTSIDE and (_DARKEST if low >= 0 else 64) <= high <= 255 + _OUTSIDE
    if not on_bytes:
        raise ValueError(
            f"photos reach from {low:.3g} to {high:.3g}: expected the scale from 0 to 255, 0 to 1 or −1 to 1. Undo the scaling, "
            "such as x * std + mean, or cut off what is outside with np.clip"
        )
    return stack
