"""Figures of training and its parts: curves, confusion matrix, activation functions, softmax under temperature."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.special

from coursekit import plotting
from coursekit.plotting import curves as module

RECORD = {"loss": [1.0, 0.5, 0.4], "val_loss": [1.1, 0.8, 0.9], "accuracy": [0.3, 0.6, 0.7]}


def legend(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_the_package_exports_every_public_name():
    assert set(module.__all__) <= set(plotting.__all__)
    assert all(getattr(plotting, name) is getattr(module, name) for name in module.__all__)


# ── learning curves ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_training_and_validation_are_drawn_from_epoch_one_with_the_gap_shaded():
    ax = plotting.learning_curves(RECORD)
    train, valid = ax.get_lines()
    assert list(train.get_xdata()) == [1, 2, 3]
    assert list(train.get_ydata()) == RECORD["loss"]
    assert list(valid.get_ydata()) == RECORD["val_loss"]
    assert train.get_linestyle() != valid.get_linestyle()
    assert len(ax.collections) == 1


def test_a_history_object_and_its_dictionary_give_the_same_curves():
    one, other = (plotting.learning_curves(run).get_lines() for run in (SimpleNamespace(history=RECORD), RECORD))
    assert [list(line.get_ydata()) for line in one] == [list(line.get_ydata()) for line in other]


def test_a_keras_history_is_understood():
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    history = model.fit(np.ones((4, 2)), np.ones(4), epochs=2, verbose=0)
    assert list(plotting.learning_curves(history).get_lines()[0].get_ydata()) == history.history["loss"]


def test_a_metric_without_validation_is_drawn_alone_and_has_no_gap():
    ax = plotting.learning_curves(RECORD, metric="accuracy")
    assert legend(ax) == ["training"]
    assert not ax.collections


def test_several_runs_are_told_apart_by_name_and_colour():
    ax = plotting.learning_curves({"small": RECORD, "large": SimpleNamespace(history=RECORD)})
    assert legend(ax) == ["small: training", "small: validation", "large: training", "large: validation"]
    assert len({line.get_color() for line in ax.get_lines()}) == 2


def test_runs_of_different_length_can_be_compared():
    short = {"loss": [1.0], "val_loss": [1.0]}
    assert [len(line.get_xdata()) for line in plotting.learning_curves({"a": RECORD, "b": short}).get_lines()] == [3, 3, 1, 1]


def test_a_missing_metric_is_named_with_those_that_are_there():
    with pytest.raises(ValueError, match=r"no 'mae' in the history of small; it has accuracy, loss, val_loss"):
        plotting.learning_curves({"small": RECORD}, metric="mae")


def test_what_is_no_history_is_refused():
    with pytest.raises(ValueError, match="Keras History"):
        plotting.learning_curves([1.0, 0.5])


# ── confusion matrix ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_count_stands_in_the_row_of_its_true_class(rng):
    matrix = rng.integers(1, 50, size=(3, 3))
    ax = plotting.confusion_matrix(matrix, ["a", "b", "c"])
    drawn = {(text.get_position()[1], text.get_position()[0]): int(text.get_text()) for text in ax.texts}
    assert drawn == dict(np.ndenumerate(matrix))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_the_shade_is_the_share_of_the_row():
    ax = plotting.confusion_matrix([[30, 10], [0, 0]], ["often", "never"])
    np.testing.assert_allclose(np.asarray(ax.images[0].get_array(), dtype=float), [[0.75, 0.25], [0, 0]])


def test_empty_cells_stay_empty_so_that_the_mistakes_stand_out():
    assert [text.get_text() for text in plotting.confusion_matrix([[5, 0], [2, 3]], ["a", "b"]).texts] == ["5", "2", "3"]


@pytest.mark.parametrize("matrix", [np.zeros((2, 3)), np.zeros((2, 2)), np.zeros(3)])
def test_a_matrix_that_does_not_fit_the_names_is_refused(matrix):
    with pytest.raises(ValueError, match=r"shape \(3, 3\) for 3 class names"):
        plotting.confusion_matrix(matrix, ["a", "b", "c"])


# ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    pytest.importorskip("ipywidgets")
    shown: list = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    ax = plotting.softmax_temperature([2.0, 0.0], slider=True)
    knob, picture = shown[0].children
    before = picture.value
    knob.value = 5.0
    assert picture.value != before
    assert '<img alt="Bars of softmax' in picture.value
    assert ax.patches, "the static figure is there as well"
    assert plt.get_fignums() == [ax.figure.number], "the slider leaves no figure open"


def test_every_figure_draws_on_the_axes_it_is_given():
    figure, (a, b, c, d) = plt.subplots(1, 4)
    assert plotting.learning_curves(RECORD, ax=a) is a
    assert plotting.confusion_matrix(np.eye(2, dtype=int), ["x", "y"], ax=b) is b
    assert plotting.activation_functions(ax=c) is c
    assert plotting.softmax_temperature([1.0, 0.0], ax=d) is d
    assert plt.get_fignums() == [figure.number]


def test_alt_texts_say_what_is_to_be_seen():
    said = {
        plotting.alt_text(plotting.learning_curves(RECORD).figure): ("1 to 0.4", "1.1 to 0.9", "gap 0.5"),
        plotting.alt_text(plotting.confusion_matrix([[9, 1], [4, 6]], ["cat", "dog"]).figure): (
            "75.0%",
            "dog taken for cat (4 times)",
            "dog, 60% right",
        ),
        plotting.alt_text(plotting.activation_functions().figure): ("ReLU", "sigmoid", "tanh"),
        plotting.alt_text(plotting.softmax_temperature([2.0, 1.0, 0.0]).figure): ("scores 2, 1, 0", "0.67, 0.24, 0.09"),
    }
    for text, parts in said.items():
        assert all(part in text for part in parts), text


def test_a_perfect_confusion_matrix_names_no_confusion():
    text = plotting.alt_text(plotting.confusion_matrix(np.diag([3, 4]), ["a", "b"]).figure)
    assert "100.0%" in text
    assert "confusion:" not in text
