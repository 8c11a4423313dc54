"""All settings of a playground as one value, and as a text that can be sent to somebody.

Knows what is allowed, and nothing of data, networks or widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, quote

from coursekit._numbers import real_number, whole_number
from coursekit._words import plain

__all__ = ["CHOICES", "CONTROLS", "MOST_LAYERS", "MOST_NEURONS", "MOST_POINTS", "State"]

MOST_LAYERS, MOST_NEURONS, MOST_POINTS = 6, 8, 500

CHOICES: dict[str, tuple[str, ...]] = {
    "data": ("circle", "xor", "gauss", "spiral", "plane", "hills", "drawn"),
    "features": ("x1", "x2", "x1_squared", "x2_squared", "x1_x2", "sin_x1", "sin_x2"),
    "activation": ("tanh", "sigmoid", "relu", "leaky_relu", "prelu", "elu", "maxout", "linear"),
    "initializer": ("glorot_uniform", "he_normal", "small", "large", "zeros"),
    "optimizer": ("sgd", "momentum_0.5", "momentum_0.9", "momentum_0.99", "nesterov", "rmsprop", "adam"),
    "regularizer": ("none", "l1", "l2"),
}
_WHOLE = {"noise": (0, 50), "train_share": (10, 90), "seed": (0, 2**32 - 1), "start": (0, 2**32 - 1)}
_WHOLE |= {"batch_size": (1, 1000), "speed": (1, 50)}
_REAL = {"learning_rate": (1e-5, 10.0), "regularizer_rate": (0.0, 10.0), "dropout": (0.0, 0.9)}
_BUTTONS = ("play", "step", "epoch", "reset", "regenerate", "weights", "share")

Point = tuple[float, float, float]


@dataclass(frozen=True)
class State:
    """The settings of a playground.

    Attributes:
        data: "circle", "xor", "gauss", "spiral" (two classes), "plane", "hills" (regression) or "drawn", the points of `points`.
        noise: Percent of noise in the data, 0 to 50.
        train_share: Percent of the points used for training, 10 to 90.
        seed: Number of the drawn data.
        features: What the network sees of a point, some of `CHOICES["features"]`.
        hidden: Neurons of each hidden layer: up to 6 layers of up to 8.
        activation: Activation of the hidden neurons. A "maxout" neuron takes the larger of two sums.
        initializer: First weights: "glorot_uniform", "he_normal", "small" (deviation 0.01), "large" (deviation 3) or "zeros".
        start: Number of the first weights: another one gives other weights of the same kind.
        optimizer: "sgd", "momentum_0.5", "momentum_0.9", "momentum_0.99", "nesterov", "rmsprop" or "adam".
        learning_rate: 0.00001 to 10.
        batch_size: Points per step, 1 to 1000.
        regularizer: "none", "l1" or "l2", on all weights but not on biases.
        regularizer_rate: 0 to 10.
        dropout: Share of each hidden layer's outputs that is dropped in training, 0 to 0.9.
        batch_norm: Whether batch normalisation stands before each activation.
        show_test: Whether the test points are shown.
        discretize: Whether the output is shown as two colours only.
        speed: Epochs between two pictures while it plays, 1 to 50.
        points: Points drawn by hand, each (x1, x2, target).
        hide: Names of the controls that are not shown.

    Raises:
        ValueError: If a value is not allowed.
    """

    data: str = "circle"
    noise: int = 0
    train_share: int = 50
    seed: int = 42
    features: tuple[str, ...] = ("x1", "x2")
    hidden: tuple[int, ...] = (4, 2)
    activation: str = "tanh"
    initializer: str = "glorot_uniform"
    start: int = 0
    optimizer: str = "sgd"
    learning_rate: float = 0.03
    batch_size: int = 10
    regularizer: str = "none"
    regularizer_rate: float = 0.0
    dropout: float = 0.0
    batch_norm: bool = False
    show_test: bool = False
    discretize: bool = False
    speed: int = 1
    points: tuple[Point, ...] = ()
    hide: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            object.__setattr__(self, name, _checked(name, getattr(self, name)))

    def changed(self, **settings: Any) -> State:
        """Return a state in which the named settings have other values.

        Raises:
            ValueError: If a name or a value is not allowed.
        """
        _known(settings)
        return replace(self, **settings)

    def to_text(self) -> str:
        """Return the settings that differ from the default, such as "data=spiral&hidden=8,8,8"."""
        default = State()
        changed = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != getattr(default, f.name)}
        return "&".join(f"{name}={quote(_write(value), safe=',;:.-')}" for name, value in changed.items())

    @classmethod
    def from_text(cls, text: str) -> State:
        """Return the state that `to_text` wrote.

        Args:
            text: Settings as "name=value", joined by "&".

        Raises:
            ValueError: If the text has another form, or a name or a value is not allowed.
        """
        if not isinstance(text, str):
            raise ValueError(f"the state is {plain(text)}: expected a text such as 'data=spiral&hidden=8,8,8'")
        try:
            pairs = parse_qsl(text.strip(), keep_blank_values=True, strict_parsing=True) if text.strip() else []
        except ValueError:
            raise ValueError(
                f"the state {plain(text)} cannot be read: expected settings such as 'data=spiral&hidden=8,8,8'"
            ) from None
        given = dict(pairs)
        _known(given)
        return cls(**{name: _read(name, value) for name, value in given.items()})


CONTROLS = (*(f.name for f in fields(State) if f.name not in ("seed", "start", "hide", "points")), *_BUTTONS)


def _known(settings: Mapping[str, Any]) -> None:
    names = [field.name for field in fields(State)]
    for name in settings:
        if name not in names:
            raise ValueError(f"a playground has no setting {plain(name)}; it has {', '.join(names)}")


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _checked(name: str, value: Any) -> Any:
    """Return the value of a setting in its own type, or raise ValueError."""
    if name in _WHOLE:
        return _whole(name, value, *_WHOLE[name])
    if name in _REAL:
        return _real(name, value, *_REAL[name])
    if name in _SEQUENCES:
        return _SEQUENCES[name](_listed(name, value))
    if name in CHOICES:
        return _chosen(name, value, CHOICES[name])
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {plain(value)}: expected True or False")
    return value


def _whole(name: str, value: Any, low: int, high: int) -> int:
    value = whole_number(name, value, low)
    if value > high:
        raise ValueError(f"{name} is {value}: expected a whole number from {low} to {high}")
    return value


def _real(name: str, value: Any, low: float, high: float) -> float:
    value = real_number(name, value)
    if not low <= value <= high:
        raise ValueError(f"{name} is {value:g}: expected a number from {low:g} to {high:g}")
    return value


def _chosen(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {plain(value)}: expected one of {', '.join(choices)}")
    return value


def _listed(name: str, value: Any) -> list[Any]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"{name} is {plain(value)}: expected a list, such as {name}={_EXAMPLES[name]}")
    return list(value)


def _features(values: list[Any]) -> tuple[str, ...]:
    chosen = {_chosen("a feature", value, CHOICES["features"]) for value in values}
    if not chosen:
        raise ValueError("features is empty: the network needs at least one input")
    return tuple(name for name in CHOICES["features"] if name in chosen)


def _hidden(values: list[Any]) -> tuple[int, ...]:
    if len(values) > MOST_LAYERS:
        raise ValueError(f"hidden has {len(values)} layers: expected at most {MOST_LAYERS}")
    return tuple(_whole(f"hidden[{i}]", value, 1, MOST_NEURONS) for i, value in enumerate(values))


def _points(values: list[Any]) -> tuple[Point, ...]:
    if len(values) > MOST_POINTS:
        raise ValueError(f"there are {len(values)} drawn points: expected at most {MOST_POINTS}")
    return tuple(map(_point, values))


def _point(value: Any) -> Point:
    numbers = list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else []
    if len(numbers) != 3:
        raise ValueError(f"a point is {plain(value)}: expected (x1, x2, target), such as (1.5, -2, 1)")
    x1, x2 = (round(_real(name, number, -6, 6), 3) for name, number in zip(("x1", "x2"), numbers[:2], strict=True))
    target = real_number("the target of a point", numbers[2])
    if abs(target) != 1:
        raise ValueError(f"the target of a point is {target:g}: expected −1 (orange) or 1 (blue)")
    return x1, x2, target


def _hide(values: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_chosen("a name in hide", value, CONTROLS) for value in values))


_SEQUENCES: dict[str, Callable[[list[Any]], tuple[Any, ...]]] = {
    "features": _features,
    "hidden": _hidden,
    "points": _points,
    "hide": _hide,
}
_EXAMPLES = {"features": '["x1", "x2"]', "hidden": "(4, 2)", "points": "[(1.5, -2, 1)]", "hide": '["noise"]'}


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        parts = [":".join(f"{number:g}" for number in part) if isinstance(part, tuple) else str(part) for part in value]
        return (";" if value and isinstance(value[0], tuple) else ",").join(parts)
    return repr(value) if isinstance(value, float) else str(value)


def _read(name: str, text: str) -> Any:
    """Return the value that a text stands for, or the text itself where it stands for none."""
    try:
        if name == "points":
            return [tuple(map(float, part.split(":"))) for part in text.split(";") if part]
        if name in _SEQUENCES:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return list(map(int, parts)) if name == "hidden" else parts
        if name in _WHOLE:
            return int(text)
        if name in _REAL:
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text.lower(), text) if name not in CHOICES else text
