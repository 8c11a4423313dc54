"""A fixed piece of NumPy and Keras work, so that times from two machines can be compared.

Run as `python -m tests.benchmarks.cpu`. It prints the seconds of each piece, the median of five, on one core and on all of them. Divide a
time in docs/performance.md by the figure there and multiply by your own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

import coursekit  # noqa: F401, it silences TensorFlow's log

__all__ = ["main"]

CORES = os.cpu_count() or 1


def numpy_work() -> None:
    """Softmax and products of 1,000 × 1,000."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(1000, 1000))
    for _ in range(10):
        e = np.exp(a - a.max(axis=1, keepdims=True))
        a = (e / e.sum(axis=1, keepdims=True)) @ a + rng.normal(size=(1000, 1000))


def keras_work() -> None:
    """300 steps of a network for Fashion-MNIST on random images, at batch size 128."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((784,)), layers.Dense(300, "relu"), layers.Dense(100, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    images = rng.random((38_400, 784), dtype="float32")
    model.fit(images, rng.integers(0, 10, 38_400), batch_size=128, epochs=1, verbose=0)


def seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def typical(work: Callable[[], None]) -> float:
    """Seconds of a piece of work, the median of five runs."""
    return statistics.median(seconds(work) for _ in range(5))


def main() -> None:
    """Print one line per piece of work."""
    for name, work in (("NumPy", numpy_work), ("Keras", keras_work)):
        work()  # imports
        print(f"{name}: {typical(work):.2f} s with {CORES} cores")
    alone = [
        sys.executable,
        "-c",
        "from tests.benchmarks import cpu; print(cpu.typical(cpu.numpy_work))",
    ]
    single = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    one = float(subprocess.run(alone, env=single, capture_output=True, text=True, check=True).stdout)
    print(f"NumPy: {one:.2f} s with one core")


if __name__ == "__main__":
    main()
