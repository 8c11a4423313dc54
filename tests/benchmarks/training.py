"""Accuracy and time of lab 2's reference: `training.fit` by its recipe against five plain epochs of `model.fit`.

Run as `python -m tests.benchmarks.training [--seeds 5]`. Uses the real Fashion-MNIST where it can be had; `source=`
says what the figures were made from. Both sides are timed in the same run, the compilation of the graph included.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from typing import Any

import coursekit
from coursekit import data, models, training

__all__ = ["main"]

EPOCHS, BATCH_SIZE = 8, 128
PLAIN_EPOCHS, PLAIN_BATCH_SIZE = 5, 32


@dataclass(frozen=True)
class Images:
    """Standardised float32 images (n, 28, 28) and labels (n,), and where they come from."""

    X_train: Any
    y_train: Any
    X_test: Any
    y_test: Any
    source: str


def load() -> Images:
    fashion = data.load_fashion_mnist()
    mean, std = fashion.X_train.mean(), fashion.X_train.std()
    X_train, X_test = (((X - mean) / std).astype("float32") for X in (fashion.X_train, fashion.X_test))
    return Images(X_train, fashion.y_train, X_test, fashion.y_test, fashion.source)


def compiled(optimizer: Any) -> Any:
    model = models.mlp()
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def recipe(images: Images, seed: int) -> tuple[float, float]:
    """Test accuracy and seconds of one training by the recipe."""
    import keras

    keras.utils.set_random_seed(seed)
    model = compiled(training.cosine_adam(len(images.X_train), epochs=EPOCHS, batch_size=BATCH_SIZE))
    start = time.perf_counter()
    training.fit(model, images.X_train, images.y_train, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=0)
    seconds = time.perf_counter() - start
    return model.evaluate(images.X_test, images.y_test, batch_size=1000, verbose=0)[1], seconds


def plain(images: Images, seed: int) -> float:
    """Seconds of five epochs of plain `model.fit`."""
    import keras

    keras.utils.set_random_seed(seed)
    model = compiled("adam")
    start = time.perf_counter()
    model.fit(images.X_train, images.y_train, epochs=PLAIN_EPOCHS, batch_size=PLAIN_BATCH_SIZE, verbose=0)
    return time.perf_counter() - start


def main(seeds: int) -> None:
    coursekit.setup("lab02_mlp")
    images = load()
    # Plain training before, between and after the others, so that a busy spell of the machine falls on both.
    plain_seconds, accuracies, recipe_seconds = [plain(images, 0)], [], []
    for seed in range(seeds):
        accuracy, seconds = recipe(images, seed)
        accuracies.append(accuracy)
        recipe_seconds.append(seconds)
        print(f"seed {seed}: test accuracy {accuracy:.4f}, {EPOCHS} epochs in {seconds:.1f} s", flush=True)
        if seed in (seeds // 2, seeds - 1):
            plain_seconds.append(plain(images, seed))
            print(f"plain fit: {PLAIN_EPOCHS} epochs of batch {PLAIN_BATCH_SIZE} in {plain_seconds[-1]:.1f} s", flush=True)
    print(f"source={images.source}")
    print(f"fit_seconds={statistics.median(recipe_seconds):.1f}")
    print(f"plain_seconds={statistics.median(plain_seconds):.1f}")
    print(f"accuracy_mean={statistics.mean(accuracies):.4f}")
    print(f"accuracy_min={min(accuracies):.4f}")
    print(f"time_ratio={statistics.median(recipe_seconds) / statistics.median(plain_seconds):.3f}")
    print(f"parameters={models.mlp().count_params()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many trainings by the recipe")
    main(parser.parse_args().seeds)
