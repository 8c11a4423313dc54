"""Figures of regression: fitted lines, values on a map, predictions and the search for a learning rate.

Takes arrays. Knows nothing of data sets or of how a model was trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, LINES, axes, describe, finish, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["fitted_lines", "predictions", "price_map", "rate_finder"]


def fitted_lines(
    lines: Mapping[str, tuple[float, float]],
    x: Any,
    y: Any,
    *,
    labels: Sequence[str] = ("$x$", "$y$"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw points (x, y) and one or several lines y = wx + b.

    The window follows the points. Lines that are far away leave it.

    Args:
        lines: Mapping from names to (w, b), two numbers.
        x: Numbers (n,).
        y: Numbers (n,).
        labels: Labels of the two axes.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `x` and `y` differ in length or are empty.
    """
    across, up = given.row_of_numbers(x, "x"), given.row_of_numbers(y, "y")
    xlabel, ylabel = given.names(labels, "labels", 2)
    if not isinstance(lines, Mapping):
        raise ValueError(f"expected a dictionary from names to lines, as in {{'fit': (w, b)}}, got {type(lines).__name__}")
    if across.shape != up.shape or not across.size:
        raise ValueError(f"expected x and y of one length, got {across.size} and {up.size} numbers")
    box = window(np.column_stack([across, up]), share=0.25)
    ax = axes(ax, figsize=(5.0, 3.6))
    ends = np.array(box[:2])
    said = []
    for number, (name, line) in enumerate(lines.items()):
        w, b = given.pair(line, f"line {name}", "(w, b), slope and intercept")
        slope, start = (given.one_number(part, f"a number of line {name}", finite=False) for part in (w, b))
        style = LINES[number % len(LINES)]
        if np.isfinite([slope, start]).all():
            heights = slope * ends + start
            outside = max(heights) < box[2] or min(heights) > box[3] or np.ptp(heights) > 100 * (box[3] - box[2])
            label = f"{name} (outside the picture)" if outside else name
            ax.plot(ends, heights, style, color=COLOURS[number % 6], linewidth=2, label=label)
        else:
            ax.plot([], [], style, color=COLOURS[number % 6], linewidth=2, label=f"{name} (not a number)")
        said.append(f"{name}: y = {slope:.3g}x {'−' if start < 0 else '+'} {abs(start):.3g}")
    ax.plot(across, up, "o", color="black", markersize=7, label="samples", zorder=3)
    ax.set(xlim=box[:2], ylim=box[2:], xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.25)
    finish(ax, title, legend="best")
    return describe(ax, f"{across.size} points and {len(lines)} lines. {'; '.join(said)}.")


