"""Figures of what happens from layer to layer: histograms of numbers through depth, and how a size grows or shrinks on the way.

Takes arrays. Knows nothing of how a network was built, of initialisations or of training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting._style import COLOURS, MARKERS, axes, describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["histograms_through_depth", "run_bands"]

_LINES = ("-", "--", "-.", ":")
_NARROW = 1e-3  # a spread below this share of the picture's width cannot be seen as a histogram


def histograms_through_depth(
    layers: Mapping[str, Any] | Sequence[Any],
    *,
    limits: tuple[float, float] | None = None,
    bins: int = 61,
    xlabel: str = "activation",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one histogram for each layer, one above the other, the first layer at the top, with its standard deviation beside it.

    layers: name → array of any shape, in the order of the layers; or a sequence of arrays, called layer 1, layer 2, ….
    limits: left and right end of the axis; default: 0.5 % and 99.5 % of all finite numbers lie between them. What lies outside
        is counted in the first and the last bin. bins: how many.
    Each histogram is as high as its row: rows are compared by shape and place, not by height. A layer whose numbers hardly
    differ is drawn as one line with "all …" beside it, one that holds nan or inf as "not finite".
    Raises ValueError if there is no layer or an empty one.
    """
    named = layers if isinstance(layers, Mapping) else {f"layer {i}": values for i, values in enumerate(layers, start=1)}
    rows = {str(name): np.asarray(values, dtype=float).ravel() for name, values in named.items()}
    if not rows or not all(values.size for values in rows.values()):
        raise ValueError("expected at least one layer, and numbers in each of them")
    low, high = limits or _span(np.concatenate(list(rows.values())))
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
    ax.spines[["top", "right", "left"]].set_visible(False)
    if title:
        ax.set_title(title, fontsize=10)
    head = f"{title.rstrip('.')}. " if title else ""
    return describe(ax, f"{head}Histograms of the {xlabel} in {len(rows)} layers, from first to last. {'; '.join(said)}.")


def _span(values: np.ndarray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, high = (float(end) for end in np.quantile(finite, [0.005, 0.995]))
    middle, half = (low + high) / 2, max(0.55 * (high - low), 1e-6)
    return middle - half, middle + half


def _draw_histogram(ax: Axes, values: np.ndarray, row: int, edges: np.ndarray) -> str:
    """One layer in the row of the picture from `row` (top) to `row` + 1 (bottom); a few words on it."""
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


def run_bands(
    runs: Mapping[str, Any],
    *,
    x: Any = None,
    xlabel: str = "layer",
    ylabel: str = "standard deviation",
    log: bool = False,
    logx: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how a number goes along `x` for several methods: the mean of a method's runs as a line, smallest to largest as a band.

    runs: name → array (runs, places), or (places,) for a single run; places may differ between methods only without `x`.
    x: (places,) numbers; default 1, 2, …, as for layers. log, logx: logarithmic axes.
    A place where a run holds nan or inf is left out, and the method's name gets "(diverged)"; with `log`, so are places where
    the mean is not above 0, and a method that has nothing else is named "(all 0)".
    Raises ValueError if there is no method, one without numbers, or `x` does not fit.
    """
    tables = {str(name): np.atleast_2d(np.asarray(values, dtype=float)) for name, values in runs.items()}
    if not tables or any(table.ndim != 2 or not table.size for table in tables.values()):
        raise ValueError("expected at least one method, each with an array (runs, places)")
    places = None if x is None else np.asarray(x, dtype=float)
    if places is not None and any(table.shape[1:] != places.shape for table in tables.values()):
        raise ValueError(
            f"x has shape {places.shape}, but the runs have {[table.shape[1] for table in tables.values()]} places"
        )
    ax = axes(ax, figsize=(5.4, 3.6))
    said = []
    for number, (name, table) in enumerate(tables.items()):
        at = np.arange(1, table.shape[1] + 1) if places is None else places
        said.append(_draw_band(ax, name, at, table, log, number))
    if log:
        ax.set_yscale("log")
    if logx:
        ax.set_xscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    if title:
        ax.set_title(title, fontsize=10)
    head = f"{title.rstrip('.')}. " if title else ""
    return describe(ax, f"{head}{ylabel} by {xlabel}, mean of each method's runs. {' '.join(said)}")


def _draw_band(ax: Axes, name: str, x: np.ndarray, table: np.ndarray, log: bool, number: int) -> str:
    """One method on `ax`; a sentence on where it starts and ends."""
    finite = np.isfinite(table).all(axis=0)
    mean = np.where(finite, np.where(finite, table, 0).mean(axis=0), np.nan)
    shown = finite & (mean > 0) if log else finite
    note = "" if finite.all() else " (diverged)"
    if log and finite.all() and not mean.any():
        note = " (all 0)"
    style: dict[str, Any] = {"color": COLOURS[number % 7], "linestyle": _LINES[number % 4], "linewidth": 1.8}
    marker = MARKERS[number % len(MARKERS)] if len(x) <= 20 else ""
    ax.plot(x, np.where(shown, mean, np.nan), label=name + note, marker=marker, markersize=5, **style)
    if len(table) > 1 and shown.any():
        low, high = table[:, shown].min(axis=0), table[:, shown].max(axis=0)
        floor = np.min(mean[shown]) * 1e-3 if log else -np.inf
        ax.fill_between(x[shown], np.maximum(low, floor), high, color=style["color"], alpha=0.18, linewidth=0)
    if not shown.any():
        return f"{name}{note}."
    return f"{name} goes from {mean[shown][0]:.3g} to {mean[shown][-1]:.3g}{note}."
