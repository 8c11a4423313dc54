"""The widget does what the front end asks for, one frame at a time, and says what goes wrong."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from coursekit.playgrounds.session import Session
from coursekit.playgrounds.state import State
from coursekit.playgrounds.widget import PlaygroundWidget


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> PlaygroundWidget:
    """A widget whose session counts epochs without training."""
    session = Session(State(hidden=(2,)))

    def train(epochs: int = 1) -> None:
        session.epoch += epochs

    monkeypatch.setattr(session, "train", train)
    return PlaygroundWidget(session)


def header(widget: PlaygroundWidget) -> dict[str, Any]:
    frame: bytes = widget.frame
    return json.loads(frame[4 : 4 + int.from_bytes(frame[:4], "little")])


def drew(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "drew", "number": header(widget)["number"]})


def test_the_next_frame_is_made_only_when_the_last_one_was_drawn(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "play"})
    before = header(widget)["number"]
    for _ in range(3):
        widget.hear({"do": "drew", "number": before})
    assert header(widget)["number"] == before + 1
    assert header(widget)["epoch"] == 1
    widget.hear({"do": "drew", "number": before})  # late word of an old frame
    assert header(widget)["epoch"] == 1
    drew(widget)
    assert header(widget)["epoch"] == 2


def test_pause_is_heard_between_two_frames(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "play"})
    drew(widget)
    widget.hear({"do": "pause"})
    number = header(widget)["number"]
    drew(widget)
    assert (header(widget)["number"], header(widget)["playing"], header(widget)["epoch"]) == (number, False, 1)


def test_nothing_happens_until_somebody_plays(widget: PlaygroundWidget) -> None:
    drew(widget)
    assert (header(widget)["number"], header(widget)["epoch"]) == (1, 0)


def test_the_speed_is_epochs_per_frame(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "set", "settings": {"speed": 5}})
    widget.hear({"do": "play"})
    drew(widget)
    assert header(widget)["epoch"] == 5


def test_a_setting_that_is_not_allowed_is_said_and_nothing_else_changes(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "set", "settings": {"noise": 99}})
    assert header(widget)["said"] == "noise is 99: expected a whole number from 0 to 50"
    assert widget.settings["noise"] == 0
    widget.hear({"do": "set", "settings": {"noise": 20}})
    assert (header(widget)["said"], widget.settings["noise"]) == ("", 20)


def test_an_unforeseen_error_is_said_and_stops_playing(widget: PlaygroundWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    widget.hear({"do": "play"})
    monkeypatch.setattr(widget.session, "train", lambda epochs: 1 / 0)
    drew(widget)
    assert header(widget)["said"] == "This went wrong: ZeroDivisionError, division by zero"
    assert not header(widget)["playing"]


@pytest.mark.parametrize("message", [None, "play", {}, {"do": "fly"}, {"do": "drew"}, {"do": ["play"]}])
def test_a_message_that_means_nothing_is_no_error(widget: PlaygroundWidget, message: Any) -> None:
    widget.hear(message)
    assert not widget.is_playing


def test_playing_without_points_says_what_to_do(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "set", "settings": {"data": "drawn"}})
    widget.hear({"do": "play"})
    assert header(widget)["said"].startswith("There are no points yet")
    widget.hear({"do": "set", "settings": {"points": [[1, 2, 1], [0.5, -1, -1]]}})
    assert len(widget.samples["train"]) + len(widget.samples["test"]) == 2


def test_numbers_that_grew_too_large_stop_it_with_advice(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "play"})
    widget.hear({"do": "weight", "layer": 0, "row": 0, "neuron": 0, "value": float("inf")})
    assert "Choose a smaller learning rate" in header(widget)["said"]
    assert not header(widget)["playing"]


@pytest.mark.parametrize("text", ["data=xor&hidden=3", "https://playground.tensorflow.org/#dataset=xor&networkShape=3"])
def test_a_text_or_an_address_is_taken_over_and_what_is_hidden_stays_hidden(text: str) -> None:
    widget = PlaygroundWidget(Session(State(hidden=(2,), hide=("noise",))))
    widget.hear({"do": "take over", "text": text})
    assert (widget.settings["data"], widget.settings["hidden"], widget.settings["hide"]) == ("xor", [3], ["noise"])
    widget.hear({"do": "take over", "text": "hidden=9"})
    assert "hidden[0] is 9" in header(widget)["said"]


def test_a_weight_can_be_set(widget: PlaygroundWidget) -> None:
    widget.hear({"do": "weight", "layer": 0, "row": 1, "neuron": 0, "value": 2.5})
    assert header(widget)["weights"][0][1][0] == 2.5


def test_the_state_is_plain_enough_for_json(widget: PlaygroundWidget) -> None:
    assert json.loads(json.dumps(widget.settings))["text"] == "hidden=2"
    assert len(widget.samples["train"]) == 250


def test_in_colab_a_frame_is_text(widget: PlaygroundWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coursekit._front_end.is_colab", lambda: True)
    widget.show_again()
    assert isinstance(widget.frame, str)


def test_the_front_end_is_one_module_that_asks_the_network_for_nothing() -> None:
    source = PlaygroundWidget._esm
    text = source if isinstance(source, str) else str(source)
    assert "export default" in text
    assert not any(word in text for word in ("import ", "fetch(", "https://", "url("))


def test_a_neuron_or_a_text_of_a_students_model_cannot_be_changed_by_controls_that_would_not_fit() -> None:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "tanh"), keras.layers.Dense(1, "tanh")])
    widget = PlaygroundWidget(Session(State(), model))
    assert {"hidden", "activation", "features", "share"} <= set(widget.settings["hide"])


# ── the object that a notebook shows ─────────────────────────────────────────────────────────────────────────────────


def test_before_a_person_one_output_holds_widget_and_picture_and_elsewhere_the_picture_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import coursekit

    made = coursekit.playground(data="xor", hidden=(2,))
    view = "application/vnd.jupyter.widget-view+json"
    data, metadata = made._repr_mimebundle_()
    assert view not in data
    assert data["text/plain"].startswith("Playground with the data xor, hidden layers 2 (tanh), after 0 epochs.")
    assert metadata["image/png"]["alt"] == data["text/plain"]
    request = {"header": {"msg_id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}, "content": {"allow_stdin": True}}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: request))
    monkeypatch.setattr("coursekit._front_end.shell", lambda: shell)
    data, _ = made._repr_mimebundle_()
    assert data[view]["model_id"] == made._repr_mimebundle_()[0][view]["model_id"]
    assert "image/png" in data
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    assert view not in made._repr_mimebundle_()[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"state": 3}, "state is 3: expected a State, its text, or an address"),
        ({"layers": 2}, "no setting 'layers'"),
        ({"model": object(), "hidden": (3,)}, "your model itself decides about hidden"),
        ({"hide": ["nois"]}, "a name in hide is 'nois'"),
        ({"hide": "noise"}, "hide is 'noise': expected a list"),
        ({"state": "https://example.org/#x=true"}, "is an address of example.org"),
    ],
)
def test_arguments_that_make_no_playground_are_refused(arguments: dict[str, Any], said: str) -> None:
    import coursekit

    with pytest.raises(ValueError, match=said):
        coursekit.playground(**arguments)


def test_a_playground_begins_from_a_state_a_text_or_an_address_with_other_settings_on_top() -> None:
    import coursekit

    first = State(data="xor", hidden=(2,))
    for given in (first, first.to_text(), "#dataset=xor&networkShape=2"):
        made = coursekit.playground(state=given, noise=5, hide=["noise"])
        assert made.state == first.changed(noise=5, hide=("noise",))


@pytest.mark.parametrize("epochs", [0, -1, 2.5, "3"])
def test_epochs_that_are_no_count_are_refused(epochs: Any) -> None:
    import coursekit

    with pytest.raises(ValueError, match="expected a whole number of at least 1"):
        coursekit.playground(hidden=()).train(epochs)


def test_training_without_points_says_what_to_give() -> None:
    import coursekit

    with pytest.raises(ValueError, match="there are no points to train on"):
        coursekit.playground(data="drawn", hidden=()).train()
