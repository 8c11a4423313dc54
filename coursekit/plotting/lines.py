"""Figures of lines and of what neurons do with two inputs: sides of a line, training paths, error curves, regions, diagrams.

Takes weights, points, curves and prediction functions. Knows nothing of data sets, of labs or of how weights were found.
In every function a unit with weights w (2,) and bias b says class 1 where w·x + b > 0, and its line is w·x + b = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting._style import COLOURS, MARKERS, axes, describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "candidate_lines",
    "decision_line",
    "decision_regions",
    "error_curves",
    "fitted_lines",
    "network_diagram",
    "training_path",
]

Line = tuple[Any, float]
Names = Sequence[str]

_SIDES = ("#FBE3D3", "#D6E8F5")  # light orange for class 0, light blue for class 1
_CLASSES = (COLOURS[1], COLOURS[0])
_BLOW_UP = 10.0  # an error that ends this many times above its start counts as diverged


# ── lines between two classes ────────────────────────────────────────────────────────────────────────────────────────


def decision_line(
    w: Any,
    b: float,
    X: Any = None,
    t: Any = None,
    *,
    class_names: Names = ("class 0", "class 1"),
    labels: Names = ("$x_1$", "$x_2$"),
    limits: tuple[float, float, float, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the line w·x + b = 0 with its two sides shaded and the samples marked by class; wrong ones are ringed.

    w: (2,) numbers; b: one number. With w = 0 there is no line: one colour fills the figure.
    X: (n, 2) and t: (n,) of 0 and 1, or both None. class_names: of class 0 and class 1. labels: of the two axes.
    limits: (left, right, bottom, top); default: round the samples, or −0.5 to 1.5.
    Raises ValueError when w is not two numbers, X not (n, 2), or t does not fit X.
    """
    weights, bias = _unit(w, b)
    points, targets = _samples(X, t)
    box = limits or _around(points)
    ax = _plane(axes(ax, figsize=(4.6, 3.6)), box, labels, title)
    _shade(ax, box, lambda grid: grid @ weights + bias, size=2)
    _draw_line(ax, weights, bias, box, color="black", linewidth=1.8)
    wrong = (points @ weights + bias > 0) != (targets == 1)
    _draw_samples(ax, points, targets, class_names, wrong)
    return describe(ax, f"{_where(weights, bias)} {_count(targets, class_names, wrong)}".strip())


