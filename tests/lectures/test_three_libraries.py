"""Lecture 7 and lab 2 show one network in Keras, scikit-learn and PyTorch: it is the same network, and equally good in each."""

from __future__ import annotations

import ast
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from autograder.authoring.lectures import load_lecture
from autograder.labs.source import load_lab
from coursekit import drawn, models

ROOT = Path(__file__).parents[2]
LECTURE = load_lecture(ROOT / "notebooks" / "lectures" / "source" / "lecture07_beyond_the_mlp.py")
LAB = load_lab(ROOT / "labs" / "lab02_mlp")
SEEDS = (3, 14, 159)
APART = 5  # per cent; two runs of one library with different seeds differ by 1 or 2
NEEDS_TORCH = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed, and the course does not need it")
LIBRARIES = ["scikit-learn", pytest.param("PyTorch", marks=NEEDS_TORCH)]


@pytest.fixture(scope="module")
def garments() -> SimpleNamespace:
    X, y, X_new, y_new = drawn.fashion_mnist(train=5000, test=2000)
    return SimpleNamespace(X=(X / 255).astype("float32"), y=y, X_new=(X_new / 255).astype("float32"), y_new=y_new)


@pytest.fixture(scope="module")
def lecture(garments: SimpleNamespace) -> dict[str, Any]:
    """The names of the lecture after its imports and the functions that train its MLP, with data of a quick run."""
    names: dict[str, Any] = {"X": garments.X[:1500], "y": garments.y[:1500], "EPOCHS": 6}
    names |= {"X_test": garments.X_new, "y_test": garments.y_new}
    wanted = {"fitted", "test_accuracy", "mlp", "in_sklearn", "in_torch", "torch_scores"}
    for number, cell in enumerate(cell for cell in LECTURE.cells if cell.is_code):
        for node in ast.parse(cell.source).body:
            imports = isinstance(node, ast.Import | ast.ImportFrom) and number == 0
            if imports or isinstance(node, ast.Try) or (isinstance(node, ast.FunctionDef) and node.name in wanted):
                exec(compile(ast.Module([node], []), LECTURE.id, "exec"), names)
    assert wanted <= set(names)
    return names


@pytest.fixture(scope="module")
def accuracies(lecture: dict[str, Any], garments: SimpleNamespace) -> dict[str, list[float]]:
    """Library → accuracy of the lecture's network on new images for each seed, in per cent."""
    flat = garments.X_new.reshape(-1, 784)
    found = {
        "Keras": [lecture["fitted"](lecture["mlp"], seed)[1] for seed in SEEDS],
        "scikit-learn": [100 * lecture["in_sklearn"](seed).score(flat, garments.y_new) for seed in SEEDS],
    }
    if lecture["torch"]:
        scores = [lecture["torch_scores"](lecture["in_torch"](seed), garments.X_new) for seed in SEEDS]
        found["PyTorch"] = [100 * float(np.mean(of_seed.argmax(axis=1) == garments.y_new)) for of_seed in scores]
    return found


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_network_of_the_lecture_is_as_accurate_as_in_keras(library: str, accuracies: dict[str, list[float]]) -> None:
    assert all(70 < accuracy < 90 for accuracy in accuracies[library])
    assert abs(np.mean(accuracies[library]) - np.mean(accuracies["Keras"])) < APART


@pytest.mark.parametrize("library", LIBRARIES)
def test_another_seed_is_another_network(library: str, accuracies: dict[str, list[float]]) -> None:
    assert len(set(accuracies[library])) > 1


def cells_of_the_lab() -> list[str]:
    return [cell.source for cell in LAB.cells if cell.role == "code" and "beside[" in cell.source]


@pytest.fixture(scope="module")
def beside(garments: SimpleNamespace) -> dict[str, np.ndarray]:
    """Library → accuracy of the lab's network on validation images for each seed, in per cent."""
    mean, deviation = garments.X.mean(), garments.X.std()
    names: dict[str, Any] = {"keras": keras, "models": models, "np": np}
    names["fashion"] = SimpleNamespace(y_train=garments.y, y_valid=garments.y_new)
    names["X_train_scaled"], names["X_valid_scaled"] = ((X - mean) / deviation for X in (garments.X, garments.X_new))
    runs = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        for source in cells_of_the_lab():
            exec(source, names)
        runs.append(dict(names["beside"]))
    return {library: np.array([100 * run[library] for run in runs]) for library in runs[0]}


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_network_of_the_lab_is_as_accurate_as_in_keras(library: str, beside: dict[str, np.ndarray]) -> None:
    assert np.all((beside[library] > 75) & (beside[library] < 93))
    assert abs(beside[library].mean() - beside["Keras"].mean()) < APART
    assert len(set(beside[library])) > 1


@pytest.mark.parametrize("source", [cells_of_the_lab()[2], *(c.source for c in LECTURE.cells if c.source.startswith("try:\n"))])
def test_without_pytorch_the_cell_says_so_in_one_sentence(
    source: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    names: dict[str, Any] = {"seeds": SEEDS}
    exec(source, names)
    said = capsys.readouterr().out
    assert said.startswith("PyTorch is not installed here")
    assert said.count("\n") == said.count(".") == 1
    assert names["torch"] is None


# ── what the lecture's table says of the first weights ───────────────────────────────────────────────────────────────


def test_keras_starts_with_the_bound_of_glorot_and_no_bias() -> None:
    layer = keras.layers.Dense(78)
    layer.build((None, 784))
    W, b = layer.get_weights()
    bound = np.sqrt(6 / (784 + 78))
    assert 0.99 * bound < np.abs(W).max() <= bound
    assert not b.any()
    assert keras.optimizers.Adam().epsilon == 1e-7


def test_scikit_learn_starts_with_the_bound_of_glorot_for_biases_too() -> None:
    X = np.zeros((20, 784))
    network = MLPClassifier((78,), learning_rate_init=1e-12).partial_fit(X, np.arange(20) % 10, classes=range(10))
    bound = np.sqrt(6 / (784 + 78))
    assert 0.99 * bound < np.abs(network.coefs_[0]).max() < 1.001 * bound
    assert 0.8 * bound < np.abs(network.intercepts_[0]).max() < 1.001 * bound
    assert (network.alpha, network.epsilon) == (0.0001, 1e-8)


@NEEDS_TORCH
def test_pytorch_starts_with_one_over_the_root_of_the_inputs_for_biases_too() -> None:
    import torch

    layer = torch.nn.Linear(784, 78)
    W, b = (values.detach().numpy() for values in (layer.weight, layer.bias))
    assert W.shape == (78, 784)
    assert 0.99 / 28 < np.abs(W).max() <= 1 / 28
    assert 0.8 / 28 < np.abs(b).max() <= 1 / 28
    assert torch.optim.Adam(layer.parameters()).defaults["eps"] == 1e-8
