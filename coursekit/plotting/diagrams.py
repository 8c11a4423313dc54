"""Diagrams of small networks: circles for the units, arrows for the weights.

Takes weights and names. Knows nothing of how the weights were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["network_diagram"]

Names = Sequence[str]

_LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}


def network_diagram(
    layers: Sequence[tuple[Any, Any]],
    *,
    inputs: Names,
    outputs: Names = ("o",),
    hidden: str = "h",
    unit: str = "step",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a small network: a weight on each arrow, a bias under each unit.

    It is meant for up to about four units per layer.

    Args:
        layers: (W, b) of each layer, with W (in, out) or, for a single unit, (in,), and b (out,) or one
            number. None for W or b leaves out its numbers; the other one then gives the number of units,
            which is 1 if both are None.
        inputs: One name per input.
        outputs: One name per output unit.
        hidden: Letter of the hidden units, which are numbered from 1.
        unit: What a unit does with its sum, written inside it; "" for nothing.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the sizes of neighbouring layers or the number of output names do not fit.
    """
    inputs, outputs = given.names(inputs, "inputs"), given.names(outputs, "outputs")
    matrices = _matrices(layers, len(inputs))
    sizes = [len(inputs), *(weights.shape[1] for weights, _ in matrices)]
    if len(outputs) != sizes[-1]:
        raise ValueError(f"expected one name per output unit, got {len(outputs)} names for {sizes[-1]} units")
    ax = axes(ax, figsize=(2.4 * len(sizes), 1.25 * max(sizes) + 0.6))
    names = [list(inputs), *[[f"${hidden}_{i + 1}$" for i in range(n)] for n in sizes[1:-1]], list(outputs)]
    places = [[(2.0 * column, 1.3 * ((size - 1) / 2 - row)) for row in range(size)] for column, size in enumerate(sizes)]
    for column, (weights, _) in enumerate(matrices):
        _draw_arrows(ax, places[column], places[column + 1], weights)
    for column, spots in enumerate(places):
        for row, (spot, name) in enumerate(zip(spots, names[column], strict=True)):
            bias = float(matrices[column - 1][1][row]) if column else np.nan
            _draw_unit(ax, spot, name, unit if column else "", bias, COLOURS[0] if column else "0.45")
    half = 0.65 * (max(sizes) - 1)
    ax.set(xlim=(-0.5, 2.0 * (len(sizes) - 1) + 0.5), ylim=(-half - 0.85, half + 0.55), aspect="equal")
    ax.set_axis_off()
    finish(ax, title)
    return describe(ax, _diagram_text(matrices, names))


def _matrices(layers: Sequence[tuple[Any, Any]], inputs: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return every layer as W (in, out) and b (out,), with nan where no number is shown."""
    found, rows = [], inputs
    for number, layer in enumerate(given.listed(layers, "layers", "one entry (W, b) per layer"), start=1):
        W, b = given.pair(layer, f"layer {number}", "(W, b)")
        bias = None if b is None else given.row_of_numbers(b, f"b of layer {number}", finite=False)
        units = 1 if bias is None else len(bias)
        weights = np.full((rows, units), np.nan) if W is None else given.numbers(W, f"W of layer {number}", finite=False)
        weights = weights.reshape(-1, 1) if weights.ndim == 1 else weights
        bias = np.full(weights.shape[1], np.nan) if bias is None else bias
        if weights.shape != (rows, len(bias)):
            raise ValueError(f"layer {number}: expected W of shape ({rows}, {len(bias)}), got {weights.shape}")
        found.append((weights, bias))
        rows = len(bias)
    if not found:
        raise ValueError("expected at least one layer (W, b), got none")
    return found


def _draw_arrows(ax: Axes, starts: Sequence[Any], ends: Sequence[Any], weights: np.ndarray) -> None:
    """Draw the arrows between two layers, with their weights."""
    for (i, (x0, y0)), (j, (x1, y1)) in ((s, e) for s in enumerate(starts) for e in enumerate(ends)):
        away = np.array([x1 - x0, y1 - y0]) / np.hypot(x1 - x0, y1 - y0) * 0.36
        head, tail = (x1 - away[0], y1 - away[1]), (x0 + away[0], y0 + away[1])
        ax.annotate("", head, tail, arrowprops={"arrowstyle": "-|>", "color": "0.45", "lw": 1.2, "shrinkA": 0, "shrinkB": 0})
        if np.isfinite(weights[i, j]):
            # Near a third of the way, because arrows cross in the middle.
            spot = (x0 + 0.36 * (x1 - x0), y0 + 0.36 * (y1 - y0))
            ax.text(*spot, format_number(weights[i, j]), ha="center", va="center", fontsize=9, bbox=_LABEL)


def _draw_unit(ax: Axes, spot: tuple[float, float], name: str, unit: str, bias: float, colour: str) -> None:
    """Draw a unit as a circle, with its name and its bias."""
    from matplotlib.patches import Circle

    x, y = spot
    ax.add_patch(Circle(spot, 0.34, facecolor="white", edgecolor=colour, linewidth=1.8, zorder=3))
    ax.text(x, y + (0.09 if unit else 0), name, ha="center", va="center", fontsize=11, zorder=4)
    if unit:
        ax.text(x, y - 0.15, unit, ha="center", va="center", fontsize=7, color="0.3", zorder=4)
    if np.isfinite(bias):
        ax.text(x, y - 0.4, f"bias {format_number(bias)}", ha="center", va="top", fontsize=8, bbox=_LABEL, zorder=2)


def _diagram_text(matrices: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[Sequence[str]]) -> str:
    """Describe the inputs, weights and bias of each unit."""
    said = []
    for column, (weights, bias) in enumerate(matrices):
        for j, unit in enumerate(names[column + 1]):
            parts = [
                f"{'' if np.isnan(value) else format_number(value) + ' · '}{source}"
                for value, source in zip(weights[:, j], names[column], strict=True)
            ]
            offset = "" if np.isnan(bias[j]) else f", bias {format_number(bias[j])}"
            said.append(f"{unit} gets {', '.join(parts)}{offset}".replace("$", ""))
    return f"Diagram of a network of {len(matrices)} layer{'s' if len(matrices) > 1 else ''}: {'; '.join(said)}."
