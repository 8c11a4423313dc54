"""Train the drawn backbone again: `python -m coursekit.drawn.train_backbone [FILE]`.

It takes minutes on two cores and downloads nothing. The network learns to distinguish drawn objects
that are not clothes, and to see where in the picture the object is. The second task teaches it early
what is background. Training starts with small pictures, which is fast, and continues with larger ones.
The weights are stored with 16 bits, including the head over the objects, so that a test can measure it
on new pictures. Two runs do not give the same digits, because the order of sums differs from machine to
machine. They give backbones of equal quality.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from coursekit.drawn.shapes import Array
from coursekit.drawn.things import THINGS, thing_photo

__all__ = ["STAGES", "classifiers", "thing_photos", "train"]

SEED = 96_10
STAGES = ((64, 150, 10, 3e-3), (96, 80, 4, 1.5e-3))  # side in pixels, pictures per object, epochs, learning rate
BATCH_SIZE = 64
WHERE = "conv_pw_5_relu"  # the last feature map with one value per 8 × 8 pixels


def thing_photos(count: int, side: int, seed: int) -> tuple[Array, Array, Array]:
    """Draw `count` pictures of each object, sorted by object.

    Returns:
        A tuple `(X, y, where)`: X uint8 (n, side, side, 3); y int64 (n,); and the share of each square of
        8 × 8 pixels that the object hides, float32 (n, side / 8, side / 8, 1).
    """
    names, small = list(THINGS), side // 8
    X = np.empty((len(names) * count, side, side, 3), np.uint8)
    where = np.empty((len(X), small, small, 1), np.float32)
    for i in range(len(X)):
        rng = np.random.Generator(np.random.PCG64([seed, i // count, i % count]))
        X[i], cover = thing_photo(names[i // count], rng, side)
        where[i, ..., 0] = cover.reshape(small, 8, small, 8).mean(axis=(1, 3))
    return X, np.repeat(np.arange(len(names), dtype=np.int64), count), where


def classifiers(backbone: Any) -> tuple[Any, Any]:
    """Build two classifiers on a backbone, which share their weights. Neither is compiled.

    Returns:
        A tuple of two models. The first maps uint8 pictures of any size to scores (n, things). The second
        has another output, (n, h / 8, w / 8, 1), which is positive where the object is.
    """
    import keras

    x = inputs = keras.Input((None, None, 3), name="pictures")
    where = None
    for layer in [keras.layers.Rescaling(1 / 127.5, offset=-1, name="scaled"), *backbone.layers[1:]]:
        x = layer(x)
        if layer.name == WHERE:
            where = keras.layers.Conv2D(1, 1, name="where")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    scores = keras.layers.Dense(len(THINGS), name="head")(x)
    return keras.Model(inputs, scores, name="things"), keras.Model(inputs, [scores, where], name="things_and_places")


def train(stages: tuple[tuple[int, int, int, float], ...] = STAGES, seed: int = SEED, verbose: int = 1) -> Any:
    """Train a classifier of objects from random weights, stage by stage."""
    import keras

    from coursekit import backbones

    keras.utils.set_random_seed(seed)
    model, both = classifiers(backbones.drawn(random_init=True))
    rng = np.random.default_rng(seed)
    for stage, (side, count, epochs, lr) in enumerate(stages):
        X, y, where = thing_photos(count, side, seed + stage)
        steps = epochs * -(-len(X) // BATCH_SIZE)
        warm = steps // 10
        both.compile(
            keras.optimizers.AdamW(
                keras.optimizers.schedules.CosineDecay(lr / 10, steps - warm, alpha=0.1, warmup_target=lr, warmup_steps=warm),
                weight_decay=0.02,
            ),
            loss=[
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                keras.losses.BinaryCrossentropy(from_logits=True),
            ],
            loss_weights=[1.0, 3.0],
            metrics=[["accuracy"], []],
            steps_per_execution=1 if keras.config.backend() == "torch" else 8,  # Keras on PyTorch takes no other number
            jit_compile=False,  # compiled for a CPU, depthwise convolutions were several times slower
        )
        for epoch in range(epochs):
            start = time.perf_counter()
            X_varied, where_varied = varied(X, where, rng)
            history = both.fit(X_varied, [y, where_varied], batch_size=BATCH_SIZE, verbose=0).history
            if verbose:
                figures = ", ".join(f"{name} {values[-1]:.3f}" for name, values in history.items())
                print(f"{side} px, epoch {epoch + 1} of {epochs}: {figures}, {time.perf_counter() - start:.0f} s", flush=True)
    return model


def varied(X: Array, where: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return copies of the pictures: about half of them mirrored, the three colours exchanged in one random way."""
    X, where = X[..., rng.permutation(3)], where.copy()
    mirrored = rng.random(len(X)) < 0.5
    X[mirrored] = X[mirrored, :, ::-1]
    where[mirrored] = where[mirrored, :, ::-1]
    return X, where


def save(model: Any, path: Path) -> None:
    """Store the weights with 16 bits as "<layer>/<weight>" in an .npz file."""
    arrays: dict[str, Any] = {
        f"{layer.name}/{weight.name}": np.asarray(value, np.float16)
        for layer in model.layers
        for weight, value in zip(layer.weights, layer.get_weights(), strict=True)
    }
    with open(path, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def main() -> None:
    """Train the backbone, store its weights and print its accuracy on new pictures."""
    from coursekit import backbones

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=backbones.DRAWN_WEIGHTS, help="where to write the weights")
    path = parser.parse_args().file
    start = time.perf_counter()
    model = train()
    save(model, path)
    X, y, _ = thing_photos(10, 96, SEED + len(STAGES))
    backbones.set_weights_by_name(model, path)
    accuracy = (model.predict(X, verbose=0).argmax(axis=1) == y).mean()
    print(f"accuracy_on_fresh_things={accuracy:.3f}")
    print(f"seconds={time.perf_counter() - start:.0f}")
    print(f"bytes={path.stat().st_size}")


if __name__ == "__main__":
    main()
