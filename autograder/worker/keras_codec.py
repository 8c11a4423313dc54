"""Encode and decode Keras models, tensors, training histories and other objects of Keras.

A model is sent as a .keras file, which is loaded in safe mode, together with what such a file does
not store: the state of its optimizer and the weights it was built on, and which layers are those of
another model that both ends hold. `archives` decides what is safe to load, `compiled` which losses
and metrics are trusted, and `layers` shares layers. Knows Keras and nodes; nothing of processes or
tests.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from autograder.worker.codec import Decoder, Encoder, Node
from autograder.worker.models.archives import check_config, opened, saved
from autograder.worker.models.compiled import trustworthy
from autograder.worker.models.layers import flat, owners, set_flags, share, take_names
from autograder.worker.models.precision import full, own_optimizer
from autograder.worker.refusals import RefusedError
from autograder.worker.values.tensors import widened
from coursekit._networks import own_code

__all__ = ["fingerprint", "is_model", "node", "put", "state", "value"]

# Model that was received → its optimizer at that time. If it has another one later, that was
# created at this end.
_RECEIVED: WeakKeyDictionary[keras.Model, Any] = WeakKeyDictionary()


def is_model(value: Any) -> bool:
    """Return whether a value is a Keras model."""
    return isinstance(value, keras.Model)


def node(encoder: Encoder, value: Any, name: str, depth: int = 0) -> Node | None:
    """Encode an object of Keras.

    Args:
        encoder: The encoder of the frame.
        value: Any value.
        name: What error messages call the value.
        depth: Its level of nesting.

    Returns:
        The node of a model, history, tensor, variable, layer, optimizer, loss, metric, initializer or
        regularizer; None for any other value.

    Raises:
        RefusedError: If the object cannot be encoded, such as a model with code of the student, or
            a symbolic tensor.
    """
    if isinstance(value, keras.Model):
        return _model(encoder, value, name)
    if type(value) is keras.callbacks.History:
        record = {"history": value.history, "epoch": value.epoch, "params": value.params}
        return {"k": "history", **{key: encoder.node(item, name, depth) for key, item in record.items()}}
    if isinstance(value, keras.KerasTensor):
        raise RefusedError("a symbolic tensor, which has no values", decides_itself=True)
    if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
        return {"k": "tensor", "b": encoder.array(_array(value)), "variable": isinstance(value, keras.Variable)}
    if isinstance(value, keras.layers.Layer | keras.optimizers.Optimizer | keras.Loss | keras.Metric):
        return _object(encoder, value, name)
    if isinstance(value, keras.initializers.Initializer | keras.regularizers.Regularizer):
        return _object(encoder, value, name)
    return None


def value(decoder: Decoder, node: Node) -> Any:
    """Decode a node that `node` wrote. Raises ValueError if it is not safe to load."""
    if node["k"] == "model":
        return _load(decoder, node)
    if node["k"] == "history":
        made = keras.callbacks.History()
        made.history, made.epoch = decoder.value(node["history"]), decoder.value(node["epoch"])
        made.set_params(decoder.value(node["params"]))
        return made
    if node["k"] == "tensor":
        array = decoder.array(node["b"])
        return keras.Variable(array) if node["variable"] else keras.ops.convert_to_tensor(array)
    if node["k"] == "keras":
        config = full(node["config"])
        check_config(config)
        made = keras.saving.deserialize_keras_object(config, safe_mode=True)
        if node["weights"] is not None:
            if node["shape"] is not None and not made.built:
                made.build(decoder.value(node["shape"]))
            made.set_weights([decoder.array(number) for number in node["weights"]])
        return made
    raise ValueError(f"not a value: {str(node)[:80]}")


def _array(value: Any) -> np.ndarray:
    """A tensor or variable of the backend as an array; one of bfloat16, which a .npy file cannot hold, as float32."""
    return widened(np.asarray(keras.ops.convert_to_numpy(value)))


# ── models ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _model(encoder: Encoder, model: keras.Model, name: str) -> Node:
    """The node of a model."""
    holders = owners(encoder.known)
    number = encoder.know(model)
    layers = flat(model)
    shared = [[i, *holders[id(layer)]] for i, layer in enumerate(layers) if id(layer) in holders]
    return {
        "k": "model",
        "n": number,
        "b": encoder.blob(_archive(model)),
        "optimizer": _optimizer(encoder, model),
        "shared": shared,
        "flags": [bool(layer._trainable) for layer in layers],
        "stop": bool(getattr(model, "stop_training", False)),
    }


def _archive(model: keras.Model) -> bytes:
    """The model as a .keras file. Raises RefusedError for a model with code of its own."""
    try:
        if own := own_code(model):
            raise _holds_code(own)
        check_config(model.get_config())
        return saved(model)
    except RefusedError:
        raise
    except ValueError as error:
        raise _holds_code(str(error)) from None
    except Exception as error:
        raise RefusedError(f"a model that Keras cannot save ({type(error).__name__}: {str(error)[:200]})") from None


def _holds_code(why: str) -> RefusedError:
    """The error for a model with code of the student.

    The labs ask for models that consist of Keras's own parts.
    """
    return RefusedError(f"a model that cannot be marked ({why})", decides_itself=True)


def _load(decoder: Decoder, node: Node) -> keras.Model:
    """Decode a model."""
    number = len(decoder.known)
    decoder.know(None)
    model, fixed = opened(bytes(decoder.blobs[node["b"]])), set[int]()
    if node["shared"]:
        model = share(model, [(i, decoder.known[n], j) for i, n, j in node["shared"]])
        fixed = {id(layer) for n in decoder.fixed if is_model(decoder.known[n]) for layer in flat(decoder.known[n])}
    set_flags(model, node["flags"], fixed)
    _restore_optimizer(decoder, model, node["optimizer"])
    model.stop_training = bool(node["stop"])
    decoder.known[number] = model
    take_names(model)
    _RECEIVED[model] = getattr(model, "optimizer", None)
    return model


# ── optimizers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _optimizer(encoder: Encoder, model: keras.Model) -> Node:
    """The indices of the weights and the variables of the optimizer; None if it is not built."""
    optimizer = own_optimizer(getattr(model, "optimizer", None))
    if optimizer is None or not optimizer.built:
        return None
    indices = {id(weight): i for i, weight in enumerate(model.weights)}
    built_on = [indices.get(id(weight), -1) for weight in optimizer._trainable_variables]
    values = [encoder.array(_array(v)) for v in optimizer.variables]
    return {"on": built_on, "v": values}


def _restore_optimizer(decoder: Decoder, model: keras.Model, state: Node) -> None:
    """Build the model's optimizer on the weights that `_optimizer` wrote, and set its variables."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return
    weights = model.weights
    on = None if state is None else [weights[i] for i in state["on"] if 0 <= i < len(weights)]
    if optimizer.built and (on is None or [id(w) for w in on] != [id(w) for w in optimizer._trainable_variables]):
        optimizer = optimizer.__class__.from_config(optimizer.get_config())
        model.optimizer = optimizer
    if on is None or state is None:
        return
    if not optimizer.built:
        optimizer.build(on)
    values = [decoder.array(number) for number in state["v"]]
    if len(values) == len(optimizer.variables):
        for variable, saved_value in zip(optimizer.variables, values, strict=True):
            if tuple(variable.shape) == saved_value.shape:
                variable.assign(saved_value)


