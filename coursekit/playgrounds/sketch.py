"""A plain picture of a playground, made in a few milliseconds: what stays of the widget where nothing but a picture can be shown.

Drawn with Pillow alone, so that the first frame of the widget does not wait for matplotlib. Knows nothing of widgets.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np

from coursekit.playgrounds.data import EDGE, REGRESSION, Split
from coursekit.playgrounds.frames import scaled
from coursekit.playgrounds.session import Snapshot
from coursekit.playgrounds.state import State

__all__ = ["sketch"]

_ORANGE, _PAPER, _BLUE = np.array([[213, 94, 0], [244, 244, 242], [0, 114, 178]])
_SIZE, _TILE, _GAP = 300, 34, 4  # pixels


def sketch(snapshot: Snapshot, points: Split, state: State) -> bytes:
    """Return a PNG picture of the hidden neurons, in columns, beside the output with the training points.

    Args:
        snapshot: What can be seen.
        points: The points.
        state: The settings.
    """
    from PIL import Image

    step = _TILE + _GAP
    left = len(snapshot.neurons) * step + (2 * _GAP if snapshot.neurons else 0)
    sheet = Image.new("RGB", (left + _SIZE, max(_SIZE, step * max((len(n) for n in snapshot.neurons), default=0))), "white")
    for column, layer in enumerate(snapshot.neurons):
        for row, neuron in enumerate(layer):
            sheet.paste(_image(scaled(neuron), _TILE), (column * step, row * step))
    plane = _image(np.nan_to_num(snapshot.output), _SIZE)
    _dot(plane, points, is_regression=state.data in REGRESSION)
    sheet.paste(plane, (left, 0))
    buffer = BytesIO()
    sheet.quantize(96).save(buffer, format="png")  # a notebook should stay small
    return buffer.getvalue()


def _rgb(values: np.ndarray) -> np.ndarray:
    """Return colours (…, 3) for values from −1 to 1."""
    shade = np.clip(values, -1, 1)[..., None]
    return np.rint(_PAPER + np.where(shade < 0, _ORANGE - _PAPER, _BLUE - _PAPER) * np.abs(shade)).astype("uint8")


def _image(values: np.ndarray, size: int) -> Any:
    from PIL import Image

    return Image.fromarray(_rgb(values[::-1])).resize((size, size), Image.Resampling.BILINEAR)


def _dot(plane: Any, points: Split, *, is_regression: bool) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(plane)
    places = (points.X_train * [1, -1] + EDGE) / (2 * EDGE) * _SIZE
    for (x, y), target, colour in zip(places, points.y_train[:, 0], _rgb(points.y_train[:, 0]), strict=True):
        shape = draw.rectangle if target < 0 and not is_regression else draw.ellipse
        shape((x - 3, y - 3, x + 3, y + 3), fill=tuple(map(int, colour)), outline="white")
