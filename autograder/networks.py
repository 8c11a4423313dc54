"""How Keras networks, tensors and training histories cross the wire.

A network crosses as a .keras file, loaded in safe mode, with what such a file leaves out: whether its optimizer has been built,
and on which weights; which of its layers are those of another network that both ends hold. Knows Keras and nodes; nothing of
processes or tests.
"""

from __future__ import annotations

import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Collection
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

import h5py
import keras
import numpy as np

from autograder.wire import Decoder, Encoder, Node, RefusedError

__all__ = ["fingerprint", "is_model", "node", "put", "state", "value"]

MAX_NAMES = 10_000
MAX_BYTES = 2**30  # of an unpacked .keras file
# Networks that crossed, and the optimizer each had then: another one later was made at this end.
_CROSSED: WeakKeyDictionary[keras.Model, Any] = WeakKeyDictionary()
_CODE = frozenset({"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"})


def is_model(value: Any) -> bool:
    return isinstance(value, keras.Model)


def node(encoder: Encoder, value: Any, name: str) -> Node | None:
    """The node of a network, a history, a tensor, a variable or another object of Keras; None for anything else."""
    if isinstance(value, keras.Model):
        return _model(encoder, value, name)
    if type(value) is keras.callbacks.History:
        record = {"history": value.history, "epoch": value.epoch, "params": value.params}
        return {"k": "history", **{key: encoder.node(item, name) for key, item in record.items()}}
    if isinstance(value, keras.KerasTensor):
        raise RefusedError(f"{name} is a symbolic tensor, it has no values: expected an array or a Keras model")
    if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
        array = np.asarray(keras.ops.convert_to_numpy(value))
        return {"k": "tensor", "b": encoder._array(array, name), "variable": isinstance(value, keras.Variable)}
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
        array = decoder._array(node["b"])
        return keras.Variable(array) if node["variable"] else keras.ops.convert_to_tensor(array)
    if node["k"] == "keras":
        _check_config(node["config"])
        made = keras.saving.deserialize_keras_object(node["config"], safe_mode=True)
        if node["weights"] is not None:
            if node["shape"] is not None and not made.built:
                made.build(decoder.value(node["shape"]))
            made.set_weights([decoder._array(number) for number in node["weights"]])
        return made
    raise ValueError(f"not a value: {str(node)[:80]}")


# ── a network, as a whole ────────────────────────────────────────────────────────────────────────────────────────────


def _model(encoder: Encoder, model: keras.Model, name: str) -> Node:
    owners = _owners(encoder.known)
    number = encoder.know(model)
    layers = flat(model)
    shared = [[i, *owners[id(layer)]] for i, layer in enumerate(layers) if id(layer) in owners]
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
            raise RefusedError(f"{name} holds a layer of a class that is not Keras's own, {type(layer).__name__[:60]}")
    handle, path = tempfile.mkstemp(suffix=".keras")
    os.close(handle)
    try:
        keras.saving.save_model(model, path)
        with open(path, "rb") as file:
            return file.read()
    except Exception as error:
        raise RefusedError(f"{name} is a model that Keras cannot save: {type(error).__name__}: {str(error)[:200]}") from None
    finally:
        os.unlink(path)


def _load(decoder: Decoder, node: Node) -> keras.Model:
    place = len(decoder.known)
    decoder.know(None)
    data = bytes(decoder.blobs[node["b"]])
    _check_archive(data)
    handle, path = tempfile.mkstemp(suffix=".keras")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        model = _read_archive(path)
    finally:
        os.unlink(path)
    fixed: set[int] = set()
    if node["shared"]:
        model = _share(model, [(i, decoder.known[n], j) for i, n, j in node["shared"]])
        fixed = {id(layer) for n in decoder.fixed if is_model(decoder.known[n]) for layer in flat(decoder.known[n])}
    _set_flags(model, node["flags"], fixed)
    _restore_optimizer(decoder, model, node["optimizer"])
    model.stop_training = bool(node["stop"])
    decoder.known[place] = model
    _take_names(model)
    _CROSSED[model] = getattr(model, "optimizer", None)
    return model


def _take_names(model: keras.Model) -> None:
    """Let no layer that Keras names from here on have the name of one that arrived: in one process they would differ too."""
    for layer in flat(model):
        name, number = re.fullmatch(r"(.*?)(?:_(\d+))?", layer.name, re.DOTALL).groups()  # type: ignore[union-attr]
        for _ in range(min(int(number or 0) + 1, MAX_NAMES)):
            if keras.backend.get_uid(name) > int(number or 0):
                break


def _read_archive(path: str) -> keras.Model:
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except Exception:
        # A loss or metric of the student's own has no meaning here: the network itself has.
        try:
            return keras.saving.load_model(path, safe_mode=True, compile=False)
        except Exception as error:
            raise ValueError(f"a model that Keras does not load: {type(error).__name__}: {str(error)[:300]}") from None


