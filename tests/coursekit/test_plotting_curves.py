"""Figures of training and its parts: learning and error curves, and the confusion matrix."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from coursekit import plotting
from coursekit.plotting import curves as module

RECORD = {"loss": [1.0, 0.5, 0.4], "val_loss": [1.1, 0.8, 0.9], "accuracy": [0.3, 0.6, 0.7]}


def legend(ax: plt.Axes) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def said(ax: plt.Axes) -> str:
    return plotting.alt_text(ax.figure)


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


# ── error curves ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("errors", [[1.0, 5.0, 1e9], [1.0, np.inf, np.nan], [np.nan, np.nan], 2.0 ** np.arange(1000)])
def test_a_run_that_blows_up_says_diverged_and_leaves_the_others_readable(errors: Any) -> None:
    with np.errstate(all="ignore"):
        ax = plotting.error_curves({"good": [1.0, 0.5, 0.25], "bad": errors})
    assert legend(ax) == ["good", "bad (diverged)"]
    assert "bad starts at" in said(ax)
    assert "diverged" in said(ax)
    assert ax.get_ylim()[1] < 1000


def test_a_run_that_falls_or_wobbles_is_not_said_to_diverge() -> None:
    ax = plotting.error_curves({"falls": [10.0, 1.0, 0.1], "wobbles": [2.0, 9.0, 4.0], "done": [0.0, 0.0]})
    assert not any("diverged" in text for text in legend(ax))


def test_whole_numbers_get_whole_ticks() -> None:
    ax = plotting.error_curves({"mistakes": [2, 3, 1, 0]}, log=False)
    ax.figure.canvas.draw()
    assert all(float(tick).is_integer() for tick in ax.get_yticks())


def test_a_run_that_diverges_in_the_second_epoch_is_seen_to_leave_the_picture() -> None:
    ax = plotting.error_curves({"good": [0.5, 0.25], "bad": [50.0, 1e9]}, start=1.0)
    x, y = ax.lines[1].get_data()
    assert list(x) == [0, 1, 2]
    assert list(y[:2]) == [1.0, 50.0]
    assert y[2] > ax.get_ylim()[1] > y[1]
    assert "bad starts at 1 and diverged" in said(ax)


@pytest.mark.parametrize(("start", "first"), [(None, 1), (3.0, 0)])
@pytest.mark.parametrize("epochs", [1, 2, 7, 20, 60, 500])
def test_epoch_ticks_begin_with_the_curves_and_go_on_in_round_numbers(start: Any, first: int, epochs: int) -> None:
    ax = plotting.error_curves({"run": np.linspace(2, 1, epochs)}, start=start)
    ticks = list(ax.xaxis.get_major_locator()())
    assert ticks[0] == first == ax.lines[0].get_xdata()[0]
    assert ticks == sorted(set(ticks))
    assert ticks[-1] <= epochs
    assert all(tick % 5 == 0 for tick in ticks[1:]) or epochs <= 20
    assert epochs == 1 or len(ticks) >= 2


def test_curves_that_cover_each_other_have_their_own_width() -> None:
    ax = plotting.error_curves({"A": [2.0, 1.0], "B": [2.0, 1.0], "C": [2.0, 1.0]})
    widths = [line.get_linewidth() for line in ax.lines]
    assert widths == sorted(set(widths), reverse=True)


def test_runs_of_different_length_share_a_figure() -> None:
    ax = plotting.error_curves({"short": [1.0], "long": np.linspace(3, 1, 50)})
    assert [len(line.get_xdata()) for line in ax.lines] == [1, 50]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plotting.error_curves({}), "at least one run"),
        (lambda: plotting.error_curves({"none": []}), "at least one error"),
    ],
)
def test_runs_without_errors_are_refused(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_figure_draws_on_the_axes_it_is_given():
    figure, (a, b, c) = plt.subplots(1, 3)
    assert plotting.learning_curves(RECORD, ax=a) is a
    assert plotting.confusion_matrix(np.eye(2, dtype=int), ["x", "y"], ax=b) is b
    assert plotting.error_curves({"run": [3.0, 2.0, 1.0]}, ax=c) is c
    assert plt.get_fignums() == [figure.number]


def test_alt_texts_say_what_is_to_be_seen():
    texts = {
        said(plotting.learning_curves(RECORD)): ("1 to 0.4", "1.1 to 0.9", "gap 0.5"),
        said(plotting.confusion_matrix([[9, 1], [4, 6]], ["cat", "dog"])): (
            "75.0%",
            "dog taken for cat (4 times)",
            "dog, 60% right",
        ),
        said(plotting.error_curves({"run": [3.0, 2.0, 1.0]})): (
            "Curves of the error E over 3 epochs",
            "run starts at 3 and ends at 1",
        ),
    }
    for text, parts in texts.items():
        assert all(part in text for part in parts), text


def test_a_perfect_confusion_matrix_names_no_confusion():
    text = plotting.alt_text(plotting.confusion_matrix(np.diag([3, 4]), ["a", "b"]).figure)
    assert "100.0%" in text
    assert "confusion:" not in text


# ── validation after some of the epochs ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("every", "measured"), [(2, [2, 4, 6, 8, 10]), (3, [3, 6, 9]), ([1, 4, 10], [1, 4, 10])])
def test_validation_values_stand_at_the_epochs_at_which_they_were_measured(every: Any, measured: list[int]) -> None:
    history = {"loss": np.linspace(2, 1, 10), "val_loss": np.arange(len(measured))}
    ax = plotting.learning_curves(history, validation_freq=every)
    assert ax.lines[1].get_xdata().tolist() == measured


def test_the_number_of_values_tells_the_step_unless_several_steps_give_it() -> None:
    ax = plotting.learning_curves({"loss": [1.0] * 10, "val_loss": [1.0] * 3})
    assert ax.lines[1].get_xdata().tolist() == [3, 6, 9]
    with pytest.raises(ValueError, match="validation_freq"):
        plotting.learning_curves({"loss": [1.0] * 10, "val_loss": [1.0] * 2})  # every 4th or every 5th
    with pytest.raises(ValueError, match="gives 5 values in 10 epochs, the history has 3"):
        plotting.learning_curves({"loss": [1.0] * 10, "val_loss": [1.0] * 3}, validation_freq=2)


def test_a_metric_with_several_values_per_epoch_is_refused_with_what_to_use() -> None:
    with pytest.raises(ValueError, match=r"one value of f1_score per epoch, got shape \(2, 3\).*macro"):
        plotting.learning_curves({"f1_score": np.ones((2, 3))}, metric="f1_score")


def test_a_matrix_below_zero_is_no_confusion_matrix() -> None:
    with pytest.raises(ValueError, match="the matrix holds -1"):
        plotting.confusion_matrix([[1, -1], [0, 2]], ["a", "b"])
