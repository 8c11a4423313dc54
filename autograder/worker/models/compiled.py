"""Reduce a model's compile information to what can be trusted.

These are Keras's own losses and metrics under their own names. A student can give any metric the
name `accuracy`. Tests that read this name expect Keras's accuracy, so it is replaced by Keras's
accuracy. What cannot be used here, such as a loss function of the student, is left out. Knows
configurations of Keras; nothing of files.
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
    """Return compile information that contains only Keras's own losses and metrics.

    Each has its own name. Others are left out.

    Args:
        config: The compile information of a model, None if it has none.

    Returns:
        The new compile information; None if there is none, or if it contains code, for instance an
        optimizer that is not Keras's own.
    """
    if not isinstance(config, Mapping) or not config or _holds_code(config.get("optimizer")):
        return None
    made = {key: value for key, value in config.items() if key not in ("loss", "metrics", "weighted_metrics")}
    made["loss"] = _each(config.get("loss"), _loss, gaps=True)  # one loss per output, in the order of the outputs
    for key in ("metrics", "weighted_metrics"):
        made[key] = _each(config.get(key), _metric)
    if _holds_code(made):
        return None
    return made


def _each(part: Config, trusted: Callable[[Config], Config], gaps: bool = False) -> Config:
    """The same lists and dictionaries with `trusted` applied to each loss or metric.

    gaps: a loss that is left out becomes None; otherwise it is removed from its list.
    """
    if isinstance(part, list):
        items = [_each(item, trusted, gaps) for item in part]
        return [new for old, new in zip(part, items, strict=True) if gaps or new is not None or old is None]
    if isinstance(part, dict) and part.get("class_name") == "__tuple__":
        return _each(part.get("items", part.get("config")), trusted, gaps)
    if isinstance(part, dict) and "class_name" not in part:
        return {key: _each(item, trusted, gaps) for key, item in part.items()}
    return None if part is None else trusted(part)


def _metric(config: Config) -> Config:
    """The trusted configuration of a metric, None to leave it out."""
    name = _name(config)
    if isinstance(config, str) or not _is_keras(config) or config["class_name"] == "function":
        return name if _is_metric_name(name) else None
    kind = str(config["class_name"])
    default_name, is_plain = _snake(kind), kind in _ACCURACIES and not _is_tuned(config)
    if name != default_name or (kind in _ACCURACIES and not is_plain):
        if _is_metric_name(name):
            return name
        if name.casefold() == "loss" or ("acc" in name.casefold() and not is_plain):
            config = {**config, "config": {**config["config"], "name": default_name}}
    return None if _holds_code(config) else config


def _loss(config: Config) -> Config:
    """The trusted configuration of a loss, None to leave it out."""
    if isinstance(config, str) or not _is_keras(config) or config["class_name"] == "function":
        name = _name(config)
        return name if _is_loss_name(name) else None
    if _holds_code(config):
        return None
    return {**config, "config": {**config["config"], "name": _snake(str(config["class_name"]))}}


def _name(config: Config) -> str:
    """The name under which the result of a loss or metric is reported."""
    inner = config.get("config") if isinstance(config, dict) else config
    name = inner.get("name") if isinstance(inner, dict) else inner
    return name if isinstance(name, str) else ""


def _is_tuned(config: Config) -> bool:
    """Whether an accuracy has unusual settings, such as a threshold that every answer passes."""
    return config["config"].get("threshold") not in (None, 0.5)


def _is_keras(config: Config) -> bool:
    """Whether this is the configuration of an object of Keras."""
    module = config.get("module") if isinstance(config, dict) else None
    return isinstance(module, str) and module.split(".")[0] == "keras" and isinstance(config.get("config"), dict)


def _is_metric_name(name: str) -> bool:
    """Whether Keras has a metric of this name."""
    return name.lower() in _BY_SHAPE or _known(keras.metrics.get, name)


def _is_loss_name(name: str) -> bool:
    """Whether Keras has a loss of this name."""
    return name.lower() in _BY_SHAPE[2:] or _known(keras.losses.get, name)


def _known(get: Callable[[str], Any], name: str) -> bool:
    """Whether a getter of Keras finds something under this name."""
    try:
        return bool(name) and get(name) is not None
    except Exception:
        return False


def _snake(name: str) -> str:
    """The default name that Keras gives to an object of a class, such as "mean_squared_error"."""
    spaced = re.sub(r"\W+", "", re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def _holds_code(config: Config) -> bool:
    """Whether a configuration contains a function or an object that is not Keras's own."""
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            name, module = part.get("class_name"), part.get("module")
            if name == "__lambda__" or (isinstance(name, str) and not name.startswith("__") and not _of_keras(part)):
                return True
            if module is not None and str(module).split(".")[0] not in ("keras", "builtins"):
                return True
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    return False


def _of_keras(part: Mapping[str, Config]) -> bool:
    """Whether a configuration with a class name is of Keras.

    For a function: whether Keras has one of that name.
    """
    if part["class_name"] == "function":
        return is_known_function(part.get("config"))
    return str(part.get("module")).split(".")[0] == "keras"


def is_known_function(name: Config) -> bool:
    """Return whether Keras has a function or class of this name."""
    getters = (keras.activations.get, keras.losses.get, keras.metrics.get, keras.initializers.get, keras.regularizers.get)
    return isinstance(name, str) and (name.lower() in _BY_SHAPE or any(_known(get, name) for get in getters))
