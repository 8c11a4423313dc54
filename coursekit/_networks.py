"""Decides which Keras models can be marked: those that contain no code of the student's own.

Knows nothing of labs or marks.
"""

from __future__ import annotations

import warnings
from types import FunctionType
from typing import Any

from coursekit._values import FRAMEWORKS, Mistake

__all__ = ["refuse_own_code"]


def refuse_own_code(network: Any) -> None:
    """Raise `Mistake` for a network that contains code of the student's own.

    Such a network cannot be saved without that code, so it cannot be marked in another process.
    """
    if not type(network).__module__.startswith("keras."):
        raise Mistake("build it with keras.Sequential or the functional API: a subclass of keras.Model cannot be marked")
    for layer in network.layers:
        if hasattr(layer, "layers"):
            refuse_own_code(layer)
        elif own := _own_code(layer):
            raise Mistake(
                f"the layer `{layer.name}` holds {own}, and such a network cannot be marked: "
                'use what Keras has, such as keras.regularizers.L2(0.01) or activation="relu"'
            )


def _own_code(layer: Any) -> str:
    """Describe what in a layer is not part of Keras; "" if there is nothing."""
    import keras

    kind = type(layer)
    if not kind.__module__.startswith("keras.") or kind is keras.layers.Lambda:
        return f"code: it is a {kind.__name__}"
    for item in [*vars(layer).values(), *vars(getattr(layer, "cell", layer)).values()]:
        if type(item) is FunctionType and str(item.__module__).split(".")[0] not in FRAMEWORKS:
            return "a lambda" if item.__name__ == "<lambda>" else f"your function {item.__name__}"
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
                return f"an object of your class {name}"
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return ""
