"""Decides which Keras models can be marked: those that contain no code of the student's own.

Knows nothing of labs or marks.
"""

from __future__ import annotations

import warnings
from types import FunctionType
from typing import Any

from coursekit._values import FRAMEWORKS, Mistake

__all__ = ["own_code", "refuse_own_code"]


def refuse_own_code(network: Any) -> None:
    """Raise `Mistake` for a network that contains code of the student's own.

    Such a network cannot be saved without that code, so it cannot be marked in another process.
    """
    if own := own_code(network):
        raise Mistake(f"this network cannot be marked: {own}")


def own_code(network: Any) -> str:
    """Say which part of a network is not Keras's own, and what to use instead; "" if there is none."""
    if not type(network).__module__.startswith("keras."):
        kind = type(network).__name__[:60]
        return f"it is an object of your class {kind}, a subclass of keras.Model. Build it with keras.Sequential or the functional API"
    for layer in network.layers:
        if hasattr(layer, "layers"):
            if inside := own_code(layer):
                return inside
        elif own := _own_code(layer):
            return (
                f"its layer `{str(layer.name)[:60]}` holds {own}. "
                'Use what Keras has, such as keras.regularizers.L2(0.01) or activation="relu"'
            )
    return ""


def _own_code(layer: Any) -> str:
    """Describe what in a layer is not part of Keras; "" if there is nothing."""
    import keras

    kind = type(layer)
    if not kind.__module__.startswith("keras.") or kind is keras.layers.Lambda:
        return f"code: it is of the class {kind.__name__[:60]}"
    for item in [*vars(layer).values(), *vars(getattr(layer, "cell", layer)).values()]:
        if type(item) is FunctionType and str(item.__module__).split(".")[0] not in FRAMEWORKS:
            return "a lambda" if item.__name__ == "<lambda>" else f"your function {item.__name__[:60]}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns about what this looks for
        waiting: list[Any] = [layer.get_config()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = part.get("class_name")
            if name == "__lambda__":
                return "a lambda"
            if isinstance(name, str) and not name.startswith("__") and part.get("module", "keras") is None:
                return f"an object of your class {name[:60]}"
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return ""