def candidate_lines(
    lines: Mapping[str, Line],
    X: Any,
    t: Any,
    *,
    class_names: Names = ("class 0", "class 1"),
    labels: Names = ("$x_1$", "$x_2$"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw several lines through the same samples, each with its own colour and dash.

    lines: name → (w, b) with w (2,). X: (n, 2), t: (n,) of 0 and 1.
    Raises ValueError for shapes as in `decision_line`, or if there is no line.
    """
    if not lines:
        raise ValueError("expected at least one line to draw, got none")
    points, targets = _samples(X, t)
    box = _around(points)
    ax = _plane(axes(ax, figsize=(5.2, 3.8)), box, labels, title)
    _draw_samples(ax, points, targets, class_names)
    said = []
    for number, (name, (w, b)) in enumerate(lines.items()):
        weights, bias = _unit(w, b)
        style = ("-", "--", "-.", ":")[number % 4]
        _draw_line(ax, weights, bias, box, color=COLOURS[2:][number % 6], linewidth=2.2, linestyle=style, label=name)
        wrong = int(((points @ weights + bias > 0) != (targets == 1)).sum())
        said.append(f"line {name} ({_formula(weights, bias)}) has {wrong} samples on the wrong side")
    _legend(ax)
    return describe(
        ax,
        f"{len(lines)} lines between {_count(targets, class_names)} {'. '.join(text[0].upper() + text[1:] for text in said)}.",
    )


def training_path(
    path: Sequence[Line],
    X: Any,
    t: Any,
    *,
    class_names: Names = ("class 0", "class 1"),
    labels: Names = ("$x_1$", "$x_2$"),
    limits: tuple[float, float, float, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw where the line of a unit lay after each epoch: pale at the start, black at the end, the last one's sides shaded.

    path: (w, b) after each epoch, in order. X: (n, 2), t: (n,) of 0 and 1.
    Raises ValueError for shapes as in `decision_line`, or if the path is empty.
    """
    steps = [_unit(w, b) for w, b in path]
    if not steps:
        raise ValueError("expected the weights of at least one epoch, got an empty path")
    points, targets = _samples(X, t)
    box = limits or _around(points)
    ax = _plane(axes(ax, figsize=(5.2, 3.8)), box, labels, title)
    weights, bias = steps[-1]
    _shade(ax, box, lambda grid: grid @ weights + bias, size=2)
    shades = np.linspace(0.72, 0.25, max(len(steps) - 1, 1))
    for number, (w, b) in enumerate(steps[:-1]):
        label = "after earlier epochs" if number == len(steps) // 2 else None
        _draw_line(ax, w, b, box, color=str(round(float(shades[number]), 3)), linewidth=1.0, label=label)
    _draw_line(ax, weights, bias, box, color="black", linewidth=2.4, label=f"after epoch {len(steps)}")
    wrong = (points @ weights + bias > 0) != (targets == 1)
    _draw_samples(ax, points, targets, class_names, wrong)
    text = f"The line of one unit after each of {len(steps)} epochs. At the end: {_where(weights, bias)}"
    return describe(ax, f"{text} {_count(targets, class_names, wrong)}")


def decision_regions(
    predict: Callable[[np.ndarray], Any],
    X: Any = None,
    t: Any = None,
    *,
    threshold: float = 0.5,
    hidden: tuple[Any, Any] | None = None,
    class_names: Names = ("class 0", "class 1"),
    labels: Names = ("$x_1$", "$x_2$"),
    limits: tuple[float, float, float, float] | None = None,
    title: str | None = None,
    size: int = 160,
    ax: Axes | None = None,
) -> Axes:
    """Draw where a prediction function says class 1 (above `threshold`) and where class 0, with the samples on top.

    predict: takes a float array (m, 2), returns m numbers, as (m,) or (m, 1). It is called once, with a size × size grid.
    X: (n, 2) and t: (n,) of 0 and 1, or both None. limits: (left, right, bottom, top).
    hidden: (W, b) of a first layer, W (2, units) and b (units,): also draw the line of each of its units.
    Raises ValueError when `predict` does not return one number per row, or `hidden` has other shapes.
    """
    points, targets = _samples(X, t)
    box = limits or _around(points)
    ax = _plane(axes(ax, figsize=(4.6, 3.6)), box, labels, title)
    both = np.concatenate([_grid(box, size), points])
    values = np.asarray(predict(both.copy()), dtype=float)
    if values.size != len(both):
        raise ValueError(f"predict returned shape {values.shape} for {len(both)} points: expected one number per point")
    values = values.reshape(-1)
    inside, at_points = values[: size * size] - threshold, values[size * size :] > threshold
    _shade(ax, box, lambda grid: inside, size=size)
    wrong = at_points != (targets == 1)
    _draw_samples(ax, points, targets, class_names, wrong)
    share = float((inside > 0).mean())
    text = f"Decision regions: {class_names[1]} on {share:.0%} of the plane shown, {class_names[0]} on the rest."
    if hidden is not None:
        text += _draw_hidden(ax, *hidden, box)
        _legend(ax)
    return describe(ax, f"{text} {_count(targets, class_names, wrong)}".strip())


def _draw_hidden(ax: Axes, W: Any, b: Any, box: tuple[float, float, float, float]) -> str:
    """Draw the lines of hidden units, and say how many there are."""
    weights, biases = np.asarray(W, dtype=float), np.asarray(b, dtype=float)
    if weights.ndim != 2 or weights.shape[0] != 2 or biases.shape != weights.shape[1:]:
        raise ValueError(f"expected hidden weights (2, units) and biases (units,), got {weights.shape} and {biases.shape}")
    for number, (w, bias) in enumerate(zip(weights.T, biases, strict=True)):
        _draw_line(ax, w, bias, box, color="0.3", linewidth=1.1, linestyle="--", label=None if number else "hidden neuron")
    scores = _grid(box, 60) @ weights + biases
    crossing = int((np.sign(scores.min(axis=0)) != np.sign(scores.max(axis=0))).sum())
    return f" Of {len(biases)} hidden neurons' lines {crossing} cross the picture."


# ── fitting and its errors ───────────────────────────────────────────────────────────────────────────────────────────


def fitted_lines(
    lines: Mapping[str, tuple[float, float]],
    x: Any,
    y: Any,
    *,
    labels: Names = ("$x$", "$y$"),
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the points (x, y) and one or several lines y = wx + b.

    lines: name → (w, b), two numbers. x, y: (n,) numbers. The window follows the points; lines far away leave it.
    Raises ValueError if x and y are not two rows of one length.
    """
    across, up = np.asarray(x, dtype=float).ravel(), np.asarray(y, dtype=float).ravel()
    if across.shape != up.shape or not across.size:
        raise ValueError(f"expected x and y of one length, got {across.size} and {up.size} numbers")
    box = _around(np.column_stack([across, up]), share=0.25)
    ax = axes(ax, figsize=(5.0, 3.6))
    ends = np.array(box[:2])
    said = []
    for number, (name, (w, b)) in enumerate(lines.items()):
        slope, start = float(np.asarray(w).item()), float(np.asarray(b).item())
        style = ("-", "--", "-.", ":")[number % 4]
        if np.isfinite([slope, start]).all():
            heights = slope * ends + start
            outside = max(heights) < box[2] or min(heights) > box[3] or np.ptp(heights) > 100 * (box[3] - box[2])
            label = f"{name} (outside the picture)" if outside else name
            ax.plot(ends, heights, style, color=COLOURS[number % 6], linewidth=2, label=label)
        else:
            ax.plot([], [], style, color=COLOURS[number % 6], linewidth=2, label=f"{name} (not a number)")
        said.append(f"{name}: y = {slope:.3g}x {'−' if start < 0 else '+'} {abs(start):.3g}")
    ax.plot(across, up, "o", color="black", markersize=7, label="samples", zorder=3)
    ax.set(xlim=box[:2], ylim=box[2:], xlabel=labels[0], ylabel=labels[1])
    _finish(ax, title)
    return describe(ax, f"{across.size} points and {len(lines)} lines. {'; '.join(said)}.")


def error_curves(
    curves: Mapping[str, Any],
    *,
    start: float | None = None,
    xlabel: str = "epoch",
    ylabel: str = "error $E$",
    log: bool = True,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the error of several runs epoch by epoch; a run that blows up leaves the picture and says "diverged" in the legend.

    curves: name → errors after each epoch, any length ≥ 1, nan and inf allowed.
    start: the error before training, the same for all runs; it is drawn at epoch 0. Without it the curves begin at epoch 1.
    A run has diverged when it holds nan or inf or ends more than ten times above its first error. A cross marks its last error
    in the picture, which ends at ten times (logarithmic axis: a hundred times) the first error, so that the other runs stay
    readable. Earlier runs are drawn broader than later ones, so that curves that cover each other can all be seen.
    log: logarithmic vertical axis, where errors of 0 are left out.
    Raises ValueError if there is no run, or one without errors.
    """
    from matplotlib.ticker import FixedLocator, MaxNLocator

    runs = {name: np.asarray(errors, dtype=float).ravel() for name, errors in curves.items()}
    if not runs or any(not errors.size for errors in runs.values()):
        raise ValueError("expected at least one run with at least one error in it")
    first = 1 if start is None else 0
    if start is not None:
        runs = {name: np.concatenate([[float(start)], errors]) for name, errors in runs.items()}
    ax = axes(ax, figsize=(5.4, 3.6))
    top = _ceiling(list(runs.values()), log)
    said = []
    for number, (name, errors) in enumerate(runs.items()):
        style: dict[str, Any] = {"color": COLOURS[number % 6], "linestyle": ("-", "--", "-.", ":")[number % 4]}
        style |= {"linewidth": min(1.6 + 1.2 * (len(runs) - 1 - number), 5), "alpha": 0.6 if number < len(runs) - 2 else 1}
        said.append(_draw_errors(ax, name, errors, first, top, log, style))
    if log and any((errors > 0).any() for errors in runs.values()):
        ax.set_yscale("log")
    elif not log:
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
        if all((errors == np.round(errors)).all() for errors in runs.values()):
            ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    if ax.get_ylim()[1] > top and any(map(_diverged, runs.values())):
        ax.set_ylim(top=top)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    longest = max(len(errors) for errors in runs.values())
    ax.xaxis.set_major_locator(FixedLocator(_epoch_ticks(first, longest - 1 + first)))
    _finish(ax, title)
    last = longest - 1 + first
    return describe(ax, f"Curves of the {ylabel.replace('$', '')} over {last} {xlabel}s. {' '.join(said)}")


def _epoch_ticks(first: int, last: int) -> list[int]:
    """Where the curves start, then round numbers up to `last`."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]).tick_values(0, max(last, 1))
    round_ones = [int(tick) for tick in found]
    step = round_ones[1] - round_ones[0]
    return [first, *(tick for tick in round_ones if first + 0.4 * step <= tick <= last)]


def _ceiling(runs: Sequence[np.ndarray], log: bool) -> float:
    """The height at which diverging runs are cut off."""
    starts = [float(errors[0]) for errors in runs if np.isfinite(errors[0])]
    return _BLOW_UP ** (2 if log else 1) * (max(starts, default=1.0) or 1.0)


def _diverged(errors: np.ndarray) -> bool:
    return bool(not np.isfinite(errors).all() or errors[-1] > _BLOW_UP * max(abs(errors[0]), 1e-300))


def _draw_errors(ax: Axes, name: str, errors: np.ndarray, first: int, top: float, log: bool, style: dict[str, Any]) -> str:
    """One run on `ax`; a sentence on where it starts and ends."""
    diverged = _diverged(errors)
    inside = int(np.argmax(~(errors <= top))) if diverged and (~(errors <= top)).any() else len(errors)
    shown = errors[:inside]
    if 0 < inside < len(errors):  # one more point, above the picture, so that the curve is seen to leave it
        shown = np.append(shown, min(np.nan_to_num(errors[inside], nan=np.inf), 1e6 * top))
    drawn = np.where(shown > 0, shown, np.nan) if log else shown
    epochs = np.arange(first, first + len(shown))
    label = f"{name} (diverged)" if diverged else name
    ax.plot(epochs, drawn, label=label, marker="o" if len(shown) == 1 else None, **style)
    if diverged and inside:
        ax.plot(epochs[inside - 1], drawn[inside - 1], "X", color=style["color"], markersize=9, clip_on=False)
    ending = "diverged" if diverged else f"ends at {errors[-1]:.3g}"
    return f"{name} starts at {errors[0]:.3g} and {ending}."


# ── diagrams ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    """Draw a small network as circles and arrows: a weight on each arrow, a bias under each unit.

    layers: (W, b) of each layer with W (in, out) or, for one unit, (in,), and b (out,) or one number. None for W or b leaves
    the numbers out, in a layer of one unit (or of as many units as the other of the two says).
    inputs: one name per input. outputs: one name per output unit. hidden: letter of the hidden units, numbered from 1.
    unit: what a unit does with its sum, written inside it ("" for nothing).
    Meant for up to about four units per layer. Raises ValueError when the sizes of neighbouring layers differ.
    """
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
    if title:
        ax.set_title(title, fontsize=10)
    return describe(ax, _diagram_text(matrices, names))


def _matrices(layers: Sequence[tuple[Any, Any]], inputs: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every layer as W (in, out) and b (out,), nan where a number is not to be shown."""
    found, rows = [], inputs
    for number, (W, b) in enumerate(layers, start=1):
        bias = None if b is None else np.atleast_1d(np.asarray(b, dtype=float)).ravel()
        units = 1 if bias is None else len(bias)
        weights = np.full((rows, units), np.nan) if W is None else np.asarray(W, dtype=float)
        weights = weights.reshape(-1, 1) if weights.ndim == 1 else weights
        bias = np.full(weights.shape[1], np.nan) if bias is None else bias
        if weights.shape != (rows, len(bias)):
            raise ValueError(f"layer {number}: expected W of shape ({rows}, {len(bias)}), got {weights.shape}")
        found.append((weights, bias))
        rows = len(bias)
    return found


def _draw_arrows(ax: Axes, starts: Sequence[Any], ends: Sequence[Any], weights: np.ndarray) -> None:
    for (i, (x0, y0)), (j, (x1, y1)) in ((s, e) for s in enumerate(starts) for e in enumerate(ends)):
        away = np.array([x1 - x0, y1 - y0]) / np.hypot(x1 - x0, y1 - y0) * 0.36
        head, tail = (x1 - away[0], y1 - away[1]), (x0 + away[0], y0 + away[1])
        ax.annotate("", head, tail, arrowprops={"arrowstyle": "-|>", "color": "0.45", "lw": 1.2, "shrinkA": 0, "shrinkB": 0})
        if np.isfinite(weights[i, j]):
            # A third of the way, where arrows that cross in the middle are still apart.
            spot = (x0 + 0.36 * (x1 - x0), y0 + 0.36 * (y1 - y0))
            ax.text(*spot, _number(weights[i, j]), ha="center", va="center", fontsize=9, bbox=_LABEL)


_LABEL = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}


def _draw_unit(ax: Axes, spot: tuple[float, float], name: str, unit: str, bias: float, colour: str) -> None:
    from matplotlib.patches import Circle

    x, y = spot
    ax.add_patch(Circle(spot, 0.34, facecolor="white", edgecolor=colour, linewidth=1.8, zorder=3))
    ax.text(x, y + (0.09 if unit else 0), name, ha="center", va="center", fontsize=11, zorder=4)
    if unit:
        ax.text(x, y - 0.15, unit, ha="center", va="center", fontsize=7, color="0.3", zorder=4)
    if np.isfinite(bias):
        ax.text(x, y - 0.4, f"bias {_number(bias)}", ha="center", va="top", fontsize=8, bbox=_LABEL, zorder=2)


def _diagram_text(matrices: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[Sequence[str]]) -> str:
    said = []
    for column, (weights, bias) in enumerate(matrices):
        for j, unit in enumerate(names[column + 1]):
            parts = [
                f"{'' if np.isnan(value) else _number(value) + ' · '}{source}"
                for value, source in zip(weights[:, j], names[column], strict=True)
            ]
            offset = "" if np.isnan(bias[j]) else f", bias {_number(bias[j])}"
            said.append(f"{unit} gets {', '.join(parts)}{offset}".replace("$", ""))
    return f"Diagram of a network of {len(matrices)} layer{'s' if len(matrices) > 1 else ''}: {'; '.join(said)}."


# ── shared ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unit(w: Any, b: Any) -> tuple[np.ndarray, float]:
    weights, bias = np.asarray(w, dtype=float).ravel(), np.asarray(b, dtype=float)
    if weights.shape != (2,) or bias.size != 1:
        raise ValueError(f"expected two weights and one bias, got shapes {np.shape(w)} and {np.shape(b)}")
    return weights, float(bias.item())


def _samples(X: Any, t: Any) -> tuple[np.ndarray, np.ndarray]:
    if X is None:
        return np.empty((0, 2)), np.empty(0, dtype=int)
    points, targets = np.asarray(X, dtype=float), np.asarray(t).ravel()
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"expected samples of shape (n, 2), got {points.shape}")
    if len(targets) != len(points) or not np.isin(targets, (0, 1)).all():
        raise ValueError(f"expected one class (0 or 1) per sample, got {len(targets)} for {len(points)} samples")
    return points, targets.astype(int)


def _around(points: np.ndarray, share: float = 0.12) -> tuple[float, float, float, float]:
    """A window round the points with some air, (left, right, bottom, top); the unit square's without points."""
    if not len(points):
        return (-0.5, 1.5, -0.5, 1.5)
    low, high = points.min(axis=0), points.max(axis=0)
    air = np.maximum(high - low, 1.0) * share
    if len(points) <= 8:
        air = np.maximum(high - low, 1.0) * max(share, 0.4 if share < 0.2 else share)
    (left, bottom), (right, top) = low - air, high + air
    return (float(left), float(right), float(bottom), float(top))


def _plane(ax: Axes, box: tuple[float, float, float, float], labels: Names, title: str | None) -> Axes:
    ax.set(xlim=box[:2], ylim=box[2:], xlabel=labels[0], ylabel=labels[1])
    if title:
        ax.set_title(title, fontsize=10)
    return ax


def _grid(box: tuple[float, float, float, float], size: int) -> np.ndarray:
    """A regular grid over the window, (size · size, 2), row by row."""
    across, up = np.meshgrid(np.linspace(*box[:2], size), np.linspace(*box[2:], size))
    return np.column_stack([across.ravel(), up.ravel()])


def _shade(ax: Axes, box: tuple[float, float, float, float], score: Callable[[np.ndarray], Any], size: int) -> None:
    """Colour the window by the sign of the score. Two grid points a side are exact for a linear score."""
    values = np.asarray(score(_grid(box, size)), dtype=float).reshape(size, size)
    values = np.nan_to_num(values, nan=-1.0, posinf=1e12, neginf=-1e12)
    far = float(np.abs(values).max()) + 1.0
    across, up = np.linspace(*box[:2], size), np.linspace(*box[2:], size)
    # Where the score is exactly 0 the class is 0.
    ax.contourf(across, up, np.where(values == 0, -1e-9, values), levels=[-far, 0, far], colors=_SIDES, zorder=0)


def _draw_line(ax: Axes, w: np.ndarray, b: float, box: tuple[float, float, float, float], **style: Any) -> None:
    if not np.isfinite([*w, b]).all() or not w.any():
        return
    if abs(w[1]) >= abs(w[0]):
        across = np.array(box[:2])
        ax.plot(across, -(w[0] * across + b) / w[1], **style)
    else:
        up = np.array(box[2:])
        ax.plot(-(w[1] * up + b) / w[0], up, **style)


def _draw_samples(ax: Axes, X: np.ndarray, t: np.ndarray, class_names: Names, wrong: np.ndarray | None = None) -> None:
    if not len(X):
        return
    size = 70 if len(X) <= 8 else 34
    for label in (0, 1):
        mine = X[t == label]
        look: dict[str, Any] = {"marker": MARKERS[label], "color": _CLASSES[label], "edgecolor": "black", "linewidth": 0.7}
        ax.scatter(mine[:, 0], mine[:, 1], s=size, label=class_names[label], zorder=3, **look)
    if wrong is not None and wrong.any():
        ring: dict[str, Any] = {"facecolor": "none", "edgecolor": "black", "linewidth": 1.6}
        ax.scatter(X[wrong, 0], X[wrong, 1], s=4.5 * size, label="wrong side", zorder=4, **ring)
    _legend(ax)


def _legend(ax: Axes) -> None:
    handles, _ = ax.get_legend_handles_labels()
    if handles:
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)


def _finish(ax: Axes, title: str | None) -> None:
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    if title:
        ax.set_title(title, fontsize=10)


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _formula(w: np.ndarray, b: float) -> str:
    parts = f"{_number(w[0])}·x1 {'−' if w[1] < 0 else '+'} {_number(abs(w[1]))}·x2"
    return f"{parts} {'−' if b < 0 else '+'} {_number(abs(b))} = 0"


def _where(w: np.ndarray, b: float) -> str:
    if not w.any():
        return "No line: both weights are 0."
    return f"The line {_formula(w, b)}, its two sides shaded."


def _count(t: np.ndarray, class_names: Names, wrong: np.ndarray | None = None) -> str:
    if not len(t):
        return ""
    text = f"{int((t == 0).sum())} samples of {class_names[0]} and {int((t == 1).sum())} of {class_names[1]}"
    return text + ("." if wrong is None else f", {int(wrong.sum())} of them on the wrong side.")
