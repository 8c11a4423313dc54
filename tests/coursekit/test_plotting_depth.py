"""Figures of what happens from layer to layer: histograms through depth."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from coursekit import plotting
from coursekit.plotting import depth as module


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


# ── histograms ───────────────────────────────────────────────────────────────────────────────────────────────────────


def filled(ax: plt.Axes) -> list[np.ndarray]:
    """The outline of each filled shape, top of the picture first."""
    shapes = [c.get_paths()[0].vertices for c in ax.collections if isinstance(c, PolyCollection)]
    return sorted(shapes, key=lambda outline: outline[:, 1].max())


def written(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_layer_is_a_row_from_the_first_at_the_top(rng: np.random.Generator):
    layers = [rng.normal(0, scale, size=(50, 8)) for scale in (1.0, 0.5, 0.25)]
    ax = plotting.histograms_through_depth(layers)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["layer 1", "layer 2", "layer 3"]
    assert ax.yaxis_inverted()
    shapes = filled(ax)
    assert len(shapes) == 3
    for row, shape in enumerate(shapes):
        assert row <= shape[:, 1].min()
        assert shape[:, 1].max() <= row + 1


def test_the_highest_place_of_a_row_is_where_most_numbers_are(rng: np.random.Generator):
    values = np.concatenate([rng.uniform(-1, 1, 200), rng.normal(0.7, 0.01, 400)])
    outline = filled(plotting.histograms_through_depth([values], limits=(-1, 1)))[0]
    assert outline[np.argmin(outline[:, 1]), 0] == pytest.approx(0.7, abs=0.08)


def test_numbers_outside_the_limits_are_counted_at_the_ends():
    outline = filled(plotting.histograms_through_depth([[-50.0] * 90 + [0.0] * 10], limits=(-1, 1), bins=11))[0]
    assert outline[np.argmin(outline[:, 1]), 0] == pytest.approx(-1, abs=0.2)


def test_the_standard_deviation_stands_beside_each_row_and_in_the_alt_text(rng: np.random.Generator):
    layers = {"first": rng.normal(3, 2, 500), "second": rng.normal(0, 1, 500)}
    ax = plotting.histograms_through_depth(layers, xlabel="gradient", title="A network")
    assert written(ax) == [f"std {np.std(values):.2g}" for values in layers.values()]
    text = plotting.alt_text(ax.figure)
    assert text.startswith("A network. Histograms of the gradient in 2 layers")
    assert f"second: std {np.std(layers['second']):.2g}" in text


def test_equal_numbers_are_one_line_where_they_are(rng: np.random.Generator):
    ax = plotting.histograms_through_depth(
        [rng.normal(size=100), np.full(100, 0.5), rng.normal(0.5, 1e-9, 100)], limits=(-1, 1)
    )
    upright = [line for line in ax.get_lines() if len(set(np.round(line.get_xdata(), 6))) == 1]
    assert [line.get_xdata()[0] for line in upright] == pytest.approx([0.5, 0.5])
    assert written(ax)[1] == "all 0.5"
    assert written(ax)[2].startswith("std ")
    assert len(filled(ax)) == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_layer_that_is_not_finite_says_so(bad: float):
    ax = plotting.histograms_through_depth([[0.0, 1.0], [0.0, bad]])
    assert written(ax)[1] == "not finite"
    assert len(filled(ax)) == 1


def test_layers_without_any_finite_number_can_be_drawn():
    assert written(plotting.histograms_through_depth([[np.nan], [np.inf]])) == ["not finite"] * 2


@pytest.mark.parametrize("layers", [[], {}, [[1.0], []]])
def test_histograms_need_numbers(layers):
    with pytest.raises(ValueError, match="at least one layer"):
        plotting.histograms_through_depth(layers)


def test_it_draws_on_the_axes_given():
    _, axes = plt.subplots(2)
    assert plotting.histograms_through_depth([[0.0, 1.0]], ax=axes[1]) is axes[1]
