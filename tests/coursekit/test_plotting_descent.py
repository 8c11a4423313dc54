"""Figures of gradient descent: steps on the curve of a loss, and paths on a loss surface."""

from __future__ import annotations

import warnings

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import descent as module

BOX = (-3.0, 3.0, -2.0, 2.0)


def bowl(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x**2 + 4 * y**2


def legend(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def descent(lr: float, steps: int) -> np.ndarray:
    return 2.5 * (1 - 2 * lr) ** np.arange(steps + 1)


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


# ── one number ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_places_of_a_descent_lie_on_the_curve_in_their_order():
    path = descent(0.1, 8)
    ax = plotting.descent_curve(np.square, path, low=-3, high=3)
    np.testing.assert_allclose(ax.lines[1].get_xydata(), np.column_stack([path, path**2]))
    assert legend(ax) == ["start", "end"]
    assert "8 steps" in plotting.alt_text(ax.figure)


@pytest.mark.parametrize("path", [descent(1.1, 30), [1.0, np.inf], [1.0, 2.0, np.nan], descent(500.0, 90)])
def test_a_descent_that_ends_higher_or_nowhere_says_diverged(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plotting.descent_curve(np.square, path, low=-3, high=3)
    assert "diverged" in [text.get_text() for text in ax.texts]
    assert "diverged" in plotting.alt_text(ax.figure)
    assert legend(ax) == ["start"]


def test_a_descent_that_stays_at_its_height_has_not_diverged():
    ax = plotting.descent_curve(np.square, descent(1.0, 9), low=-3, high=3)
    assert not ax.texts
    assert "diverged" not in plotting.alt_text(ax.figure)


def test_the_window_stays_however_far_a_descent_goes():
    ax = plotting.descent_curve(np.square, descent(1.3, 40), low=-3, high=3)
    assert ax.get_xlim() == (-3, 3)
    assert ax.get_ylim()[1] < 12


def test_a_curve_needs_a_place_and_a_window():
    with pytest.raises(ValueError, match="got 0 places"):
        plotting.descent_curve(np.square, [], low=-1, high=1)
    with pytest.raises(ValueError, match="the window 2 to 1"):
        plotting.descent_curve(np.square, [1.0], low=2, high=1)


# ── two weights ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_path_is_one_line_through_its_places(rng):
    runs = {name: rng.uniform(-1, 1, (6, 2)) * np.linspace(2, 0.1, 6)[:, None] for name in "abc"}
    ax = plotting.descent_paths(bowl, runs, box=BOX)
    drawn = [line for line in ax.lines if line.get_label() in runs]
    assert len(drawn) == 3
    for line in drawn:
        np.testing.assert_allclose(line.get_xydata(), runs[line.get_label()])
    assert len({line.get_linestyle() for line in drawn}) == len({line.get_marker() for line in drawn}) == 3
    assert (*ax.get_xlim(), *ax.get_ylim()) == BOX


def test_the_alt_text_says_where_each_path_starts_and_ends():
    ax = plotting.descent_paths(bowl, {"plain": [[2.0, 1.0], [1.0, 0.0]]}, box=BOX)
    text = plotting.alt_text(ax.figure)
    assert "plain: 1 step from (2, 1), loss 8; it ends at (1, 0), loss 1." in text


@pytest.mark.parametrize("end", [[50.0, 0.0], [np.nan, 0.0], [np.inf, np.inf], [1e200, 1e200]])
def test_a_path_that_leaves_the_bowl_is_called_diverged_and_cut_off(end):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plotting.descent_paths(bowl, {"wild": [[1.0, 1.0], [2.5, 1.0], end, end]}, box=BOX)
        ax.figure.canvas.draw()
    assert legend(ax) == ["wild (diverged)"]
    assert "wild" in plotting.alt_text(ax.figure)
    assert "has diverged" in plotting.alt_text(ax.figure)
    (line,) = (line for line in ax.lines if line.get_label().startswith("wild"))
    assert 2 <= len(line.get_xydata()) <= 3


def test_a_path_that_leaves_the_window_and_comes_back_is_drawn_whole():
    run = [[2.0, 1.0], [5.0, 0.0], [0.5, 0.0]]
    ax = plotting.descent_paths(bowl, {"fast": run}, box=BOX)
    assert legend(ax) == ["fast"]
    np.testing.assert_allclose(ax.lines[0].get_xydata(), run)


def test_a_flat_surface_and_no_legend_are_fine():
    ax = plotting.descent_paths(lambda x, y: 0 * x, {"a": [[0.0, 0.0]]}, box=BOX, legend=None)
    assert ax.get_legend() is None


def test_paths_need_two_weights_and_a_window():
    with pytest.raises(ValueError, match=r"expected paths of shape \(steps \+ 1, 2\), got \{'a': \(4,\)\}"):
        plotting.descent_paths(bowl, {"a": np.ones(4)}, box=BOX)
    with pytest.raises(ValueError, match="expected paths"):
        plotting.descent_paths(bowl, {}, box=BOX)
    with pytest.raises(ValueError, match="not empty"):
        plotting.descent_paths(bowl, {"a": np.ones((2, 2))}, box=(1, 1, 0, 2))


def test_both_draw_on_the_axes_they_are_given():
    _, (left, right) = plt.subplots(1, 2)
    assert plotting.descent_curve(np.square, [1.0], low=-1, high=1, title="one", ax=left) is left
    assert plotting.descent_paths(bowl, {"a": np.ones((2, 2))}, box=BOX, title="two", ax=right) is right
    assert (left.get_title(), right.get_title()) == ("one", "two")
