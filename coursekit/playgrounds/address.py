"""The address of the well-known browser playground (playground.tensorflow.org) that shows the same settings, and back.

That playground keeps all its settings behind the # of its address. Knows nothing of data, networks or widgets.
"""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from coursekit._words import plain
from coursekit.playgrounds.state import State

__all__ = ["ADDRESS", "from_address", "is_address", "only_here", "to_address"]

ADDRESS = "https://playground.tensorflow.org/"

_DATA = {"circle": "circle", "xor": "xor", "gauss": "gauss", "spiral": "spiral"}
_REGRESSION = {"reg-plane": "plane", "reg-gauss": "hills"}
_FEATURES = {
    "x": "x1",
    "y": "x2",
    "xSquared": "x1_squared",
    "ySquared": "x2_squared",
    "xTimesY": "x1_x2",
    "sinX": "sin_x1",
    "sinY": "sin_x2",
}
_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "linear": "linear"}
_REGULARIZERS = {"none": "none", "L1": "l1", "L2": "l2"}
_NUMBERS = {"learningRate": "learning_rate", "regularizationRate": "regularizer_rate"}
_WHOLE = {"noise": "noise", "percTrainData": "train_share", "batchSize": "batch_size"}
_FLAGS = {"showTestData": "show_test", "discretize": "discretize"}
_HIDDEN_CONTROLS = {
    "activation": ("activation",),
    "learningRate": ("learning_rate",),
    "regularization": ("regularizer",),
    "regularizationRate": ("regularizer_rate",),
    "dataset": ("data",),
    "problem": ("data",),
    "percTrainData": ("train_share",),
    "noise": ("noise",),
    "batchSize": ("batch_size",),
    "numHiddenLayers": ("hidden",),
    "showTestData": ("show_test",),
    "discretize": ("discretize",),
    "playButton": ("play",),
    "stepButton": ("epoch", "step"),
    "resetButton": ("reset",),
}


def is_address(text: str) -> bool:
    """Return whether a text is an address, or the part of one from its # on."""
    return isinstance(text, str) and (text.strip().startswith("#") or "://" in text)


def to_address(state: State) -> str:
    """Return the address of that playground for these settings.

    What only this playground has is left out: `only_here` names it. The loss there is half of the mean squared error, so a
    learning rate acts there as half of it does here.

    Args:
        state: The settings.
    """
    regression = {ours: theirs for theirs, ours in _REGRESSION.items()}
    values: dict[str, Any] = {
        "activation": state.activation if state.activation in _ACTIVATIONS else "tanh",
        "batchSize": min(state.batch_size, 30),
        "dataset": state.data if state.data in _DATA else "circle",
        "regDataset": regression.get(state.data, "reg-plane"),
        "learningRate": f"{state.learning_rate:g}",
        "regularization": {ours: theirs for theirs, ours in _REGULARIZERS.items()}[state.regularizer],
        "regularizationRate": f"{state.regularizer_rate:g}",
        "noise": state.noise,
        "networkShape": ",".join(map(str, state.hidden)),
        "seed": state.seed,
        "percTrainData": state.train_share,
        "problem": "regression" if state.data in regression else "classification",
        "initZero": state.initializer == "zeros",
        **{theirs: getattr(state, ours) for theirs, ours in _FLAGS.items()},
        **{theirs: ours in state.features for theirs, ours in _FEATURES.items()},
        **{f"{theirs}_hide": True for theirs, ours in _HIDDEN_CONTROLS.items() if set(ours) <= set(state.hide)},
    }
    return f"{ADDRESS}#" + "&".join(
        f"{name}={str(value).lower() if value in (True, False) else value}" for name, value in values.items()
    )


def only_here(state: State) -> list[str]:
    """Return the settings, in words, that the other playground does not have."""
    default = State()
    found = [f"{name} {getattr(state, name)}" for name, ok in (
        ("data", state.data in (*_DATA, *_REGRESSION.values())),
        ("activation", state.activation in _ACTIVATIONS),
        ("initializer", state.initializer in (default.initializer, "zeros")),
        ("optimizer", state.optimizer == default.optimizer),
        ("dropout", not state.dropout),
        ("batch_size", state.batch_size <= 30),
    ) if not ok]  # fmt: skip
    return found + ["batch normalisation"] * state.batch_norm


def from_address(text: str) -> State:
    """Return the settings that an address of that playground holds.

    What it does not name has that playground's own default. Its seed is a text; another number stands for it here.

    Args:
        text: The address, or its part from the # on.

    Raises:
        ValueError: If it is the address of something else, or holds a value that is not allowed.
    """
    if not isinstance(text, str):
        raise ValueError(f"the address is {plain(text)}: expected a text such as {ADDRESS}#dataset=spiral")
    parts = urlsplit(text.strip())
    if parts.netloc and parts.netloc.removeprefix("www.") != urlsplit(ADDRESS).netloc:
        raise ValueError(f"{plain(text)} is an address of {parts.netloc}: expected one of {urlsplit(ADDRESS).netloc}")
    given = dict(parse_qsl(parts.fragment, keep_blank_values=True))
    return State(
        data=_data(given),
        features=[ours for theirs, ours in _FEATURES.items() if _flag(given, theirs, ours in ("x1", "x2"))],  # type: ignore[arg-type]
        hidden=_shape(given.get("networkShape", "4,2")),
        activation=_named(given, "activation", _ACTIVATIONS, "tanh"),
        regularizer=_named(given, "regularization", _REGULARIZERS, "none"),
        initializer="zeros" if _flag(given, "initZero", False) else "glorot_uniform",
        seed=_seed(given.get("seed", "42")),
        hide=tuple(
            dict.fromkeys(
                ours for theirs, names in _HIDDEN_CONTROLS.items() if _flag(given, f"{theirs}_hide", False) for ours in names
            )
        ),
        **{ours: _number(given, theirs, float) for theirs, ours in _NUMBERS.items() if theirs in given},
        **{ours: _number(given, theirs, int) for theirs, ours in _WHOLE.items() if theirs in given},
        **{ours: _flag(given, theirs, False) for theirs, ours in _FLAGS.items()},  # type: ignore[arg-type]
    )


def _data(given: dict[str, str]) -> str:
    problem = _named(given, "problem", {"classification": "dataset", "regression": "regDataset"}, "classification")
    names, usual = (_DATA, "circle") if problem == "dataset" else (_REGRESSION, "reg-plane")
    return _named(given, problem, names, usual)


def _named(given: dict[str, str], name: str, known: dict[str, str], usual: str) -> str:
    value = given.get(name, usual)
    if value not in known:
        raise ValueError(f"{name} is {plain(value)} in the address: expected one of {', '.join(known)}")
    return known[value]


def _flag(given: dict[str, str], name: str, usual: bool) -> bool:
    return {"true": True, "false": False}.get(given.get(name, ""), usual)


def _number(given: dict[str, str], name: str, kind: type) -> Any:
    try:
        return kind(given[name])
    except ValueError:
        raise ValueError(f"{name} is {plain(given[name])} in the address: expected a number") from None


def _shape(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(f"networkShape is {plain(text)} in the address: expected neurons per layer, such as 4,2") from None


def _seed(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) < 2**32 else zlib.crc32(text.encode())
