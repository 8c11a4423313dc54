"""Figures of activation functions, and of softmax at several temperatures.

Takes functions and scores. Knows nothing of networks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["activation_functions", "softmax_temperature"]

Curve = Callable[[np.ndarray], Any]


def activation_functions(
    functions: Mapping[str, Curve] | None = None,
    *,
    low: float = -4.0,
    high: float = 4.0,
    derivatives: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw activation functions of one number z.

    Args:
        functions: Mapping from names to functions from an array (n,) to an array (n,). Default: ReLU,
            sigmoid and tanh.
        low: Left end of the z axis.
        high: Right end of the z axis.
        derivatives: Whether to draw each derivative too, dashed. It is measured by central differences,
            (f(z + h) − f(z − h)) / 2h.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `functions` is no mapping to functions of arrays, or `low` is not below `high`.
    """
    chosen: Mapping[str, Curve] = {"ReLU": _relu, "sigmoid": _sigmoid, "tanh": np.tanh}
    if functions is not None:
        chosen = given.named(functions, "functions", '{"tanh": np.tanh}')
    low, high = given.interval(low, high)
    z = np.linspace(low, high, 401)
    ax = axes(ax, figsize=(5.2, 3.2))
    ax.axhline(0, color="0.8", linewidth=0.8)
    ax.axvline(0, color="0.8", linewidth=0.8)
    said = []
    for number, (name, function) in enumerate(chosen.items()):
        colour = COLOURS[number % len(COLOURS)]
        value = _values(function, z, name)
        ax.plot(z, value, color=colour, linewidth=2, label=name)
        said.append(f"{name} goes from {value[0]:.2g} through {value[len(z) // 2]:.2g} at 0 to {value[-1]:.2g}")
        if derivatives:
            step = 1e-3
            slope = (_values(function, z + step, name) - _values(function, z - step, name)) / (2 * step)
            ax.plot(z, slope, "--", color=colour, linewidth=1.3, label=f"slope of {name}")
            said[-1] += f" (steepest slope {slope[np.argmax(np.abs(slope))]:.2g})"
    ax.set(xlabel="z", ylabel="activation")
    finish(ax, legend="best")
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

    The static figure is always drawn and returned, so that a saved notebook shows it too.

    Args:
        scores: Array (classes,) of finite numbers.
        temperatures: The temperatures, each above 0.
        names: Name of each class; by default its score.
        slider: Whether to add the slider where a person can move it: in a Jupyter kernel with ipywidgets. By
            default it is added if no `ax` is given.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the static figure.

    Raises:
        ValueError: If a temperature is not above 0, the scores are not one row of finite numbers, or the names do
            not fit.
    """
    z = given.numbers(scores, "scores", finite=False)
    if z.ndim != 1 or not z.size or not np.isfinite(z).all():
        raise ValueError(f"expected one row of finite scores, got shape {z.shape}")
    chosen = given.row_of_numbers(temperatures, "temperatures")
    if not chosen.size or chosen.min() <= 0:
        raise ValueError(f"expected temperatures above 0, got {chosen.tolist()}")
    labels = [f"score {value:g}" for value in z] if names is None else given.names(names, "names", len(z))
    if (ax is None if slider is None else slider) and _slider_can_run():
        _temperature_slider(z, labels)
    return _draw_temperatures(axes(ax, figsize=(5.6, 2.8)), z, labels, chosen.tolist())


def _values(function: Curve, z: np.ndarray, name: str) -> np.ndarray:
    """Return the values of an activation function, one for each number."""
    given.callable_argument(function, name, "from an array (n,) to an array (n,)")
    value = given.numbers(function(z.copy()), f"the result of {name}", finite=False)
    if value.shape != z.shape:
        raise ValueError(f"{name} returned shape {value.shape} for {z.shape}: expected one value for each number")
    return value


def _draw_temperatures(ax: Axes, z: np.ndarray, labels: Sequence[str], temperatures: Sequence[float]) -> Axes:
    """Draw a group of bars per class, with one bar per temperature."""
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
    finish(ax, legend="best")
    head = f"Bars of softmax of the scores {', '.join(f'{value:g}' for value in z)} divided by a temperature T"
    return describe(ax, f"{head}; {'; '.join(said)}.")


def _temperature_slider(z: np.ndarray, labels: Sequence[str]) -> None:
    """Show the bars at one temperature, with a slider for it."""
    from matplotlib.figure import Figure

    from coursekit.interaction import explore  # not at the top, because that module imports this package

    def draw(T: float) -> Figure:
        figure = Figure(figsize=(4.4, 2.4), layout="constrained")  # outside of pyplot, so that no figure stays open
        _draw_temperatures(figure.subplots(), z, labels, [T])
        return figure

    explore(draw, start={"T": 1.0}, T=[round(10 ** (k / 20), 2) for k in range(-20, 21)])


def _slider_can_run() -> bool:
    """Return whether a person can move a slider here."""
    from coursekit.interaction import widgets_can_run

    return widgets_can_run()


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(z / 2))
