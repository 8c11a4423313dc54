"""Figures of regularisation: shapes of penalties, methods compared over seeds, and uncertain predictions.

Takes numbers and arrays. Knows nothing of data sets, of models or of how a result was computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._words import plain
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, MARKERS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["class_probabilities", "method_comparison", "penalty_shapes"]


def penalty_shapes(a: Sequence[float] = (3.0, 2.0), target: float = 10.0, *, ax: Axes | None = None) -> Axes:
    """Draw the line a₁w₁ + a₂w₂ = target, and the smallest L1 diamond and L2 circle that touch it.

    The diamond touches the line at the solution with the smallest |w₁| + |w₂|, the circle at the one with
    the smallest w₁² + w₂². If |a₁| = |a₂|, a whole side of the diamond lies on the line, and its first
    corner is marked.

    Args:
        a: Two coefficients, not both 0.
        target: A number other than 0. With 0 the smallest solution would be (0, 0) for both.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the numbers are other ones or not finite.
    """
    slope = given.numbers(a, "a", finite=False)
    target = given.one_number(target, "target", finite=False)
    if slope.shape != (2,) or not slope.any() or not np.isfinite([*slope, target]).all() or not target:
        raise ValueError(
            f"expected two coefficients, not both 0, and a target that is not 0; got {plain(a)} and {plain(target)}"
        )
    ax = axes(ax, figsize=(4.4, 4.2))
    sparse = np.zeros(2)
    sparse[np.argmax(np.abs(slope))] = target / slope[np.argmax(np.abs(slope))]
    spread = target * slope / (slope @ slope)
    reach = 1.8 * np.abs(sparse).max()  # room for the label of a point on the right
    along = np.array([-slope[1], slope[0]]) / np.hypot(*slope)
    ends = spread + np.array([[-4 * reach], [4 * reach]]) * along
    ax.axhline(0, color="0.8", linewidth=0.8)
    ax.axvline(0, color="0.8", linewidth=0.8)
    ax.plot(*ends.T, color="0.25", linewidth=2, label=f"{slope[0]:g} w₁ + {slope[1]:g} w₂ = {target:g}")
    size, angle = np.abs(sparse).max(), np.linspace(0, 2 * np.pi, 200)
    radius = np.hypot(*spread)
    ax.plot(size * np.array([1, 0, -1, 0, 1]), size * np.array([0, 1, 0, -1, 0]), "--", color=COLOURS[1], label="equal L1")
    ax.plot(radius * np.cos(angle), radius * np.sin(angle), "-", color=COLOURS[0], label="equal L2")
    for (x, y), marker, colour in ((sparse, MARKERS[1], COLOURS[1]), (spread, MARKERS[0], COLOURS[0])):
        ax.plot(x, y, marker, color=colour, markersize=9, markeredgecolor="black")
        ax.annotate(f"({x:.3g}, {y:.3g})", (float(x), float(y)), (8, 8), textcoords="offset points", fontsize=8)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="w₁", ylabel="w₂")
    finish(ax, legend="lower left")
    return describe(
        ax,
        f"The line {slope[0]:g} w1 + {slope[1]:g} w2 = {target:g} in the plane of two weights. The smallest L1 diamond touches it "
        f"at ({sparse[0]:.3g}, {sparse[1]:.3g}), on an axis; the smallest L2 circle at ({spread[0]:.3g}, {spread[1]:.3g}).",
    )


def method_comparison(
    results: Mapping[str, Any], *, xlabel: str = "test accuracy (%)", title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw one row per method: a dot for each run, the mean, and a bar of one standard deviation.

    A dashed line marks the mean of the first method, for comparison. The standard deviation divides by
    n − 1. A single run has no bar.

    Args:
        results: Mapping from names to numbers, one per run, at least one per method.
        xlabel: Label of the x axis.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no method, or a method without numbers.
    """
    if not isinstance(results, Mapping) or not results:
        raise ValueError(f"expected at least one number for each method, as in {{'plain': [87.9, 88.1]}}, got {plain(results)}")
    runs = {str(name): given.row_of_numbers(values, str(name)) for name, values in results.items()}
    if not all(len(values) for values in runs.values()):
        raise ValueError(f"expected at least one number for each method, got {plain(dict(results))}")
    ax = axes(ax, figsize=(6.0, 0.55 * len(runs) + 1.0))
    said = []
    for row, (name, values) in enumerate(runs.items()):
        mean, spread = values.mean(), values.std(ddof=1) if len(values) > 1 else 0.0
        colour = COLOURS[row % len(COLOURS)]
        ax.plot(values, np.full(len(values), row - 0.18), MARKERS[row % len(MARKERS)], color=colour, markersize=5, alpha=0.6)
        ax.errorbar(mean, row + 0.1, xerr=spread, fmt="|", color="black", markersize=13, capsize=3, linewidth=1.4)
        label = ax.annotate(
            f"{mean:.1f}", (mean, row + 0.1), (0, -12), textcoords="offset points", ha="center", va="top", fontsize=8
        )
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # the dashed line passes behind it
        said.append(f"{name} {mean:.1f}" + (f" ± {spread:.1f}" if len(values) > 1 else ""))
    ax.axvline(next(iter(runs.values())).mean(), linestyle="--", color="0.5", linewidth=1)
    ax.set_yticks(range(len(runs)), list(runs))
    many = max(len(values) for values in runs.values())
    ax.set(ylim=(len(runs) - 0.4, -0.6), xlabel=f"{xlabel}, each run; black: mean ± standard deviation" if many > 1 else xlabel)
    ax.grid(axis="x", alpha=0.25)
    finish(ax, title)
    return describe(
        ax, f"{xlabel} of {len(runs)} methods, up to {many} runs each, mean ± standard deviation: {'; '.join(said)}."
    )


def class_probabilities(
    mean: Any, std: Any, class_names: Sequence[str], *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the predicted probabilities of one sample as bars, with a whisker of one standard deviation.

    Args:
        mean: Mean probabilities (classes,), from 0 to 1, as Monte-Carlo dropout gives them for one sample.
        std: Standard deviations (classes,). The whiskers are cut off at 0 and 1.
        class_names: One name per class.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the shapes do not fit the names.
    """
    p, spread = given.probabilities(mean, "mean"), given.numbers(std, "std")
    class_names = given.names(class_names, "class_names")
    n = len(class_names)
    if p.shape != (n,) or spread.shape != (n,):
        raise ValueError(f"expected {n} means and {n} deviations for {n} class names, got shapes {p.shape} and {spread.shape}")
    if spread.min() < 0:
        raise ValueError(f"std holds {spread.min():.3g}: expected standard deviations of at least 0")
    ax = axes(ax, figsize=(3.2, 2.6))
    whiskers = [np.minimum(spread, np.maximum(p, 0)), np.minimum(spread, np.maximum(1 - p, 0))]
    ax.barh(range(n), p, xerr=whiskers, color=COLOURS[0], ecolor="black", error_kw={"linewidth": 1, "capsize": 2})
    ax.set_yticks(range(n), class_names, fontsize=7)
    ax.set(xlim=(0, 1.02), ylim=(n - 0.4, -0.6), xlabel="probability")
    finish(ax, title, fontsize=9)
    best = int(np.argmax(p))
    head = f"{title.rstrip('.')}: p" if title else "P"
    return describe(
        ax, f"{head}robabilities of {n} classes; the largest is {class_names[best]}, {p[best]:.2f} ± {spread[best]:.2f}."
    )
