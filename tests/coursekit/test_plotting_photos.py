"""Figures of photographs: each is drawn unchanged under its title, the alt text says so, and wrong input is refused in words."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import photos as module


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def test_a_grid_shows_every_photograph_unchanged_and_under_its_title(rng):
    photos = rng.integers(0, 256, size=(7, 6, 4, 3)).astype(np.uint8)
    ax = plotting.photo_grid(photos, [f"number {i}" for i in range(7)], columns=3)
    assert all(np.array_equal(drawn.get_array(), photo) for drawn, photo in zip(ax.images, photos, strict=True))
    assert [text.get_text() for text in ax.texts] == [f"number {i}" for i in range(7)]
    left, right, bottom, top = ax.images[0].get_extent()
    assert (top - bottom) / (right - left) == pytest.approx(6 / 4)


def test_photographs_of_a_grid_do_not_overlap():
    boxes = [drawn.get_extent() for drawn in plotting.photo_grid(np.zeros((6, 3, 2, 3)), ["two\nlines"] * 6, columns=2).images]
    for i, (left, right, bottom, top) in enumerate(boxes):
        for other_left, other_right, other_bottom, other_top in boxes[i + 1 :]:
            assert right <= other_left or other_right <= left or top <= other_bottom or other_top <= bottom


def test_floats_outside_the_range_are_cut_off_and_not_wrapped():
    photo = plotting.photo_grid(np.array([[[[-20.0, 300.0, 127.0]]]])).images[0].get_array()
    assert np.asarray(photo).ravel().tolist() == [0, 255, 127]


def test_alt_text_tells_how_many_and_their_titles():
    ax = plotting.photo_grid(np.zeros((2, 2, 2, 3)), ["hat", "dress\n90 %"], title="Two photographs")
    text = plotting.alt_text(ax.figure)
    assert "2 colour photographs in 1 row" in text
    assert "hat; dress, 90 %" in text
    assert text.startswith("Two photographs: ")


def test_it_draws_on_the_axes_it_is_given():
    _, ax = plt.subplots()
    assert plotting.photo_grid(np.zeros((1, 2, 2, 3)), ax=ax) is ax


@pytest.mark.parametrize("shape", [(3, 4, 4), (3, 4, 4, 1), (0, 4, 4, 3)])
def test_what_is_no_stack_of_colour_photographs_is_refused(shape):
    with pytest.raises(ValueError, match="expected photographs of shape"):
        plotting.photo_grid(np.zeros(shape))


def test_another_number_of_titles_is_refused():
    with pytest.raises(ValueError, match="2 titles for 3 photographs"):
        plotting.photo_grid(np.zeros((3, 2, 2, 3)), ["a", "b"])
