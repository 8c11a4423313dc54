"""Figures of training: learning curves, error curves and the confusion matrix.

Takes histories, numbers and matrices. Knows nothing of data sets or of how a model was built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._arrays import number_array
from coursekit._words import plain
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, LINES, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion_matrix", "error_curves", "learning_curves"]

_BLOW_UP = 10.0  # an error that ends this many times above its start counts as diverged


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def learning_curves(
    history: Any,
    *,
    metric: str = "loss",
    validation_freq: int | Sequence[int] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric per epoch on the training and the validation data, with the gap between them shaded.

    Training curves are dashed, validation curves solid. Keras averages the training metric over the epoch
    while the weights still change, and measures the validation metric after the epoch. So early in training
    the validation metric can look better.

    Args:
        history: A Keras History, its dictionary (metric → one number per epoch), or a mapping from names to
            either of them, to compare runs.
        metric: "loss", "accuracy" or another metric. The validation curve is drawn if the history holds
            `val_<metric>`.
        validation_freq: After which epochs the validation metric was measured, as `fit` was told: every n-th,
            or these epochs, counted from 1. Only needed if the number of values leaves it open.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If a history does not hold the metric as one number per epoch, or it is open after which
            epochs the validation metric was measured.
    """
    runs = _runs(history)
    for name, record in runs.items():
        if metric not in record:
            raise ValueError(f"no {metric!r} in the history{f' of {name}' if name else ''}; it has {', '.join(sorted(record))}")
    from matplotlib.ticker import MaxNLocator

    ax = axes(ax, figsize=(5.2, 3.4))
    said = []
    for number, (name, record) in enumerate(runs.items()):
        said.append(_draw_run(ax, name, record, metric, validation_freq, COLOURS[number % len(COLOURS)]))
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.25)
    finish(ax, title, legend="best")
    return describe(ax, f"Learning curves of the {metric.replace('_', ' ')}. {' '.join(said)}")


def _draw_run(ax: Axes, name: str, record: Mapping[str, Any], metric: str, every: Any, colour: str) -> str:
    """Draw the curves of one run and return a sentence on where they start and end."""
    label = f"{name}: " if name else ""
    train = _per_epoch(record, metric)
    epochs = np.arange(1, len(train) + 1)
    marker = "o" if len(train) <= 30 else None
    ax.plot(epochs, train, "--", color=colour, marker=marker, markersize=3, label=f"{label}training")
    said = f"{label}training from {train[0]:.3g} to {train[-1]:.3g} in {len(train)} epochs"
    if f"val_{metric}" not in record:
        return said + "."
    valid = _per_epoch(record, f"val_{metric}")
    measured = _validation_epochs(len(train), len(valid), every)
    ax.plot(measured, valid, "-", color=colour, marker=marker, markersize=3, label=f"{label}validation")
    ax.fill_between(measured, train[measured - 1], valid, color=colour, alpha=0.12, linewidth=0)
    return (
        f"{said}, validation from {valid[0]:.3g} to {valid[-1]:.3g}, last gap {abs(valid[-1] - train[measured[-1] - 1]):.3g}."
    )


def _per_epoch(record: Mapping[str, Any], metric: str) -> np.ndarray:
    """Return the values of a metric, one per epoch, or raise ValueError. nan and inf are allowed."""
    values = given.numbers(record[metric], metric, finite=False)
    if values.ndim == 1 and values.size:
        return values
    hint = (
        "Has it trained for an epoch?" if values.ndim == 1 else 'Use a metric with one value, such as F1Score(average="macro")'
    )
    raise ValueError(f"expected one value of {metric} per epoch, got shape {values.shape}. {hint}")


