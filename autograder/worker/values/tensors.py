"""Encode tensors of TensorFlow, JAX and PyTorch that Keras does not compute with here, and the shapes of their tensors.

A student may use another library than the one that Keras runs on. Such a tensor is sent as a plain array, and a shape as a
tuple: the examiner needs none of these libraries. Imports none of them. Knows their classes by the name of the module; nothing
of Keras, whose own tensors `keras_codec` encodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.worker.refusals import RefusedError
from autograder.worker.values import arrays

if TYPE_CHECKING:
    from autograder.worker.codec import Encoder, Node

__all__ = ["array_of", "node", "widened"]

_LIBRARIES = ("tensorflow", "jax", "jaxlib", "torch")
_SHAPES = ("Size", "TensorShape")


def node(encoder: Encoder, value: Any, name: str, depth: int) -> Node | None:
    """Encode a tensor or a shape.

    Args:
        encoder: The encoder of the frame.
        value: Any value.
        name: What error messages call the value.
        depth: Its level of nesting.

    Returns:
        The node of an array or a tuple; None for any other value.

    Raises:
        RefusedError: If the tensor has no values, such as one inside a traced function.
    """
    kind = type(value)
    if kind.__module__.split(".")[0] not in _LIBRARIES:
        return None
    if kind.__name__ in _SHAPES:
        return encoder.node(tuple(value), name, depth)
    if not hasattr(value, "__array__") or not hasattr(value, "shape"):
        return None
    try:
        array = array_of(value)
    except Exception:
        raise RefusedError("a tensor that has no values", decides_itself=True) from None
    return arrays.node(encoder, array, name, depth)


def array_of(value: Any) -> np.ndarray:
    """Return a tensor of any library as an array; one of bfloat16, which NumPy does not know, as float32."""
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
    return widened(np.asarray(value))


def widened(array: np.ndarray) -> np.ndarray:
    """Return an array of bfloat16 or float8, which NumPy itself does not know, as float32; any other one unchanged."""
    return array.astype(np.float32) if array.dtype.type.__module__ == "ml_dtypes" else array
