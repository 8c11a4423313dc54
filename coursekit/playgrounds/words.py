"""A playground in words: the alt text of its pictures, and what a terminal shows."""

from __future__ import annotations

import math

from coursekit.playgrounds.session import Snapshot
from coursekit.playgrounds.state import State

__all__ = ["in_words"]


def in_words(snapshot: Snapshot, state: State) -> str:
    """Return what a playground shows, in sentences."""
    shape = "-".join(map(str, snapshot.sizes))
    network = f"hidden layers {shape} ({state.activation})" if shape else "no hidden layer"
    said = [f"Playground with the data {state.data}, {network}, after {snapshot.epoch} epochs."]
    for name, loss, right in (
        ("training", snapshot.train_loss, snapshot.train_right),
        ("test", snapshot.test_loss, snapshot.test_right),
    ):
        if math.isfinite(loss):
            share = f", {right:.0%} of these points on the right side" if right is not None else ""
            said.append(f"The {name} loss is {_short(loss)}{share}.")
    said.append(f"The output is blue on {(snapshot.output > 0).mean():.0%} of the plane and orange on the rest.")
    if snapshot.has_diverged:
        said.append("The weights have grown beyond all numbers.")
    if snapshot.dead:
        said.append(f"{len(snapshot.dead)} of {sum(snapshot.sizes)} hidden neurons answer 0 everywhere.")
    return " ".join(said)


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
