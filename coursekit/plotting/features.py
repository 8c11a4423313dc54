"""Figures of what a network sees: filters, feature maps and attention.

Takes arrays. Knows nothing of data sets, of models or of how an array was computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._numbers import whole_number
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["attention_map", "feature_maps", "filters", "sliding_kernel"]

_GAP = 0.08  # between two tiles, in tiles
_LINE = 0.26  # height of one line of a title, in tiles
_MOST_NUMBERS = 5  # rows or columns; larger filters do not show their weights as numbers


def filters(
    kernels: Any,
    titles: Sequence[Any] | None = None,
    *,
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the filters of a convolution side by side, with negative weights blue, 0 white and positive red.

    All filters share one scale. Filters of up to 5×5 weights show them as numbers if they are rounded to
    two decimals, as designed filters are and learned ones are not.

    Args:
        kernels: Numbers (height, width, n), or (height, width, 1, n) as a Keras layer with one input channel
            stores them; n ≥ 1.
        titles: One title per filter, or None.
        columns: Largest number of filters per row. Default: 8.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the shape is another one, or the number of titles does not fit.
    """
    stack = given.numbers(kernels, "kernels")
    if stack.ndim == 4 and stack.shape[2] == 1:
        stack = stack[:, :, 0]
    stack = _stack(stack, "kernels")
    said = given.texts(titles, stack.shape[2], "filters")
    columns = given.column_count(columns, 8, stack.shape[2])
    reach = float(np.abs(stack).max()) or 1.0
    ax = _tiles(stack, said, columns, title, ax, {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach}, frame=True)
    high, wide = stack.shape[:2]
    if max(high, wide) <= _MOST_NUMBERS and np.allclose(stack, np.round(stack, 2)):
        for number, (left, bottom) in enumerate(_places(stack.shape[2], columns, _lines(said))):
            for row, column in np.ndindex(high, wide):
                value = stack[row, column, number]
                ax.text(
                    left + (column + 0.5) / wide,
                    bottom + 1 - (row + 0.5) / high,
                    f"{value:g}".replace("-", "−"),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if abs(value) > 0.7 * reach else "black",
                )
    named = "" if said is None else f", titled {'; '.join(said)}"
    return describe(
        ax,
        f"{title or 'Filters'}: {stack.shape[2]} of {high}×{wide} weights{named}; weights from {stack.min():.2g} to {stack.max():.2g}.",
    )


