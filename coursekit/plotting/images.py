"""Figures of images and their pixels: grids, class balance, mean images, histograms and mistakes.

Takes arrays of grey images and labels. Knows nothing of a particular data set, of models or of how a
prediction was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._numbers import whole_number
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import COLOURS, axes, describe, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["class_balance", "class_means", "confident_mistakes", "image_grid", "pixel_histogram"]

_TILE = 1.0  # inches per image in a new figure
_LINE = 0.21  # height of one line of a title, in images


def image_grid(
    images: Any,
    titles: Sequence[Any] | None = None,
    *,
    columns: int | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw grey images side by side, row by row, each under its title.

    All images share one grey scale, on which small values are dark.

    Args:
        images: Finite numbers (n, height, width) or (n, height, width, 1) of any dtype, n ≥ 1.
        titles: One title per image, a text or a number such as its label; or None. A title may have several
            lines ("\\n").
        columns: Largest number of images per row. Default: 10.
        title: Title of the figure, or None.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `images` is not a stack of grey images, or the titles do not fit.
    """
    stack = given.grey_images(images)
    said = given.texts(titles, len(stack), "images")
    columns = given.column_count(columns, 10, len(stack))
    rows = -(-len(stack) // columns)
    lines = max(text.count("\n") + 1 for text in said) if said else 0
    wide, high = 1.08, 1.08 + _LINE * lines
    ax = axes(ax, figsize=(_TILE * columns * wide, _TILE * rows * high + (0.3 if title else 0.05)))
    low, top = float(stack.min()), float(stack.max())
    for number, image in enumerate(stack):
        left, bottom = (number % columns) * wide, -(number // columns) * high
        ax.imshow(image, cmap="gray", vmin=low, vmax=max(top, low + 1e-12), extent=(left, left + 1, bottom, bottom + 1))
        if said:
            ax.text(left + 0.5, bottom + 1.03, said[number], ha="center", va="bottom", fontsize=8, linespacing=1.1)
    ax.set(xlim=(-0.04, (columns - 1) * wide + 1.04), ylim=(-(rows - 1) * high - 0.04, 1.06 + _LINE * lines), aspect="equal")
    ax.set_axis_off()
    finish(ax, title)
    return describe(ax, _grid_text(len(stack), rows, columns, said, title))


def class_balance(y: Any, class_names: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw one bar per class with the number of its samples.

    Args:
        y: Class numbers (n,) from 0 to classes − 1, or one-hot rows (n, classes).
        class_names: One name per class, in the order of the class numbers.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `y` holds anything but class numbers, such as probabilities, or one without a name.
    """
    names = given.names(class_names, "class_names")
    counts = np.bincount(given.class_numbers(y, len(names)), minlength=len(names))
    ax = axes(ax, figsize=(5.0, 0.26 * len(names) + 0.8))
    places = np.arange(len(names))
    bars = ax.barh(places, counts, color=COLOURS[0], height=0.7)
    ax.bar_label(bars, [f"{count:,}" for count in counts], padding=3, fontsize=8)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.margins(x=0.14)
    ax.set(xlabel="number of samples")
    finish(ax)
    said = ", ".join(f"{name} {count:,}" for name, count in zip(names, counts, strict=True))
    return describe(ax, f"Bar chart of the number of samples in each class: {said}.")


def class_means(X: Any, y: Any, class_names: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw the mean image of each class.

    Args:
        X: Images, finite numbers (n, height, width).
        y: Class numbers (n,) from 0 to classes − 1, or one-hot rows (n, classes). A class without samples is an
            empty tile.
        class_names: One name per class, in the order of the class numbers.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If `X` is not a stack of grey images, or `y` does not hold the class number of each.
    """
    names = given.names(class_names, "class_names")
    stack, labels = given.grey_images(X, "X"), given.class_numbers(y, len(names))
    given.same_length({"X": stack, "y": labels})
    means = np.full((len(names), *stack.shape[1:]), float(stack.min()))
    for label in np.unique(labels):
        means[label] = stack[labels == label].mean(axis=0)
    return image_grid(means, names, columns=-(-len(names) // 2), title="The mean image of each class", ax=ax)


def pixel_histogram(pixels: Any, *, bins: int = 52, ax: Axes | None = None) -> Axes:
    """Draw how often each pixel value occurs, on a logarithmic scale.

    Args:
        pixels: Finite numbers of any shape, or a mapping from names to such arrays to compare several.
        bins: Number of bins.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If there are no pixels, or one is no finite number.
    """
    whole_number("bins", bins)
    series = {str(name): part for name, part in pixels.items()} if isinstance(pixels, Mapping) else {"": pixels}
    flat = {name: given.pixels(values, name or "pixels").ravel() for name, values in series.items()}
    if not flat or not all(values.size for values in flat.values()):
        raise ValueError("expected at least one pixel to count, got none")
    low, high = min(float(v.min()) for v in flat.values()), max(float(v.max()) for v in flat.values())
    ax = axes(ax, figsize=(5.0, 2.8))
    said = []
    for number, (name, values) in enumerate(flat.items()):
        counts, edges = np.histogram(values, bins=bins, range=(low, high if high > low else low + 1))
        ax.stairs(
            counts / values.size,
            edges,
            fill=len(flat) == 1,
            color=COLOURS[number % len(COLOURS)],
            linewidth=1.6,
            label=name or None,
        )
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
        images: Finite numbers (n, height, width).
        y: True class numbers (n,), or one-hot rows (n, classes).
        probabilities: Predicted probabilities (n, classes), one row per sample.
        class_names: One name per class, in the order of the class numbers.
        index: Which samples to draw, in their order; for example the most confident mistakes first. A mask of
            n bools draws the samples where it is True.
        ax: Axes to draw on; a new figure by default.

    Returns:
        The Axes with the figure.

    Raises:
        ValueError: If no sample is chosen, or images, classes and probabilities do not belong together.
    """
    names = given.names(class_names, "class_names")
    stack, labels, P = given.grey_images(images), given.class_numbers(y, len(names)), given.probabilities(probabilities, "P")
    given.same_length({"images": stack, "y": labels, "probabilities": P})
    if P.ndim != 2 or P.shape[1] != len(names):
        raise ValueError(f"expected probabilities of shape (n, {len(names)}) for {len(names)} class names, got {P.shape}")
    chosen = given.chosen_rows(index, len(stack))
    titles = [
        f"says {names[row.argmax()]}\n{_sure(row.max())}\nis {names[label]}"
        for row, label in zip(P[chosen], labels[chosen], strict=True)
    ]
    return image_grid(stack[chosen], titles, columns=min(6, len(chosen)), ax=ax)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sure(p: float) -> str:
    """Return a probability in per cent, never rounded up to 100 %."""
    return f"{p:.1%}" if p < 0.9995 else ">99.9%"


def _grid_text(n: int, rows: int, columns: int, titles: Sequence[str] | None, title: str | None) -> str:
    """Describe a grid of images."""
    head = f"{title}: " if title else ""
    size = f"{n} grey image{'s' if n > 1 else ''} in {rows} row{'s' if rows > 1 else ''} of up to {columns}"
    names = "" if titles is None else ", titled " + "; ".join(text.replace("\n", ", ") for text in titles)
    return f"{head}{size}{names}."
