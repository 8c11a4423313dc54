"""Curves of repeated runs: the mean as a line, and a band that shows how much the runs differ.

Takes arrays. Knows nothing of what was repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from coursekit._words import plain
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, LINES, MARKERS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["curves_with_bands"]

_MOST_MARKERS = 30  # places; on a longer curve the markers would hide the line


def curves_with_bands(
    curves: Mapping[str, Any],
    x: Any = None,
    *,
    band: Literal["deviation", "range"] = "deviation",
    xlabel: str = "epoch",
    ylabel: str = "accuracy",
    log: tuple[bool, bool] = (False, False),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw how numbers change along `x`: for each name the mean of its runs as a curve, with a band.

    The curves differ by line and marker as well as by colour. A place where a run holds nan or inf is left
    out, and "(diverged)" is added to the name of the curve. On a logarithmic y axis, places where the mean
    is not above 0 are left out too, and a curve with no other places gets "(all 0)".

    Args:
        curves: Mapping from names to arrays (runs, places), or (places,) for a single run, which gets no
            band. Without `x` the number of places may differ between curves.
        x: Numbers (places,). Default: 1, 2, 3, ….
        band: "deviation" for one standard deviation (divided by n − 1) on each side; "range" for the band
            from the smallest run to the largest.
        xlabel: Label of the x axis.
        ylabel: Label of the y axis.
        log: Whether the x axis and the y axis are logarithmic.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no curve, a curve has no numbers or does not fit `x`, or `band` is unknown.
    """
    from matplotlib.ticker import MaxNLocator

    if not isinstance(curves, Mapping) or not curves:
        raise ValueError(f"expected at least one curve, as in {{'one run': [0.5, 0.7]}}, got {type(curves).__name__}")
    tables = {str(name): np.atleast_2d(given.numbers(part, str(name), finite=False)) for name, part in curves.items()}
    if any(table.ndim != 2 or not table.size for table in tables.values()):
        raise ValueError("expected at least one curve, each an array (runs, places)")
    if band not in ("deviation", "range"):
        raise ValueError(f'band is {plain(band)}: expected "deviation" or "range"')
    places = None if x is None else given.row_of_numbers(x, "x")
    log = given.two_bools(log, "log")
    if places is not None and any(table.shape[1:] != places.shape for table in tables.values()):
        counts = {name: table.shape[1] for name, table in tables.items()}
        raise ValueError(f"x has the shape {places.shape}, but the curves have these numbers of places: {counts}")
    ax = axes(ax, figsize=(5.4, 3.5))
    xscale, yscale = ("log" if is_log else "linear" for is_log in log)
    ax.set(xscale=xscale, yscale=yscale, xlabel=xlabel, ylabel=ylabel)
    said = []
    for number, (name, table) in enumerate(tables.items()):
        at = np.arange(1, table.shape[1] + 1) if places is None else places
        said.append(_draw(ax, name, at, table, band, log[1], number))
    if not log[0] and (places is None or (places == np.round(places)).all()):  # whole numbers get whole ticks
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.25)
    finish(ax, title, legend="best")
    head = f"{title.rstrip('.')}. " if title else ""
    shown = "with one standard deviation" if band == "deviation" else "from smallest to largest"
    return describe(ax, f"{head}{ylabel} against {xlabel}, mean of the runs, {shown}. {'; '.join(said)}.")


def _draw(ax: Axes, name: str, x: np.ndarray, table: np.ndarray, band: str, log: bool, number: int) -> str:
    """Draw one curve and return a few words on where it starts and ends."""
    finite = np.isfinite(table).all(axis=0)
    mean = np.where(finite, np.where(finite, table, 0).mean(axis=0), np.nan)
    shown = finite & (mean > 0) if log else finite
    note = "" if finite.all() else " (diverged)"
    if log and finite.all() and not mean.any():
        note = " (all 0)"
    style: dict[str, Any] = {"color": COLOURS[number % 7], "linestyle": LINES[number % len(LINES)], "linewidth": 1.8}
    marker = MARKERS[number % len(MARKERS)] if len(x) <= _MOST_MARKERS else ""
    ax.plot(x, np.where(shown, mean, np.nan), label=name + note, marker=marker, markersize=5, **style)
    if not shown.any():
        return f"{name}{note}"
    spread = ""
    if len(table) > 1:
        low, high = _edges(table[:, shown], band)
        floor = np.min(mean[shown]) * 1e-3 if log else -np.inf  # on a logarithmic axis, a band down to 0 would have no end
        ax.fill_between(x[shown], np.maximum(low, floor), high, color=style["color"], alpha=0.18, linewidth=0)
        spread = f", {len(table)} runs from {low[-1]:.3g} to {high[-1]:.3g} at the end"
    return f"{name}{note} goes from {mean[shown][0]:.3g} to {mean[shown][-1]:.3g}{spread}"


def _edges(table: np.ndarray, band: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and the upper edge of the band."""
    if band == "range":
        return table.min(axis=0), table.max(axis=0)
    mean, deviation = table.mean(axis=0), table.std(axis=0, ddof=1)
    return mean - deviation, mean + deviation
