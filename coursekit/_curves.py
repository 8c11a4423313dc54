"""The live curve of a training: loss and metrics over the epochs as one small picture, with its words for screen readers.

Drawn as SVG without matplotlib, so that a picture takes a millisecond and a few kilobytes, however long the training is. Knows
nothing of models or of how the picture is shown.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape

from coursekit.plotting._style import COLOURS

__all__ = ["Points", "picture"]

Points = Sequence[tuple[int, float]]  # (epoch, value)

_WIDTH, _HEIGHT = 330, 210  # of one panel
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 40, 34  # the left one is larger where a number of the axis needs it
_LETTER = 7.5  # width of a digit, in every font of a browser at most
_MOST = 120  # points of a curve that are drawn
# Training is dashed and validation solid, as in `plotting.learning_curves`.
_PARTS = (("", "training", COLOURS[0], ' stroke-dasharray="5 3"'), ("val_", "validation", COLOURS[1], ""))


def picture(history: Mapping[str, Points], epochs: int) -> tuple[str, str]:
    """Draw one panel per metric, with training and validation in it.

    Args:
        history: Mapping from the names of loss and metrics to their values in the epochs in which each was measured.
        epochs: Number of the last epoch that is planned. The axis reaches to it.

    Returns:
        An `<img>` element with its alt text, and the alt text.
    """
    names = sorted({name.removeprefix("val_") for name in history} - {"learning_rate"}, key=lambda name: (name != "loss", name))
    panels: list[str] = []
    said: list[str] = []
    for name in names:
        drawn = {prefix: history[prefix + name] for prefix, *_ in _PARTS if history.get(prefix + name)}
        panels.append(f'<g transform="translate({len(panels) * _WIDTH})">{_panel(name, drawn, epochs)}</g>')
        said.append(_words(name, drawn))
    width, alt = _WIDTH * len(panels), " ".join(said)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>{"".join(panels)}</svg>'
    )
    source = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode('ascii')}"
    return f'<img src="{source}" alt="{escape(alt)}" style="max-width:100%;height:auto">', alt


def _words(name: str, drawn: Mapping[str, Points]) -> str:
    """Return what a panel shows, in words."""
    some = next(iter(drawn.values()))
    parts = [
        f"{label} {drawn[prefix][0][1]:.3g} to {drawn[prefix][-1][1]:.3g}" for prefix, label, *_ in _PARTS if prefix in drawn
    ]
    return f"{name} over epochs {some[0][0]} to {some[-1][0]}: {', '.join(parts)}."


def _panel(name: str, drawn: Mapping[str, Points], epochs: int) -> str:
    """Return a panel: name and legend, axes with the numbers at their ends, and the curves."""
    values = [value for points in drawn.values() for _, value in points if math.isfinite(value)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    ends = {value: f"{value:.3g}" for value in (low, high)}
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high = low - margin, high + margin
    indent = max(_LEFT, 6 + math.ceil(_LETTER * max(map(len, ends.values()))))
    first = min(points[0][0] for points in drawn.values())
    last = max(epochs, first + 1)

    def at(epoch: float, value: float) -> tuple[float, float]:
        x = indent + (epoch - first) / (last - first) * (_WIDTH - indent - _RIGHT)
        y = _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return x, y

    (left, bottom), (right, top) = at(first, low), at(last, high)
    parts = [
        f'<text x="{left}" y="14" font-size="12" font-weight="bold">{escape(name)}</text>',
        f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#555"/>',
        _text(left, bottom + 14, str(first), "middle") + _text(right, bottom + 14, str(last), "end"),
        _text((left + right) / 2, bottom + 26, "epoch", "middle"),
    ]
    for value, label in ends.items():
        parts.append(_text(left - 4, at(first, value)[1] + 4, label, "end"))
    for number, (prefix, label, colour, dashes) in enumerate(part for part in _PARTS if part[0] in drawn):
        parts.append(_curve([at(epoch, value) for epoch, value in _thinned(drawn[prefix])], colour, dashes))
        x = left + 85 * number
        parts.append(f'<path d="M{x} 28h18" stroke="{colour}" stroke-width="2"{dashes}/>{_text(x + 22, 32, label, "start")}')
    return "".join(parts)


def _curve(places: Sequence[tuple[float, float]], colour: str, dashes: str) -> str:
    """Return a curve with a dot at its end."""
    if not places:
        return ""
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    x, y = places[-1]
    return (
        f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
    )


def _thinned(points: Points) -> Points:
    """Return the finite points, of a long training evenly spaced ones and the last."""
    finite = [(epoch, value) for epoch, value in points if math.isfinite(value)]
    every = max(1, -(-len(finite) // _MOST))
    return [*finite[:-1:every], *finite[-1:]]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
