"""Figures of a search for good hyper-parameters.

Takes numbers. Knows nothing of models or of what was searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["search_points"]


def search_points(
    points: Any,
    scores: Any = None,
    *,
    labels: tuple[str, str] = ("first", "second"),
    log: tuple[bool, bool] = (False, False),
    bounds: Sequence[tuple[float, float]] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the points that a search tried in two hyper-parameters, with their projections on both axes.

    A short line at the edge marks each value that was tried: the search can distinguish only as many values
    as there are lines. A point is darker the better its score is, and a star marks the best one.

    Args:
        points: Numbers (n, 2) with n ≥ 1; above 0 on a logarithmic axis.
        scores: Numbers (n,), larger is better; or None.
        labels: Names of the two hyper-parameters.
        log: Whether the x axis and the y axis are logarithmic.
        bounds: Two pairs (low, high), the limits of the axes. By default they surround the points.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the shapes do not fit, or a logarithmic axis has a number that is not above 0.
    """
    X = given.numbers(points, "points")
    log, names = given.two_bools(log, "log"), given.names(labels, "labels", 2)
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ValueError(f"expected points of shape (n, 2) with n ≥ 1, got shape {X.shape}")
    if any(is_log and X[:, i].min() <= 0 for i, is_log in enumerate(log)):
        raise ValueError("a logarithmic axis needs numbers above 0")
    values = None if scores is None else given.row_of_numbers(scores, "scores")
    if values is not None and values.shape != (len(X),):
        raise ValueError(f"expected {len(X)} scores, one per point, got {values.size}")
    ax = axes(ax, figsize=(3.6, 3.4))
    for is_log, scale in zip(log, (ax.set_xscale, ax.set_yscale), strict=True):
        scale("log" if is_log else "linear")
    box: Any = [_around(X[:, i], is_log) for i, is_log in enumerate(log)]
    if bounds is not None:
        box = [given.interval(*given.pair(part, "an entry of bounds", "(0, 1)")) for part in given.pair(bounds, "bounds", "")]
    ax.set(xlim=box[0], ylim=box[1], xlabel=names[0], ylabel=names[1])
    tried = [len(np.unique(np.round(_position(X[:, i], is_log), 9))) for i, is_log in enumerate(log)]
    edge: dict[str, Any] = {"markersize": 16, "markeredgewidth": 1.6}
    zeros = np.zeros(len(X))
    ax.plot(X[:, 0], zeros, "|", color=COLOURS[1], transform=ax.get_xaxis_transform(), **edge)
    ax.plot(zeros, X[:, 1], "_", color=COLOURS[0], transform=ax.get_yaxis_transform(), **edge)
    style = (
        {"c": "0.35"} if values is None else {"c": values, "cmap": "Greys", "vmin": values.min() - 0.3 * (np.ptp(values) or 1)}
    )
    ax.scatter(X[:, 0], X[:, 1], s=42, edgecolor="black", linewidth=0.8, zorder=3, **style)
    said = f"{len(X)} points that try {tried[0]} values of {names[0]} and {tried[1]} of {names[1]}."
    if values is not None:
        best = int(np.argmax(values))
        ax.plot(*X[best], "*", color=COLOURS[4], markeredgecolor="black", markersize=15, zorder=4)
        said += f" The best, {values[best]:.3g}, at {names[0]} = {X[best, 0]:.2g} and {names[1]} = {X[best, 1]:.2g}."
    finish(ax, title)
    return describe(ax, f"{title or 'A search'}: {said}")


def _position(values: np.ndarray, is_log: bool) -> np.ndarray:
    """Return values on the scale of their axis."""
    return np.log10(values) if is_log else values


def _around(values: np.ndarray, is_log: bool) -> tuple[float, float]:
    """Return limits around the values with a margin, on the scale of their axis."""
    places = _position(values, is_log)
    low, high = float(places.min()), float(places.max())
    air = 0.12 * (high - low) or 0.5
    ends = low - air, high + air
    return (10 ** ends[0], 10 ** ends[1]) if is_log else ends