def feature_maps(
    maps: Any,
    titles: Sequence[Any] | None = None,
    *,
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the feature maps of one image side by side, from dark for small values to bright for large ones.

    All maps share one scale, so that a filter that finds little looks dark.

    Args:
        maps: Finite numbers (height, width, n) with n ≥ 1, the output of a convolution for one image, or
            (1, height, width, n), its output for a batch of one image.
        titles: One title per map, or None.
        columns: Largest number of maps per row. Default: 6.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the shape is another one, or the number of titles does not fit.
    """
    stack = given.numbers(maps, "maps")
    if stack.ndim == 4 and len(stack) == 1:
        stack = stack[0]
    stack = _stack(stack, "maps")
    said = given.texts(titles, stack.shape[2], "maps")
    columns = given.column_count(columns, 6, stack.shape[2])
    low, top = float(stack.min()), float(stack.max())
    ax = _tiles(stack, said, columns, title, ax, {"cmap": "gray", "vmin": low, "vmax": max(top, low + 1e-12)}, frame=False)
    strongest = int(np.argmax(np.abs(stack).mean(axis=(0, 1))))
    names = [f"map {number}" for number in range(stack.shape[2])] if said is None else [t.replace("\n", ", ") for t in said]
    return describe(
        ax,
        f"{title or 'Feature maps'}: {stack.shape[2]} of {stack.shape[0]}×{stack.shape[1]} values"
        f"{'' if said is None else ', titled ' + '; '.join(names)}; values from {low:.2g} to {top:.2g}. "
        f"The strongest on average: {names[strongest]}.",
    )


def sliding_kernel(x: Any, w: Any, y: Any, *, stride: int = 1, padding: int = 0, ax: Axes | None = None) -> Axes:
    """Draw a signal, a kernel and the result of their convolution below each other, a number in each square.

    Each number of the result stands below the middle of the numbers that it is computed from. The kernel is
    drawn at its first place.

    Args:
        x: The signal (n,).
        w: The kernel (k,).
        y: The result (outputs,).
        stride: Step between two places of the kernel.
        padding: Number of zeros before and after the signal. They are drawn hatched.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `y` does not have (n + 2·padding − k) // stride + 1 numbers.
    """
    signal, kernel, result = (given.row_of_numbers(part, name) for part, name in ((x, "x"), (w, "w"), (y, "y")))
    whole_number("stride", stride)
    whole_number("padding", padding, at_least=0)
    outputs = (len(signal) + 2 * padding - len(kernel)) // stride + 1
    if len(result) != outputs or not len(result):
        raise ValueError(f"expected a result of {outputs} numbers for these sizes, got {len(result)}")
    ax = axes(ax, figsize=(6.4, 2.3))
    padded = np.pad(signal, padding)
    for place, value in enumerate(padded):
        outside = not padding <= place < padding + len(signal)
        _square(ax, place, 2, value, "white" if outside else COLOURS[5], hatch="///" if outside else None)
    for place, value in enumerate(kernel):
        _square(ax, place, 1, value, COLOURS[4])
    for number, value in enumerate(result):
        middle = number * stride + (len(kernel) - 1) / 2
        _square(ax, middle, 0, value, "0.88")
    for row, name in ((2, "signal x"), (1, "kernel w"), (0, "result y")):
        ax.text(-0.7, row, name, ha="right", va="center", fontsize=9)
    ax.set(xlim=(-2.6, len(padded) - 0.4), ylim=(-0.5, 2.5), aspect="equal")
    ax.set_axis_off()
    said = ", ".join(f"{value:g}" for value in result)
    return describe(
        ax,
        f"A signal of {len(signal)} numbers with {padding} zeros at each end, a kernel of {len(kernel)} that moves by {stride}, and the "
        f"{len(result)} results below the middle of the numbers that they come from: {said}.",
    )


def attention_map(
    weights: Any,
    queries: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw attention weights: a row per query, a column per place, dark for much attention.

    Weights of at least 0.01 are written into their cells if there are at most 10 columns. The largest
    weight of each row has a frame.

    Args:
        weights: Numbers (queries, keys) from 0 to 1. Each row must sum to 1.
        queries: Names of the rows; by default their numbers.
        keys: Names of the columns; by default their numbers.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If a row does not hold shares of 1, or the number of names does not fit.
    """
    shares = given.numbers(weights, "weights", finite=False)
    if shares.ndim != 2 or not shares.size:
        raise ValueError(f"expected weights of shape (queries, keys), got {shares.shape}")
    if not (np.isfinite(shares).all() and shares.min() >= -1e-6 and np.allclose(shares.sum(axis=1), 1, atol=1e-3)):
        raise ValueError("expected rows of numbers from 0 to 1 with the sum 1: take the softmax of the scores along each row")
    rows, columns = (
        given.names(names, "names") if names is not None else [str(i) for i in range(n)]
        for names, n in zip((queries, keys), shares.shape, strict=True)
    )
    if (len(rows), len(columns)) != shares.shape:
        raise ValueError(f"expected {shares.shape[0]} and {shares.shape[1]} names, got {len(rows)} and {len(columns)}")
    from matplotlib.patches import Rectangle

    ax = axes(ax, figsize=(0.5 * len(columns) + 1.4, 0.42 * len(rows) + 1.1))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    said = []
    for row, values in enumerate(shares):
        best = int(np.argmax(values))
        ax.add_patch(Rectangle((best - 0.48, row - 0.48), 0.96, 0.96, fill=False, edgecolor=COLOURS[1], linewidth=1.4))
        said.append(f"{rows[row]} at {columns[best]} ({values[best]:.2f})")
        for column, value in enumerate(values):
            if len(columns) <= 10 and value >= 0.01:
                colour = "white" if value > 0.55 else "black"
                ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks(range(len(columns)), columns, fontsize=8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    ax.set(xlabel="looks at", ylabel="query")
    finish(ax, title, hide=())
    return describe(
        ax, f"{title or 'Attention'}: {len(rows)} queries over {len(columns)} places. Each looks most: {'; '.join(said)}."
    )


# ── tiles ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stack(maps: np.ndarray, name: str) -> np.ndarray:
    """Return an array (height, width, n), or raise ValueError."""
    if maps.ndim != 3 or not maps.size:
        hint = f". Choose one image or channel first, such as {name}[0] or {name}[:, :, 0]" if maps.ndim == 4 else ""
        raise ValueError(f"expected {name} of shape (height, width, n) with n ≥ 1, got shape {maps.shape}{hint}")
    return maps


def _lines(titles: Sequence[str] | None) -> int:
    """Return the largest number of lines of a title."""
    return 0 if titles is None else max(text.count("\n") + 1 for text in titles)


def _places(count: int, columns: int, lines: int) -> list[tuple[float, float]]:
    """Return the left and the bottom edge of each tile, row by row from the top."""
    return [((number % columns) * (1 + _GAP), -(number // columns) * (1 + _GAP + _LINE * lines)) for number in range(count)]


def _tiles(
    stack: np.ndarray,
    titles: Sequence[str] | None,
    columns: int,
    title: str | None,
    ax: Axes | None,
    look: dict[str, Any],
    *,
    frame: bool,
) -> Axes:
    """Draw a grid of images with their titles."""
    count = stack.shape[2]
    lines = _lines(titles)
    rows = -(-count // columns)
    high = 1 + _GAP + _LINE * lines
    ax = axes(ax, figsize=(max(0.95 * columns, 2.0), 0.92 * rows * high + (0.35 if title else 0.1)))
    from matplotlib.patches import Rectangle

    for number, (left, bottom) in enumerate(_places(count, columns, lines)):
        ax.imshow(stack[:, :, number], extent=(left, left + 1, bottom, bottom + 1), **look)
        if frame:
            ax.add_patch(Rectangle((left, bottom), 1, 1, fill=False, edgecolor="0.4", linewidth=0.8))
        if titles is not None:
            ax.text(left + 0.5, bottom + 1.03, titles[number], ha="center", va="bottom", fontsize=8, linespacing=1.1)
    ax.set(
        xlim=(-0.04, (columns - 1) * (1 + _GAP) + 1.04),
        ylim=(-(rows - 1) * high - 0.04, 1.04 + _LINE * lines),
        aspect="equal",
    )
    ax.set_axis_off()
    finish(ax, title)
    return ax


def _square(ax: Axes, x: float, y: float, value: float, colour: str, hatch: str | None = None) -> None:
    """Draw a coloured square with a number in it."""
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((x - 0.46, y - 0.4), 0.92, 0.8, facecolor=colour, edgecolor="0.3", hatch=hatch, linewidth=0.8))
    ax.text(
        x,
        y,
        format_number(value),
        ha="center",
        va="center",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if hatch else None,
    )
