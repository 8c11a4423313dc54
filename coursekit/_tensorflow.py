"""TensorFlow, for what Keras does not offer on every backend: a fast feed of batches, and the memory of GPUs.

No other module of this package imports TensorFlow. `load` says in a sentence what is missing where it cannot be imported; the other
functions are for callers who know that Keras runs on it. Knows nothing of networks, labs or marks.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

__all__ = ["batches", "gpus", "load"]


def load() -> Any:
    """Import TensorFlow and return it.

    Raises:
        ImportError: If it cannot be imported. The message says why, and what to do.
    """
    try:
        import tensorflow
    except Exception as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ImportError(
            f"this needs TensorFlow, which cannot be imported: {why}. Install it: pip install tensorflow; then restart the kernel"
        ) from error
    return tensorflow


def gpus() -> list[str]:
    """Return the names of the GPUs, after telling TensorFlow to take their memory only as it needs it."""
    tf = load()
    found = tf.config.list_physical_devices("GPU")
    for gpu in found:
        with suppress(RuntimeError, ValueError):  # already in use, or not supported by the device: leave it as it is
            tf.config.experimental.set_memory_growth(gpu, True)
    return [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in found]


def batches(arrays: Any, size: int, *, shuffle: bool, threads: int) -> Any:
    """Make a `tf.data.Dataset` of batches, in a new random order every epoch if `shuffle`.

    Only indices are shuffled, and each batch is one gather. On two cores a single background thread is
    best: gathering costs a tenth of the arithmetic, and more threads only take cores from it.

    Args:
        arrays: A nested structure of arrays of the same length.
        size: Samples per batch.
        shuffle: Whether to draw a new order in every epoch.
        threads: Number of background threads.
    """
    tf = load()
    count = len(tf.nest.flatten(arrays)[0])
    with tf.device("CPU:0"):
        tensors = tf.nest.map_structure(tf.constant, arrays)
        order = tf.data.Dataset.range(count)
        if shuffle:
            order = order.shuffle(count, reshuffle_each_iteration=True)
        # No Python branch depends on a tensor here, so autograph is not needed. Without it the start is 0.1 s faster.
        gather = tf.autograph.experimental.do_not_convert(
            lambda rows: tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), tensors)
        )
        made = order.batch(size).map(gather, num_parallel_calls=threads if threads > 1 else None)
    options = tf.data.Options()
    options.threading.private_threadpool_size = threads
    options.experimental_optimization.apply_default_optimizations = False
    return made.prefetch(2 + threads).with_options(options)
