"""Figures of lines and regions between two classes: what they draw and say, judged from the axes."""

from __future__ import annotations

from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb

from coursekit import plotting
from coursekit.plotting import boundaries

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, XOR = [0, 0, 0, 1], [0, 1, 1, 0]
CALLS: dict[str, Any] = {
    "decision_line": lambda ax=None: plotting.decision_line([1, 1], -1.5, CORNERS, AND, ax=ax),
    "candidate_lines": lambda ax=None: plotting.candidate_lines({"A": ([1, 1], -1.5)}, CORNERS, AND, ax=ax),
    "training_path": lambda ax=None: plotting.training_path([([1, 0], 0), ([1, 1], -1.5)], CORNERS, AND, ax=ax),
    "decision_regions": lambda ax=None: plotting.decision_regions(lambda X: X[:, 0], CORNERS, XOR, ax=ax),
}


def said(ax: Any) -> str:
    return plotting.alt_text(ax.figure)


def legend(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def colour_at(ax: Any, x: float, y: float) -> np.ndarray:
    """The colour of the drawn figure at a point of the axes' own coordinates."""
    ax.figure.canvas.draw()
    pixels = np.asarray(ax.figure.canvas.buffer_rgba())[:, :, :3] / 255
    across, up = ax.transData.transform((x, y))
    return pixels[len(pixels) - 1 - round(float(up)), round(float(across))]


def is_side(ax: Any, x: float, y: float, side: int) -> bool:
    return bool(np.allclose(colour_at(ax, x, y), to_rgb(boundaries._SIDES[side]), atol=0.02))


# ── what holds for all ───────────────────────────────────────────────────────────────────────────────────────────────


def test_every_public_function_is_tried_here() -> None:
    assert set(CALLS) == set(boundaries.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_is_drawn_on_the_axes_given_and_nowhere_else(name: str) -> None:
    _, ax = plt.subplots()
    assert CALLS[name](ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", CALLS)
def test_a_figure_of_its_own_has_alt_text_and_can_be_saved(name: str, tmp_path: Any) -> None:
    ax = CALLS[name]()
    assert len(said(ax)) > 30
    ax.figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("w", "b"), [([1, 1], -1.5), ([0, 2], -1), ([3, 0], -2), ([-1, 0.5], 0.2)])
def test_the_line_drawn_has_score_zero_everywhere(w: list[float], b: float) -> None:
    ax = plotting.decision_line(w, b)
    for x, y in zip(*ax.lines[0].get_data(), strict=True):
        assert np.dot(w, [x, y]) + b == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("w", "b"), [([1, 1], -1.5), ([1, -1], 0.3), ([0, -2], 1)])
def test_the_side_where_the_score_is_positive_has_the_colour_of_class_1(w: list[float], b: float) -> None:
    ax = plotting.decision_line(w, b)
    for x, y in [(-0.3, -0.3), (-0.3, 1.3), (1.3, -0.3), (1.3, 1.3), (0.5, -0.3)]:
        assert is_side(ax, x, y, int(np.dot(w, [x, y]) + b > 0))


def test_weights_of_zero_give_no_line_and_one_colour() -> None:
    ax = plotting.decision_line([0, 0], 1.0, CORNERS, AND)
    assert not ax.lines
    assert is_side(ax, 0.5, 0.5, 1)
    assert "No line" in said(ax)


def test_a_unit_with_all_weights_zero_and_no_bias_says_class_0_everywhere() -> None:
    assert is_side(plotting.decision_line([0, 0], 0.0, CORNERS, AND), 0.5, 0.5, 0)


def test_samples_on_the_wrong_side_are_counted_and_ringed() -> None:
    ax = plotting.decision_line([1, 1], -0.5, CORNERS, XOR)
    assert "1 of them on the wrong side" in said(ax)
    assert "wrong side" in legend(ax)
    right = plotting.decision_line([1, 1], -1.5, CORNERS, AND)
    assert "0 of them on the wrong side" in said(right)
    assert "wrong side" not in legend(right)


def test_classes_differ_by_marker_and_not_only_by_colour() -> None:
    ax = plotting.decision_line([1, 1], -1.5, CORNERS, AND)
    outlines = [len(marks.get_paths()[0].vertices) for marks in ax.collections if isinstance(marks, PathCollection)]
    assert len(outlines) == len(set(outlines)) == 2


def test_candidate_lines_stand_in_the_legend_with_their_own_dash() -> None:
    ax = plotting.candidate_lines({"A": ([1, 1], -1.5), "B": ([1, 0], -0.5), "C": ([0, 1], -0.5)}, CORNERS, AND)
    assert {"A", "B", "C"} <= set(legend(ax))
    assert len({line.get_linestyle() for line in ax.lines}) == 3
    assert "Line A" in said(ax)
    assert "has 0 samples on the wrong side" in said(ax)


def test_a_training_path_gets_darker_and_ends_with_the_last_line() -> None:
    path = [([1, 0.1 * k], -0.5) for k in range(5)]
    ax = plotting.training_path(path, CORNERS, AND)
    shades = [float(line.get_color()) for line in ax.lines[:-1]]
    assert shades == sorted(shades, reverse=True)
    x, y = ax.lines[-1].get_data()
    assert np.dot(path[-1][0], [x[0], y[0]]) - 0.5 == pytest.approx(0, abs=1e-9)
    assert "after epoch 5" in legend(ax)


def test_a_training_path_may_start_from_zero_weights() -> None:
    ax = plotting.training_path([([0, 0], 0), ([1, 1], -1.5)], CORNERS, AND)
    assert len(ax.lines) == 1


# ── regions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shape", ["flat", "column", "list"])
def test_regions_follow_any_prediction_function(shape: str) -> None:
    def inside(X: np.ndarray) -> Any:
        p = (np.hypot(X[:, 0] - 0.5, X[:, 1] - 0.5) < 0.4).astype(float)
        return {"flat": p, "column": p[:, np.newaxis], "list": p.tolist()}[shape]

    ax = plotting.decision_regions(inside)
    assert is_side(ax, 0.5, 0.5, 1)
    assert is_side(ax, 1.2, 1.2, 0)


def test_the_share_of_the_plane_is_measured() -> None:
    ax = plotting.decision_regions(lambda X: X[:, 0] > 0, limits=(-1, 3, 0, 1))
    assert "75%" in said(ax)


def test_a_prediction_function_is_called_once_and_may_spoil_its_input() -> None:
    calls = []

    def spoil(X: np.ndarray) -> np.ndarray:
        calls.append(len(X))
        X *= 0
        return X[:, 0]

    points = CORNERS.astype(float)
    plotting.decision_regions(spoil, points, AND)
    assert len(calls) == 1
    assert np.array_equal(points, CORNERS)


def test_two_numbers_a_point_are_refused() -> None:
    with pytest.raises(ValueError, match="one number per point"):
        plotting.decision_regions(lambda X: X)


def test_hidden_neurons_are_drawn_as_the_lines_where_their_scores_are_0(rng: np.random.Generator) -> None:
    W, b = rng.normal(size=(2, 5)), rng.normal(size=5)
    ax = plotting.decision_regions(lambda X: X[:, 0], hidden=(W, b))
    assert len(ax.get_lines()) == 5
    for unit, line in enumerate(ax.get_lines()):
        np.testing.assert_allclose(np.column_stack(line.get_data()) @ W[:, unit] + b[unit], 0, atol=1e-9)
    assert legend(ax) == ["hidden neuron"]


def test_the_text_says_how_many_hidden_lines_can_be_seen() -> None:
    ax = plotting.decision_regions(lambda X: X[:, 0], hidden=([[1, 1], [0, 0]], [-0.5, -9]), limits=(0, 1, 0, 1))
    assert "Of 2 hidden neurons' lines 1 cross the picture." in said(ax)


@pytest.mark.parametrize(("W", "b"), [([1, 1], [0]), ([[1, 1]], [0, 0]), ([[1, 1], [1, 1]], [0])])
def test_hidden_weights_that_do_not_fit_are_refused(W: Any, b: Any) -> None:
    with pytest.raises(ValueError, match="expected hidden weights"):
        plotting.decision_regions(lambda X: X[:, 0], hidden=(W, b))


# ── errors that say what is wrong ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plotting.decision_line([1, 2, 3], 0), "two weights"),
        (lambda: plotting.decision_line([1, 2], [0, 1]), "one bias"),
        (lambda: plotting.decision_line([1, 1], 0, np.ones((4, 3)), AND), "shape"),
        (lambda: plotting.decision_line([1, 1], 0, CORNERS, [0, 1]), "one class"),
        (lambda: plotting.decision_line([1, 1], 0, CORNERS, [-1, 1, 1, -1]), "0 or 1"),
        (lambda: plotting.candidate_lines({}, CORNERS, AND), "at least one line"),
        (lambda: plotting.training_path([], CORNERS, AND), "empty path"),
    ],
)
def test_wrong_arguments_are_refused_with_what_was_expected(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()