def _check_archive(data: bytes) -> None:
    """Refuse archives that unpack to more than they may, or whose configuration names code."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_BYTES:
                raise ValueError(f"a model of more than {MAX_BYTES >> 20} MB")
            _check_config(json.loads(archive.read("config.json")))
            for name in archive.namelist():
                if name.endswith(".h5"):
                    _check_weights(archive.read(name))
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, RecursionError, OSError) as error:
        raise ValueError(f"not a .keras file: {error}") from error


def _check_weights(data: bytes) -> None:
    """Raise ValueError if the file of weights leads to another file, whose bytes would then be the weights."""

    def look(group: Any) -> None:
        for key in group:
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ValueError("the model's weights refer to another file or place")
            item = group[key]
            if isinstance(item, h5py.Group):
                look(item)
            elif item.external or item.is_virtual:
                raise ValueError("the model's weights refer to another file or place")

    with h5py.File(io.BytesIO(data), "r") as file:
        look(file)


def _check_config(config: Any) -> None:
    """Raise ValueError if anything in a configuration comes from elsewhere than Keras, or holds code."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name, module = part.get("class_name"), part.get("module")
            if isinstance(name, str) and name in _CODE:
                raise ValueError(f"the model holds code ({name}), which safe_mode refuses")
            if isinstance(module, str) and module.split(".")[0] not in ("keras", "builtins"):
                raise ValueError(f"the model holds a {str(name)[:60]} that is not Keras's own")
            if isinstance(part.get("vocabulary"), str):
                raise ValueError("the model reads its vocabulary from a file")
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


# ── layers that two networks hold together ───────────────────────────────────────────────────────────────────────────


def flat(model: keras.Model) -> list[Any]:
    """The network itself and all layers inside, in a fixed order."""
    found: list[Any] = [model]
    for layer in model.layers:
        found += flat(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def _owners(known: list[Any]) -> dict[int, tuple[int, int]]:
    """id of a layer → (number of the known network that holds it, its place in there)."""
    found: dict[int, tuple[int, int]] = {}
    for number, holder in enumerate(known):
        if isinstance(holder, keras.Model):
            for place, layer in enumerate(flat(holder)):
                if not isinstance(layer, keras.layers.InputLayer):
                    found.setdefault(id(layer), (number, place))
    return found


def _share(model: keras.Model, shared: list[tuple[int, Any, int]]) -> keras.Model:
    """The network rebuilt so that it holds the very layers of the known networks where the other end said so."""
    own = flat(model)
    theirs = {id(own[i]): flat(holder)[j] for i, holder, j in shared}
    copies: list[tuple[Any, Any]] = []

    def place(layer: Any) -> Any:
        if id(layer) in theirs:
            return theirs[id(layer)]
        copy = layer.__class__.from_config(layer.get_config())
        copies.append((layer, copy))
        return copy

    rebuilt = keras.models.clone_model(model, clone_function=place)
    for layer, copy in copies:
        _copy_variables(layer, copy)
    if model.compiled:
        rebuilt.compile_from_config(model.get_compile_config())
    return rebuilt


def _copy_variables(old: Any, new: Any) -> None:
    if isinstance(old, keras.Model):
        for a, b in zip(flat(old)[1:], flat(new)[1:], strict=True):
            _copy_variables(a, b)
    elif old.weights:
        kept: dict[str, Any] = {}
        old.save_own_variables(kept)
        new.load_own_variables({key: np.asarray(item) for key, item in kept.items()})


# ── optimizers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _optimizer(encoder: Encoder, model: keras.Model) -> Node:
    """Which weights the optimizer was built on, by place, and the values that it keeps; None if it was not built."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return None
    places = {id(weight): i for i, weight in enumerate(model.weights)}
    built_on = [places.get(id(weight), -1) for weight in optimizer._trainable_variables]
    values = [encoder._array(np.asarray(keras.ops.convert_to_numpy(v)), "the optimizer") for v in optimizer.variables]
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
    values = [decoder._array(number) for number in state["v"]]
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
    arrays = [encoder._array(np.asarray(keras.ops.convert_to_numpy(weight)), "the model") for weight in model.weights]
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
    _set_flags(model, state["flags"])
    for weight, number in zip(weights, state["weights"], strict=True):
        weight.assign(decoder._array(number))
    for layer in layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    if state["compile"] is not None:
        _check_config(state["compile"])
        model.compile_from_config(state["compile"])
    _restore_optimizer(decoder, model, state["optimizer"])
    model.stop_training = bool(state["stop"])


def _set_flags(model: keras.Model, flags: list[bool], fixed: Collection[int] = ()) -> None:
    """Set what is trainable in each layer alone: the property would set all that is inside, and a file leaves the model's own out.

    fixed: ids of layers that stay as they are.
    """
    for layer, flag in zip(flat(model), flags, strict=True):
        if id(layer) in fixed:
            continue
        layer._trainable = bool(flag)
        for variable in layer._trainable_variables:
            variable.trainable = bool(flag)


def _object(encoder: Encoder, value: Any, name: str) -> Node:
    if not type(value).__module__.startswith("keras."):
        raise RefusedError(f"{name} is an object of your class {type(value).__name__[:60]}: expected one of Keras's own")
    try:
        config = keras.saving.serialize_keras_object(value)
    except Exception as error:
        raise RefusedError(f"{name} is a {type(value).__name__} that Keras cannot save: {str(error)[:200]}") from None
    weights = shape = None
    if isinstance(value, keras.layers.Layer) and value.built and value.weights:
        weights = [encoder._array(array, name) for array in value.get_weights()]
        shape = encoder.node(value.get_build_config().get("input_shape"), name) if value.get_build_config() else None
    return {"k": "keras", "config": config, "weights": weights, "shape": shape}
