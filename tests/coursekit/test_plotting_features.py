"""Figures of what a network sees: filters, feature maps, a sliding kernel and attention."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

from coursekit import plotting
from coursekit.plotting import features as module


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def written(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


# ── filters and feature maps ─────────────────────────────────────────────────────────────────────────────────────────


def test_filters_share_one_scale_with_white_at_zero(rng: np.random.Generator):
    kernels = rng.normal(size=(5, 5, 6))
    ax = plotting.filters(kernels, title="First layer")
    assert len(ax.images) == 6
    reach = np.abs(kernels).max()
    assert {image.get_clim() for image in ax.images} == {(-reach, reach)}
    np.testing.assert_array_equal(ax.images[3].get_array(), kernels[:, :, 3])
    assert "First layer: 6 of 5×5 weights" in plotting.alt_text(ax.figure)


def test_filters_take_the_kernel_of_a_keras_layer_with_one_channel(rng: np.random.Generator):
    kernel = rng.normal(size=(3, 3, 1, 2))
    drawn = [image.get_array() for image in plotting.filters(kernel).images]
    np.testing.assert_array_equal(np.stack(drawn, axis=-1), kernel[:, :, 0])


def test_plain_weights_stand_in_their_squares_and_learned_ones_do_not(rng: np.random.Generator):
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])[..., None]
    ax = plotting.filters(sobel)
    assert sorted(written(ax)) == sorted(["−1", "0", "1", "−2", "0", "2", "−1", "0", "1"])
    low = min(ax.texts, key=lambda text: text.get_position()[1] * 10 + text.get_position()[0])
    assert low.get_text() == "−1"  # the corner at the bottom left is the last row's first weight
    assert not written(plotting.filters(rng.normal(size=(3, 3, 2))))


def test_feature_maps_lie_row_by_row_under_their_titles(rng: np.random.Generator):
    maps = rng.random(size=(8, 8, 5))
    ax = plotting.feature_maps(maps, list("abcde"), columns=3)
    corners = [(image.get_extent()[0], image.get_extent()[2]) for image in ax.images]
    assert corners[0][1] == corners[2][1] > corners[3][1] == corners[4][1]
    assert corners[0][0] == corners[3][0] < corners[1][0] == corners[4][0]
    assert written(ax) == list("abcde")
    assert {image.get_clim() for image in ax.images} == {(maps.min(), maps.max())}


def test_the_alt_text_of_feature_maps_names_the_strongest():
    maps = np.stack([np.full((4, 4), value) for value in (0.1, -0.9, 0.3)], axis=-1)
    assert "The strongest on average: down." in plotting.alt_text(plotting.feature_maps(maps, ["up", "down", "left"]).figure)


@pytest.mark.parametrize("draw", [plotting.filters, plotting.feature_maps])
def test_other_shapes_and_numbers_of_titles_are_refused(draw):
    with pytest.raises(ValueError, match="height, width, n"):
        draw(np.ones((4, 4)))
    with pytest.raises(ValueError, match="1 titles for 2"):
        draw(np.ones((4, 4, 2)), ["one"])


# ── a sliding kernel ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_result_stands_below_the_middle_of_its_numbers():
    x, w = np.array([1, 5, 2, 7, 3]), np.array([10, 20, 30])
    padded = np.pad(x, 1)
    y = [padded[i : i + 3] @ w for i in range(0, 5, 2)]
    ax = plotting.sliding_kernel(x, w, y, stride=2, padding=1)
    places = {text.get_text(): text.get_position() for text in ax.texts}
    middles = [places[f"{value:.3g}"][0] for value in y]
    assert middles == [1, 3, 5]  # squares of the padded signal start at 0
    hatched = [patch.get_x() + 0.46 for patch in ax.patches if patch.get_hatch()]
    np.testing.assert_allclose(hatched, [0, 6])
    assert "3 results" in plotting.alt_text(ax.figure)


def test_a_result_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="result of 3 numbers"):
        plotting.sliding_kernel(np.ones(5), np.ones(3), np.ones(5))


# ── attention ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_row_of_attention_frames_the_place_it_looks_at_most(rng: np.random.Generator):
    weights = rng.dirichlet(np.ones(6), size=4)
    ax = plotting.attention_map(weights, list("abcd"), [f"k{i}" for i in range(6)])
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle) and not patch.get_fill()]
    looked = {round(f.get_y() + 0.48): round(f.get_x() + 0.48) for f in frames}
    assert looked == dict(enumerate(weights.argmax(axis=1)))
    best = weights[2].argmax()
    assert f"c at k{best} ({weights[2, best]:.2f})" in plotting.alt_text(ax.figure)
    np.testing.assert_array_equal(ax.images[0].get_array(), weights)


def test_weights_stand_in_their_squares_where_there_is_room():
    assert "0.25" in written(plotting.attention_map([[0.25, 0.75]]))
    assert not written(plotting.attention_map(np.full((1, 20), 0.05)))


@pytest.mark.parametrize("weights", [[[0.5, 0.6]], [[2.0, -1.0]], [[np.nan, 1.0]]])
def test_rows_that_are_no_shares_are_refused(weights):
    with pytest.raises(ValueError, match="softmax"):
        plotting.attention_map(weights)


def test_attention_needs_two_axes_and_fitting_names():
    with pytest.raises(ValueError, match="queries, keys"):
        plotting.attention_map([0.5, 0.5])
    with pytest.raises(ValueError, match="1 and 2 names, got 1 and 3"):
        plotting.attention_map([[0.5, 0.5]], ["q"], ["a", "b", "c"])


def test_every_figure_draws_on_the_axes_given():
    _, axes = plt.subplots(4)
    assert plotting.filters(np.ones((3, 3, 1)), ax=axes[0]) is axes[0]
    assert plotting.feature_maps(np.ones((3, 3, 1)), ax=axes[1]) is axes[1]
    assert plotting.sliding_kernel([1], [1], [1], ax=axes[2]) is axes[2]
    assert plotting.attention_map([[1.0]], ax=axes[3]) is axes[3]
