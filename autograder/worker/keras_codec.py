"""How Keras networks, tensors and training histories cross the wire.

A network crosses as a .keras file, loaded in safe mode, with what such a file leaves out: whether its optimizer has been built,
and on which weights; which of its layers are those of another network that both ends hold. `archives` says what is safe to load,
`compiled` which losses and metrics are believed, `layers` how layers are shared. Knows Keras and nodes; nothing of processes or tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from autograder.worker.codec import Decoder, Encoder, Node
from autograder.worker.models.archives import check_config, opened, saved
from autograder.worker.models.compiled import trustworthy
from autograder.worker.models.layers import flat, owners, set_flags, share, take_names
from autograder.worker.refusals import RefusedError

__all__ = ["fingerprint", "is_model", "node", "put", "state", "value"]

# Networks that crossed, and the optimizer each had then: another one later was made at this end.
_CROSSED: WeakKeyDictionary[keras.Model, Any] = WeakKeyDictionary()


def is_model(value: Any) -> bool:
    """Whether this is a network."""
    return isinstance(value, keras.Model)


def node(encoder: Encoder, value: Any, name: str, depth: int = 0) -> Node | None:
    """The node of a network, a history, a tensor, a variable or another object of Keras; None for anything else."""
    if isinstance(value, keras.Model):
        return _model(encoder, value, name)
    if type(value) is keras.callbacks.History:
        record = {"history": value.history, "epoch": value.epoch, "params": value.params}
        return {"k": "history", **{key: encoder.node(item, name, depth) for key, item in record.items()}}
    if isinstance(value, keras.KerasTensor):
        raise RefusedError("a symbolic tensor, which has no values", decides_itself=True)
    if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
        array = np.asarray(keras.ops.convert_to_numpy(value))
        return {"k": "tensor", "b": encoder.array(array), "variable": isinstance(value, keras.Variable)}
    if isinstance(value, keras.layers.Layer | keras.optimizers.Optimizer | keras.Loss | keras.Metric):
        return _object(encoder, value, name)
    if isinstance(value, keras.initializers.Initializer | keras.regularizers.Regularizer):
        return _object(encoder, value, name)
    return None


def value(decoder: Decoder, node: Node) -> Any:
    """What such a node stands for. Raises ValueError for one that is not safe to load."""
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
        check_config(node["config"])
        made = keras.saving.deserialize_keras_object(node["config"], safe_mode=True)
        if node["weights"] is not None:
            if node["shape"] is not None and not made.built:
                made.build(decoder.value(node["shape"]))
            made.set_weights([decoder.array(number) for number in node["weights"]])
        return made
    raise ValueError(f"not a value: {str(node)[:80]}")


# ── a network, as a whole ────────────────────────────────────────────────────────────────────────────────────────────


def _model(encoder: Encoder, model: keras.Model, name: str) -> Node:
    holders = owners(encoder.known)
    number = encoder.know(model)
    layers = flat(model)
    shared = [[i, *holders[id(layer)]] for i, layer in enumerate(layers) if id(layer) in holders]
    return {
        "k": "model",
        "n": number,
        "b": encoder.blob(_archive(model, name)),
        "optimizer": _optimizer(encoder, model),
        "shared": shared,
        "flags": [bool(layer._trainable) for layer in layers],
        "stop": bool(getattr(model, "stop_training", False)),
    }


def _archive(model: keras.Model, name: str) -> bytes:
    for layer in flat(model):
        if not type(layer).__module__.startswith("keras."):
            raise _holds_code(_own_layer(model, layer))
        for name, function in _own_functions(layer):
            raise _holds_code(
                f"its layer {layer.name[:60]} holds a function that is not Keras's own, {name}={function.__name__[:60]}"
            )
    try:
        check_config(model.get_config())
        return saved(model)
    except ValueError as error:
        raise _holds_code(str(error)) from None
    except Exception as error:
        raise RefusedError(f"a model that Keras cannot save ({type(error).__name__}: {str(error)[:200]})") from None


def _own_layer(model: keras.Model, layer: Any) -> str:
    kind = type(layer).__name__[:60]
    if layer is model:
        return f"it is an object of your class {kind}, a subclass of keras.Model: use keras.Sequential or the functional API"
    return f"it holds a layer of a class that is not Keras's own, {kind}"


def _own_functions(layer: Any) -> Iterator[tuple[str, Any]]:
    """The functions of a student's in a layer and in those inside it, such as an activation, with their names there."""
    for part in layer._flatten_layers():
        if isinstance(part, keras.Model):  # which keeps the loss that it was compiled with: see `compiled`
            continue
        for name, item in vars(part).items():
            if type(item) is FunctionType and str(item.__module__).split(".")[0] not in ("keras", "tensorflow"):
                yield name, item


