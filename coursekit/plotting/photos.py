"""Figures of colour photographs. Takes arrays and titles; knows nothing of data sets, models or classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting._style import axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["photo_grid"]

_TILE = 1.0  # inches per photograph in a new figure
_LINE = 0.19  # height of one line of a title, in photographs


def photo_grid(
    photos: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 10,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw colour photographs of one size side by side, row by row, each under its title.

    Args:
        photos: Array or tensor (n, height, width, 3) of any dtype, n ≥ 1, with numbers from 0 to 255. Numbers
            outside of this range are clipped.
        titles: One title per photograph, or None. A title may have several lines ("\\n").
        columns: Largest number of photographs per row.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `photos` is not a stack of colour photographs, or the number of titles does not fit.
    """
    stack = np.asarray(photos)
    if stack.ndim != 4 or stack.shape[-1] != 3 or not len(stack):
        raise ValueError(f"expected photographs of shape (n, height, width, 3) with n ≥ 1, got shape {stack.shape}")
    if titles is not None and len(titles) != len(stack):
        raise ValueError(f"expected one title per photograph, got {len(titles)} titles for {len(stack)} photographs")
    columns = min(columns, len(stack))
    rows = -(-len(stack) // columns)
    lines = max((text.count("\n") + 1 for text in titles), default=0) if titles is not None else 0
    tall = stack.shape[1] / stack.shape[2]
    wide, high = 1.05, tall + 0.05 + _LINE * lines
    ax = axes(ax, figsize=(_TILE * columns * wide, _TILE * rows * high + (0.3 if title else 0.05)))
    for number, photo in enumerate(np.clip(stack, 0, 255).astype(np.uint8)):
        left, bottom = (number % columns) * wide, -(number // columns) * high
        ax.imshow(photo, extent=(left, left + 1, bottom, bottom + tall))
        if titles is not None:
            ax.text(left + 0.5, bottom + tall + 0.02, titles[number], ha="center", va="bottom", fontsize=8, linespacing=1.1)
    ax.set(xlim=(-0.02, (columns - 1) * wide + 1.02), ylim=(-(rows - 1) * high - 0.02, high), aspect="equal")
    ax.set_axis_off()
    finish(ax, title)
    head = f"{title}: " if title else ""
    names = "" if titles is None else ", titled " + "; ".join(text.replace("\n", ", ") for text in titles)
    count = f"{len(stack)} colour photograph{'s' if len(stack) > 1 else ''} in {rows} row{'s' if rows > 1 else ''}"
    return describe(ax, f"{head}{count}{names}.")
