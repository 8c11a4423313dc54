"""Figures of activation functions and of softmax under temperature: what they draw and say."""

from __future__ import annotations

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.special

from coursekit import interaction, plotting
from coursekit.plotting import activations as module
from tests.coursekit.test_interaction import shell_of


def said(ax: plt.Axes) -> str:
    return plotting.alt_text(ax.figure)


def test_the_package_exports_every_public_name() -> None:
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


def test_the_activation_functions_drawn_by_default_are_the_true_ones():
    ax = plotting.activation_functions()
    oracles = {"ReLU": lambda z: np.clip(z, 0, None), "sigmoid": scipy.special.expit, "tanh": np.tanh}
    drawn = {line.get_label(): line for line in ax.get_lines()}
    for name, oracle in oracles.items():
        np.testing.assert_allclose(drawn[name].get_ydata(), oracle(drawn[name].get_xdata()), atol=1e-12)


def test_the_dashed_slope_is_the_derivative():
    ax = plotting.activation_functions({"square": np.square}, low=-2, high=2, derivatives=True)
    slope = next(line for line in ax.get_lines() if line.get_label() == "slope of square")
    np.testing.assert_allclose(slope.get_ydata(), 2 * slope.get_xdata(), atol=1e-6)


def test_a_function_that_changes_its_argument_does_not_spoil_the_figure():
    def relu_in_place(z: np.ndarray) -> np.ndarray:
        z[z < 0] = 0
        return z

    line = next(line for line in plotting.activation_functions({"r": relu_in_place}).get_lines() if line.get_label() == "r")
    assert line.get_xdata()[0] == -4


def test_the_bars_are_softmax_of_the_scores_over_the_temperature(rng):
    scores = rng.normal(size=4)
    ax = plotting.softmax_temperature(scores, temperatures=(0.5, 2.0))
    heights = np.array([bar.get_height() for bar in ax.patches]).reshape(2, 4)
    np.testing.assert_allclose(heights, [scipy.special.softmax(scores / 0.5), scipy.special.softmax(scores / 2)])


def test_large_scores_and_low_temperatures_do_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        heights = [bar.get_height() for bar in plotting.softmax_temperature([1000.0, 0.0], temperatures=(0.1,)).patches]
    assert heights == [1.0, 0.0]


@pytest.mark.parametrize(
    ("scores", "temperatures", "said"),
    [([1.0, 2.0], (0.0,), "above 0"), ([1.0], (), "above 0"), ([[1.0]], (1.0,), "one row"), ([np.nan], (1.0,), "finite")],
)
def test_impossible_temperatures_and_scores_are_refused(scores, temperatures, said):
    with pytest.raises(ValueError, match=said):
        plotting.softmax_temperature(scores, temperatures=temperatures)


def test_outside_a_notebook_no_widget_is_tried(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # importing it would now fail
    assert plotting.softmax_temperature([1.0, 0.0]).patches


def test_the_slider_redraws_its_picture_for_the_new_temperature(monkeypatch):
    ipywidgets = pytest.importorskip("ipywidgets")
    boxes: list = []
    original = ipywidgets.VBox
    monkeypatch.setattr(ipywidgets, "VBox", lambda children: boxes.append(original(children)) or boxes[-1])
    monkeypatch.setattr(interaction, "_shell", lambda: shell_of({"allow_stdin": True}))
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    ax = plotting.softmax_temperature([2.0, 0.0])
    knob, picture = boxes[0].children
    assert knob.label == "1"
    before = picture.value
    knob.index = len(knob.options) - 1
    assert picture.value != before
    assert '<img alt="Bars of softmax' in picture.value
    assert "at T = 10" in picture.value
    assert ax.patches, "the static figure is there as well"
    assert plt.get_fignums() == [ax.figure.number], "the slider leaves no figure open"


def test_there_is_no_slider_on_axes_of_the_caller(monkeypatch):
    monkeypatch.setattr(interaction, "_shell", lambda: shell_of({"allow_stdin": True}))
    monkeypatch.setattr(interaction, "explore", lambda *_, **__: pytest.fail("a slider"))
    plotting.softmax_temperature([2.0, 0.0], ax=plt.subplots()[1])
    plotting.softmax_temperature([2.0, 0.0], slider=False)


def test_the_figures_are_drawn_on_the_axes_given_and_described():
    figure, (a, b) = plt.subplots(1, 2)
    assert plotting.activation_functions(ax=a) is a
    assert plotting.softmax_temperature([2.0, 1.0, 0.0], ax=b) is b
    assert plt.get_fignums() == [figure.number]
    parts = ("ReLU", "sigmoid", "tanh", "scores 2, 1, 0", "0.67, 0.24, 0.09")
    assert all(part in said(a) for part in parts), said(a)
