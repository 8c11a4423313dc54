"""Figures of training and of its parts: learning curves, confusion matrix, activation functions, softmax under temperature.

Takes histories, matrices and functions. Knows nothing of data sets or of how a model was built.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting._style import COLOURS, alt_text, axes, describe, picture_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["activation_functions", "confusion_matrix", "learning_curves", "softmax_temperature"]

Curve = Callable[[np.ndarray], Any]


# ── training ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def learning_curves(history: Any, *, metric: str = "loss", title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a metric epoch by epoch on the training and the validation data, the gap between them shaded.

    history: a Keras History, its dictionary (metric → one number an epoch), or a mapping name → either, to compare runs.
    metric: "loss", "accuracy", …; the validation curve is drawn if `val_<metric>` was recorded.
    Training curves are dashed, validation curves solid. Keras averages the training metric over the epoch, while the weights
    still change, and measures the validation metric after it: so early in training validation can look better.
    Raises ValueError if a history lacks the metric.
    """
    runs = _runs(history)
    for name, record in runs.items():
        if metric not in record:
            raise ValueError(f"no {metric!r} in the history{f' of {name}' if name else ''}; it has {', '.join(sorted(record))}")
    from matplotlib.ticker import MaxNLocator

    ax = axes(ax, figsize=(5.2, 3.4))
    said = []
    for number, (name, record) in enumerate(runs.items()):
        said.append(_draw_run(ax, name, record, metric, COLOURS[number % len(COLOURS)]))
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    if title:
        ax.set_title(title, fontsize=10)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid(alpha=0.25)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    return describe(ax, f"Learning curves of the {metric.replace('_', ' ')}. {' '.join(said)}")


def _draw_run(ax: Axes, name: str, record: Mapping[str, Any], metric: str, colour: str) -> str:
    """One run's curves on `ax`; a sentence that says where they start and end."""
    label = f"{name}: " if name else ""
    train = np.asarray(record[metric], dtype=float)
    epochs = np.arange(1, len(train) + 1)
    marker = "o" if len(train) <= 30 else None
    ax.plot(epochs, train, "--", color=colour, marker=marker, markersize=3, label=f"{label}training")
    said = f"{label}training from {train[0]:.3g} to {train[-1]:.3g} in {len(train)} epochs"
    if f"val_{metric}" not in record:
        return said + "."
    valid = np.asarray(record[f"val_{metric}"], dtype=float)
    ax.plot(epochs, valid, "-", color=colour, marker=marker, markersize=3, label=f"{label}validation")
    ax.fill_between(epochs, train, valid, color=colour, alpha=0.12, linewidth=0)
    return f"{said}, validation from {valid[0]:.3g} to {valid[-1]:.3g}, last gap {abs(valid[-1] - train[-1]):.3g}."


def _runs(history: Any) -> dict[str, Mapping[str, Any]]:
    """Any accepted form of `history` as name → metric → values; the name of a single run is empty."""
    if not isinstance(history, Mapping):
        return {"": _record(history)}
    values = list(history.values())
    if values and all(isinstance(value, Mapping) or hasattr(value, "history") for value in values):
        return {str(name): _record(run) for name, run in history.items()}
    return {"": history}


def _record(run: Any) -> Mapping[str, Any]:
    record = getattr(run, "history", run)
    if not isinstance(record, Mapping):
        raise ValueError(f"expected a Keras History or its dictionary, got {type(run).__name__}")
    return record


