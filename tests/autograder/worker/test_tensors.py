"""Tensors of any library reach the examiner: those of the backend as tensors, all others as plain arrays."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from autograder.worker import keras_codec
from autograder.worker.codec import Decoder, Encoder
from autograder.worker.frames import pack, unpack
from autograder.worker.refusals import RefusedError
from autograder.worker.values import tensors
from autograder.worker.values.functions import Functions

NUMBERS = np.array([[1.0, -2.5], [0.0, 3.0]], dtype="float32")


def no_calls(*_: object) -> None:
    raise AssertionError("nothing is called here")


def crossed(value: Any) -> Any:
    """The value at the other end of the wire."""
    encoder = Encoder(Functions(no_calls), models=keras_codec)
    header, blobs = unpack(pack({"v": encoder.node(value)}, encoder.blobs))
    return Decoder(blobs, Functions(no_calls), models=keras_codec).value(header["v"])


def foreign(library: str, name: str = "Tensor", **members: Any) -> Any:
    """An object of a class that lies in a module of this library."""
    return type(name, (), {"__module__": library, "shape": NUMBERS.shape, **members})()


def numbers(self: Any, dtype: Any = None, copy: Any = None) -> np.ndarray:
    return NUMBERS


def no_numbers(self: Any, dtype: Any = None, copy: Any = None) -> np.ndarray:
    raise NotImplementedError


@pytest.mark.parametrize(("library", "make"), [("tensorflow", "constant"), ("jax.numpy", "array"), ("torch", "tensor")])
def test_a_tensor_of_an_installed_library_keeps_its_numbers(library: str, make: str) -> None:
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    arrived = crossed({"scores": [getattr(module, make)(NUMBERS)]})["scores"][0]
    assert isinstance(arrived, np.ndarray) == (library.split(".")[0] != keras.config.backend())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(arrived), NUMBERS)


def test_a_parameter_of_pytorch_crosses_in_half_precision_too() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    weights = torch.nn.Parameter(torch.tensor(NUMBERS))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(crossed(weights)), NUMBERS)
    np.testing.assert_array_equal(tensors.array_of(weights.bfloat16()), NUMBERS)
    assert crossed(weights.shape) == (2, 2)


@pytest.mark.parametrize("library", ["tensorflow.python.framework.ops", "jaxlib._jax", "torch"])
def test_a_tensor_that_keras_does_not_know_arrives_as_an_array(library: str) -> None:
    arrived = crossed(foreign(library, __array__=numbers))
    assert type(arrived) is np.ndarray
    np.testing.assert_array_equal(arrived, NUMBERS)


def test_what_only_looks_like_a_tensor_is_refused_by_name() -> None:
    with pytest.raises(RefusedError, match="a Tensor"):
        crossed(foreign("elsewhere.torch", __array__=numbers))


def test_a_tensor_of_pytorch_leaves_its_graph_and_its_device_first() -> None:
    here = foreign("torch", dtype="torch.float32", __array__=numbers)
    there = foreign("torch", cpu=lambda self: here)
    np.testing.assert_array_equal(crossed(foreign("torch", detach=lambda self: there, __array__=no_numbers)), NUMBERS)


def test_a_shape_is_a_tuple() -> None:
    assert crossed(keras.ops.ones((3, 2)).shape) == (3, 2)
    assert crossed(type("Size", (tuple,), {"__module__": "torch"})((3, 2))) == (3, 2)


def test_a_tensor_without_values_is_refused() -> None:
    with pytest.raises(RefusedError, match="a tensor that has no values"):
        crossed(foreign("tensorflow.python.framework.ops", "SymbolicTensor", __array__=no_numbers))


def test_numbers_of_half_width_become_float32() -> None:
    assert tensors.array_of(keras.ops.cast(keras.ops.convert_to_tensor(NUMBERS), "bfloat16")).dtype == np.float32