def _validation_epochs(epochs: int, values: int, every: int | Sequence[int] | None) -> np.ndarray:
    """Return after which epochs, counted from 1, validation values were measured, as Keras does it.

    Args:
        epochs: Number of epochs.
        values: Number of validation values.
        every: The argument `validation_freq` of `fit`, or None to infer it.

    Raises:
        ValueError: If `every` does not give that many values; or if it is None and several steps would.
    """
    steps = [step for step in range(1, epochs + 1) if epochs // step == values]
    chosen: Any = steps[0] if every is None and len(steps) == 1 else every
    if chosen is None:
        raise ValueError(
            f"the history has {values} validation values for {epochs} epochs, so it is open to which epochs they belong: "
            "give learning_curves the validation_freq that fit had"
        )
    numbers = np.arange(1, epochs + 1)
    measured = numbers[numbers % chosen == 0 if isinstance(chosen, Integral) else np.isin(numbers, list(chosen))]
    if len(measured) != values:
        raise ValueError(
            f"validation_freq={plain(every)} gives {len(measured)} values in {epochs} epochs, the history has {values}"
        )
    return measured


def _runs(history: Any) -> dict[str, Mapping[str, Any]]:
    """Return any accepted form of `history` as name → metric → values. A single run has the name ""."""
    if not isinstance(history, Mapping):
        return {"": _record(history)}
    values = list(history.values())
    if values and all(isinstance(value, Mapping) or hasattr(value, "history") for value in values):
        return {str(name): _record(run) for name, run in history.items()}
    return {"": history}


def _record(run: Any) -> Mapping[str, Any]:
    """Return the dictionary of a history, or raise ValueError."""
    record = getattr(run, "history", run)
    if not isinstance(record, Mapping):
        raise ValueError(f"expected a Keras History or its dictionary, got {type(run).__name__}")
    return record


def confusion_matrix(matrix: Any, class_names: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: a row per true class, a column per predicted class, the number in each cell.

    The shade of a cell is its share of the row, so that a rare class is as visible as a frequent one.

    Args:
        matrix: Array (classes, classes) of finite numbers ≥ 0: counts, or shares.
        class_names: One name per class.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If the matrix does not fit the names, or holds a number below 0.
    """
    class_names = given.names(class_names, "class_names")
    counts = number_array(matrix, "matrix")
    n = len(class_names)
    if counts.shape != (n, n):
        hint = ". Count how often each class is taken for each other one first" if counts.ndim == 1 else ""
        raise ValueError(f"expected a matrix of shape ({n}, {n}) for {n} class names, got {counts.shape}{hint}")
    if given.numbers(counts, "matrix").min() < 0:
        raise ValueError(f"the matrix holds {counts.min():g}: expected counts or shares, which are at least 0")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    ax = axes(ax, figsize=(0.46 * n + 1.6, 0.42 * n + 1.4))
    ax.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(n, n):
        if counts[row, column]:
            colour = "white" if share[row, column] > 0.55 else "black"
            text = f"{int(counts[row, column])}" if counts.dtype.kind in "iub" else f"{counts[row, column]:.2g}"
            ax.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks(range(n), class_names, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    ax.set_yticks(range(n), class_names, fontsize=8)
    ax.set(xlabel="predicted class", ylabel="true class")
    return describe(ax, _confusion_text(counts, share, class_names))


def _confusion_text(counts: np.ndarray, share: np.ndarray, class_names: Sequence[str]) -> str:
    """Describe accuracy, most frequent confusion and hardest class."""
    right = np.trace(counts) / max(counts.sum(), 1e-12)
    off = np.where(np.eye(len(counts), dtype=bool), -1, counts)
    row, column = (int(place) for place in np.unravel_index(np.argmax(off), off.shape))
    text = f"Confusion matrix of {len(counts)} classes, {right:.1%} of the samples on the diagonal."
    if off[row, column] > 0:
        worst = int(np.argmin(np.diag(share)))
        text += (
            f" The most frequent confusion: {class_names[row]} taken for {class_names[column]} ({counts[row, column]:g} times)."
            f" The hardest class: {class_names[worst]}, {share[worst, worst]:.0%} right."
        )
    return text


# ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    """Draw the error of several runs per epoch.

    A run has diverged if it holds nan or inf, or ends more than ten times above its first error. The legend
    then says "diverged", and a cross marks its last error in the picture. The picture ends at ten times the
    first error (a hundred times on a logarithmic axis), so that the other runs stay readable. Earlier runs
    have broader lines than later ones, so that all curves can be seen where they coincide.

    Args:
        curves: Mapping from names to the errors after each epoch; at least one error per run, nan and inf
            are allowed.
        start: The error before training, equal for all runs. It is drawn at epoch 0. Without it the curves
            begin at epoch 1.
        xlabel: Label of the x axis.
        ylabel: Label of the y axis.
        log: Whether the y axis is logarithmic. Errors of 0 are then left out.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there is no run, or a run without errors.
    """
    from matplotlib.ticker import FixedLocator, MaxNLocator

    if not isinstance(curves, Mapping) or not curves:
        raise ValueError(f"expected at least one run in a dictionary, as in {{'lr 0.1': errors}}, got {type(curves).__name__}")
    runs = {str(name): given.row_of_numbers(errors, str(name), finite=False) for name, errors in curves.items()}
    if any(not errors.size for errors in runs.values()):
        raise ValueError("expected at least one run with at least one error in it")
    first = 1 if start is None else 0
    if start is not None:
        start = given.one_number(start, "start", finite=False)
        runs = {name: np.concatenate([[start], errors]) for name, errors in runs.items()}
    ax = axes(ax, figsize=(5.4, 3.6))
    top = _ceiling(list(runs.values()), log)
    said = []
    for number, (name, errors) in enumerate(runs.items()):
        style: dict[str, Any] = {"color": COLOURS[number % 6], "linestyle": LINES[number % len(LINES)]}
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
    ax.grid(alpha=0.25)
    finish(ax, title, legend="best")
    last = longest - 1 + first
    return describe(ax, f"Curves of the {ylabel.replace('$', '')} over {last} {xlabel}s. {' '.join(said)}")


def _epoch_ticks(first: int, last: int) -> list[int]:
    """Return the first epoch and round numbers up to `last`."""
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]).tick_values(0, max(last, 1))
    round_ones = [int(tick) for tick in found]
    step = round_ones[1] - round_ones[0]
    return [first, *(tick for tick in round_ones if first + 0.4 * step <= tick <= last)]


def _ceiling(runs: Sequence[np.ndarray], log: bool) -> float:
    """Return the height at which diverging runs are cut off."""
    starts = [float(errors[0]) for errors in runs if np.isfinite(errors[0])]
    return _BLOW_UP ** (2 if log else 1) * (max(starts, default=1.0) or 1.0)


def _diverged(errors: np.ndarray) -> bool:
    """Return whether a run holds nan or inf, or ends far above its first error."""
    return bool(not np.isfinite(errors).all() or errors[-1] > _BLOW_UP * max(abs(errors[0]), 1e-300))


def _draw_errors(ax: Axes, name: str, errors: np.ndarray, first: int, top: float, log: bool, style: dict[str, Any]) -> str:
    """Draw one run and return a sentence on where it starts and ends."""
    diverged = _diverged(errors)
    inside = int(np.argmax(~(errors <= top))) if diverged and (~(errors <= top)).any() else len(errors)
    shown = errors[:inside]
    if 0 < inside < len(errors):  # one more point above the picture, so that the curve visibly leaves it
        shown = np.append(shown, min(np.nan_to_num(errors[inside], nan=np.inf), 1e6 * top))
    drawn = np.where(shown > 0, shown, np.nan) if log else shown
    epochs = np.arange(first, first + len(shown))
    label = f"{name} (diverged)" if diverged else name
    ax.plot(epochs, drawn, label=label, marker="o" if len(shown) == 1 else None, **style)
    if diverged and inside:
        ax.plot(epochs[inside - 1], drawn[inside - 1], "X", color=style["color"], markersize=9, clip_on=False)
    ending = "diverged" if diverged else f"ends at {errors[-1]:.3g}"
    return f"{name} starts at {errors[0]:.3g} and {ending}."
