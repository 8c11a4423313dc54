"""Figures of decision boundaries between two classes: lines of single units, and regions of any function.

Takes weights, points and prediction functions. Knows nothing of data sets, of labs or of how weights
were found. In every function, a unit with weights w (2,) and bias b predicts class 1 where w·x + b > 0.
Its line is w·x + b = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._numbers import whole_number
from coursekit._words import plain
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, LINES, MARKERS, axes, describe, finish, format_number, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "candidate_lines",
    "decision_line",
    "decision_regions",
    "training_path",
]

Line = tuple[Any, float]
Names = Sequence[str]

_SIDES = ("#FBE3D3", "#D6E8F5")  # light orange for class 0, light blue for class 1
_CLASSES = (COLOURS[1], COLOURS[0])


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
    """Draw the line w·x + b = 0 of a unit, with its two sides shaded and the samples marked by class.

    Misclassified samples have a ring. With w = 0 there is no line, and the figure has a single colour.

    Args:
        w: Weights, 2 numbers.
        b: Bias, one number.
        X: Samples (n, 2), or None.
        t: Classes (n,), each 0 or 1; or None.
        class_names: Names of class 0 and class 1.
        labels: Labels of the two axes.
        limits: (left, right, bottom, top) of the window. By default it surrounds the samples; without
            samples it reaches from −0.5 to 1.5 in both directions.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `w` is not two numbers, `b` not one number, `X` not (n, 2), or `t` does not fit `X`.
    """
    weights, bias = _unit(w, b)
    points, targets = given.two_class_samples(X, t)
    class_names = given.names(class_names, "class_names", 2)
    box = window(points) if limits is None else given.window_limits(limits, "limits")
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

    Args:
        lines: Mapping from names to (w, b): weights (2,) and a bias.
        X: Samples (n, 2).
        t: Classes (n,), each 0 or 1.
        class_names: Names of class 0 and class 1.
        labels: Labels of the two axes.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no line, or the shapes are not those of `decision_line`.
    """
    if not isinstance(lines, Mapping) or not lines:
        raise ValueError(f"expected at least one line to draw, as in {{'A': ([1, 1], -1.5)}}, got {plain(lines)}")
    points, targets = given.two_class_samples(X, t)
    class_names = given.names(class_names, "class_names", 2)
    box = window(points)
    ax = _plane(axes(ax, figsize=(5.2, 3.8)), box, labels, title)
    _draw_samples(ax, points, targets, class_names)
    said = []
    for number, (name, line) in enumerate(lines.items()):
        weights, bias = _unit(*given.pair(line, f"line {name}", "([1, 1], -1.5), the weights and the bias"))
        style = LINES[number % len(LINES)]
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
    """Draw the line of a unit after each epoch, from pale at the start to black at the end.

    The two sides of the last line are shaded.

    Args:
        path: (w, b) after each epoch, in their order.
        X: Samples (n, 2).
        t: Classes (n,), each 0 or 1.
        class_names: Names of class 0 and class 1.
        labels: Labels of the two axes.
        limits: (left, right, bottom, top) of the window. By default it surrounds the samples.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the path is empty, or the shapes are not those of `decision_line`.
    """
    entries = given.listed(path, "path", "one entry (w, b) per epoch")
    steps = [_unit(*given.pair(line, "an entry of path", "([1, 1], -1.5), the weights and the bias")) for line in entries]
    if not steps:
        raise ValueError("expected the weights of at least one epoch, got an empty path")
    points, targets = given.two_class_samples(X, t)
    class_names = given.names(class_names, "class_names", 2)
    box = window(points) if limits is None else given.window_limits(limits, "limits")
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
    """Draw where a function predicts class 1 and where class 0, with the samples on top.

    Args:
        predict: Function from a float array (m, 2) to m numbers, as (m,) or (m, 1). It is called once, with
            a grid of size · size points and the samples.
        X: Samples (n, 2), or None.
        t: Classes (n,), each 0 or 1; or None.
        threshold: Class 1 is predicted where the number is above this threshold.
        hidden: (W, b) of a first layer, with W (2, units) and b (units,): the line of each of its units is
            drawn too.
        class_names: Names of class 0 and class 1.
        labels: Labels of the two axes.
        limits: (left, right, bottom, top) of the window. By default it surrounds the samples.
        title: Title of the figure, or None.
        size: Grid points per direction.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `predict` does not return one number per point, or another argument has a wrong shape.
    """
    given.callable_argument(predict, "predict", "from points (m, 2) to m numbers")
    points, targets = given.two_class_samples(X, t)
    class_names = given.names(class_names, "class_names", 2)
    whole_number("size", size, at_least=2)
    threshold = given.one_number(threshold, "threshold")
    box = window(points) if limits is None else given.window_limits(limits, "limits")
    ax = _plane(axes(ax, figsize=(4.6, 3.6)), box, labels, title)
    both = np.concatenate([_grid(box, size), points])
    values = given.numbers(predict(both.copy()), "the result of predict", finite=False)
    if values.shape not in ((len(both),), (len(both), 1)):
        hint = ". The column [:, 1] is the probability of class 1" if values.shape == (len(both), 2) else ""
        raise ValueError(f"predict returned shape {values.shape} for {len(both)} points: expected one number per point{hint}")
    values = values.reshape(-1)
    inside, at_points = values[: size * size] - threshold, values[size * size :] > threshold
    _shade(ax, box, lambda grid: inside, size=size)
    wrong = at_points != (targets == 1)
    _draw_samples(ax, points, targets, class_names, wrong)
    share = float((inside > 0).mean())
    text = f"Decision regions: {class_names[1]} on {share:.0%} of the plane shown, {class_names[0]} on the rest."
    if hidden is not None:
        text += _draw_hidden(ax, *given.pair(hidden, "hidden", "(W, b)"), box)
        _legend(ax)
    return describe(ax, f"{text} {_count(targets, class_names, wrong)}".strip())


