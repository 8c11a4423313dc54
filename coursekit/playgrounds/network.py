"""The Keras model of a playground: built from its settings, or brought along by a student.

Knows nothing of data, training or pictures. Keras is imported when the first network is built.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit._words import plain
from coursekit.playgrounds.data import REGRESSION
from coursekit.playgrounds.state import State

if TYPE_CHECKING:
    import keras

__all__ = ["Layer", "Network", "adopt", "build", "is_same_kind"]

_WIDEST = 128  # neurons of a layer that is still looked into
# The settings on which the network itself depends. With others, the same network goes on.
_OF_NETWORK = (
    "features", "hidden", "activation", "optimizer", "regularizer", "regularizer_rate", "dropout", "batch_norm",
)  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer of neurons, as it is shown.

    Attributes:
        dense: The Keras layers that hold its weights: one, or two for maxout.
        output: Its output in the model, after the activation; None for the output layer.
    """

    dense: tuple[Any, ...]
    output: Any = None

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights (inputs, neurons) and biases (neurons,), for maxout the means of its two parts."""
        kernels = [dense.get_weights()[0] for dense in self.dense]
        biases = [dense.get_weights()[1] if dense.use_bias else np.zeros(dense.units) for dense in self.dense]
        return np.mean(kernels, axis=0), np.mean(biases, axis=0)

    def set_weight(self, row: int | None, neuron: int, value: float) -> None:
        """Give one weight, or the bias if `row` is None, another value.

        Raises:
            ValueError: If the neuron has two parts, or no such weight.
        """
        if len(self.dense) > 1:
            raise ValueError("a maxout neuron has two weights for each input: they cannot be set here")
        arrays = self.dense[0].get_weights()
        if neuron < 0 or (row or 0) < 0:
            raise ValueError("this neuron has no such weight")
        try:
            if row is None:
                arrays[1][neuron] = value
            else:
                arrays[0][row, neuron] = value
        except IndexError:
            raise ValueError("this neuron has no such weight") from None
        self.dense[0].set_weights(arrays)


@dataclass(frozen=True)
class Network:
    """A compiled model and what can be seen in it.

    Attributes:
        model: The Keras model. It maps (n, features) to (n, 1).
        layers: Its layers in their order, the output layer last. Empty if the model cannot be looked into.
        lowest: The target that stands for class −1: 0 for a model that ends in a sigmoid, else −1.
        is_own: Whether a student brought the model along.
        first: The weights that it began with.
        first_of_optimizer: The variables that its optimizer began with.
    """

    model: keras.Model
    layers: tuple[Layer, ...]
    lowest: float
    is_own: bool
    first: list[np.ndarray]
    first_of_optimizer: list[np.ndarray]

    def start(self, state: State) -> None:
        """Give every weight its first value again: a student's model the old ones, another the random ones of `state.start`."""
        self.model.set_weights(self.first)
        for variable, value in zip(self.model.optimizer.variables, self.first_of_optimizer, strict=True):
            variable.assign(value)
        if not self.is_own:
            dense = [part for layer in self.layers for part in layer.dense]
            for number, part in enumerate(dense):
                kernel, *bias = part.get_weights()
                seed = zlib.crc32(f"{state.seed} {state.start} {number}".encode()) % 2**31
                part.set_weights([_array(_initializer(state, seed)(kernel.shape)), *bias])
            self.set_learning_rate(state.learning_rate)

    def learning_rate(self) -> float | None:
        """Return the learning rate, or None for a schedule."""
        rate = self.model.optimizer.get_config().get("learning_rate")
        return float(f"{rate:.6g}") if isinstance(rate, Real) else None

    def set_learning_rate(self, rate: float) -> None:
        """Go on with another learning rate. A schedule of a student's own optimizer is kept."""
        with suppress(TypeError):  # what Keras raises for a schedule
            self.model.optimizer.learning_rate = rate


def is_same_kind(one: State, other: State) -> bool:
    """Return whether the network of one state can go on with the other."""
    same = all(getattr(one, name) == getattr(other, name) for name in _OF_NETWORK)
    return same and (one.data in REGRESSION) == (other.data in REGRESSION)


def _network(model: Any, layers: tuple[Layer, ...], lowest: float, is_own: bool) -> Network:
    model.optimizer.build(model.trainable_variables)
    first = [np.array(value) for value in model.get_weights()]
    return Network(model, layers, lowest, is_own, first, [_array(variable) for variable in model.optimizer.variables])


def _array(value: Any) -> np.ndarray:
    import keras

    return np.array(keras.ops.convert_to_numpy(value))


def build(state: State) -> Network:
    """Build and compile the network that a state describes, with mean squared error as its loss.

    The output is tanh for two classes, and linear for regression. The same state gives the same first weights.

    Args:
        state: The settings.
    """
    import keras

    x = inputs = keras.Input((len(state.features),), name="features")
    layers = []
    for number, size in enumerate(state.hidden, start=1):
        dense, x = _hidden(x, size, number, state)
        layers.append(Layer(dense, x))
        if state.dropout:
            x = keras.layers.Dropout(state.dropout, seed=state.seed + number, name=f"dropout_{number}")(x)
    last = _dense(1, "output", state, "linear" if state.data in REGRESSION else "tanh")
    model = keras.Model(inputs, last(x), name="playground")
    model.compile(_optimizer(state), "mse")
    network = _network(model, (*layers, Layer((last,))), -1.0, is_own=False)
    network.start(state)
    return network


