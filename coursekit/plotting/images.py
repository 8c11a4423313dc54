"""Figures of images and their pixels: grids, class balance, mean images, histograms and mistakes.

Takes arrays of grey images and labels. Knows nothing of a particular data set, of models or of how a
prediction was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.plotting._style import COLOURS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["class_balance", "class_means", "confident_mistakes", "image_grid", "pixel_histogram"]

_TILE = 1.0  # inches per image in a new figure
_LINE = 0.21  # height of one line of a title, in images


def image_grid(
    images: Any,
    titles: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw grey images side by side, row by row, each under its title.

    All images share one grey scale, on which small values are dark.

    Args:
        images: Numbers (n, height, width) of any dtype, n ≥ 1.
        titles: One title per image, or None. A title may have several lines ("\\n").
        columns: Largest number of images per row. Default: 10.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `images` is not a stack of grey images, or the number of titles does not fit.
    """
    stack = _stack(images)
    if titles is not None and len(titles) != len(stack):
        raise ValueError(f"expected one title per image, got {len(titles)} titles for {len(stack)} images")
    columns = min(columns or 10, len(stack))
    rows = -(-len(stack) // columns)
    lines = max((text.count("\n") + 1 for text in titles), default=0) if titles is not None else 0
    wide, high = 1.08, 1.08 + _LINE * lines
    ax = axes(ax, figsize=(_TILE * columns * wide, _TILE * rows * high + (0.3 if title else 0.05)))
    low, top = float(stack.min()), float(stack.max())
    for number, image in enumerate(stack):
        left, bottom = (number % columns) * wide, -(number // columns) * high
        ax.imshow(image, cmap="gray", vmin=low, vmax=max(top, low + 1e-12), extent=(left, left + 1, bottom, bottom + 1))
        if titles is not None:
            ax.text(left + 0.5, bottom + 1.03, titles[number], ha="center", va="bottom", fontsize=8, linespacing=1.1)
    ax.set(xlim=(-0.04, (columns - 1) * wide + 1.04), ylim=(-(rows - 1) * high - 0.04, 1.06 + _LINE * lines), aspect="equal")
    ax.set_axis_off()
    finish(ax, title)
    return describe(ax, _grid_text(len(stack), rows, columns, titles, title))


def class_balance(y: Any, class_names: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw one bar per class with the number of its samples.

    Args:
        y: Integer labels (n,) from 0 to classes − 1.
        class_names: One name per class, in the order of the labels.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If a label is out of the range of the names.
    """
    counts = np.bincount(_labels(y, len(class_names)), minlength=len(class_names))
    ax = axes(ax, figsize=(5.0, 0.26 * len(class_names) + 0.8))
    places = np.arange(len(class_names))
    bars = ax.barh(places, counts, color=COLOURS[0], height=0.7)
    ax.bar_label(bars, [f"{count:,}" for count in counts], padding=3, fontsize=8)
    ax.set_yticks(places, class_names)
    ax.invert_yaxis()
    ax.margins(x=0.14)
    ax.set(xlabel="number of samples")
    finish(ax)
    said = ", ".join(f"{name} {count:,}" for name, count in zip(class_names, counts, strict=True))
    return describe(ax, f"Bar chart of the number of samples in each class: {said}.")


def class_means(X: Any, y: Any, class_names: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw the mean image of each class.

    Args:
        X: Images, numbers (n, height, width).
        y: Integer labels (n,) from 0 to classes − 1. A class without samples is an empty tile.
        class_names: One name per class, in the order of the labels.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `X` is not a stack of grey images, or a label is out of the range of the names.
    """
    stack, labels = _stack(X), _labels(y, len(class_names))
    means = np.full((len(class_names), *stack.shape[1:]), float(stack.min()))
    for label in np.unique(labels):
        means[label] = stack[labels == label].mean(axis=0)
    return image_grid(means, class_names, columns=-(-len(class_names) // 2), title="The mean image of each class", ax=ax)


def pixel_histogram(pixels: Any, *, bins: int = 52, ax: Axes | None = None) -> Axes:
    """Draw how often each pixel value occurs, on a logarithmic scale.

    Args:
        pixels: An array of any shape, or a mapping from names to arrays to compare several.
        bins: Number of bins.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.
    """
    series = dict(pixels) if isinstance(pixels, Mapping) else {"": pixels}
    flat = {name: np.asarray(values).ravel() for name, values in series.items()}
    low, high = min(float(v.min()) for v in flat.values()), max(float(v.max()) for v in flat.values())
    ax = axes(ax, figsize=(5.0, 2.8))
    said = []
    for number, (name, values) in enumerate(flat.items()):
        counts, edges = np.histogram(values, bins=bins, range=(low, high if high > low else low + 1))
        ax.stairs(counts / values.size, edges, fill=len(flat) == 1, color=COLOURS[number], linewidth=1.6, label=name or None)
        mean, spread = float(values.mean(dtype=float)), float(values.std(dtype=float))
        share = float((values == values.min()).mean())
        said.append(
            f"{name + ': ' if name else ''}from {values.min():.3g} to {values.max():.3g}, mean {mean:.3g}, standard deviation "
            f"{spread:.3g}, {share:.0%} of the pixels have the smallest value"
        )
    ax.set_yscale("log")
    ax.set(xlabel="pixel value", ylabel="share of all pixels")
    finish(ax)
    if len(flat) > 1:
        ax.legend(frameon=False)
    return describe(ax, f"Histogram of pixel values on a logarithmic scale. {'; '.join(said)}.")


def confident_mistakes(
    images: Any, y: Any, probabilities: Any, class_names: Sequence[str], index: Any, *, ax: Axes | None = None
) -> Axes:
    """Draw chosen images with the predicted class and its probability above the true class.

    Args:
        images: Numbers (n, height, width).
        y: True labels (n,).
        probabilities: Predicted probabilities (n, classes), one row per sample.
        class_names: One name per class, in the order of the labels.
        index: Which samples to draw, in their order; for example the most confident mistakes first.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `index` is empty.
    """
    chosen = np.asarray(index, dtype=int).ravel()
    if not chosen.size:
        raise ValueError("expected at least one sample to draw, got an empty index")
    P, labels = np.asarray(probabilities)[chosen], np.asarray(y)[chosen]
    guesses = P.argmax(axis=1)
    titles = [
        f"says {class_names[guess]}\n{_sure(row[guess])}\nis {class_names[label]}"
        for row, guess, label in zip(P, guesses, labels, strict=True)
    ]
    shown = _stack(np.asarray(images)[chosen])
    return image_grid(shown, titles, columns=min(6, len(chosen)), ax=ax)


# ── checking and words ───────────────────────────────────────────────────────────────────────────────────────────────


def _stack(images: Any) -> np.ndarray:
    """Return an array (n, height, width), or raise ValueError."""
    stack = np.asarray(images)
    if stack.ndim != 3 or not len(stack):
        raise ValueError(f"expected images of shape (n, height, width) with n ≥ 1, got shape {stack.shape}")
    return stack


def _labels(y: Any, classes: int) -> np.ndarray:
    """Return labels as integers, or raise ValueError."""
    labels = np.asarray(y).ravel().astype(int)
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"expected labels from 0 to {classes - 1}, got {labels.min()} to {labels.max()}")
    return labels


def _sure(p: float) -> str:
    """Return a probability in per cent, never rounded up to 100 %."""
    return f"{p:.1%}" if p < 0.9995 else ">99.9%"


def _grid_text(n: int, rows: int, columns: int, titles: Sequence[str] | None, title: str | None) -> str:
    """Describe a grid of images."""
    head = f"{title}: " if title else ""
    size = f"{n} grey image{'s' if n > 1 else ''} in {rows} row{'s' if rows > 1 else ''} of up to {columns}"
    names = "" if titles is None else ", titled " + "; ".join(text.replace("\n", ", ") for text in titles)
    return f"{head}{size}{names}."
