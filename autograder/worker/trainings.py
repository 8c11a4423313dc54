"""Spare a training in Keras on TensorFlow the work that nothing uses.

Before each epoch Keras makes an iterator over the data, and after the epoch another one, which it throws away. For each
iterator TensorFlow optimises the three small functions that cut the data into batches. In a training of many short epochs,
as in the tests of a lab, this is half of the time. Results stay the same to the last bit. Knows the releases of Keras in
which this is so; nothing of models or processes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["leave_small_graphs", "one_iterator_per_epoch"]

# The functions of a data set have fewer nodes than this, and a training step has more.
SMALL = 16
# Where this line starts an epoch, the iterator that was made at the end of the epoch before is not used.
_STARTS_ANEW = "if self._current_iterator is None or self.steps_per_epoch is None:"


def leave_small_graphs() -> None:
    """Let TensorFlow run graphs of fewer than `SMALL` nodes as they are. By default the limit is 4 nodes."""
    import tensorflow as tf

    tf.config.optimizer.set_experimental_options({"min_graph_nodes": SMALL})


def one_iterator_per_epoch() -> None:
    """Make no iterator that Keras would not use, if the data are arrays. Do nothing on another backend or release of Keras.

    A data set of tf.data may draw random numbers for each iterator, so it gets all of them.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return
    try:
        from keras.src.backend.tensorflow.trainer import TFEpochIterator
        from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
        from keras.src.trainers.epoch_iterator import EpochIterator

        if _STARTS_ANEW not in inspect.getsource(EpochIterator._enumerate_iterator):
            return
        batches, data = TFEpochIterator._enumerate_iterator, TFEpochIterator._get_iterator
    except (ImportError, AttributeError, OSError):
        return

    def enumerate_iterator(self: Any) -> Iterator[Any]:
        self._starts_epoch = True
        yield from batches(self)

    def get_iterator(self: Any) -> Iterable[Any]:
        starts, self._starts_epoch = getattr(self, "_starts_epoch", True), False
        used = starts or self.steps_per_epoch is not None or not isinstance(self.data_adapter, ArrayDataAdapter)
        return data(self) if used else ()

    TFEpochIterator._enumerate_iterator, TFEpochIterator._get_iterator = enumerate_iterator, get_iterator
