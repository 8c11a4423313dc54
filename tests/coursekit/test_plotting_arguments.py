"""Figures take what can mean only one thing and refuse the rest in a sentence: no wrong picture, no error of a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas
import pytest

from coursekit import plotting

NAMES = ["cat", "dog", "bird"]
CORNERS, AND = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
IMAGES = np.arange(3 * 4 * 4).reshape(3, 4, 4)

# Every figure with arguments that it takes. Those named first hold the data; the rest says how to draw.
GOOD: dict[str, tuple[list[str], dict[str, Any]]] = {
    "activation_functions": (["functions"], {"functions": {"tanh": np.tanh}}),
    "softmax_temperature": (["scores", "temperatures"], {"scores": [1.0, 2.0], "temperatures": (1.0,)}),
    "curves_with_bands": (["curves", "x", "log"], {"curves": {"a": [1.0, 2.0]}, "x": [1, 2], "log": (False, False)}),
    "decision_line": (
        ["w", "b", "X", "t", "class_names", "limits"],
        {"w": [1, 1], "b": -1.5, "X": CORNERS, "t": AND, "class_names": NAMES[:2], "limits": (0, 1, 0, 1)},
    ),
    "candidate_lines": (["lines", "X", "t"], {"lines": {"A": ([1, 1], -1.5)}, "X": CORNERS, "t": AND}),
    "training_path": (["path", "X", "t"], {"path": [([1, 1], -1.5)], "X": CORNERS, "t": AND}),
    "decision_regions": (
        ["predict", "X", "t", "hidden"],
        {"predict": lambda X: X[:, 0], "X": CORNERS, "t": AND, "hidden": ([[1, 0], [0, 1]], [0, 0]), "size": 4},
    ),
    "learning_curves": (["history"], {"history": {"loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}}),
    "confusion_matrix": (["matrix", "class_names"], {"matrix": np.eye(3), "class_names": NAMES}),
    "error_curves": (["curves", "start"], {"curves": {"a": [2.0, 1.0]}, "start": 3.0}),
    "histograms_through_depth": (["layers"], {"layers": [[1.0, 2.0]]}),
    "descent_curve": (["loss", "path", "low"], {"loss": np.square, "path": [2.0, 1.0], "low": -3, "high": 3}),
    "descent_paths": (
        ["surface", "paths", "box"],
        {"surface": lambda x, y: x**2 + y**2, "paths": {"a": [[1.0, 1.0], [0.5, 0.5]]}, "box": (-2, 2, -2, 2)},
    ),
    "network_diagram": (["layers", "inputs"], {"layers": [([1, 1], -1.5)], "inputs": ["x1", "x2"]}),
    "filters": (["kernels", "titles"], {"kernels": np.ones((3, 3, 2)), "titles": ["a", "b"]}),
    "feature_maps": (["maps", "titles"], {"maps": np.ones((3, 3, 2)), "titles": ["a", "b"]}),
    "sliding_kernel": (["x", "w", "y", "stride"], {"x": [1, 2, 3], "w": [1, 1], "y": [3, 5], "stride": 1}),
    "attention_map": (["weights", "queries"], {"weights": [[0.5, 0.5]], "queries": ["q"]}),
    "computation_graph": (["nodes"], {"nodes": {"x": ("", 1.0), "f": ("+", 1.0)}, "edges": {("x", "f"): 1.0}}),
    "class_balance": (["y", "class_names"], {"y": [0, 1, 2], "class_names": NAMES}),
    "class_means": (["X", "y", "class_names"], {"X": IMAGES, "y": [0, 1, 2], "class_names": NAMES}),
    "confident_mistakes": (
        ["images", "y", "probabilities", "class_names", "index"],
        {"images": IMAGES, "y": [0, 1, 2], "probabilities": np.eye(3), "class_names": NAMES, "index": [2, 0]},
    ),
    "image_grid": (["images", "titles", "columns"], {"images": IMAGES, "titles": NAMES, "columns": 2}),
    "pixel_histogram": (["pixels", "bins"], {"pixels": IMAGES, "bins": 5}),
    "loop": (["draw", "frames"], {"draw": lambda ax, frame: ax.bar([0], [frame]), "frames": [1, 2], "moves": "a bar grows"}),
    "photo_grid": (["photos", "titles"], {"photos": np.ones((3, 2, 2, 3)), "titles": NAMES}),
    "fitted_lines": (["lines", "x", "y"], {"lines": {"fit": (1, 2)}, "x": [1, 2], "y": [1, 2]}),
    "predictions": (["y", "y_hat"], {"y": [1, 2], "y_hat": [1, 2]}),
    "price_map": (["longitude", "value", "centre"], {"longitude": [1, 2], "latitude": [1, 2], "value": [1, 2], "centre": 1}),
    "rate_finder": (["rates", "losses", "chosen"], {"rates": [0.1, 1], "losses": [2, 1], "chosen": 0.5}),
    "class_probabilities": (
        ["mean", "std", "class_names"],
        {"mean": [0.5, 0.5, 0], "std": [0.1, 0.1, 0], "class_names": NAMES},
    ),
    "method_comparison": (["results"], {"results": {"plain": [1.0, 2.0]}}),
    "penalty_shapes": (["a", "target"], {"a": (3, 2), "target": 10.0}),
    "search_points": (
        ["points", "scores", "log", "bounds"],
        {"points": [[1, 2], [3, 4]], "scores": [1, 2], "log": (False, False), "bounds": [(0, 5), (0, 5)]},
    ),
}
WRONG: dict[str, Any] = {
    "a text": "three",
    "words": np.array(["one", "two", "three"]),
    "an object": object(),
    "numbers where there is a dictionary, and words where there are numbers": {"a": "b"},
    "None inside": [None, "x"],
}


def test_the_table_below_knows_every_figure():
    others = {"COLOURS", "MARKERS", "alt_text", "describe", "Loop"}
    assert set(GOOD) == set(plotting.__all__) - others


@pytest.mark.parametrize("figure", GOOD)
def test_a_figure_refuses_values_of_another_kind_in_a_sentence(figure: str):
    draw: Callable[..., Any] = getattr(plotting, figure)
    arguments, good = GOOD[figure]
    draw(**good)
    for argument in arguments:
        for said, wrong in WRONG.items():
            if argument in ("inputs", "queries", "class_names", "titles") and said in ("words", "None inside"):
                continue  # as names they are right
            if figure == "loop" and argument == "frames":
                wrong = 5
            with pytest.raises(ValueError, match=r"expected|holds|is a |no 'loss' in the history"):
                draw(**good | {argument: wrong})


# ── chosen samples ───────────────────────────────────────────────────────────────────────────────────────────────────


def shown(ax: Any) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for image in ax.images]


def mistakes(index: Any) -> list[np.ndarray]:
    return shown(plotting.confident_mistakes(IMAGES, [0, 1, 2], np.eye(3), NAMES, index))


@pytest.mark.parametrize(
    ("index", "rows"),
    [([False, True, True], [1, 2]), (np.array([True, False, False]), [0]), ([2.0, 0.0], [2, 0]), (1, [1]), ([-1], [2])],
)
def test_a_mask_and_whole_numbers_choose_the_samples_that_they_choose_in_numpy(index: Any, rows: list[int]):
    np.testing.assert_array_equal(mistakes(index), IMAGES[rows])


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ([True, False], r"mask of shape \(2,\) for 3 samples"),
        ([False] * 3, "mask without True"),
        ([0.5], "whole numbers from 0 to 2"),
        ([3], "index reaches from 3 to 3"),
    ],
)
def test_an_index_that_chooses_no_sample_is_refused(index: Any, said: str):
    with pytest.raises(ValueError, match=said):
        mistakes(index)


# ── classes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "y",
    [np.eye(3)[[0, 2, 2]], [[0], [2], [2]], [0.0, 2.0, 2.0], pandas.Series([0, 2, 2], index=[7, 8, 9], dtype="Int64")],
    ids=["one-hot", "a column", "whole floats", "pandas"],
)
def test_classes_in_other_forms_give_the_bars_of_their_numbers(y: Any):
    assert [bar.get_width() for bar in plotting.class_balance(y, NAMES).patches] == [1, 0, 2]


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([[0.2, 0.3, 0.5]], r"looks like probabilities .*y\.argmax\(axis=1\)"),
        ([0.5, 1.0], "y holds 0.5: expected class numbers"),
        ([[0, 1], [1, 0]], r"one row of numbers \(n,\)"),
        ([0, np.nan], "NaN or infinite, the first in row 1"),
        (["cat"], "turn words into numbers first"),
        ([0, 1, 3], "labels from 0 to 2, y reaches from 0 to 3"),
    ],
)
def test_what_is_no_class_number_is_refused_with_what_to_do(y: Any, said: str):
    with pytest.raises(ValueError, match=said):
        plotting.class_balance(y, NAMES)


def test_classes_of_minus_one_and_one_are_refused_with_the_formula():
    with pytest.raises(ValueError, match=r"\(t \+ 1\) / 2"):
        plotting.decision_line([1, 1], 0, CORNERS, [-1, -1, -1, 1])


def test_scores_in_place_of_probabilities_are_refused():
    with pytest.raises(ValueError, match="reaches from -2 to 7: expected probabilities"):
        plotting.confident_mistakes(IMAGES, [0, 1, 2], [[-2, 0, 7]] * 3, NAMES, [0])


def test_images_and_classes_of_two_splits_are_refused():
    with pytest.raises(ValueError, match="X has 3, y has 2"):
        plotting.class_means(IMAGES, [0, 1], NAMES)


# ── images ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_labels_stand_above_images_as_texts():
    ax = plotting.image_grid(IMAGES, pandas.Series([9, 0, 3], index=[5, 6, 7]))
    assert [text.get_text() for text in ax.texts] == ["9", "0", "3"]


def test_images_with_an_axis_for_one_channel_are_grey_images():
    np.testing.assert_array_equal(shown(plotting.image_grid(IMAGES[..., np.newaxis])), IMAGES)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((2, 4, 4, 3)), "photo_grid"),
        (np.zeros((5, 16)), r"reshape\(-1, 4, 4\)"),
        (np.full((1, 2, 2), np.nan), "4 values that are NaN"),
        ([np.zeros((2, 2)), np.zeros((3, 3))], "different lengths or shapes"),
    ],
)
def test_what_is_no_stack_of_grey_images_is_refused_with_a_way_out(images: Any, said: str):
    with pytest.raises(ValueError, match=said):
        plotting.image_grid(images)


def test_a_text_is_not_spread_over_the_images():
    with pytest.raises(ValueError, match="single text 'abc'"):
        plotting.image_grid(IMAGES, "abc")


def test_one_hot_rows_as_titles_are_refused():
    with pytest.raises(ValueError, match="argmax"):
        plotting.image_grid(IMAGES, np.eye(3))


@pytest.mark.parametrize("scale", ["0 to 255", "0 to 1", "−1 to 1"])
def test_a_photograph_looks_the_same_on_every_scale_of_a_network(scale: str, rng: np.random.Generator):
    photos = rng.integers(0, 256, (2, 3, 4, 3), dtype=np.uint8)
    photos[0, 0, 0] = [0, 255, 100]
    scaled = {"0 to 255": photos.astype("float32"), "0 to 1": photos / 255, "−1 to 1": photos / 127.5 - 1}[scale]
    np.testing.assert_array_equal(shown(plotting.photo_grid(scaled)), photos)


@pytest.mark.parametrize("photos", [np.linspace(-2.1, 2.6, 12), np.linspace(0, 1.3, 12), np.linspace(-900, 900, 12)])
def test_photographs_on_no_scale_that_can_be_drawn_are_refused(photos: np.ndarray):
    with pytest.raises(ValueError, match="expected the scale from 0 to 255, 0 to 1 or −1 to 1"):
        plotting.photo_grid(photos.reshape(1, 2, 2, 3))


def test_bytes_are_on_the_scale_to_255_however_dark_they_are():
    np.testing.assert_array_equal(shown(plotting.photo_grid(np.ones((1, 2, 2, 3), np.uint8)))[0], 1)


def test_feature_maps_of_a_batch_of_one_image_are_its_maps(rng: np.random.Generator):
    maps = rng.normal(size=(1, 4, 4, 2))
    np.testing.assert_array_equal(shown(plotting.feature_maps(maps)), np.moveaxis(maps[0], -1, 0))


# ── functions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_probabilities_of_two_classes_are_refused_with_the_column_to_take():
    with pytest.raises(ValueError, match=r"\[:, 1\] is the probability of class 1"):
        plotting.decision_regions(lambda X: np.column_stack([X[:, 0], X[:, 1]]), CORNERS, AND, size=4)


def test_a_function_that_loses_numbers_is_named():
    with pytest.raises(ValueError, match=r"half returned shape \(200,\) for \(401,\)"):
        plotting.activation_functions({"half": lambda z: z[:200]})


@pytest.mark.parametrize("figure", sorted(set(GOOD) - {"loop"}))
def test_a_figure_refuses_to_draw_on_several_axes(figure: str):
    axes = plt.subplots(1, 2)[1]
    with pytest.raises(ValueError, match=r"expected one matplotlib Axes to draw on, got several Axes: choose one"):
        getattr(plotting, figure)(**GOOD[figure][1], ax=axes)


def test_alt_text_is_described_for_one_axes_in_words_and_read_from_its_figure_or_the_axes():
    axes = plt.subplots(1, 2)[1]
    with pytest.raises(ValueError, match="several Axes"):
        plotting.describe(axes, "two pictures")
    with pytest.raises(ValueError, match="text is int: expected what the axes show, in words"):
        plotting.describe(axes[0], 3)  # type: ignore[arg-type]
    plotting.describe(axes[0], "a picture")
    assert plotting.alt_text(axes[0]) == plotting.alt_text(axes[0].figure) == "a picture"