def _hidden(x: Any, size: int, number: int, state: State) -> tuple[tuple[Any, ...], Any]:
    """Add a hidden layer. Return its layers with weights, and its output."""
    import keras

    name = f"hidden_{number}"
    parts = 2 if state.activation == "maxout" else 1
    dense = tuple(_dense(size, f"{name}{'ab'[i] if parts > 1 else ''}", state) for i in range(parts))
    x = keras.layers.Maximum(name=f"maxout_{number}")([part(x) for part in dense]) if parts > 1 else dense[0](x)
    if state.batch_norm:
        x = keras.layers.BatchNormalization(name=f"batch_norm_{number}")(x)
    return dense, _activation(state.activation, f"activation_{number}")(x)


def _activation(name: str, layer: str) -> Any:
    import keras

    if name == "prelu":
        return keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(0.2), name=layer)
    if name == "leaky_relu":
        return keras.layers.LeakyReLU(negative_slope=0.2, name=layer)
    return keras.layers.Activation("linear" if name == "maxout" else name, name=layer)


def _dense(size: int, name: str, state: State, activation: str = "linear") -> Any:
    import keras

    penalty = {"none": None, "l1": keras.regularizers.L1, "l2": keras.regularizers.L2}[state.regularizer]
    rate = state.regularizer_rate
    return keras.layers.Dense(size, activation, kernel_regularizer=penalty(rate) if penalty and rate else None, name=name)


def _initializer(state: State, seed: int) -> Any:
    import keras

    kinds = keras.initializers
    return {
        "glorot_uniform": lambda: kinds.GlorotUniform(seed=seed),
        "he_normal": lambda: kinds.HeNormal(seed=seed),
        "small": lambda: kinds.RandomNormal(stddev=0.01, seed=seed),
        "large": lambda: kinds.RandomNormal(stddev=3.0, seed=seed),
        "zeros": kinds.Zeros,
    }[state.initializer]()


def _optimizer(state: State) -> Any:
    """Return a new optimizer of the kind that a state names."""
    import keras

    kind, rate = state.optimizer, state.learning_rate
    if kind == "adam":
        return keras.optimizers.Adam(rate)
    if kind == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    momentum = {"sgd": 0.0, "nesterov": 0.9}.get(kind)
    momentum = float(kind.removeprefix("momentum_")) if momentum is None else momentum
    return keras.optimizers.SGD(rate, momentum=momentum, nesterov=kind == "nesterov")


# ── a student's own model ────────────────────────────────────────────────────────────────────────────────────────────


def adopt(model: Any, state: State) -> Network:
    """Look into a student's own model, and compile it if that was not done.

    Args:
        model: A built Keras model that maps (n, 2) to (n, 1). If it is compiled, it keeps its loss and its optimizer.
        state: The settings whose optimizer compiles it otherwise, with binary cross-entropy if it ends in a sigmoid and mean
            squared error if not.

    Raises:
        ValueError: If it is no such model.
    """
    import keras

    if not isinstance(model, keras.Model):
        hint = "; call what you gave, with parentheses, to get one" if callable(model) else ""
        raise ValueError(f"model is {plain(model)}: expected a Keras model with two inputs and one output{hint}")
    shapes = _shapes(model)
    if not shapes:
        raise ValueError("the model is not built yet: begin it with keras.Input((2,)), or call it once on an array (n, 2)")
    if shapes != ((None, 2), (None, 1)):
        raise ValueError(f"the model maps {plain(shapes[0])} to {plain(shapes[1])}: expected (None, 2) to (None, 1)")
    ends_in_sigmoid = _ends_in_sigmoid(model)
    if not getattr(model, "compiled", False):
        model.compile(_optimizer(state), "binary_crossentropy" if ends_in_sigmoid else "mse")
    elif not isinstance(model.loss, str) and not callable(model.loss):
        raise ValueError(f"the model is compiled with the loss {plain(model.loss)}: expected one loss, such as 'mse'")
    return _network(model, _layers_of(model), 0.0 if ends_in_sigmoid else -1.0, is_own=True)


def _shapes(model: Any) -> tuple[Any, ...]:
    """Return the shapes of input and output, or () for a model that is not built."""
    try:
        return (model.input_shape, model.output_shape)
    except (AttributeError, ValueError):
        return ()


def _ends_in_sigmoid(model: Any) -> bool:
    last = model.layers[-1] if model.layers else None
    return getattr(getattr(last, "activation", None), "__name__", type(last).__name__).lower() == "sigmoid"


def _layers_of(model: Any) -> tuple[Layer, ...]:
    """Return the Dense layers of a model whose layers stand in a row, each with what reaches the next one; else ()."""
    import keras

    if not getattr(model, "inputs", None):
        return ()
    layers: list[Layer] = []
    last, dense, output = model.inputs[0], None, None
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if not _follows(layer, last):
            return ()
        if isinstance(layer, keras.layers.Dense):
            if dense is not None:
                layers.append(Layer((dense,), output))
            dense = layer
        elif layer.weights and not isinstance(layer, keras.layers.BatchNormalization | keras.layers.PReLU):
            return ()
        last = layer.output
        output = output if isinstance(layer, keras.layers.Dropout) else last
    return (*layers, Layer((dense,))) if dense is not None and dense.units == 1 else ()


def _follows(layer: Any, last: Any) -> bool:
    """Return whether a layer takes what the last one answers, and nothing else."""
    try:
        return layer.input is last and len(layer.output.shape) == 2 and layer.output.shape[1] <= _WIDEST
    except (AttributeError, ValueError):  # a layer that stands in several places
        return False
