"""Checks of the options of `fit`: epochs, callbacks, the learning rate and weights of classes, before any epoch is trained.

What fails in the middle of a training loses its History. Knows nothing of the samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from coursekit._arrays import number_array
from coursekit._checks import output_count
from coursekit._numbers import real_number, whole_number
from coursekit._words import plain

__all__ = ["check_epochs", "check_rate", "checked_callbacks", "checked_class_weight"]


def check_epochs(epochs: Any, options: Mapping[str, Any]) -> None:
    """Raise ValueError unless there is an epoch to train and validation has a plan."""
    whole_number("epochs", epochs)
    first = whole_number("initial_epoch", options.get("initial_epoch", 0), at_least=0)
    if first >= epochs:
        raise ValueError(
            f"initial_epoch is {first} and epochs is {epochs}: nothing would be trained. epochs is the number of the last "
            f"epoch, not of how many follow: epochs={first + epochs} trains {epochs} more"
        )
    every = options.get("validation_freq", 1)
    for epoch in every if isinstance(every, list | tuple | set | range) else [every]:
        whole_number("validation_freq", epoch)


def checked_callbacks(callbacks: Any) -> list[keras.callbacks.Callback]:
    """Return the callbacks as a list, or raise ValueError."""
    if callbacks is None:
        return []
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    chosen = list(callbacks) if isinstance(callbacks, list | tuple | set) else [callbacks]
    for callback in chosen:
        if isinstance(callback, type):
            name = callback.__name__
            raise ValueError(f"the callback {name} is a class: call it with parentheses, {name}(…), to make a callback of it")
        if not isinstance(callback, keras.callbacks.Callback):
            raise ValueError(
                f"callbacks holds {plain(callback)}: expected Keras callbacks, such as keras.callbacks.EarlyStopping()"
            )
    return chosen


def check_rate(model: keras.Model, callbacks: list[keras.callbacks.Callback]) -> None:
    """Raise ValueError if a callback would set a learning rate that a schedule sets already."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # of a LossScaleOptimizer
    if not isinstance(getattr(optimizer, "_learning_rate", None), keras.optimizers.schedules.LearningRateSchedule):
        return
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.ReduceLROnPlateau | keras.callbacks.LearningRateScheduler):
            raise ValueError(
                f"the optimizer follows a schedule, so {type(callback).__name__} cannot set its learning rate: compile the "
                "model with a number as learning_rate, or leave the callback out"
            )


def checked_class_weight(model: keras.Model, weights: Any) -> dict[int, float] | None:
    """Return the weight of each class as a dictionary, as Keras wants it. An array (classes,) is taken too.

    Raises:
        ValueError: If a weight is no number of at least 0, or belongs to no class of the model.
    """
    if weights is None:
        return None
    outputs = output_count(model)
    classes = None if outputs is None else max(outputs, 2)  # one output tells two classes apart
    if not isinstance(weights, Mapping):
        array = number_array(weights, "class_weight")
        if array.ndim != 1 or (classes is not None and len(array) != classes):
            raise ValueError(f"class_weight has shape {array.shape}: expected one weight for each of the {classes} classes")
        weights = dict(enumerate(array.tolist()))
    checked = {}
    for label, weight in weights.items():
        number = whole_number("a class of class_weight", label, at_least=0)
        if classes is not None and number >= classes:
            raise ValueError(f"class_weight names the class {number}: expected classes from 0 to {classes - 1}")
        checked[number] = real_number(f"class_weight[{number}]", weight)
        if checked[number] < 0:
            raise ValueError(f"class_weight[{number}] is {checked[number]:g}: expected a weight of at least 0")
    return checked