# ── changes that a call made to a model ──────────────────────────────────────────────────────────────────────────────


def fingerprint(model: keras.Model) -> Any:
    """Return a value that compares equal later if the model has not changed."""
    digest = blake2b()
    optimizer = getattr(model, "optimizer", None)
    for variable in [*model.weights, *(optimizer.variables if optimizer is not None else ())]:
        digest.update(np.ascontiguousarray(keras.ops.convert_to_numpy(variable)).tobytes())
    layers = flat(model)
    flags = [bool(layer._trainable) for layer in layers]
    return (
        digest.digest(),
        [id(layer) for layer in layers],
        flags,
        id(optimizer),
        _settings(model),
        getattr(model, "stop_training", False),
    )


def _settings(model: keras.Model) -> str:
    """The configurations of all layers as text, "" if one cannot be read."""
    try:
        return json.dumps([layer.get_config() for layer in flat(model)[1:] if not isinstance(layer, keras.Model)], default=repr)
    except Exception:
        return ""


def state(encoder: Encoder, model: keras.Model) -> Node:
    """Encode the current weights, flags and optimizer of a model that both ends hold, for `put`."""
    arrays = [encoder.array(_array(weight)) for weight in model.weights]
    optimizer = getattr(model, "optimizer", None)
    made_here = optimizer is not None and optimizer is not _RECEIVED.get(model)
    return {
        "weights": arrays,
        "layers": len(flat(model)),
        "flags": [bool(layer._trainable) for layer in flat(model)],
        "compile": model.get_compile_config() if made_here else None,
        "optimizer": _optimizer(encoder, model),
        "stop": bool(getattr(model, "stop_training", False)),
    }


def put(decoder: Decoder, model: keras.Model, state: Node) -> None:
    """Set a model of this end to a state that `state` wrote at the other end.

    Raises:
        ValueError: If the number of layers or of weights is different.
    """
    layers, weights = flat(model), model.weights
    if state["layers"] != len(layers) or len(state["weights"]) != len(weights):
        raise ValueError("the layers of the model that your function was given were changed: make a new model instead")
    set_flags(model, state["flags"])
    for weight, number in zip(weights, state["weights"], strict=True):
        weight.assign(decoder.array(number))
    for layer in layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    if (settings := trustworthy(full(state["compile"]))) is not None:
        check_config(settings)
        model.compile_from_config(settings)
    _restore_optimizer(decoder, model, state["optimizer"])
    model.stop_training = bool(state["stop"])


def _object(encoder: Encoder, value: Any, name: str) -> Node:
    """The node of a layer, optimizer, loss, metric, initializer or regularizer."""
    kind = type(value).__name__[:60]
    if not type(value).__module__.startswith("keras."):
        raise RefusedError(f"an object of your class {kind}, which is not Keras's own", decides_itself=True)
    try:
        config = keras.saving.serialize_keras_object(value)
        check_config(config)
    except Exception as error:
        raise RefusedError(f"a {kind} that Keras cannot save ({str(error)[:200]})", decides_itself=True) from None
    weights = shape = None
    if isinstance(value, keras.layers.Layer) and value.built and value.weights:
        weights = [encoder.array(array) for array in value.get_weights()]
        shape = encoder.node(value.get_build_config().get("input_shape"), name) if value.get_build_config() else None
    return {"k": "keras", "config": config, "weights": weights, "shape": shape}
