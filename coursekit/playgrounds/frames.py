"""A snapshot as bytes for the front end: a header in JSON, then one byte per point of each picture.

The layout: four bytes with the length of the header (little-endian), the header, the output (GRID · GRID bytes, first row at
the bottom), then for each hidden neuron TILE · TILE bytes. A byte stands for a value from −1 (0) to 1 (254); 127 is 0.
Knows nothing of how the front end draws.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coursekit.playgrounds.session import GRID, Snapshot

__all__ = ["TILE", "pack", "scaled"]

TILE = 25  # points per direction in the picture of a hidden neuron
_MOST_EPOCHS = 200  # points of the curve of losses


def pack(snapshot: Snapshot, extra: Mapping[str, Any]) -> bytes:
    """Return the bytes of a snapshot.

    Args:
        snapshot: What can be seen.
        extra: More entries of the header, such as the number of the frame.
    """
    header = {
        **extra,
        "epoch": snapshot.epoch,
        "step": snapshot.step,
        "steps": snapshot.steps,
        "loss": [_number(snapshot.train_loss), _number(snapshot.test_loss)],
        "right": [snapshot.train_right, snapshot.test_right],
        "sizes": snapshot.sizes,
        "shown": [len(part) for part in snapshot.neurons],
        "dead": snapshot.dead,
        "weights": [[_numbers(row) for row in kernel] for kernel, _ in snapshot.weights],
        "biases": [_numbers(bias) for _, bias in snapshot.weights],
        "history": [[epoch, _number(train), _number(test)] for epoch, train, test in _thinned(snapshot.history)],
        "diverged": snapshot.has_diverged,
        "grid": GRID,
        "tile": TILE,
    }
    text = json.dumps(header, allow_nan=False).encode()
    stride = GRID // TILE
    tiles = [_bytes(scaled(neuron[::stride, ::stride])) for layer in snapshot.neurons for neuron in layer]
    return b"".join([len(text).to_bytes(4, "little"), text, _bytes(snapshot.output), *tiles])


def scaled(values: np.ndarray) -> np.ndarray:
    """Return the answers of a neuron between −1 and 1: divided by the largest one if that is above 1."""
    finite = np.nan_to_num(values, nan=0.0, posinf=1e30, neginf=-1e30)
    return finite / max(1.0, float(np.abs(finite).max()))


def _bytes(values: np.ndarray) -> bytes:
    shown = np.nan_to_num(np.clip(values, -1, 1))
    return np.rint(shown * 127 + 127).astype("uint8").tobytes()


def _number(value: float) -> float | None:
    """Return a number with four digits, or None for what JSON cannot hold."""
    return float(f"{value:.4g}") if math.isfinite(value) else None


def _numbers(values: np.ndarray) -> list[float | None]:
    return [_number(float(value)) for value in values]


def _thinned(history: Sequence[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    """Return at most `_MOST_EPOCHS` entries, the first and the last among them."""
    if len(history) <= _MOST_EPOCHS:
        return list(history)
    chosen = np.unique(np.linspace(0, len(history) - 1, _MOST_EPOCHS).round().astype(int))
    return [history[i] for i in chosen]
