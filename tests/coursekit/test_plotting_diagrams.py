"""Diagrams of networks: what they draw and say."""

from __future__ import annotations

from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import diagrams as module


def said(ax: plt.Axes) -> str:
    return plotting.alt_text(ax.figure)


def test_the_package_exports_every_public_name() -> None:
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def test_a_diagram_shows_every_weight_and_bias() -> None:
    ax = plotting.network_diagram([([[1, -2], [3, -4]], [5, 6]), ([7, 8], -9)], inputs=["x1", "x2"])
    shown = [text.get_text() for text in ax.texts]
    for number in ("1", "−2", "3", "−4", "7", "8", "bias 5", "bias 6", "bias −9"):
        assert number in shown
    assert "h_2 gets −2 · x1, −4 · x2, bias 6" in said(ax)


def test_a_diagram_can_leave_the_numbers_out() -> None:
    ax = plotting.network_diagram([(None, [np.nan] * 2), ([np.nan] * 2, None)], inputs=["x1", "x2"])
    shown = [text.get_text() for text in ax.texts if text.get_text()]
    assert sorted(set(shown)) == ["$h_1$", "$h_2$", "o", "step", "x1", "x2"]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plotting.network_diagram([([1, 1, 1], 0)], inputs=["x1", "x2"]), "layer 1"),
        (lambda: plotting.network_diagram([([1, 1], 0)], inputs=["x1", "x2"], outputs=["a", "b"]), "output unit"),
    ],
)
def test_layers_that_do_not_fit_are_refused(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_a_diagram_is_drawn_on_the_axes_given_and_nowhere_else() -> None:
    _, ax = plt.subplots()
    assert plotting.network_diagram([([1, 1], -1.5)], inputs=["x1", "x2"], ax=ax) is ax
    assert len(plt.get_fignums()) == 1
