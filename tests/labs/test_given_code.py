"""Code that a lab hands out goes on from every answer that its tests accept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import sklearn.metrics

from autograder.labs.source import load_lab

LABS = Path(__file__).parents[2] / "labs"


def cell_with(lab_id: str, text: str) -> str:
    sources = [cell.source for cell in load_lab(LABS / lab_id).cells if cell.is_code and text in cell.source]
    assert len(sources) == 1
    return sources[0]


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_the_test_images_of_lab_2_are_measured_whichever_labels_the_loss_wants(loss: str) -> None:
    rng = np.random.default_rng(5)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    images, labels = rng.normal(size=(30, 28, 28)).astype("float32"), rng.integers(0, 10, size=30)
    fashion = SimpleNamespace(X_test=images, y_test=labels, class_names=list("abcdefghij"))
    names: dict[str, Any] = {
        "keras": keras,
        "np": np,
        "model": model,
        "fashion": fashion,
        "scaler": keras.ops.convert_to_tensor,
    }
    exec(cell_with("lab02_mlp", "test_accuracy ="), names)
    said = model.predict(images, verbose=0).astype(float)
    assert names["test_loss"] == pytest.approx(
        sklearn.metrics.log_loss(labels, said / said.sum(1, keepdims=True), labels=range(10)), rel=1e-4
    )
    assert names["test_accuracy"] == sklearn.metrics.accuracy_score(labels, said.argmax(1))
