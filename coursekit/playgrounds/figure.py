"""A playground as a still figure, for places where no widget can run: paper, exported pages, programs, terminals.

Knows nothing of sessions or widgets: it draws a snapshot.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.playgrounds.data import EDGE, REGRESSION, Split
from coursekit.playgrounds.frames import scaled
from coursekit.playgrounds.session import Snapshot
from coursekit.playgrounds.state import State
from coursekit.playgrounds.words import in_words
from coursekit.plotting._style import COLOURS, describe, finish, format_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["colours", "draw", "png"]

_ORANGE, _PAPER, _BLUE = COLOURS[1], "#F4F4F2", COLOURS[0]


def colours() -> Any:
    """Return the colour map from −1 (orange) over 0 (nearly white) to 1 (blue)."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("playground", [_ORANGE, _PAPER, _BLUE])


def draw(snapshot: Snapshot, points: Split, state: State, *, title: str | None = None) -> Figure:
    """Draw the hidden neurons, the output over the plane with the points, and the losses.

    Args:
        snapshot: What can be seen.
        points: The points. Test points are drawn if the state says so.
        state: The settings.
        title: Title of the figure, or None.

    Returns:
        A new figure.
    """
    import matplotlib.pyplot as plt

    has_hidden = bool(snapshot.neurons)
    most = max((len(layer) for layer in snapshot.neurons), default=1)
    ratios = [max(1.2, 2.6 * len(snapshot.neurons) / max(most, 3)), 3.0, 3.0] if has_hidden else [3.0, 3.0]
    figure, axes = plt.subplots(1, len(ratios), figsize=(sum(ratios) + 0.9, 3.4), width_ratios=ratios)
    figure.subplots_adjust(left=0.02 if has_hidden else 0.06, right=0.99, bottom=0.16, top=0.82, wspace=0.3)
    if has_hidden:
        _draw_neurons(axes[0], snapshot)
    _draw_output(axes[-2], snapshot, points, state)
    _draw_losses(axes[-1], snapshot)
    if title:
        figure.suptitle(title, fontsize=11)
    describe(axes[-2], in_words(snapshot, state))
    return figure


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG picture, and close it, so that a notebook does not show it a second time."""
    import matplotlib.pyplot as plt

    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
    plt.close(figure)
    return buffer.getvalue()


def _draw_neurons(ax: Axes, snapshot: Snapshot) -> None:
    """Draw one column of small pictures per hidden layer, in a single image."""
    grid, gap = snapshot.output.shape[0], 8
    rows = max(len(layer) for layer in snapshot.neurons)
    sheet = np.full((rows * (grid + gap), len(snapshot.neurons) * (grid + gap)), np.nan)
    for column, layer in enumerate(snapshot.neurons):
        for row, neuron in enumerate(layer):
            top = (rows - 1 - row) * (grid + gap)
            sheet[top : top + grid, column * (grid + gap) : column * (grid + gap) + grid] = scaled(neuron)
    ax.imshow(sheet, cmap=colours(), vmin=-1, vmax=1, origin="lower", interpolation="nearest")
    ax.set_axis_off()
    ax.set_title("layers" if len(snapshot.neurons) > 1 else "layer", fontsize=10)


def _draw_output(ax: Axes, snapshot: Snapshot, points: Split, state: State) -> None:
    shown = np.where(snapshot.output > 0, 0.6, -0.6) if state.discretize else snapshot.output
    ax.imshow(
        shown, cmap=colours(), vmin=-1.3, vmax=1.3, origin="lower", extent=(-EDGE, EDGE, -EDGE, EDGE), interpolation="bilinear"
    )
    if not snapshot.has_diverged and snapshot.output.min() < 0 < snapshot.output.max():
        places = np.linspace(-EDGE, EDGE, len(snapshot.output))
        ax.contour(places, places, snapshot.output, [0], colors="black", linewidths=1)
    sets = [(points.X_train, points.y_train, "white")]
    sets += [(points.X_test, points.y_test, "black")] if state.show_test else []
    is_regression = state.data in REGRESSION
    for X, y, edge in sets:
        squares = np.zeros(len(y), bool) if is_regression else y[:, 0] < 0
        for chosen, marker in ((squares, "s"), (~squares, "o")):
            ax.scatter(
                X[chosen, 0],
                X[chosen, 1],
                c=y[chosen, 0],
                cmap=colours(),
                vmin=-1,
                vmax=1,
                s=7 if is_regression else 14,
                marker=marker,
                edgecolors=edge,
                linewidths=0.6,
            )
    ax.set(xlabel="$x_1$", ylabel="$x_2$")
    ax.set_title(f"output after {snapshot.epoch} epochs", fontsize=10)


def _draw_losses(ax: Axes, snapshot: Snapshot) -> None:
    epochs, *curves = np.array(snapshot.history, float).T
    for curve, name, line, colour in zip(curves, ("training", "test"), ("-", "--"), ("black", COLOURS[3]), strict=True):
        if np.isfinite(curve).any():
            ax.plot(
                epochs,
                np.where(np.isfinite(curve), curve, np.nan),
                line,
                color=colour,
                label=f"{name} {format_number(curve[-1])}",
            )
    ax.set(xlabel="epoch", ylabel="loss")
    ax.set_xlim(0, max(1, epochs[-1]))
    ax.set_ylim(bottom=0)
    finish(ax, "loss", legend="best" if ax.lines else None)
