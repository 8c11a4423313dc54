"""Copies of networks that compute in 32 bits, for checks in notebooks that left mixed precision on. Knows nothing of checks."""

from __future__ import annotations

from typing import Any

__all__ = ["in_full_precision"]

_HALF = ("float16", "bfloat16")


def in_full_precision(network: Any) -> Any:
    """Return a network with the same weights that computes in 32 bits.

    Args:
        network: A Keras model, or anything that is called like one.

    Returns:
        A copy; or `network` itself, if no layer computes in 16 bits or if it holds layers that cannot be copied.
    """
    import keras

    if not isinstance(network, keras.Model) or all(layer.compute_dtype not in _HALF for layer in network._flatten_layers()):
        return network

    def copied(layer: Any) -> Any:
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=copied)
        if not isinstance(layer, keras.layers.Layer):  # an operation such as `x / 255`, which has no weights
            return layer
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    try:
        copy = keras.models.clone_model(network, clone_function=copied)
        copy.set_weights(network.get_weights())
    except Exception:  # layers of a student's own
        return network
    return copy
