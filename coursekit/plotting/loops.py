"""Short looping animations: small GIF pictures for a notebook, with alt text and a still picture.

Takes a function that draws one frame. Knows nothing of what is drawn. Needs Pillow, which matplotlib
installs.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._words import plain
from coursekit.plotting import _arguments as given
from coursekit.plotting._style import alt_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

    Draw = Callable[[Axes, Any], Any]

__all__ = ["Loop", "loop"]

_COLOURS = 32  # in the palette that all frames share
_RESOLUTIONS = (100, 85, 72)  # dots per inch; below the last one, letters of 8 pt cannot be read
_FEWEST_FRAMES = 6  # fewer frames do not look like a movement
_HOLD = 4  # the last frame stays this many times longer than the others


@dataclass(frozen=True)
class Loop:
    """An animation that a notebook shows.

    Browsers whose user prefers reduced motion get the still picture. So does everything that shows no HTML,
    such as a printed notebook.

    Attributes:
        gif: The animation as a GIF file.
        still: Its last frame as a PNG file.
        alt: What both show, in words.
    """

    gif: bytes
    still: bytes
    alt: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the animation to a file.

        Args:
            path: The file. Its folder must exist.

        Returns:
            The path.
        """
        target = Path(path)
        target.write_bytes(self.gif)
        return target

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        still, moving = (b64encode(picture).decode("ascii") for picture in (self.still, self.gif))
        html = (
            f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="data:image/png;base64,{still}">'
            f'<img alt="{escape(self.alt)}" style="max-width:100%;height:auto" src="data:image/gif;base64,{moving}"></picture>'
        )
        return {"text/html": html, "image/png": still, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def loop(
    draw: Draw,
    frames: Iterable[Any],
    *,
    moves: str,
    seconds: float = 0.3,
    figsize: tuple[float, float] = (5.0, 3.4),
    limit: int = 300_000,
) -> Loop:
    """Draw each frame with `draw(ax, frame)` and join the pictures to an animation that repeats forever.

    If the GIF is larger than `limit`, it is drawn again with a lower resolution, and then every second
    frame is left out, while each remaining one stays longer.

    Args:
        draw: Function that draws one frame on empty axes. It is called at least twice per frame. The text
            that it gives to `describe` for the last frame becomes part of the alt text. The axes have the
            same place in all frames, with room for the labels of each frame, so that nothing jumps and
            nothing is cut off.
        frames: What `draw` gets, one value per frame, at least two.
        moves: What moves, in words, for readers who do not see it. It becomes part of the alt text.
        seconds: Duration of each frame. The last frame stays four times as long.
        figsize: Size of the figure in inches.
        limit: Largest size of the GIF in bytes.

    Returns:
        The animation. As the last expression of a cell, the notebook shows it.

    Raises:
        ValueError: If there are fewer than two frames, `moves` is empty, `seconds` is not above 0, or even
            the smallest picture is larger than `limit`.
    """
    given.callable_argument(draw, "draw", "draw(ax, frame)")
    if not hasattr(frames, "__iter__"):
        raise ValueError(f"frames is {plain(frames)}: expected one value per frame, such as range({plain(frames)})")
    values = list(frames)
    if len(values) < 2:
        raise ValueError(f"expected at least two frames, got {len(values)}: draw a single one as a plain figure")
    if not moves.strip():
        raise ValueError("`moves` is empty: say in words what moves, for readers who do not see it")
    if not seconds > 0:
        raise ValueError(f"seconds is {plain(seconds)}: expected the time of a frame, above 0")
    box = _common_box(draw, values, figsize)
    smallest = 0
    for dots in _RESOLUTIONS:
        pictures, said = _drawn(draw, values, figsize, box, dots)
        for kept, time in _thinned(pictures, seconds) if dots == _RESOLUTIONS[-1] else [(pictures, seconds)]:
            gif = _gif(kept, time)
            if len(gif) <= limit:
                return Loop(gif, _png(pictures[-1]), _alt(moves, said, len(kept), time))
            smallest = len(gif)
    raise ValueError(
        f"the animation has {smallest:,} bytes at {_RESOLUTIONS[-1]} dots per inch, more than the limit of {limit:,}: "
        "draw fewer frames, a smaller figure or less in it"
    )


def _common_box(draw: Draw, values: Sequence[Any], figsize: tuple[float, float]) -> tuple[float, float, float, float]:
    """Return (left, bottom, width, height) of the largest axes that leave room for the labels of each frame.

    The numbers are shares of the figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=figsize, layout="constrained")
    ax = figure.subplots()
    corners = []
    for value in values:
        ax.clear()
        draw(ax, value)
        figure.draw_without_rendering()
        corners.append(ax.get_position(original=True).extents)
    left, bottom = np.max(corners, axis=0)[:2]
    right, top = np.min(corners, axis=0)[2:]
    return float(left), float(bottom), float(right - left), float(top - bottom)


def _drawn(
    draw: Draw, values: Sequence[Any], figsize: tuple[float, float], box: tuple[float, float, float, float], dots: int
) -> tuple[list[Image], str]:
    """Return a picture of each frame and the alt text of the last one.

    The frames are drawn outside of pyplot, so that no figure stays open.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(figsize=figsize, dpi=dots)
    canvas = FigureCanvasAgg(figure)
    ax = figure.add_axes(box)
    pictures = []
    for value in values:
        ax.clear()
        draw(ax, value)
        canvas.draw()
        pictures.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()))
    return pictures, alt_text(figure)


def _thinned(pictures: list[Image], seconds: float) -> list[tuple[list[Image], float]]:
    """Return all pictures, half of them, a quarter and so on, each with the duration of a frame.

    The last picture is always included.
    """
    choices = [(pictures, seconds)]
    while len(choices[-1][0]) >= 2 * _FEWEST_FRAMES:
        kept, time = choices[-1]
        choices.append((kept[::-1][::2][::-1], 2 * time))
    return choices


def _gif(pictures: Sequence[Image], seconds: float) -> bytes:
    """Join pictures to a GIF that repeats forever, with a few colours that all of them share."""
    from PIL import Image

    sample = [pictures[place] for place in np.linspace(0, len(pictures) - 1, 4).astype(int)]
    sheet = Image.fromarray(np.vstack([np.asarray(picture) for picture in sample]))
    palette = sheet.quantize(_COLOURS, dither=Image.Dither.NONE)
    few = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    time = max(round(1000 * seconds), 20)  # browsers slow down anything faster
    times = [time] * (len(few) - 1) + [_HOLD * time]
    buffer = BytesIO()
    few[0].save(buffer, "GIF", save_all=True, append_images=few[1:], duration=times, loop=0, optimize=True)
    return buffer.getvalue()


def _png(picture: Image) -> bytes:
    """Return a picture as a PNG file."""
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _alt(moves: str, last: str, count: int, seconds: float) -> str:
    """Return the alt text of an animation."""
    length = (count - 1 + _HOLD) * seconds
    return f"Animation, {count} frames in {length:.0f} seconds, then again. What moves: {moves.strip().rstrip('.')}. Last frame: {last}"
