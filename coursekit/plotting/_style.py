"""What all figures share: the palette, the axes to draw on, the finish and the alt text.

Knows nothing of any particular figure. Matplotlib is imported when the first figure is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "LINES",
    "MARKERS",
    "alt_text",
    "axes",
    "describe",
    "finish",
    "format_number",
    "install_alt_text",
    "picture_html",
    "window",
]

# Eight colours that people with any common colour blindness can tell apart (Okabe and Ito, "Color Universal Design", 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
# Classes differ by marker as well as by colour, so that a figure can be printed in grey.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# For the same reason, curves also differ by their dashes.
LINES = ("-", "--", "-.", ":")


def axes(ax: Axes | None = None, *, figsize: tuple[float, float] = (5.0, 3.6)) -> Axes:
    """Return `ax`, or the Axes of a new figure of `figsize` inches if it is None.

    Raises:
        ValueError: If `ax` is anything else, such as the array of Axes that `plt.subplots(1, 2)` gives.
    """
    if ax is not None:
        return _one_axes(ax)
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def _one_axes(ax: Any) -> Axes:
    """Return `ax`, or raise ValueError if it is no Axes."""
    from matplotlib.axes import Axes

    if isinstance(ax, Axes):
        return ax
    hint = "several Axes: choose one, such as axes[0]" if isinstance(ax, np.ndarray | list | tuple) else type(ax).__name__
    raise ValueError(f"expected one matplotlib Axes to draw on, got {hint}")


def finish(
    ax: Axes,
    title: str | None = None,
    *,
    hide: Sequence[str] = ("top", "right"),
    legend: Literal["best", "upper left", "lower left"] | None = None,
    fontsize: float = 10,
) -> None:
    """Add what most figures end with: a title, a frame without its upper and right side, a legend.

    Args:
        ax: The axes to finish.
        title: Title of the axes, or None.
        hide: Sides of the frame that are not drawn.
        legend: Place of the legend as matplotlib names it, such as "best"; None for no legend.
        fontsize: Size of the title in points.
    """
    for side in hide:
        ax.spines[side].set_visible(False)
    if legend is not None:
        ax.legend(frameon=False, fontsize=8, loc=legend)
    if title:
        ax.set_title(title, fontsize=fontsize)


def window(points: np.ndarray, share: float = 0.12) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of a window around points, with a margin.

    Args:
        points: Float array (n, 2). Without points the result is (−0.5, 1.5, −0.5, 1.5).
        share: Margin as a share of the extent of the points. Up to eight points get a larger margin if
            `share` is below 0.2.
    """
    if not len(points):
        return (-0.5, 1.5, -0.5, 1.5)
    low, high = points.min(axis=0), points.max(axis=0)
    air = np.maximum(high - low, 1.0) * share
    if len(points) <= 8:
        air = np.maximum(high - low, 1.0) * max(share, 0.4 if share < 0.2 else share)
    (left, bottom), (right, top) = low - air, high + air
    return (float(left), float(right), float(bottom), float(top))


def format_number(value: float) -> str:
    """Return `value` with three significant digits and a typographic minus sign."""
    return f"{float(value):.3g}".replace("-", "−")


def describe(ax: Axes, text: str) -> Axes:
    """Attach alt text to a figure.

    The texts of several axes of one figure are joined.

    Args:
        ax: Axes of the figure.
        text: What the axes show, in words.

    Returns:
        `ax` itself.

    Raises:
        ValueError: If `ax` is no Axes, or `text` no text.
    """
    if not isinstance(text, str):
        raise ValueError(f"text is {type(text).__name__}: expected what the axes show, in words")
    figure: Any = _one_axes(ax).figure
    texts = getattr(figure, "_coursekit_alt", {})
    texts[ax] = text
    figure._coursekit_alt = texts
    return ax


def alt_text(figure: Figure) -> str:
    """Return the alt text of a figure.

    It is the text given to `describe`, or the titles and labels if there is none.

    Args:
        figure: A matplotlib figure, or Axes of it.
    """
    figure = getattr(figure, "figure", figure)
    said = list(dict.fromkeys(getattr(figure, "_coursekit_alt", {}).values()))
    if said:
        return " ".join(said)
    parts = [part for ax in figure.axes for part in (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) if part]
    return "Figure: " + ", ".join(parts) if parts else "Figure without title or labels"


def install_alt_text(shell: Any) -> None:
    """Make an IPython shell send each figure with its alt text, in two forms.

    The first form is metadata of the picture, `{"image/png": {"alt": …}}`, which nbconvert's classic
    template reads. The second form is an HTML `<img>` with `alt=`, because JupyterLab and nbconvert's
    default template ignore that metadata and prefer HTML to the picture alone. The formatter is wrapped as
    a whole. So nothing is lost when matplotlib's inline backend registers its printers again, and the
    student's choice of format and resolution is kept. A second call changes nothing.

    Args:
        shell: The IPython shell.
    """
    formatter = shell.display_formatter
    if not getattr(formatter, "sends_alt_text", False):
        formatter.__class__ = _with_alt_text(type(formatter))


def _with_alt_text(kind: Any) -> type:
    """Return a subclass of a display formatter that adds alt text to figures."""

    class WithAltText(kind):
        sends_alt_text = True

        def format(self, shown: Any, include: Any = None, exclude: Any = None) -> Any:
            data, metadata = super().format(shown, include=include, exclude=exclude)
            figures = sys.modules.get("matplotlib.figure")
            if figures is None or not isinstance(shown, figures.Figure):
                return data, metadata
            alt = alt_text(shown)
            for mime in ("image/jpeg", "image/png"):
                if mime in data:
                    metadata[mime] = {**metadata.get(mime, {}), "alt": alt}
                    if (not include or "text/html" in include) and "text/html" not in (exclude or ()):
                        data["text/html"] = picture_html(data[mime], mime, metadata[mime])
            return data, metadata

    return WithAltText


def picture_html(picture: bytes | str, mime: str, metadata: dict[str, Any]) -> str:
    """Return an `<img>` element that contains a picture.

    Args:
        picture: The picture as bytes, or as base64 text.
        mime: Its type, such as "image/png".
        metadata: Its alt text "alt" and, if known, its "width" and "height".
    """
    from base64 import b64encode
    from html import escape

    content = b64encode(picture).decode("ascii") if isinstance(picture, bytes) else picture.replace("\n", "")
    size = "".join(f' {name}="{metadata[name]}"' for name in ("width", "height") if name in metadata)
    fits = ' style="max-width:100%;height:auto"'  # a phone is narrower than most figures
    return f'<img alt="{escape(metadata["alt"])}"{size}{fits} src="data:{mime};base64,{content}">'
