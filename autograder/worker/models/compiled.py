"""What a network's compile information is believed to say: losses and metrics of Keras's own, each under a name that is its own.

A student may give any metric the name `accuracy`. Whoever reads that name means Keras's accuracy, so that is what arrives. What has
no meaning here, such as a loss that is a function of the student's, is left out. Knows configurations of Keras; nothing of files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import keras

__all__ = ["is_known_function", "trustworthy"]

Config = Any  # a JSON value
_ACCURACIES = ("Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy")
_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")  # names for which Keras chooses a metric by the shape of the labels


def trustworthy(config: Mapping[str, Config] | None) -> dict[str, Config] | None:
    """The compile information with every loss and metric either Keras's own, under a name that means it, or left out.

    None if there is none, or if its optimizer is not Keras's own.
    """
    if not isinstance(config, Mapping) or not config or _holds_code(config.get("optimizer")):
        return None
    made = {key: value for key, value in config.items() if key not in ("loss", "metrics", "weighted_metrics")}
    made["loss"] = _each(config.get("loss"), _loss, gaps=True)  # a loss for each output: their places count
    for key in ("metrics", "weighted_metrics"):
        made[key] = _each(config.get(key), _metric)
    if _holds_code(made):
        return None
    return made


def _each(part: Config, honest: Callable[[Config], Config], gaps: bool = False) -> Config:
    """The same lists and dictionaries with each loss or metric inside made honest. gaps: one left out becomes None."""
    if isinstance(part, list):
        kept = [_each(item, honest, gaps) for item in part]
        return [new for old, new in zip(part, kept, strict=True) if gaps or new is not None or old is None]
    if isinstance(part, dict) and part.get("class_name") == "__tuple__":
        return _each(part.get("items", part.get("config")), honest, gaps)
    if isinstance(part, dict) and "class_name" not in part:
        return {key: _each(item, honest, gaps) for key, item in part.items()}
    return None if part is None else honest(part)


def _metric(said: Config) -> Config:
    name = _name(said)
    if isinstance(said, str) or not _is_keras(said) or said["class_name"] == "function":
        return name if _means_a_metric(name) else None
    kind = str(said["class_name"])
    own, is_plain = _snake(kind), kind in _ACCURACIES and not _is_tuned(said)
    if name != own or (kind in _ACCURACIES and not is_plain):
        if _means_a_metric(name):
            return name
        if name.casefold() == "loss" or ("acc" in name.casefold() and not is_plain):
            said = {**said, "config": {**said["config"], "name": own}}
    return None if _holds_code(said) else said


def _loss(said: Config) -> Config:
    if isinstance(said, str) or not _is_keras(said) or said["class_name"] == "function":
        name = _name(said)
        return name if _means_a_loss(name) else None
    if _holds_code(said):
        return None
    return {**said, "config": {**said["config"], "name": _snake(str(said["class_name"]))}}


def _name(said: Config) -> str:
    """The name under which a result appears: of a string itself, of a function its own, of an object the one it was given."""
    config = said.get("config") if isinstance(said, dict) else said
    name = config.get("name") if isinstance(config, dict) else config
    return name if isinstance(name, str) else ""


def _is_tuned(said: Config) -> bool:
    """Whether an accuracy has settings of its own, such as a threshold that every answer passes."""
    return said["config"].get("threshold") not in (None, 0.5)


def _is_keras(said: Config) -> bool:
    module = said.get("module") if isinstance(said, dict) else None
    return isinstance(module, str) and module.split(".")[0] == "keras" and isinstance(said.get("config"), dict)


def _means_a_metric(name: str) -> bool:
    return name.lower() in _BY_SHAPE or _known(keras.metrics.get, name)


def _means_a_loss(name: str) -> bool:
    return name.lower() in _BY_SHAPE[2:] or _known(keras.losses.get, name)


def _known(get: Callable[[str], Any], name: str) -> bool:
    try:
        return bool(name) and get(name) is not None
    except Exception:
        return False


def _snake(name: str) -> str:
    """The name that Keras gives to an object of a class, such as "mean_squared_error"."""
    spaced = re.sub(r"\W+", "", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def _holds_code(config: Config) -> bool:
    """Whether something in a configuration is a function or an object of a class that is not Keras's own."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name, module = part.get("class_name"), part.get("module")
            if name == "__lambda__" or (isinstance(name, str) and not name.startswith("__") and not _of_keras(part)):
                return True
            if module is not None and str(module).split(".")[0] not in ("keras", "builtins"):
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False


def _of_keras(part: Mapping[str, Config]) -> bool:
    """Whether a configuration with a class is of Keras; of a function, whether Keras has one of that name."""
    if part["class_name"] == "function":
        return is_known_function(part.get("config"))
    return str(part.get("module")).split(".")[0] == "keras"


def is_known_function(name: Config) -> bool:
    """Whether Keras has a function or a class of its own of this name."""
    getters = (keras.activations.get, keras.losses.get, keras.metrics.get, keras.initializers.get, keras.regularizers.get)
    return isinstance(name, str) and (name.lower() in _BY_SHAPE or any(_known(get, name) for get in getters))
