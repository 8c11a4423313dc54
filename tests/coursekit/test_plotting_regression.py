"""Figures of regression: values on a map, predictions against true values, a learning-rate experiment."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import regression as module


def legend(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


# ── map ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_place_is_one_dot_with_its_value_as_colour(rng):
    x, y, value = rng.uniform(-124, -114, 50), rng.uniform(32, 42, 50), rng.uniform(0, 5, 50)
    ax = plotting.price_map(x, y, value)
    (dots,) = ax.collections
    np.testing.assert_allclose(dots.get_offsets(), np.column_stack([x, y]))
    np.testing.assert_allclose(dots.get_array(), value)
    assert ax.figure.axes[1].get_ylabel() == "price"


def test_a_centred_scale_reaches_equally_far_to_both_sides(rng):
    (dots,) = plotting.price_map([0, 1, 2], [3, 4, 5], [-1.0, 0.5, 2.0], centre=0.0).collections
    low, high = dots.get_clim()
    assert low == pytest.approx(-high)
    assert 1 < high <= 2


def test_the_alt_text_of_a_map_says_where_the_extremes_lie():
    ax = plotting.price_map([-120.0, -118.0], [38.0, 34.0], [1.0, 4.5], label="rent")
    text = plotting.alt_text(ax.figure)
    assert "2 places coloured by rent" in text
    assert "4.5 at longitude -118.00, latitude 34.00" in text


def test_a_map_needs_one_value_a_place():
    with pytest.raises(ValueError, match="got 2, 2 and 3"):
        plotting.price_map([1, 2], [1, 2], [1, 2, 3])


# ── predictions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_predictions_of_shape_n_1_and_n_give_the_same_points(rng):
    y, y_hat = np.append(rng.uniform(1, 5, 18), [1, 5]), rng.uniform(1, 5, 20)  # none is far outside of the true values
    one, other = (plotting.predictions(y, guess).collections[0].get_offsets() for guess in (y_hat, y_hat[:, None]))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(one, np.column_stack([y, y_hat]))


def test_a_wild_prediction_is_drawn_at_the_edge_and_counted():
    ax = plotting.predictions([1.0, 2.0, 3.0], [1.0, 2.0, -40.0])
    assert ax.get_ylim()[0] > -2
    assert "outside the picture: 1" in legend(ax)
    assert "the worst is -40 where 3 is true" in plotting.alt_text(ax.figure)


def test_perfect_predictions_have_no_one_outside():
    ax = plotting.predictions([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert legend(ax) == ["prediction = truth"]
    assert "error 0." in plotting.alt_text(ax.figure)


def test_predictions_must_be_as_many_as_the_values():
    with pytest.raises(ValueError, match="each of 3 values, got 2"):
        plotting.predictions([1, 2, 3], [1, 2])


# ── learning-rate experiment ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_lowest_finite_loss_and_the_chosen_rate_are_marked():
    ax = plotting.rate_finder([0.001, 0.01, 0.1, 1.0], [5.0, 2.0, 1.0, np.nan], chosen=0.01)
    assert ax.get_xscale() == "log"
    assert legend(ax) == ["lowest, at 0.1", "chosen: 0.01"]
    assert "lowest 1 at 0.1; the chosen rate is 0.01" in plotting.alt_text(ax.figure)


def test_an_explosion_does_not_hide_the_valley():
    ax = plotting.rate_finder([0.1, 1.0, 10.0], [3.0, 1.0, 1e9])
    assert ax.get_ylim()[1] < 10


@pytest.mark.parametrize("losses", [[1.0], [np.nan, np.inf]])
def test_a_rate_experiment_needs_a_finite_loss_for_its_rates(losses):
    with pytest.raises(ValueError, match="expected a loss for each of 2 rates"):
        plotting.rate_finder([0.1, 1.0], losses)


def test_every_figure_draws_on_given_axes(rng):
    _, panels = plt.subplots(1, 3)
    assert plotting.price_map([1, 2], [3, 4], [5, 6], ax=panels[0]) is panels[0]
    assert plotting.predictions([1, 2], [1, 2], ax=panels[1]) is panels[1]
    assert plotting.rate_finder([0.1, 1], [2, 1], ax=panels[2]) is panels[2]


# ── fitted lines ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fitted_line_goes_through_its_own_points() -> None:
    ax = plotting.fitted_lines({"fit": (2.0, -1.0)}, [0, 1, 2], [-1, 1, 3])
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(y, 2 * np.asarray(x) - 1)


def test_a_fit_that_diverged_is_named_and_does_not_spoil_the_window() -> None:
    fits = {"good": (1.0, 1.0), "far": (3e16, 1e15), "nan": (np.nan, np.inf), "array": (np.array([1.0]), np.array(1.0))}
    ax = plotting.fitted_lines(fits, [2, 3, 4], [3, 4, 5])
    assert {"good", "far (outside the picture)", "nan (not a number)", "array"} <= set(legend(ax))
    assert ax.get_ylim()[1] < 10


def test_points_without_a_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        plotting.fitted_lines({}, [1, 2], [1])


def test_fitted_lines_are_drawn_on_the_axes_given_and_described() -> None:
    _, ax = plt.subplots()
    assert plotting.fitted_lines({"fit": (1, 1)}, [1, 2, 3], [2, 3, 4], ax=ax) is ax
    assert plotting.alt_text(ax.figure) == "3 points and 1 lines. fit: y = 1x + 1."
