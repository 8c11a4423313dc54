"""Curves of repeated runs: the line is the mean, the band what it says it is, and a run that ends in no number is named."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting


def edges(ax, place: float) -> tuple[float, float]:
    """Lower and upper end of the first band at `place`."""
    corners = ax.collections[0].get_paths()[0].vertices
    heights = corners[np.isclose(corners[:, 0], place), 1]
    return heights.min(), heights.max()


def test_the_line_is_the_mean_and_the_band_one_deviation_to_each_side(rng: np.random.Generator):
    runs = rng.normal(size=(8, 6))
    ax = plotting.curves_with_bands({"networks": runs}, [1, 2, 4, 8, 16, 32])
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), runs.mean(axis=0))
    mean, spread = runs[:, 2].mean(), runs[:, 2].std(ddof=1)
    assert edges(ax, 4) == pytest.approx((mean - spread, mean + spread))


def test_a_band_can_reach_from_the_smallest_run_to_the_largest(rng: np.random.Generator):
    runs = rng.normal(size=(5, 12))
    ax = plotting.curves_with_bands({"a": runs}, band="range")
    np.testing.assert_array_equal(ax.get_lines()[0].get_xdata(), np.arange(1, 13))
    for place in range(12):
        assert edges(ax, place + 1) == pytest.approx((runs[:, place].min(), runs[:, place].max()))


def test_the_alt_text_says_what_the_band_is_and_where_each_curve_goes():
    runs = {"a": [[4.0, 1.0], [6.0, 3.0]], "b": [1.0, 2.0]}
    text = plotting.alt_text(plotting.curves_with_bands(runs, band="range", xlabel="step", ylabel="loss", title="Two").figure)
    assert text.startswith("Two. loss against step, mean of the runs, from smallest to largest.")
    assert "a goes from 5 to 2, 2 runs from 1 to 3 at the end; b goes from 1 to 2." in text


def test_a_single_run_has_no_band():
    ax = plotting.curves_with_bands({"one": [4.0, 2.0, 1.0]}, x=[0, 10, 20])
    assert not ax.collections
    assert list(ax.get_lines()[0].get_xdata()) == [0, 10, 20]


def test_curves_differ_by_line_and_marker_as_well_as_by_colour(rng: np.random.Generator):
    lines = plotting.curves_with_bands({name: rng.random((3, 6)) for name in "abcd"}).get_lines()
    for look in ("get_linestyle", "get_marker", "get_color"):
        assert len({getattr(line, look)() for line in lines}) == 4


def test_whole_places_have_whole_numbers_below_them_and_others_need_not():
    whole, fine = plotting.curves_with_bands({"a": [1, 2, 3]}), plotting.curves_with_bands({"a": [1, 2, 3]}, [0.1, 0.15, 0.2])
    assert all(tick == round(tick) for tick in whole.get_xticks())
    assert sum(0.1 <= tick <= 0.2 for tick in fine.get_xticks()) > 2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_run_that_is_not_finite_ends_there_and_is_named_diverged(bad: float):
    ax = plotting.curves_with_bands({"good": [[1.0, 2.0, 3.0]], "bad": [[1.0, 1.0, 1.0], [1.0, 5.0, bad]]})
    line = ax.get_lines()[1]
    np.testing.assert_allclose(line.get_ydata()[:2], [1, 3])
    assert np.isnan(line.get_ydata()[2])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["good", "bad (diverged)"]
    assert "bad (diverged) goes from 1 to 3" in plotting.alt_text(ax.figure)


def test_a_curve_that_never_was_finite_is_named_too():
    ax = plotting.curves_with_bands({"bad": [[np.nan, np.nan]]}, log=(False, True))
    assert "bad (diverged)." in plotting.alt_text(ax.figure)


def test_a_logarithmic_axis_leaves_zeros_out_and_says_when_all_are_zero():
    ax = plotting.curves_with_bands({"a": [[1.0, 0.0, 0.01]], "zero": np.zeros((2, 3))}, log=(True, True))
    assert ax.get_yscale() == ax.get_xscale() == "log"
    assert np.isnan(ax.get_lines()[0].get_ydata()[1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "zero (all 0)"]
    assert not np.isfinite(ax.get_lines()[1].get_ydata()).any()


@pytest.mark.parametrize("band", ["deviation", "range"])
def test_a_band_that_touches_zero_stays_on_the_logarithmic_picture(band):
    ax = plotting.curves_with_bands({"a": [[0.0, 0.0], [2.0, 4.0]]}, log=(False, True), band=band)
    assert ax.collections[0].get_paths()[0].vertices[:, 1].min() > 0


@pytest.mark.parametrize(
    ("curves", "options", "message"),
    [
        ({}, {}, "at least one curve"),
        ({"a": []}, {}, "at least one curve"),
        ({"a": [1, 2, 3]}, {"x": [1, 2]}, "x has the shape .2,., but .*'a': 3"),
        ({"a": [1, 2]}, {"band": "error"}, 'expected "deviation" or "range"'),
    ],
)
def test_curves_that_do_not_fit_are_refused(curves, options, message):
    with pytest.raises(ValueError, match=message):
        plotting.curves_with_bands(curves, **options)


def test_it_draws_on_the_axes_given():
    _, axes = plt.subplots(2)
    assert plotting.curves_with_bands({"a": [1.0, 2.0]}, ax=axes[1]) is axes[1]
