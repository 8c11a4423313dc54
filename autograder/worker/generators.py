"""Share global random number generators between two processes.

These are the generators of Python and NumPy, and the seed of Keras. A seed that a test sets before
it calls a student's function is also set in the student process, and numbers that the function
draws also advance the generators of the examiner. Knows generators and their states; nothing of
tests.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from coursekit import _seeds

__all__ = ["Generators"]

WORDS = 624  # size of the state of the Mersenne Twister, which both Python and NumPy use
_State = dict[str, Any]


class Generators:
    """The global generators of this process, and the states that the other end knows."""

    def __init__(self) -> None:
        self._known: _State = {}

    def remember(self) -> None:
        """Do not send the current states: the other end keeps its own for now."""
        self._known = _states()

    def changed(self, blob: Callable[[bytes], int]) -> dict[str, Any]:
        """Return the states that the other end does not know yet.

        Args:
            blob: Appends a blob to the frame and returns its number.

        Returns:
            Name of a generator → its state, as JSON values.
        """
        now = _states()
        new = {name: state for name, state in now.items() if self._known.get(name) != state}
        self._known = now
        return {name: [blob(part) if isinstance(part, bytes) else part for part in state] for name, state in new.items()}

    def put(self, said: Mapping[str, Any], blobs: Sequence[memoryview]) -> None:
        """Set the generators to the states that the other end sent.

        Args:
            said: What `changed` returned at the other end.
            blobs: The blobs of the frame.

        Raises:
            ValueError: If a state is not valid.
        """
        try:
            if "python" in said:
                words, gauss = said["python"]
                random.setstate((3, struct.unpack(f"<{WORDS + 1}I", blobs[words]), None if gauss is None else float(gauss)))
            if "numpy" in said:
                _put_numpy(said["numpy"], blobs)
            if "keras" in said:
                _put_keras(int(said["keras"][0]))
        except (struct.error, ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            raise ValueError(f"not the state of a generator: {error}") from error
        self._known = _states()


def _states() -> _State:
    """Name of each generator → its state, as numbers and bytes."""
    _, words, gauss = random.getstate()
    found: _State = {"python": [struct.pack(f"<{WORDS + 1}I", *words), gauss]}
    state: Any = np.random.get_state(legacy=False)
    if state["bit_generator"] == "MT19937":
        key = np.ascontiguousarray(state["state"]["key"], "<u4").tobytes()
        found["numpy"] = [key, int(state["state"]["pos"]), int(state["has_gauss"]), float(state["gauss"])]
    if (seed := _keras_seed()) is not None:
        found["keras"] = seed
    return found


def _put_numpy(state: Sequence[Any], blobs: Sequence[memoryview]) -> None:
    """Set NumPy's global generator."""
    key, pos, has_gauss, gauss = state
    words = np.frombuffer(blobs[key], "<u4").astype(np.uint32)
    if len(words) != WORDS or not 0 <= int(pos) <= WORDS:
        raise ValueError("not the state of NumPy's generator")
    np.random.set_state(("MT19937", words, int(pos), int(bool(has_gauss)), float(gauss)))


def _keras_seed() -> list[Any] | None:
    """The seed of TensorFlow, with a number that changes each time it is set; None if it is not set."""
    eager = sys.modules.get("tensorflow.python.eager.context")
    context = getattr(eager, "_context", None)
    seed = getattr(context, "_seed", None)
    return None if seed is None else [int(seed), id(getattr(context, "_rng", None))]


def _put_keras(seed: int) -> None:
    """Set the seed of Keras and TensorFlow, but leave the generators of Python and NumPy alone."""
    if "keras" not in sys.modules:
        return
    python, legacy = random.getstate(), np.random.get_state()
    _seeds.set_all(seed)
    random.setstate(python)
    np.random.set_state(legacy)
