"""The settings of a playground are checked, and survive as a text and as an address of the well-known playground."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as some

from coursekit.playgrounds import address
from coursekit.playgrounds.state import CHOICES, State

# The settings of an address as that playground writes it.
THERE = (
    "https://playground.tensorflow.org/#activation=relu&regularization=L1&batchSize=20&dataset=spiral&regDataset=reg-gauss"
    "&learningRate=0.1&regularizationRate=0.003&noise=15&networkShape=6,3&seed=0.31415&showTestData=true&discretize=false"
    "&percTrainData=70&x=true&y=false&xTimesY=true&xSquared=false&ySquared=false&cosX=false&sinX=true&cosY=false&sinY=false"
    "&collectStats=false&problem=classification&initZero=false&hideText=false&noise_hide=true&stepButton_hide=true"
)

number = some.floats(-6, 6).map(lambda value: round(value, 2))
states = some.builds(
    State,
    data=some.sampled_from(CHOICES["data"]),
    noise=some.integers(0, 50),
    train_share=some.integers(10, 90),
    seed=some.integers(0, 2**32 - 1),
    features=some.lists(some.sampled_from(CHOICES["features"]), min_size=1),
    hidden=some.lists(some.integers(1, 8), max_size=6),
    activation=some.sampled_from(CHOICES["activation"]),
    optimizer=some.sampled_from(CHOICES["optimizer"]),
    learning_rate=some.floats(1e-5, 10),
    batch_norm=some.booleans(),
    points=some.lists(some.tuples(number, number, some.sampled_from([-1, 1])), max_size=5),
    hide=some.lists(some.sampled_from(["noise", "play"])),
)


@given(states)
def test_a_state_survives_as_a_text(state: State) -> None:
    assert State.from_text(state.to_text()) == state


def test_the_default_is_an_empty_text_and_other_settings_read_as_they_are_meant() -> None:
    assert State().to_text() == ""
    assert State.from_text("") == State()
    assert State(data="spiral", hidden=[8, 8, 8]).to_text() == "data=spiral&hidden=8,8,8"
    assert State.from_text("hidden=&batch_norm=true") == State(hidden=(), batch_norm=True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"data": "moons"}, "data is 'moons': expected one of circle, xor"),
        ({"noise": 60}, "noise is 60: expected a whole number from 0 to 50"),
        ({"noise": 2.5}, "noise is 2.5: expected a whole number"),
        ({"hidden": 4}, r"hidden is 4: expected a list, such as hidden=\(4, 2\)"),
        ({"hidden": "4,2"}, "hidden is '4,2': expected a list"),
        ({"hidden": [9]}, r"hidden\[0\] is 9: expected a whole number from 1 to 8"),
        ({"hidden": [1] * 7}, "hidden has 7 layers: expected at most 6"),
        ({"features": []}, "features is empty: the network needs at least one input"),
        ({"features": ["x3"]}, "a feature is 'x3': expected one of x1, x2"),
        ({"learning_rate": 0}, "learning_rate is 0: expected a number from 1e-05 to 10"),
        ({"learning_rate": float("nan")}, "learning_rate is nan: expected a number"),
        ({"dropout": 1.0}, "dropout is 1: expected a number from 0 to 0.9"),
        ({"batch_norm": 1}, "batch_norm is 1: expected True or False"),
        ({"points": [(1, 2)]}, r"a point is \(1, 2\): expected \(x1, x2, target\)"),
        ({"points": [(1, 7, 1)]}, "x2 is 7: expected a number from -6 to 6"),
        ({"points": [(1, 2, 0)]}, "the target of a point is 0"),
        ({"points": [(0, 0, 1)] * 501}, "501 drawn points: expected at most 500"),
        ({"hide": ["start"]}, "a name in hide is 'start': expected one of data, noise"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        State(**settings)


def test_an_unknown_setting_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="no setting 'layers'; it has data, noise"):
        State().changed(layers=3)
    with pytest.raises(ValueError, match="no setting 'rate'"):
        State.from_text("rate=3")


@pytest.mark.parametrize("text", ["spiral", "data=spiral&hidden", "="])
def test_a_text_of_another_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"data=spiral|no setting ''"):
        State.from_text(text)


@pytest.mark.parametrize(
    ("text", "said"), [("noise=much", "noise is 'much'"), ("hidden=4,b", "hidden is '4,b'"), ("points=1:2", "a point is")]
)
def test_a_text_with_a_bad_value_says_which(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        State.from_text(text)


# ── addresses ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_of_the_other_playground_gives_its_settings() -> None:
    state = address.from_address(THERE)
    assert (state.data, state.noise, state.train_share, state.batch_size) == ("spiral", 15, 70, 20)
    assert (state.features, state.hidden, state.activation) == (("x1", "x1_x2", "sin_x1"), (6, 3), "relu")
    assert (state.regularizer, state.regularizer_rate, state.learning_rate) == ("l1", 0.003, 0.1)
    assert (state.show_test, state.discretize) == (True, False)
    assert state.hide == ("noise", "epoch", "step")


def test_what_an_address_does_not_name_has_the_default_of_that_playground() -> None:
    state = address.from_address("#problem=regression&regDataset=reg-gauss&initZero=true")
    assert (state.data, state.hidden, state.features, state.initializer) == ("hills", (4, 2), ("x1", "x2"), "zeros")


def test_there_and_back_again_gives_the_same_settings() -> None:
    state = State(data="plane", hidden=(3,), learning_rate=0.00001, hide=("learning_rate", "noise"), features=("x2", "sin_x2"))
    assert address.from_address(address.to_address(state)) == state
    assert address.only_here(state) == []


def test_an_address_leaves_out_what_only_this_playground_has_and_says_so() -> None:
    state = State(activation="maxout", optimizer="adam", batch_norm=True, batch_size=100)
    given = parse_qs(urlsplit(address.to_address(state)).fragment)
    assert (given["activation"], given["batchSize"], given["networkShape"]) == (["tanh"], ["30"], ["4,2"])
    assert address.only_here(state) == ["activation maxout", "optimizer adam", "batch_size 100", "batch normalisation"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://example.org/#dataset=xor", "is an address of example.org: expected one of playground.tensorflow.org"),
        ("#dataset=moons", "dataset is 'moons' in the address: expected one of circle"),
        ("#noise=a", "noise is 'a' in the address: expected a number"),
        ("#networkShape=4,x", "networkShape is '4,x' in the address"),
        ("#networkShape=40", r"hidden\[0\] is 40"),
        ("#x=false&y=false", "features is empty"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        address.from_address(text)