def price_map(
    longitude: Any,
    latitude: Any,
    value: Any,
    *,
    label: str = "price",
    centre: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw one dot per place, coloured by a value, with a colour scale.

    Args:
        longitude: Finite numbers (n,).
        latitude: Finite numbers (n,).
        value: Finite numbers (n,).
        label: What the value is.
        centre: None for a scale from dark to bright. A number for a scale that is pale at this number, with
            one colour on each side. It ends at the 98th percentile of the distance from `centre`, so that a
            few large values do not make all others pale.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the three arrays differ in length or are empty.
    """
    named = {"longitude": longitude, "latitude": latitude, "value": value}
    x, y, v = (given.row_of_numbers(part, name) for name, part in named.items())
    if not len(x) == len(y) == len(v) > 0:
        raise ValueError(f"expected one longitude, latitude and value per place, got {len(x)}, {len(y)} and {len(v)}")
    ax = axes(ax, figsize=(5.6, 4.6))
    style: dict[str, Any] = {"cmap": "viridis"}
    if centre is not None:
        centre = given.one_number(centre, "centre")
        reach = max(float(np.percentile(np.abs(v - centre), 98)), 1e-12)
        style = {"cmap": "PuOr", "vmin": centre - reach, "vmax": centre + reach}
        ax.set_facecolor("0.75")  # otherwise the pale dots could not be seen
    dots = ax.scatter(x, y, c=v, s=4, linewidths=0, **style)
    ax.figure.colorbar(dots, ax=ax, label=label)
    ax.set(xlabel="longitude", ylabel="latitude")
    ax.set_aspect(1 / max(np.cos(np.radians(np.clip(y.mean(), -80, 80))), 0.1))
    low, high = int(np.argmin(v)), int(np.argmax(v))
    return describe(
        ax,
        f"Map of {len(v)} places coloured by {label}, from {v[low]:.3g} at longitude {x[low]:.2f}, latitude {y[low]:.2f} to "
        f"{v[high]:.3g} at longitude {x[high]:.2f}, latitude {y[high]:.2f}; median {np.median(v):.3g}.",
    )


def predictions(y: Any, y_hat: Any, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw predicted against true values, with the line on which both are equal.

    The window is that of the true values with a margin. Predictions outside of it are drawn as arrows at
    its edge, so that one extreme prediction does not compress all others.

    Args:
        y: Finite true values, (n,) or (n, 1).
        y_hat: Finite predictions, (n,) or (n, 1).
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the lengths differ or there are no values.
    """
    true, guess = given.row_of_numbers(y, "y"), given.row_of_numbers(y_hat, "y_hat")
    if len(true) != len(guess) or not len(true):
        raise ValueError(f"expected one prediction for each of {len(true)} values, got {len(guess)}")
    ax = axes(ax, figsize=(4.4, 4.0))
    reach = max(float(np.ptp(true)), 1e-12)
    low, high = float(true.min()) - 0.15 * reach, float(true.max()) + 0.35 * reach
    inside = (guess >= low) & (guess <= high)
    ax.plot([low, high], [low, high], color="0.3", linewidth=1, linestyle="--", label="prediction = truth")
    ax.scatter(true[inside], guess[inside], s=5, alpha=0.35, linewidths=0, color=COLOURS[0])
    outside = int((~inside).sum())
    for side, marker, edge in ((guess > high, "^", high), (guess < low, "v", low)):
        if side.any():
            ax.scatter(true[side], np.full(side.sum(), edge), marker=marker, s=36, color=COLOURS[1], clip_on=False, zorder=3)
    if outside:
        ax.scatter([], [], marker="v", s=36, color=COLOURS[1], label=f"outside the picture: {outside}")
    ax.set(
        xlabel="true value", ylabel="prediction", xlim=(true.min() - 0.05 * reach, true.max() + 0.05 * reach), ylim=(low, high)
    )
    finish(ax, title, legend="upper left")
    error = float(np.sqrt(np.mean((guess - true) ** 2)))
    text = f"Predicted against true values of {len(true)} samples, root mean squared error {error:.3g}."
    if outside:
        worst = int(np.argmax(np.abs(guess - true)))
        text += f" {outside} lie outside the picture; the worst is {guess[worst]:.3g} where {true[worst]:.3g} is true."
    return describe(ax, text)


def rate_finder(rates: Any, losses: Any, *, chosen: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw the loss of a training run whose learning rate was raised at every batch.

    The axis of the learning rate is logarithmic. The picture ends at about twice the first loss, so that a
    diverging loss does not hide the minimum.

    Args:
        rates: Learning rates (n,), above 0.
        losses: Losses (n,). nan and inf are left out.
        chosen: A learning rate to mark, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the lengths differ, a rate is not above 0, or no loss is finite.
    """
    rate, loss = given.row_of_numbers(rates, "rates"), given.row_of_numbers(losses, "losses", finite=False)
    if rate.size and rate.min() <= 0:
        raise ValueError(f"rates reach down to {rate.min():g}: expected learning rates above 0")
    chosen = None if chosen is None else given.one_number(chosen, "chosen")
    finite = np.isfinite(loss) if len(loss) == len(rate) else np.zeros(0, dtype=bool)
    if not finite.any():
        raise ValueError(f"expected a loss for each of {len(rate)} rates, at least one of them finite; got {len(loss)} losses")
    ax = axes(ax, figsize=(5.6, 3.2))
    rate, loss = rate[finite], loss[finite]
    best = int(np.argmin(loss))
    ax.plot(rate, loss, color=COLOURS[0], linewidth=1.8)
    ax.plot(rate[best], loss[best], "o", color=COLOURS[1], label=f"lowest, at {rate[best]:.2g}")
    text = f"Loss against learning rate from {rate[0]:.2g} to {rate[-1]:.2g}: {loss[0]:.3g} at first, "
    text += f"lowest {loss[best]:.3g} at {rate[best]:.2g}"
    if chosen is not None:
        ax.axvline(chosen, color=COLOURS[2], linestyle="--", label=f"chosen: {chosen:.2g}")
        text += f"; the chosen rate is {chosen:.2g}"
    bottom = float(loss.min())
    ax.set(
        xscale="log",
        xlabel="learning rate",
        ylabel="loss",
        ylim=(bottom - 0.1 * abs(bottom), max(2 * loss[0] - bottom, 1.5 * bottom)),
    )
    finish(ax, legend="best")
    return describe(ax, text + ".")
