"""Layers that two networks hold together, and what is set in each layer alone.

A network that crosses is a copy; where it was built on layers of a network that both ends hold, the copy gets these very layers.
Knows Keras's networks; nothing of nodes, files or processes.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import keras
import numpy as np

__all__ = ["flat", "owners", "set_flags", "share", "take_names"]

MAX_NAMES = 10_000


def flat(model: keras.Model) -> list[Any]:
    """The network itself and all layers inside, in a fixed order."""
    found: list[Any] = [model]
    for layer in model.layers:
        found += flat(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def owners(known: list[Any]) -> dict[int, tuple[int, int]]:
    """id of a layer → (number of the known network that holds it, its place in there)."""
    found: dict[int, tuple[int, int]] = {}
    for number, holder in enumerate(known):
        if isinstance(holder, keras.Model):
            for place, layer in enumerate(flat(holder)):
                if not isinstance(layer, keras.layers.InputLayer):
                    found.setdefault(id(layer), (number, place))
    return found


def share(model: keras.Model, shared: list[tuple[int, Any, int]]) -> keras.Model:
    """The network rebuilt so that it holds the very layers of the known networks where the other end said so."""
    own = flat(model)
    theirs = {id(own[i]): flat(holder)[j] for i, holder, j in shared}
    copies: list[tuple[Any, Any]] = []

    def place(layer: Any) -> Any:
        if id(layer) in theirs:
            return theirs[id(layer)]
        if not isinstance(layer, keras.layers.Layer):
            return layer  # an operation such as `x / 255`: it has no variables, and its constants stand in the graph
        if isinstance(layer, keras.Model) and any(id(part) in theirs for part in flat(layer)):
            return keras.models.clone_model(layer, clone_function=place)
        copy = layer.__class__.from_config(layer.get_config())
        copies.append((layer, copy))
        return copy

    rebuilt = keras.models.clone_model(model, clone_function=place)
    for layer, copy in copies:
        _copy_variables(layer, copy)
    if model.compiled:
        rebuilt.compile_from_config(model.get_compile_config())
    return rebuilt


def _copy_variables(old: Any, new: Any) -> None:
    if isinstance(old, keras.Model):
        for a, b in zip(flat(old)[1:], flat(new)[1:], strict=True):
            _copy_variables(a, b)
    elif old.weights:
        kept: dict[str, Any] = {}
        old.save_own_variables(kept)
        if len(kept) == len(old.weights):
            new.load_own_variables({key: np.asarray(item) for key, item in kept.items()})
        else:  # a layer around another one, such as Bidirectional: the variables are those of the inner one
            new.set_weights(old.get_weights())


def set_flags(model: keras.Model, flags: list[bool], fixed: Collection[int] = ()) -> None:
    """Set what is trainable in each layer alone: the property would set all that is inside, and a file leaves the model's own out.

    fixed: ids of layers that stay as they are.
    """
    for layer, flag in zip(flat(model), flags, strict=True):
        if id(layer) in fixed:
            continue
        layer._trainable = bool(flag)
        for variable in layer._trainable_variables:
            variable.trainable = bool(flag)


def take_names(model: keras.Model) -> None:
    """Let no layer that Keras names from here on have the name of one that arrived: in one process they would differ too."""
    for layer in flat(model):
        name, number = re.fullmatch(r"(.*?)(?:_(\d+))?", layer.name, re.DOTALL).groups()  # type: ignore[union-attr]
        for _ in range(min(int(number or 0) + 1, MAX_NAMES)):
            if keras.backend.get_uid(name) > int(number or 0):
                break
