"""Figures of a search: its points with their projections, and curves with bands over repetitions."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import search as module


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


# ── points ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_projections_count_the_values_that_a_grid_and_a_random_search_try(rng: np.random.Generator):
    a, b = np.meshgrid([0.1, 0.5, 0.9], [0.2, 0.4, 0.6])
    grid = plotting.search_points(np.column_stack([a.ravel(), b.ravel()]), labels=("rate", "strength"))
    assert "9 points that try 3 values of rate and 3 of strength" in plotting.alt_text(grid.figure)
    drawn = plotting.search_points(rng.random(size=(9, 2)), labels=("rate", "strength"))
    assert "try 9 values of rate and 9 of strength" in plotting.alt_text(drawn.figure)


def test_projections_stand_at_the_edges_where_the_points_are(rng: np.random.Generator):
    X = rng.random(size=(7, 2))
    lines = {line.get_marker(): line for line in plotting.search_points(X).get_lines()}
    np.testing.assert_array_equal(lines["|"].get_xdata(), X[:, 0])
    np.testing.assert_array_equal(lines["_"].get_ydata(), X[:, 1])
    assert not np.any(lines["|"].get_ydata())
    assert not np.any(lines["_"].get_xdata())


def test_a_star_marks_the_best_point(rng: np.random.Generator):
    X, scores = rng.random(size=(5, 2)), rng.permutation(5) / 10
    ax = plotting.search_points(X, scores)
    star = next(line for line in ax.get_lines() if line.get_marker() == "*")
    assert [star.get_xdata()[0], star.get_ydata()[0]] == list(X[scores.argmax()])
    assert "The best, 0.4," in plotting.alt_text(ax.figure)


def test_equal_scores_draw_too():
    plotting.search_points([[1, 2], [3, 4]], [0.5, 0.5]).figure.canvas.draw()


def test_a_logarithmic_axis_keeps_the_limits_asked_for():
    ax = plotting.search_points([[0.01, 1], [0.1, 2]], log=(True, False), bounds=[(1e-3, 1), (0, 3)])
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_xlim() == (1e-3, 1)
    assert ax.get_ylim() == (0, 3)


def test_points_that_cannot_be_drawn_are_refused():
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        plotting.search_points([1, 2, 3])
    with pytest.raises(ValueError, match="above 0"):
        plotting.search_points([[0.0, 1.0]], log=(True, False))
    with pytest.raises(ValueError, match="2 scores"):
        plotting.search_points([[1, 2], [3, 4]], [1.0])


def test_it_draws_on_the_axes_given():
    _, axes = plt.subplots(2)
    assert plotting.search_points([[1, 2]], ax=axes[0]) is axes[0]
