"""The networks of the labs. They are built but not compiled: students choose optimizer, loss and metrics.

Works on every Keras backend. Knows nothing of data sets or of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from coursekit._numbers import whole_number
from coursekit._words import plain

if TYPE_CHECKING:
    import keras

__all__ = ["binary_mlp", "mlp", "perceptron", "xor_network"]


def perceptron(inputs: int = 2, *, activation: str | None = "sigmoid", name: str = "perceptron") -> keras.Model:
    """Build a single neuron that computes activation(x·w + b).

    The threshold of Rosenblatt's unit has derivative 0 almost everywhere, so no gradient method can train
    it. Use a linear activation instead and compare the score with 0.

    Args:
        inputs: Number of features.
        activation: "sigmoid" for a logistic unit, "linear" (or None) for the ADALINE of the delta rule.
        name: Name of the model.

    Returns:
        A Keras model that maps (n, inputs) to (n, 1). It has inputs + 1 parameters and is not compiled.

    Raises:
        ValueError: If `inputs` is not a whole number of at least 1, or the activation is unknown.
    """
    return _dense((whole_number("inputs", inputs),), (), 1, activation, activation, name)


def xor_network(
    hidden: int = 4, *, inputs: int = 2, activation: str | None = "sigmoid", name: str = "xor_network"
) -> keras.Model:
    """Build a network with one hidden layer and a sigmoid output, the smallest kind that can learn XOR.

    Args:
        hidden: Number of hidden neurons. XOR needs at least 2.
        inputs: Number of features: 2, or 3 if a column of ones serves as the bias.
        activation: Activation of the hidden layer. With "linear" the network is a single line and cannot
            learn XOR.
        name: Name of the model.

    Returns:
        A Keras model that maps (n, inputs) to probabilities (n, 1). By default it has 17 parameters. It is
        not compiled.

    Raises:
        ValueError: If a size is not a whole number of at least 1, or the activation is unknown.
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
    """Build a multilayer perceptron for mutually exclusive classes. It flattens its input first.

    Args:
        input_shape: Shape of one sample, without the batch axis.
        hidden: Number of neurons of each hidden layer; may be empty.
        classes: Number of classes.
        activation: Activation of the hidden layers.
        output_activation: "softmax" for probabilities, "linear" (or None) for scores.
        kernel_initializer: Initializer of the weights of every layer. The default of Keras is
            "glorot_uniform" (Glorot and Bengio 2010); "he_normal" is meant for ReLU.
        name: Name of the model.

    Returns:
        A Keras model that maps (n, *input_shape) to (n, classes). It is not compiled. By default it has
        784·300 + 300 + 300·100 + 100 + 100·10 + 10 = 266,610 parameters.

    Raises:
        ValueError: If a size is not a whole number of at least 1, or a name is unknown.
    """
    axes: Any = (input_shape,) if isinstance(input_shape, Integral) else input_shape
    shape = _sizes("input_shape", axes)
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
    """Build a multilayer perceptron with a single sigmoid output, for binary classification.

    Args:
        inputs: Number of features.
        hidden: Number of neurons of each hidden layer.
        activation: Activation of the hidden layers.
        name: Name of the model.

    Returns:
        A Keras model that maps (n, inputs) to probabilities (n, 1). By default it is a
        21-100-100-100-1 network with 22,501 parameters. It is not compiled.

    Raises:
        ValueError: If a size is not a whole number of at least 1, or the activation is unknown.
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
    """Build a dense network that flattens its input if it has more than one axis."""
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
    """Raise ValueError if Keras knows no object of this name."""
    try:
        get(name)
    except (ValueError, TypeError) as error:
        raise ValueError(f"unknown {what} {plain(name)}: give a Keras name") from error


def _sizes(what: str, values: Sequence[int]) -> tuple[int, ...]:
    """Return a sequence of sizes as a tuple of ints."""
    if isinstance(values, str | Integral) or not hasattr(values, "__iter__"):
        raise ValueError(f"{what} is {plain(values)}: expected a sequence of whole numbers, such as (300, 100)")
    return tuple(whole_number(f"{what}[{i}]", value) for i, value in enumerate(values))