def _draw_hidden(ax: Axes, W: Any, b: Any, box: tuple[float, float, float, float]) -> str:
    """Draw the lines of hidden units and return how many of them cross the window, in words."""
    weights, biases = given.numbers(W, "W", finite=False), given.numbers(b, "b", finite=False)
    if weights.ndim != 2 or weights.shape[0] != 2 or biases.shape != weights.shape[1:]:
        raise ValueError(f"expected hidden weights (2, units) and biases (units,), got {weights.shape} and {biases.shape}")
    for number, (w, bias) in enumerate(zip(weights.T, biases, strict=True)):
        _draw_line(ax, w, bias, box, color="0.3", linewidth=1.1, linestyle="--", label=None if number else "hidden neuron")
    scores = _grid(box, 60) @ weights + biases
    crossing = int((np.sign(scores.min(axis=0)) != np.sign(scores.max(axis=0))).sum())
    return f" Of {len(biases)} hidden neurons' lines {crossing} cross the picture."


# ── shared ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unit(w: Any, b: Any) -> tuple[np.ndarray, float]:
    """Return weights and bias of a unit, or raise ValueError."""
    weights, bias = given.numbers(w, "w", finite=False), given.numbers(b, "b", finite=False)  # they may have diverged
    if weights.size != 2 or bias.size != 1:
        raise ValueError(f"expected two weights and one bias, got shapes {weights.shape} and {bias.shape}")
    weights = weights.ravel()
    return weights, float(bias.item())


def _plane(ax: Axes, box: tuple[float, float, float, float], labels: Names, title: str | None) -> Axes:
    """Set window, labels and title."""
    xlabel, ylabel = given.names(labels, "labels", 2)
    ax.set(xlim=box[:2], ylim=box[2:], xlabel=xlabel, ylabel=ylabel)
    finish(ax, title, hide=())
    return ax


def _grid(box: tuple[float, float, float, float], size: int) -> np.ndarray:
    """Return a regular grid over the window, (size · size, 2), row by row."""
    across, up = np.meshgrid(np.linspace(*box[:2], size), np.linspace(*box[2:], size))
    return np.column_stack([across.ravel(), up.ravel()])


def _shade(ax: Axes, box: tuple[float, float, float, float], score: Callable[[np.ndarray], Any], size: int) -> None:
    """Colour the window by the sign of the score. For a linear score a 2 × 2 grid is exact."""
    values = np.asarray(score(_grid(box, size)), dtype=float).reshape(size, size)
    values = np.nan_to_num(values, nan=-1.0, posinf=1e12, neginf=-1e12)
    far = float(np.abs(values).max()) + 1.0
    across, up = np.linspace(*box[:2], size), np.linspace(*box[2:], size)
    # Where the score is exactly 0 the class is 0.
    ax.contourf(across, up, np.where(values == 0, -1e-9, values), levels=[-far, 0, far], colors=_SIDES, zorder=0)


def _draw_line(ax: Axes, w: np.ndarray, b: float, box: tuple[float, float, float, float], **style: Any) -> None:
    """Draw the line w·x + b = 0 across the window, unless w is 0 or a number is not finite."""
    if not np.isfinite([*w, b]).all() or not w.any():
        return
    if abs(w[1]) >= abs(w[0]):
        across = np.array(box[:2])
        ax.plot(across, -(w[0] * across + b) / w[1], **style)
    else:
        up = np.array(box[2:])
        ax.plot(-(w[1] * up + b) / w[0], up, **style)


def _draw_samples(ax: Axes, X: np.ndarray, t: np.ndarray, class_names: Names, wrong: np.ndarray | None = None) -> None:
    """Draw the samples of each class, with a ring around the misclassified ones."""
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
    """Place a legend to the right of the axes, if there is anything to name."""
    handles, _ = ax.get_legend_handles_labels()
    if handles:
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False)


def _formula(w: np.ndarray, b: float) -> str:
    """Return the equation of a line as text."""
    parts = f"{format_number(w[0])}·x1 {'−' if w[1] < 0 else '+'} {format_number(abs(w[1]))}·x2"
    return f"{parts} {'−' if b < 0 else '+'} {format_number(abs(b))} = 0"


def _where(w: np.ndarray, b: float) -> str:
    """Describe a line and its sides."""
    if not w.any():
        return "No line: both weights are 0."
    return f"The line {_formula(w, b)}, its two sides shaded."


def _count(t: np.ndarray, class_names: Names, wrong: np.ndarray | None = None) -> str:
    """Describe how many samples there are of each class and how many are misclassified."""
    if not len(t):
        return ""
    text = f"{int((t == 0).sum())} samples of {class_names[0]} and {int((t == 1).sum())} of {class_names[1]}"
    return text + ("." if wrong is None else f", {int(wrong.sum())} of them on the wrong side.")
