"""The networks of the labs, built but not compiled: optimizer, loss and metrics are the student's choice.

Works on every Keras backend. Knows nothing of data sets or of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from coursekit._numbers import whole_number

if TYPE_CHECKING:
    import keras

__all__ = ["binary_mlp", "mlp", "perceptron", "xor_network"]


def perceptron(inputs: int = 2, *, activation: str | None = "sigmoid", name: str = "perceptron") -> keras.Model:
    """One neuron: activation(x·w + b).

    inputs: number of features; the model maps (n, inputs) to (n, 1) and has inputs + 1 parameters.
    activation: "sigmoid" for a logistic unit, "linear" (or None) for the delta rule's ADALINE.
    The threshold of Rosenblatt's unit has derivative 0 almost everywhere, so no gradient method can train it: compare the
    linear score with 0 instead.
    Raises ValueError when `inputs` is not a positive whole number or the activation is unknown.
    """
    return _dense((whole_number("inputs", inputs),), (), 1, activation, activation, name)


def xor_network(
    hidden: int = 4, *, inputs: int = 2, activation: str | None = "sigmoid", name: str = "xor_network"
) -> keras.Model:
    """Inputs-hidden-1 with a sigmoid output, the smallest kind of network that can learn XOR.

    hidden: neurons in the hidden layer; XOR needs at least 2. inputs: 2, or 3 when a column of ones stands for the bias.
    activation: of the hidden layer; with "linear" the network is one line again and cannot learn XOR.
    Maps (n, inputs) to probabilities (n, 1); 17 parameters by default.
    Raises ValueError when a size is not a positive whole number or the activation is unknown.
    """
    sizes = whole_number("inputs", inputs), whole_number("hidden", hidden)
    return _dense(sizes[:1], sizes[1:], 1, activation, "sigmoid", name)


def mlp(
    input_shape: Sequence[int] | int = (28, 28),
    hidden: Sequence[int] = (300, 100),
    classes: int = 10,
    activation: str | None = "relu",
    *,
    output_activation: str | None = "softmax",
    kernel_initializer: str = "glorot_uniform",
    name: str = "mlp",
) -> keras.Model:
    """A multilayer perceptron for `classes` exclusive classes, flattening its input first.

    input_shape: shape of one sample, without the batch axis. hidden: neurons of each hidden layer, may be empty.
    activation: of the hidden layers. output_activation: "softmax" for probabilities, "linear" (or None) for scores.
    kernel_initializer: of every layer; Keras's own default is Glorot's (Glorot and Bengio 2010), "he_normal" is made for ReLU.
    Maps (n, *input_shape) to (n, classes). The default has 784·300 + 300 + 300·100 + 100 + 100·10 + 10 = 266,610 parameters.
    Raises ValueError when a size is not a positive whole number or a name is unknown.
    """
    shape = _sizes("input_shape", (input_shape,) if isinstance(input_shape, int) else input_shape)
    if not shape:
        raise ValueError("input_shape is empty: expected the shape of one sample, such as (28, 28)")
    return _dense(
        shape,
        _sizes("hidden", hidden),
        whole_number("classes", classes),
        activation,
        output_activation,
        name,
        kernel_initializer,
    )


def binary_mlp(
    inputs: int = 21, hidden: Sequence[int] = (100, 100, 100), activation: str | None = "relu", *, name: str = "binary_mlp"
) -> keras.Model:
    """A yes-or-no network with one sigmoid output, for the binary cross-entropy: 21-100-100-100-1 by default.

    inputs: number of features. hidden: neurons of each hidden layer.
    Maps (n, inputs) to probabilities (n, 1); 22,501 parameters by default.
    Raises ValueError when a size is not a positive whole number or the activation is unknown.
    """
    return _dense((whole_number("inputs", inputs),), _sizes("hidden", hidden), 1, activation, "sigmoid", name)


def _dense(
    input_shape: Sequence[int],
    hidden: Sequence[int],
    outputs: int,
    activation: str | None,
    output_activation: str | None,
    name: str,
    initializer: str = "glorot_uniform",
) -> keras.Model:
    import keras

    _known("activation", activation, keras.activations.get)
    _known("output activation", output_activation, keras.activations.get)
    _known("kernel_initializer", initializer, keras.initializers.get)
    x = inputs = keras.Input(input_shape, name="input")
    if len(input_shape) > 1:
        x = keras.layers.Flatten(name="flatten")(x)
    for i, size in enumerate(hidden, start=1):
        x = keras.layers.Dense(size, activation, kernel_initializer=initializer, name=f"hidden_{i}")(x)
    y = keras.layers.Dense(outputs, output_activation, kernel_initializer=initializer, name="output")(x)
    return keras.Model(inputs, y, name=name)


def _known(what: str, name: str | None, get: Any) -> None:
    try:
        get(name)
    except (ValueError, TypeError) as error:
        raise ValueError(f"unknown {what} {name!r}: give a Keras name") from error


def _sizes(what: str, values: Sequence[int]) -> tuple[int, ...]:
    if isinstance(values, str | Integral) or not hasattr(values, "__iter__"):
        raise ValueError(f"{what} is {values!r}: expected a sequence of whole numbers, such as (300, 100)")
    return tuple(whole_number(f"{what}[{i}]", value) for i, value in enumerate(values))
