"""Figures of regularisation: shapes of penalties, methods compared over seeds, probabilities with whiskers."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.optimize

from coursekit import plotting
from coursekit.plotting import regularisation as module


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


# ── shapes of penalties ──────────────────────────────────────────────────────────────────────────────────────────────


def marked(ax: plt.Axes) -> list[tuple[float, float]]:
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.get_lines() if len(line.get_xdata()) == 1]


def test_the_marked_points_solve_the_equation_with_the_smallest_penalties(rng: np.random.Generator):
    a, target = rng.uniform(0.5, 3, size=2) * [1, -1], rng.uniform(1, 9)
    sparse, spread = marked(plotting.penalty_shapes(a, target))
    assert 0 in sparse
    np.testing.assert_allclose([sparse @ a, spread @ a], target)
    least = scipy.optimize.linprog(np.ones(4), A_eq=[[*a, *-a]], b_eq=[target])  # w = u − v with u, v ≥ 0
    np.testing.assert_allclose(np.abs(sparse).sum(), least.fun)
    np.testing.assert_allclose(spread, np.linalg.pinv([a]) @ [target])


def test_the_default_is_the_example_of_the_lab_with_two_weights():
    ax = plotting.penalty_shapes()
    assert "3 w₁ + 2 w₂ = 10" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert "(3.33, 0)" in plotting.alt_text(ax.figure)


@pytest.mark.parametrize(("a", "target"), [((0, 0), 1), ((1, 2, 3), 1), ((1, np.nan), 1), ((1, 2), 0), ((1, 2), np.inf)])
def test_numbers_that_make_no_line_are_refused(a, target):
    with pytest.raises(ValueError, match="two coefficients"):
        plotting.penalty_shapes(a, target)


@pytest.mark.parametrize(
    ("a", "target"), [((3, 2), 10), ((1, 2), 10), ((-3, 2), 10), ((2, -3), 1), ((3, 2), -33.25), ((1, 1), 5), ((5, 1), 10)]
)
def test_the_labels_of_the_marked_points_lie_within_the_axes(a, target):
    ax = plotting.penalty_shapes(a, target)
    ax.figure.canvas.draw()
    frame = ax.get_window_extent()
    labels = [text for text in ax.texts if text.get_text()]
    assert len(labels) == 2
    for label in labels:
        box = label.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert frame.y0 <= box.y0
        assert box.y1 <= frame.y1


# ── methods compared ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_method_has_its_runs_their_mean_and_their_deviation(rng: np.random.Generator):
    results = {"none": rng.normal(80, 1, size=5), "dropout": rng.normal(82, 1, size=5)}
    ax = plotting.method_comparison(results)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["none", "dropout"]
    dots = [line.get_xdata() for line in ax.get_lines() if len(line.get_xdata()) == 5]
    np.testing.assert_array_equal(dots, list(results.values()))
    text = plotting.alt_text(ax.figure)
    assert f"none {results['none'].mean():.1f} ± {results['none'].std(ddof=1):.1f}" in text
    assert f"dropout {results['dropout'].mean():.1f}" in text


def test_methods_differ_by_marker_too_and_the_first_is_at_the_top():
    ax = plotting.method_comparison({"none": [80, 81], "L2": [81, 82], "dropout": [82, 83]})
    dots = [line for line in ax.get_lines() if line.get_marker() in plotting.MARKERS]
    assert len({line.get_marker() for line in dots}) == 3
    assert ax.yaxis_inverted()


def test_a_single_run_has_no_deviation():
    ax = plotting.method_comparison({"none": [80.0]}, xlabel="accuracy", title="one run")
    assert "none 80.0." in plotting.alt_text(ax.figure)
    assert ax.get_title() == "one run"
    assert ax.get_xlabel() == "accuracy"


@pytest.mark.parametrize("results", [{}, {"none": []}])
def test_methods_without_numbers_are_refused(results):
    with pytest.raises(ValueError, match="at least one number"):
        plotting.method_comparison(results)


# ── probabilities ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_bars_show_the_means_and_whiskers_stay_between_0_and_1():
    ax = plotting.class_probabilities([0.7, 0.25, 0.05], [0.5, 0.1, 0.2], ["Bag", "Coat", "Shirt"], title="An odd image")
    assert [bar.get_width() for bar in ax.patches] == [0.7, 0.25, 0.05]
    ends = np.concatenate([segment[:, 0] for segment in ax.collections[0].get_segments()])
    assert ends.min() >= 0
    assert ends.max() <= 1
    assert "Bag, 0.70 ± 0.50" in plotting.alt_text(ax.figure)
    assert ax.yaxis_inverted()


def test_bars_need_one_number_a_class():
    with pytest.raises(ValueError, match="3 class names"):
        plotting.class_probabilities([0.5, 0.5], [0.1, 0.1], ["Bag", "Coat", "Shirt"])


def test_every_figure_draws_on_the_axes_given():
    _, axes = plt.subplots(3)
    assert plotting.penalty_shapes(ax=axes[0]) is axes[0]
    assert plotting.method_comparison({"none": [1.0]}, ax=axes[1]) is axes[1]
    assert plotting.class_probabilities([1.0], [0.0], ["Bag"], ax=axes[2]) is axes[2]
