"""Figures of gradient descent: steps on the curve of a loss, and paths of optimizers on a loss surface.

Takes functions and the places that a descent has visited. Knows nothing of how an optimizer chooses its
steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, LINES, MARKERS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["descent_curve", "descent_paths"]


def descent_curve(
    loss: Callable[[np.ndarray], Any],
    path: Any,
    *,
    low: float,
    high: float,
    labels: tuple[str, str] = ("$x$", "loss"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a loss of one number, and on it the places that a descent visited.

    If the descent ends higher than it began, or at nan or inf, the figure says "diverged".

    Args:
        loss: Function from an array (n,) to an array (n,).
        path: Places (steps + 1,), the start first; nan and inf are allowed.
        low: Left end of the window.
        high: Right end of the window.
        labels: Labels of the two axes.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no place, or the window is empty.
    """
    given.callable_argument(loss, "loss", "from an array (n,) to an array (n,)")
    places = given.row_of_numbers(path, "path", finite=False)
    low, high = given.one_number(low, "low"), given.one_number(high, "high")
    if not places.size or not low < high:
        raise ValueError(
            f"expected at least one place and low < high, got {places.size} places and the window {low:g} to {high:g}"
        )
    ax = axes(ax, figsize=(4.6, 3.2))
    x = np.linspace(low, high, 301)
    curve = given.numbers(loss(x), "the result of loss", finite=False)
    if curve.shape != x.shape or not np.isfinite(curve).any():
        raise ValueError(f"loss returned shape {curve.shape} for {x.shape}: expected one finite number for each place")
    heights = _heights(loss, places)
    diverged = _diverged(heights)
    ax.plot(x, curve, color="0.6", linewidth=2)
    shown = _until_out(places, (places < low) | (places > high))
    ax.plot(places[:shown], heights[:shown], "-", color=COLOURS[1], linewidth=1.1, marker="o", markersize=4)
    ax.plot(places[0], heights[0], MARKERS[1], color="black", markersize=7, label="start")
    if not diverged:
        ax.plot(places[-1], heights[-1], MARKERS[7], color=COLOURS[0], markersize=12, markeredgecolor="black", label="end")
    else:
        said = ax.text(0.5, 0.9, "diverged", transform=ax.transAxes, ha="center", va="top", fontsize=13, color=COLOURS[1])
        said.set(weight="bold", zorder=5, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85})
    curve = curve[np.isfinite(curve)]
    margin = 0.06 * max(float(np.ptp(curve)), 1e-12)
    xlabel, ylabel = given.names(labels, "labels", 2)
    ax.set(xlim=(low, high), ylim=(curve.min() - margin, curve.max() + margin), xlabel=xlabel, ylabel=ylabel)
    ax.legend(framealpha=0.9, edgecolor="none", fontsize=8, loc="upper right")
    finish(ax, title)
    ending = "diverged" if diverged else f"ends at {places[-1]:.3g}, loss {heights[-1]:.3g}"
    text = f"The curve of a loss from {low:g} to {high:g}, and a descent of {_steps(places)} on it:"
    return describe(ax, f"{text} it starts at {places[0]:.3g}, loss {heights[0]:.3g}, and {ending}.")


def descent_paths(
    surface: Callable[[np.ndarray, np.ndarray], Any],
    paths: Mapping[str, Any],
    *,
    box: Sequence[float],
    labels: tuple[str, str] = ("$w_1$", "$w_2$"),
    title: str | None = None,
    legend: Any = "upper right",
    ax: Axes | None = None,
) -> Axes:
    """Draw the contours of a loss of two weights, and on them the paths of one or several descents.

    A square marks each start, a large marker each end. A path that ends higher than it began, or at nan or
    inf, has diverged: the legend says so, and the path leaves the picture.

    Args:
        surface: Function of two arrays of equal shape that returns losses of that shape.
        paths: Mapping from names to places (steps + 1, 2), the start first; nan and inf are allowed.
        box: (left, right, bottom, top) of the window.
        labels: Labels of the two axes.
        title: Title of the figure, or None.
        legend: Place of the legend as matplotlib names it; None for no legend.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no path, a path without places, or an empty window.
    """
    given.callable_argument(surface, "surface", "of two arrays of equal shape")
    if not isinstance(paths, Mapping) or not paths:
        raise ValueError(f"expected paths in a dictionary, as in {{'plain descent': path}}, got {type(paths).__name__}")
    runs = {str(name): given.numbers(path, str(name), finite=False) for name, path in paths.items()}
    if any(run.ndim != 2 or run.shape[1] != 2 or not len(run) for run in runs.values()):
        raise ValueError(f"expected paths of shape (steps + 1, 2), got { ({name: run.shape for name, run in runs.items()}) }")
    box = left, right, bottom, top = given.window_limits(box, "a box")
    xlabel, ylabel = given.names(labels, "labels", 2)
    ax = axes(ax, figsize=(5.4, 3.6))
    _draw_surface(ax, surface, box)
    said = [_draw_path(ax, surface, name, run, box, number) for number, (name, run) in enumerate(runs.items())]
    ax.set(xlim=(left, right), ylim=(bottom, top), xlabel=xlabel, ylabel=ylabel)
    if legend is not None:
        ax.legend(fontsize=8, loc=legend, framealpha=0.9)
    finish(ax, title, hide=())
    return describe(ax, f"Contours of a loss of two weights with {len(runs)} path{'s' * (len(runs) > 1)}. {' '.join(said)}")


