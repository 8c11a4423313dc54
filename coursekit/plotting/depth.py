"""Figures of what changes from layer to layer: histograms of the numbers in each layer.

Takes arrays. Knows nothing of how a network was built, initialised or trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._numbers import whole_number
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["histograms_through_depth"]

_NARROW = 1e-3  # share of the axis; a histogram narrower than this is drawn as a line


def histograms_through_depth(
    layers: Mapping[str, Any] | Sequence[Any],
    *,
    limits: tuple[float, float] | None = None,
    bins: int = 61,
    xlabel: str = "activation",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one histogram per layer, one below the other, with its standard deviation beside it.

    The first layer is at the top. Each histogram fills the height of its row: compare the rows by shape and
    position, not by height. A layer with nearly equal numbers is drawn as a line with "all …" beside it. A
    layer that holds nan or inf is labelled "not finite".

    Args:
        layers: Mapping from names to arrays of any shape, in the order of the layers; or a sequence of
            arrays, which are named layer 1, layer 2, ….
        limits: Left and right end of the axis. By default they contain 99 % of all finite numbers, from the
            0.5th to the 99.5th percentile. Numbers outside are counted in the first and the last bin.
        bins: Number of bins.
        xlabel: Label of the x axis.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no layer, or a layer without numbers.
    """
    if isinstance(layers, str) or not hasattr(layers, "__iter__") or (hasattr(layers, "ndim") and layers.ndim < 2):
        raise ValueError("expected at least one layer: a list of arrays or a dictionary from names to arrays")
    named = layers if isinstance(layers, Mapping) else {f"layer {i}": values for i, values in enumerate(layers, start=1)}
    rows = {str(name): given.numbers(values, str(name), finite=False).ravel() for name, values in named.items()}
    whole_number("bins", bins)
    if not rows or not all(values.size for values in rows.values()):
        raise ValueError("expected at least one layer, and numbers in each of them")
    ends = _span(np.concatenate(list(rows.values()))) if limits is None else given.pair(limits, "limits", "(-1, 1)")
    low, high = given.interval(*ends)
    ax = axes(ax, figsize=(5.0, 0.34 * len(rows) + 0.9))
    edges = np.linspace(low, high, bins + 1)
    said = []
    for row, (name, values) in enumerate(rows.items()):
        note = _draw_histogram(ax, values, row, edges)
        ax.annotate(note, (1.01, row + 0.5), xycoords=("axes fraction", "data"), fontsize=8, va="center")
        said.append(f"{name}: {note}")
    ax.set_yticks(np.arange(len(rows)) + 0.5, list(rows), fontsize=8)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(low, high), ylim=(len(rows), -0.1), xlabel=xlabel)
    finish(ax, title, hide=("top", "right", "left"))
    head = f"{title.rstrip('.')}. " if title else ""
    return describe(ax, f"{head}Histograms of the {xlabel} in {len(rows)} layers, from first to last. {'; '.join(said)}.")


def _span(values: np.ndarray) -> tuple[float, float]:
    """Return the default limits of the axis."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = (float(end) for end in np.quantile(finite, [0.005, 0.995]))
    middle, half = (low + high) / 2, max(0.55 * (high - low), 1e-6)
    return middle - half, middle + half


def _draw_histogram(ax: Axes, values: np.ndarray, row: int, edges: np.ndarray) -> str:
    """Draw one layer in the row from `row` (top) to `row` + 1 (bottom) and return a few words on it."""
    floor = row + 0.92
    ax.plot(edges[[0, -1]], [floor, floor], color="0.7", linewidth=0.8)
    if not np.isfinite(values).all():
        return "not finite"
    if values.max() - values.min() < _NARROW * (edges[-1] - edges[0]):
        middle = float(values.mean())
        ax.plot([middle, middle], [floor, row + 0.08], color=COLOURS[1], linewidth=2)
        return f"all {middle:.2g}" if values.std() == 0 else f"std {values.std():.1e}"
    counts = np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
    heights = 0.84 * counts / counts.max()
    ax.fill_between(edges, floor, floor - np.append(heights, heights[-1]), step="post", color=COLOURS[0], linewidth=0)
    return f"std {values.std():.2g}"
