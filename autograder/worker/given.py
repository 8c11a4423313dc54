"""What the lab's own cells made in an examiner, and whether a test left it as it was: the next test must not rest on the last one.

Small objects are compared in whole, large arrays at some places only: what a student's function changed is known from the link,
so this is for what a test itself does. Knows values and the settings of NumPy and Keras; nothing of students or marks.
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

WHOLE = 2**18  # bytes; an array of more is looked at in about so many, evenly spread
_WORD = re.compile(r"\w+")
_SEEDS = re.compile(r"\b(?:set_random_seed|random\.seed|clear_session)\b")


class Given:
    """The objects in the namespace of an examiner, as the lab's cells left them there.

    namespace: before any cell has run. What the shell keeps there, such as the history in `In`, is none of the lab's.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._shell = {name: id(value) for name, value in namespace.items()}
        self._own: dict[str, Any] | None = None
        self._objects: list[Any] = []
        self._before: list[Any] = []

    def remember(self) -> None:
        """Look at what there is, unless that was done since the last cell of the lab."""
        if self._own is None:
            made = self._namespace.items()
            self._own = {n: value for n, value in made if not n.startswith("_") and self._shell.get(n) != id(value)}
            self._objects = parts(self._own.values())
            self._before = self._look()

    def forget(self) -> None:
        """More cells of the lab have run."""
        self._own = None

    def changed(self, source: str, touched: list[Any]) -> bool:
        """Whether a test did not leave everything as it was remembered.

        source: of the test. touched: objects into which a student's function was allowed to write.
        """
        ids = {id(value) for value in self._objects}
        arrays = [value for value in self._objects if isinstance(value, np.ndarray)]
        if any(id(value) in ids or _shares_memory(value, arrays) for value in touched):
            return True
        return bool(_SEEDS.search(source)) or self._advanced(source) or self._before != self._look()

    def _advanced(self, source: str) -> bool:
        """Whether the test may have taken something from an iterator: that cannot be seen without taking more."""
        own = self._own or {}
        return any(isinstance(own.get(word), Iterator) for word in _WORD.findall(source))

    def _look(self) -> list[Any]:
        """What is equal later if nothing has changed."""
        return [_settings(), *map(_print, self._objects)]


def _shares_memory(value: Any, arrays: list[np.ndarray]) -> bool:
    return isinstance(value, np.ndarray) and any(np.may_share_memory(value, array) for array in arrays)


def _print(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _print_array(value)
    if isinstance(value, set | frozenset | deque):
        return fingerprint(list(value))
    if isinstance(value, keras.Variable):
        return _print_array(keras.ops.convert_to_numpy(value))
    if isinstance(value, keras.layers.Layer) and not isinstance(value, keras.Model):
        return value.trainable, [_print(weight) for weight in value.weights]
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        return list(value.axes[-1]), _print_array(value.to_numpy())
    if (known := fingerprint(value, keras_codec)) is not None:
        return known
    return fingerprint(dict(attributes(value)))


def _print_array(array: np.ndarray) -> Any:
    if array.dtype.kind == "O":
        return fingerprint(array.ravel().tolist())
    if array.nbytes <= WHOLE:
        return fingerprint(array)
    if not array.flags.writeable:
        return None
    return fingerprint(array.reshape(-1)[:: -(-array.nbytes // WHOLE)] if array.flags.c_contiguous else array[:1])


def _settings() -> tuple[Any, ...]:
    """What any code may set for all code after it."""
    config = keras.config
    return config.dtype_policy().name, config.floatx(), config.epsilon(), config.image_data_format(), np.geterr()