def _draw_surface(ax: Axes, surface: Callable[[np.ndarray, np.ndarray], Any], box: Sequence[float]) -> None:
    """Draw contours whose heights grow quadratically, so that they are evenly spaced on a bowl."""
    X, Y = np.meshgrid(np.linspace(box[0], box[1], 161), np.linspace(box[2], box[3], 161))
    Z = given.numbers(surface(X, Y), "the result of surface", finite=False)
    finite = Z[np.isfinite(Z)]
    if Z.shape != X.shape or not finite.size:
        raise ValueError(f"surface returned shape {Z.shape} for {X.shape}: expected one finite number for each place")
    low, high = float(finite.min()), float(finite.max())
    levels = low + (high - low) * np.linspace(0, 1, 13)[1:-1] ** 2
    if high > low:
        ax.contour(X, Y, Z, levels=levels, colors="0.75", linewidths=0.8)


def _draw_path(
    ax: Axes, surface: Callable[[np.ndarray, np.ndarray], Any], name: str, run: np.ndarray, box: Sequence[float], number: int
) -> str:
    """Draw one path and return a sentence on where it starts and ends."""
    heights = _heights(lambda places: surface(places[:, 0], places[:, 1]), run)
    diverged = _diverged(heights)
    outside = (run[:, 0] < box[0]) | (run[:, 0] > box[1]) | (run[:, 1] < box[2]) | (run[:, 1] > box[3])
    shown = _until_out(run, outside) if diverged else len(run)
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[(number + 2) % len(MARKERS)]
    label = f"{name} (diverged)" if diverged else name
    style = LINES[number % len(LINES)]
    ax.plot(*run[:shown].T, style, color=colour, linewidth=1.4, marker=marker, markersize=3.5, label=label)
    ax.plot(*run[0], MARKERS[1], color="black", markersize=7, zorder=3)
    if not diverged:
        ax.plot(*run[-1], marker, color=colour, markersize=10, markeredgecolor="black", zorder=4)
    ending = "has diverged" if diverged else f"ends at ({run[-1, 0]:.3g}, {run[-1, 1]:.3g}), loss {heights[-1]:.3g}"
    return f"{name}: {_steps(run)} from ({run[0, 0]:.3g}, {run[0, 1]:.3g}), loss {heights[0]:.3g}; it {ending}."


def _steps(places: np.ndarray) -> str:
    """Return the number of steps in words."""
    return f"{len(places) - 1} step{'s' * (len(places) != 2)}"


def _heights(loss: Callable[[np.ndarray], Any], places: np.ndarray) -> np.ndarray:
    """Return the loss at each place, nan where the place or the loss is not finite. Overflow is not warned of."""
    with np.errstate(over="ignore", invalid="ignore"):
        heights = np.asarray(loss(places), dtype=float)
    return np.where(np.isfinite(heights), heights, np.nan)


def _diverged(heights: np.ndarray) -> bool:
    """Return whether a descent ended higher than it began, apart from rounding, or at nan."""
    return not heights[-1] <= heights[0] + 1e-6 * abs(heights[0])


def _until_out(places: np.ndarray, outside: np.ndarray) -> int:
    """Return how many places to draw: up to the first one outside the window, if it is finite.

    That place is included, so that the path visibly leaves the picture.
    """
    with np.errstate(invalid="ignore"):
        bad = ~np.isfinite(places.reshape(len(places), -1)).all(axis=1)
    gone = np.flatnonzero(outside | bad)
    if not len(gone):
        return len(places)
    return int(gone[0]) + (0 if bad[gone[0]] else 1)