def _holds_code(why: str) -> RefusedError:
    """What the code of a student decides is of no use to a test: the labs ask for networks of Keras's own parts."""
    return RefusedError(f"a model that cannot be taken out of your process ({why})", decides_itself=True)


def _load(decoder: Decoder, node: Node) -> keras.Model:
    place = len(decoder.known)
    decoder.know(None)
    model, fixed = opened(bytes(decoder.blobs[node["b"]])), set[int]()
    if node["shared"]:
        model = share(model, [(i, decoder.known[n], j) for i, n, j in node["shared"]])
        fixed = {id(layer) for n in decoder.fixed if is_model(decoder.known[n]) for layer in flat(decoder.known[n])}
    set_flags(model, node["flags"], fixed)
    _restore_optimizer(decoder, model, node["optimizer"])
    model.stop_training = bool(node["stop"])
    decoder.known[place] = model
    take_names(model)
    _CROSSED[model] = getattr(model, "optimizer", None)
    return model


# ── optimizers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _optimizer(encoder: Encoder, model: keras.Model) -> Node:
    """Which weights the optimizer was built on, by place, and the values that it keeps; None if it was not built."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return None
    places = {id(weight): i for i, weight in enumerate(model.weights)}
    built_on = [places.get(id(weight), -1) for weight in optimizer._trainable_variables]
    values = [encoder.array(np.asarray(keras.ops.convert_to_numpy(v))) for v in optimizer.variables]
    return {"on": built_on, "v": values}


def _restore_optimizer(decoder: Decoder, model: keras.Model, state: Node) -> None:
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
        for variable, kept in zip(optimizer.variables, values, strict=True):
            if tuple(variable.shape) == kept.shape:
                variable.assign(kept)


# ── what a call changed in a network that it was given ───────────────────────────────────────────────────────────────


def fingerprint(model: keras.Model) -> Any:
    """Equal later if the same layers hold the same values, flags and optimizer."""
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
    try:
        return json.dumps([layer.get_config() for layer in flat(model)[1:] if not isinstance(layer, keras.Model)], default=repr)
    except Exception:
        return ""


def state(encoder: Encoder, model: keras.Model) -> Node:
    """Weights, flags and optimizer of a network that both ends hold, as they are now."""
    arrays = [encoder.array(np.asarray(keras.ops.convert_to_numpy(weight))) for weight in model.weights]
    optimizer = getattr(model, "optimizer", None)
    made_here = optimizer is not None and optimizer is not _CROSSED.get(model)
    return {
        "weights": arrays,
        "layers": len(flat(model)),
        "flags": [bool(layer._trainable) for layer in flat(model)],
        "compile": model.get_compile_config() if made_here else None,
        "optimizer": _optimizer(encoder, model),
        "stop": bool(getattr(model, "stop_training", False)),
    }


def put(decoder: Decoder, model: keras.Model, state: Node) -> None:
    """Bring a network of this end into the state that the other end says. Raises ValueError if its layers were exchanged."""
    layers, weights = flat(model), model.weights
    if state["layers"] != len(layers) or len(state["weights"]) != len(weights):
        raise ValueError("the layers of the model that your function was given were changed: make a new model instead")
    set_flags(model, state["flags"])
    for weight, number in zip(weights, state["weights"], strict=True):
        weight.assign(decoder.array(number))
    for layer in layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    if (settings := trustworthy(state["compile"])) is not None:
        check_config(settings)
        model.compile_from_config(settings)
    _restore_optimizer(decoder, model, state["optimizer"])
    model.stop_training = bool(state["stop"])


def _object(encoder: Encoder, value: Any, name: str) -> Node:
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
