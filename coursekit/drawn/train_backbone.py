"""Train the drawn backbone anew: `python -m coursekit.drawn.train_backbone [FILE]`. Minutes on two cores; no download.

It learns to tell drawn things that are no clothes, and to see where in the picture the thing is, which teaches it early what is
background. First come small pictures, which is quick, then larger ones. What is kept is rounded to 16 bits, the head over the
things included, so that a test can measure it on fresh pictures. Two runs do not give the same digits, for the order of sums
differs from machine to machine; they give backbones that serve as well.
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
STAGES = ((64, 150, 10, 3e-3), (96, 80, 4, 1.5e-3))  # side in pixels, pictures of each thing, epochs, learning rate
BATCH_SIZE = 64
WHERE = "conv_pw_5_relu"  # the last feature map of one value for each 8 pixels


def thing_photos(count: int, side: int, seed: int) -> tuple[Array, Array, Array]:
    """`count` pictures of each thing, sorted by thing.

    Returns X uint8 (n, side, side, 3), y int64 (n,) and how much of each square of 8 pixels is hidden by the thing,
    float32 (n, side / 8, side / 8, 1).
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
    """The backbone with a head over the things, which maps uint8 pictures of any size to scores (n, things); and the same with a
    second output, (n, h / 8, w / 8, 1), positive where the thing is. They share their weights. Not compiled."""
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
    """A classifier of things, trained from random weights stage by stage."""
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
            steps_per_execution=8,
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
    """Copies, about half of the pictures mirrored, and the three colours of all of them exchanged in one random way."""
    X, where = X[..., rng.permutation(3)], where.copy()
    mirrored = rng.random(len(X)) < 0.5
    X[mirrored] = X[mirrored, :, ::-1]
    where[mirrored] = where[mirrored, :, ::-1]
    return X, where


def save(model: Any, path: Path) -> None:
    """Keep the weights, rounded to 16 bits, as "<layer>/<weight>" in an .npz file."""
    arrays: dict[str, Any] = {
        f"{layer.name}/{weight.name}": np.asarray(value, np.float16)
        for layer in model.layers
        for weight, value in zip(layer.weights, layer.get_weights(), strict=True)
    }
    with open(path, "wb") as stream:
        np.savez_compressed(stream, **arrays)


def main() -> None:
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
