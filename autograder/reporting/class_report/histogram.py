"""Draw a histogram as an SVG that takes its colours from the page.

This module knows bars; it knows no marks.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from autograder.analysis.distribution import Bin

__all__ = ["histogram"]

_WIDTH, _HEIGHT = 640, 228
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 22, 48


def histogram(bins: Sequence[Bin], unit: str = "points by tests") -> Markup:
    """Draw the bars, with the number of students above each.

    Args:
        bins: The bars.
        unit: What the horizontal axis counts.

    Returns:
        The SVG, with a text equivalent; nothing without bars.
    """
    if not bins:
        return Markup("")
    most = max(bar.count for bar in bins) or 1
    step = (_WIDTH - _LEFT - _RIGHT) / len(bins)
    room = _HEIGHT - _TOP - _BOTTOM
    parts = []
    for i, bar in enumerate(bins):
        x, height = _LEFT + i * step, room * bar.count / most
        y = _TOP + room - height
        parts.append(f'<rect class="bar" x="{x + 2:.1f}" y="{y:.1f}" width="{step - 4:.1f}" height="{height:.1f}"/>')
        parts.append(f'<text x="{x + step / 2:.1f}" y="{y - 5:.1f}" text-anchor="middle">{bar.count}</text>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 28}" text-anchor="{"middle" if i else "start"}">{bar.low:.4g}</text>')
    end, base = _WIDTH - _RIGHT, _TOP + room
    parts.append(f'<text x="{end}" y="{_HEIGHT - 28}" text-anchor="end">{bins[-1].high:.4g}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{base}" x2="{end}" y2="{base}"/>')
    parts.append(f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{unit}</text>')
    said = ", ".join(f"{bar.count} with {bar.low:.4g} to {bar.high:.4g}" for bar in bins if bar.count)
    return Markup(
        f'<svg role="img" aria-label="Number of students by {unit}: {said}" viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(parts)}</svg>'
    )
