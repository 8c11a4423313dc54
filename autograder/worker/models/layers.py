"""Layers that several models share, and the trainable flag of each layer.

A received model is a copy. If it was built on layers of another model that both ends hold, the copy
gets the same layer objects. Knows Keras models; nothing of nodes, files or processes.
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
    """Return a model and all layers inside it, also those of inner models, in a fixed order."""
    found: list[Any] = [model]
    for layer in model.layers:
        found += flat(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def owners(known: list[Any]) -> dict[int, tuple[int, int]]:
    """Find the models that hold each layer.

    Args:
        known: Objects that both ends hold; the index is their number.

    Returns:
        id of a layer → (number of the first model that holds it, index in `flat` of that model).
    """
    found: dict[int, tuple[int, int]] = {}
    for number, holder in enumerate(known):
        if isinstance(holder, keras.Model):
            for index, layer in enumerate(flat(holder)):
                if not isinstance(layer, keras.layers.InputLayer):
                    found.setdefault(id(layer), (number, index))
    return found


def share(model: keras.Model, shared: list[tuple[int, Any, int]]) -> keras.Model:
    """Rebuild a model with layers of other models.

    Args:
        model: The model.
        shared: (index in `flat(model)`, the other model, index in `flat` of the other model) of
            each layer to replace.

    Returns:
        A model that contains these layers, and copies of the other layers of `model`.
    """
    layers = flat(model)
    replacements = {id(layers[i]): flat(holder)[j] for i, holder, j in shared}
    copies: list[tuple[Any, Any]] = []

    def replace(layer: Any) -> Any:
        if id(layer) in replacements:
            return replacements[id(layer)]
        if not isinstance(layer, keras.layers.Layer):
            return layer  # an operation such as `x / 255`: it has no variables, and its constants are in the graph
        if isinstance(layer, keras.Model) and any(id(part) in replacements for part in flat(layer)):
            return keras.models.clone_model(layer, clone_function=replace)
        copy = layer.__class__.from_config(layer.get_config())
        copies.append((layer, copy))
        return copy

    rebuilt = keras.models.clone_model(model, clone_function=replace)
    for layer, copy in copies:
        _copy_variables(layer, copy)
    if model.compiled:
        rebuilt.compile_from_config(model.get_compile_config())
    return rebuilt


def _copy_variables(old: Any, new: Any) -> None:
    """Copy the variables of a layer or model into its copy."""
    if isinstance(old, keras.Model):
        for a, b in zip(flat(old)[1:], flat(new)[1:], strict=True):
            _copy_variables(a, b)
    elif old.weights:
        saved: dict[str, Any] = {}
        old.save_own_variables(saved)
        if len(saved) == len(old.weights):
            new.load_own_variables({key: np.asarray(item) for key, item in saved.items()})
        else:  # a wrapper such as Bidirectional: the variables belong to the inner layer
            new.set_weights(old.get_weights())


def set_flags(model: keras.Model, flags: list[bool], fixed: Collection[int] = ()) -> None:
    """Set the trainable flag of each layer separately.

    `layer.trainable = …` would also set the flags of its sublayers, and a .keras file does not
    store the flag of the model itself.

    Args:
        model: The model.
        flags: One flag per layer, in the order of `flat`.
        fixed: ids of layers that are not changed.
    """
    for layer, flag in zip(flat(model), flags, strict=True):
        if id(layer) in fixed:
            continue
        layer._trainable = bool(flag)
        for variable in layer._trainable_variables:
            variable.trainable = bool(flag)


def take_names(model: keras.Model) -> None:
    """Reserve the names of a received model's layers, so that Keras gives new layers other names."""
    for layer in flat(model):
        name, number = re.fullmatch(r"(.*?)(?:_(\d+))?", layer.name, re.DOTALL).groups()  # type: ignore[union-attr]
        for _ in range(min(int(number or 0) + 1, MAX_NAMES)):
            if keras.backend.get_uid(name) > int(number or 0):
                break
