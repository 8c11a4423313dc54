"""The objects that the lab's cells created in an examiner, and whether a test changed them.

No test may depend on what a test before it changed. Small objects are compared completely, large
arrays at some positions only: `rpc.Peer` reports what a student's function changed, so this
comparison is for changes by the test itself. Knows values and the settings of NumPy and Keras;
nothing of students or marks.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from autograder.worker import keras_codec
from autograder.worker.codec import fingerprint
from coursekit.changes import attributes, parts

__all__ = ["Given"]

WHOLE = 2**18  # bytes; of a larger array about so many, evenly spread, are compared
_WORD = re.compile(r"\w+")
_SEEDS = re.compile(r"\b(?:set_random_seed|random\.seed|clear_session)\b")


class Given:
    """The objects of the lab's cells in the namespace of an examiner.

    Args:
        namespace: The namespace before any cell has run. What the shell itself stores there, such
            as the history in `In`, is ignored.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._shell = {name: id(value) for name, value in namespace.items()}
        self._own: dict[str, Any] | None = None
        self._objects: list[Any] = []
        self._before: list[Any] = []

    def remember(self) -> None:
        """Remember the objects and their contents, unless it was done since the last cell of the lab."""
        if self._own is None:
            made = self._namespace.items()
            self._own = {n: value for n, value in made if not n.startswith("_") and self._shell.get(n) != id(value)}
            self._objects = parts(self._own.values())
            self._before = self._fingerprints()

    def forget(self) -> None:
        """Discard what was remembered, because another cell of the lab has run."""
        self._own = None

    def changed(self, source: str, touched: list[Any]) -> bool:
        """Return whether a test may have changed something that was remembered.

        Args:
            source: The code of the test.
            touched: Objects that the student's functions changed.
        """
        ids = {id(value) for value in self._objects}
        arrays = [value for value in self._objects if isinstance(value, np.ndarray)]
        if any(id(value) in ids or _shares_memory(value, arrays) for value in touched):
            return True
        return bool(_SEEDS.search(source)) or self._advanced(source) or self._before != self._fingerprints()

    def _advanced(self, source: str) -> bool:
        """Whether the test may have advanced an iterator.

        That cannot be checked without advancing it.
        """
        own = self._own or {}
        return any(isinstance(own.get(word), Iterator) for word in _WORD.findall(source))

    def _fingerprints(self) -> list[Any]:
        """Values that compare equal later if nothing has changed."""
        return [_settings(), *map(_fingerprint, self._objects)]


def _shares_memory(value: Any, arrays: list[np.ndarray]) -> bool:
    return isinstance(value, np.ndarray) and any(np.may_share_memory(value, array) for array in arrays)


def _fingerprint(value: Any) -> Any:
    """The fingerprint of one object."""
    if isinstance(value, np.ndarray):
        return _array_fingerprint(value)
    if isinstance(value, set | frozenset | deque):
        return fingerprint(list(value))
    if isinstance(value, keras.Variable):
        return _array_fingerprint(keras.ops.convert_to_numpy(value))
    if isinstance(value, keras.layers.Layer) and not isinstance(value, keras.Model):
        return value.trainable, [_fingerprint(weight) for weight in value.weights]
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        return list(value.axes[-1]), _array_fingerprint(value.to_numpy())
    if (known := fingerprint(value, keras_codec)) is not None:
        return known
    return fingerprint(dict(attributes(value)))


def _array_fingerprint(array: np.ndarray) -> Any:
    """The fingerprint of an array; None for a large array that cannot be written to."""
    if array.dtype.kind == "O":
        return fingerprint(array.ravel().tolist())
    if array.nbytes <= WHOLE:
        return fingerprint(array)
    if not array.flags.writeable:
        return None
    return fingerprint(array.reshape(-1)[:: -(-array.nbytes // WHOLE)] if array.flags.c_contiguous else array[:1])


def _settings() -> tuple[Any, ...]:
    """The global settings of Keras and NumPy."""
    config = keras.config
    return config.dtype_policy().name, config.floatx(), config.epsilon(), config.image_data_format(), np.geterr()