def confusion_matrix(matrix: Any, class_names: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix: row = true class, column = predicted class, the number in each cell.

    matrix: (classes, classes) numbers ≥ 0. The shade of a cell is its share of its row, so that a rare class is as visible as
    a frequent one.
    Raises ValueError if the matrix does not fit the names.
    """
    counts = np.asarray(matrix)
    n = len(class_names)
    if counts.shape != (n, n):
        raise ValueError(f"expected a matrix of shape ({n}, {n}) for {n} class names, got {counts.shape}")
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


def activation_functions(
    functions: Mapping[str, Curve] | None = None,
    *,
    low: float = -4.0,
    high: float = 4.0,
    derivatives: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw activation functions of one number z between `low` and `high`.

    functions: name → function from an array (n,) to an array (n,); default: ReLU, sigmoid and tanh.
    derivatives: also draw each slope, dashed, measured by central differences (f(z + h) − f(z − h)) / 2h.
    """
    chosen: Mapping[str, Curve] = functions if functions is not None else {"ReLU": _relu, "sigmoid": _sigmoid, "tanh": np.tanh}
    z = np.linspace(low, high, 401)
    ax = axes(ax, figsize=(5.2, 3.2))
    ax.axhline(0, color="0.8", linewidth=0.8)
    ax.axvline(0, color="0.8", linewidth=0.8)
    said = []
    for number, (name, function) in enumerate(chosen.items()):
        colour = COLOURS[number % len(COLOURS)]
        value = np.asarray(function(z.copy()), dtype=float)
        ax.plot(z, value, color=colour, linewidth=2, label=name)
        said.append(f"{name} goes from {value[0]:.2g} through {value[len(z) // 2]:.2g} at 0 to {value[-1]:.2g}")
        if derivatives:
            step = 1e-3
            slope = (np.asarray(function(z + step), float) - np.asarray(function(z - step), float)) / (2 * step)
            ax.plot(z, slope, "--", color=colour, linewidth=1.3, label=f"slope of {name}")
            said[-1] += f" (steepest slope {slope[np.argmax(np.abs(slope))]:.2g})"
    ax.set(xlabel="z", ylabel="activation")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    what = "Activation functions and their slopes" if derivatives else "Activation functions"
    return describe(ax, f"{what} from z = {low:g} to {high:g}: {'; '.join(said)}.")


def softmax_temperature(
    scores: Any,
    *,
    temperatures: Sequence[float] = (0.25, 1.0, 4.0),
    names: Sequence[str] | None = None,
    slider: bool | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw softmax(scores / T) as bars for a few temperatures T, with a slider for T where widgets can run.

    scores: (classes,) any finite numbers. temperatures: each above 0. names: one a class; default: the scores.
    slider: True or False to force it; default: in a Jupyter kernel with ipywidgets, and no `ax` given. The static figure is
    always drawn and returned, so that a saved notebook and a page of feedback show it too.
    Raises ValueError for a temperature that is not above 0 or scores that are not one row of finite numbers.
    """
    z = np.asarray(scores, dtype=float)
    if z.ndim != 1 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"expected one row of finite scores, got shape {z.shape}")
    if not temperatures or min(temperatures) <= 0:
        raise ValueError(f"expected temperatures above 0, got {list(temperatures)}")
    labels = [f"score {value:g}" for value in z] if names is None else list(names)
    if slider if slider is not None else (ax is None and _widgets_can_run()):
        _show_slider(z, labels)
    return _draw_temperatures(axes(ax, figsize=(5.6, 2.8)), z, labels, temperatures)


def _draw_temperatures(ax: Axes, z: np.ndarray, labels: Sequence[str], temperatures: Sequence[float]) -> Axes:
    width = 0.8 / len(temperatures)
    places = np.arange(len(z))
    said = []
    for number, temperature in enumerate(temperatures):
        p = _softmax(z / temperature)
        at = places + (number - (len(temperatures) - 1) / 2) * width
        bars = ax.bar(at, p, width=0.92 * width, color=COLOURS[number % len(COLOURS)], label=f"T = {temperature:g}")
        ax.bar_label(bars, [f"{value:.2f}" for value in p], fontsize=7, padding=1)
        said.append(f"at T = {temperature:g}: {', '.join(f'{value:.2f}' for value in p)}")
    ax.set_xticks(places, labels)
    ax.set(ylim=(0, 1.1), ylabel="probability")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    head = f"Bars of softmax of the scores {', '.join(f'{value:g}' for value in z)} divided by a temperature T"
    return describe(ax, f"{head}; {'; '.join(said)}.")


def _show_slider(z: np.ndarray, labels: Sequence[str]) -> None:
    """Display a slider for T above a picture that follows it."""
    import ipywidgets
    from IPython.display import display

    knob = ipywidgets.FloatLogSlider(value=1.0, base=10, min=-1, max=1, step=0.05, description="T", readout_format=".2f")
    picture = ipywidgets.HTML(_picture(z, labels, 1.0))  # not an Image widget: that one has no alt text
    knob.observe(lambda change: setattr(picture, "value", _picture(z, labels, change["new"])), names="value")
    display(ipywidgets.VBox([knob, picture]))


def _picture(z: np.ndarray, labels: Sequence[str], temperature: float) -> str:
    """An `<img>` of the bars at one temperature, with alt text, drawn outside pyplot so that no figure stays open."""
    from io import BytesIO

    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.4, 2.4), layout="constrained")
    _draw_temperatures(figure.subplots(), z, labels, [round(temperature, 2)])
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return picture_html(buffer.getvalue(), "image/png", {"alt": alt_text(figure)})


def _widgets_can_run() -> bool:
    """Whether this is a Jupyter kernel with ipywidgets installed (a plain interpreter or a script has no kernel)."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel") and importlib.util.find_spec("ipywidgets") is not None


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(z / 2))
