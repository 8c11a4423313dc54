"""Figures of images: what is drawn agrees with the data, the alt text says it, and wrong input is refused in words."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import images as module

NAMES = ("cat", "dog", "bird")


def texts(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def test_a_grid_shows_every_image_unchanged_and_under_its_title(rng):
    images = rng.integers(0, 256, size=(7, 5, 4)).astype(np.uint8)
    ax = plotting.image_grid(images, [f"number {i}" for i in range(7)], columns=3)
    assert len(ax.images) == 7
    assert all(np.array_equal(drawn.get_array(), image) for drawn, image in zip(ax.images, images, strict=True))
    assert texts(ax) == [f"number {i}" for i in range(7)]
    lefts = [drawn.get_extent()[0] for drawn in ax.images]
    assert lefts[0] == lefts[3] == lefts[6] < lefts[1] < lefts[2]


def test_the_images_of_a_grid_share_one_grey_scale(rng):
    images = np.stack([np.zeros((3, 3)), np.full((3, 3), 7.0), rng.uniform(0, 7, (3, 3))])
    assert {drawn.get_clim() for drawn in plotting.image_grid(images).images} == {(0.0, 7.0)}


def test_images_of_a_grid_do_not_overlap():
    ax = plotting.image_grid(np.zeros((6, 2, 2)), ["two\nlines"] * 6, columns=2)
    boxes = [drawn.get_extent() for drawn in ax.images]
    for i, (left, right, bottom, top) in enumerate(boxes):
        for other_left, other_right, other_bottom, other_top in boxes[i + 1 :]:
            assert right <= other_left or other_right <= left or top <= other_bottom or other_top <= bottom


def test_a_grid_of_equal_pixels_can_be_drawn():
    plotting.image_grid(np.full((2, 4, 4), 3)).figure.canvas.draw()


def test_a_grid_draws_on_the_axes_it_is_given():
    _, ax = plt.subplots()
    assert plotting.image_grid(np.zeros((1, 2, 2)), ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("shape", [(4, 4), (0, 4, 4), (2, 4, 4, 3)])
def test_a_grid_refuses_what_is_not_a_stack_of_grey_images(shape):
    with pytest.raises(ValueError, match=r"\(n, height, width\)"):
        plotting.image_grid(np.zeros(shape))


def test_a_grid_refuses_a_wrong_number_of_titles():
    with pytest.raises(ValueError, match="2 titles for 3 images"):
        plotting.image_grid(np.zeros((3, 2, 2)), ["a", "b"])


def test_the_bars_of_the_class_balance_are_the_counts(rng):
    y = rng.integers(0, 3, size=200)
    ax = plotting.class_balance(y, NAMES)
    assert [bar.get_width() for bar in ax.patches] == [list(y).count(label) for label in range(3)]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(NAMES)


def test_a_class_without_samples_has_a_bar_of_length_zero():
    assert [bar.get_width() for bar in plotting.class_balance([0, 0, 1], NAMES).patches] == [2, 1, 0]


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_without_a_name_are_refused(label):
    with pytest.raises(ValueError, match="labels from 0 to 2"):
        plotting.class_balance([0, label], NAMES)


def test_mean_images_are_the_means_of_their_classes(rng):
    X, y = rng.uniform(size=(40, 6, 5)), np.arange(40) % 3
    ax = plotting.class_means(X, y, NAMES)
    for label, drawn in enumerate(ax.images):
        by_loop = sum(image for image, other in zip(X, y, strict=True) if other == label) / list(y).count(label)
        np.testing.assert_allclose(np.asarray(drawn.get_array(), dtype=float), by_loop, rtol=1e-12)


def test_the_mean_image_of_a_class_without_samples_is_empty():
    ax = plotting.class_means(np.full((2, 3, 3), 5.0), [0, 0], ("there", "not there"))
    assert float(np.ptp(np.asarray(ax.images[1].get_array(), dtype=float))) == 0


def test_the_shares_of_a_pixel_histogram_sum_to_one(rng):
    ax = plotting.pixel_histogram(rng.integers(0, 256, size=(30, 8, 8)).astype(np.uint8))
    assert ax.patches[0].get_data().values.sum() == pytest.approx(1)
    assert ax.get_yscale() == "log"


def test_several_histograms_share_bins_and_have_a_legend(rng):
    ax = plotting.pixel_histogram({"low": rng.uniform(0, 1, 500), "high": rng.uniform(5, 9, 50)})
    low, high = (patch.get_data() for patch in ax.patches)
    np.testing.assert_array_equal(low.edges, high.edges)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["low", "high"]


def test_a_histogram_of_one_single_value_can_be_drawn():
    plotting.pixel_histogram(np.zeros((3, 3))).figure.canvas.draw()


def test_mistakes_are_drawn_in_the_order_asked_for_with_guess_confidence_and_truth(rng):
    images = rng.uniform(size=(4, 3, 3))
    P = np.array([[0.1, 0.9, 0.0], [0.2, 0.2, 0.6], [1.0, 0.0, 0.0], [0.3, 0.4, 0.3]])
    ax = plotting.confident_mistakes(images, [0, 1, 0, 2], P, NAMES, [3, 0])
    assert texts(ax) == ["says dog\n40.0%\nis bird", "says dog\n90.0%\nis cat"]
    assert np.array_equal(ax.images[0].get_array(), images[3])


def test_no_mistake_to_draw_is_said_in_words():
    with pytest.raises(ValueError, match="at least one sample"):
        plotting.confident_mistakes(np.zeros((2, 3, 3)), [0, 1], np.eye(2, 3), NAMES, [])


def test_no_figure_changes_its_input(rng):
    X, y, P = rng.uniform(size=(6, 4, 4)), np.arange(6) % 3, rng.dirichlet(np.ones(3), size=6)
    before = X.copy(), y.copy(), P.copy()
    plotting.image_grid(X)
    plotting.class_balance(y, NAMES)
    plotting.class_means(X, y, NAMES)
    plotting.pixel_histogram(X)
    plotting.confident_mistakes(X, y, P, NAMES, [1, 2])
    assert all(np.array_equal(old, new) for old, new in zip(before, (X, y, P), strict=True))


def test_alt_texts_say_what_is_to_be_seen(rng):
    y = np.array([0, 0, 2])
    X = rng.uniform(size=(3, 4, 4))
    said = {
        plotting.alt_text(plotting.image_grid(X, ["one", "two", "three"]).figure): ("3 grey images", "two"),
        plotting.alt_text(plotting.class_balance(y, NAMES).figure): ("cat 2", "dog 0", "bird 1"),
        plotting.alt_text(plotting.class_means(X, y, NAMES).figure): ("mean image", "bird"),
        plotting.alt_text(plotting.pixel_histogram(np.array([0, 0, 0, 10])).figure): ("from 0 to 10", "75%"),
    }
    for text, parts in said.items():
        assert all(part in text for part in parts), text
