"""The playground in a browser: an anywidget that shows a session and does what its controls ask for.

A frame is made only when the front end has drawn the last one, so it is never more than one frame behind, playing stops when
its tab is closed, and between two frames the kernel hears everything else, such as "pause". Knows nothing of how it is drawn:
that is playground.js.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from coursekit import _front_end
from coursekit.playgrounds import address
from coursekit.playgrounds.data import REGRESSION
from coursekit.playgrounds.frames import pack
from coursekit.playgrounds.session import Session
from coursekit.playgrounds.state import CHOICES, MOST_LAYERS, MOST_NEURONS, MOST_POINTS, State

__all__ = ["PlaygroundWidget"]

# What a student's own model decides itself.
_OF_MODEL = (
    "features", "hidden", "activation", "initializer", "optimizer", "regularizer", "regularizer_rate", "dropout", "batch_norm", "share",
)  # fmt: skip
_LIMITS = {"layers": MOST_LAYERS, "neurons": MOST_NEURONS, "points": MOST_POINTS}


class PlaygroundWidget(anywidget.AnyWidget):
    """What the browser shows of a session.

    Attributes:
        settings: The settings, and what the front end needs to know about them.
        samples: The points, as [x1, x2, target] in "train" and "test".
        frame: The last frame: bytes, or in Colab, which loses bytes, base64 text.
    """

    _esm = Path(__file__).parent / "playground.js"

    settings = traitlets.Dict().tag(sync=True)
    samples = traitlets.Dict().tag(sync=True)
    frame = traitlets.Any(b"").tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.is_playing = False
        self._number = 0
        self._drawn = 0
        self._shown: tuple[Any, Any] = (None, None)
        self._publish("")
        self.on_msg(lambda _, content, __: self.hear(content))

    def hear(self, message: Any) -> None:
        """Do what the front end asks for. What goes wrong is said in the next frame.

        Args:
            message: A dictionary whose "do" names an action.
        """
        said = ""
        try:
            action = self._ACTIONS.get(str(message.get("do"))) if isinstance(message, Mapping) else None
            if action is None or action(self, message) is False:
                return
        except ValueError as error:
            said = str(error)
        except Exception as error:
            said = f"This went wrong: {type(error).__name__}, {error}"
        if said:
            self.is_playing = False
        self._publish(said)

    # ── actions: False where nothing is to be shown ──────────────────────────────────────────────────────────────────

    def _drew(self, message: Mapping[str, Any]) -> bool:
        """Note that a frame was drawn, and make the next one if it plays."""
        if message.get("number") != self._number or self._drawn == self._number:
            return False
        self._drawn = self._number
        if self.is_playing:
            self.session.train(self.session.state.speed)
        return self.is_playing

    def _play(self, _: Mapping[str, Any]) -> None:
        if not len(self.session.points.X_train):
            raise ValueError("There are no points yet: draw some on the large picture, in both colours.")
        self.is_playing = True

    def _pause(self, _: Mapping[str, Any]) -> None:
        self.is_playing = False

    def _step(self, _: Mapping[str, Any]) -> None:
        self.is_playing = False
        self.session.step()

    def _epoch(self, _: Mapping[str, Any]) -> None:
        self.is_playing = False
        self.session.train()

    def _reset(self, _: Mapping[str, Any]) -> None:
        self.is_playing = False
        self.session.reset()

    def _regenerate(self, _: Mapping[str, Any]) -> None:
        self.session.regenerate()

    def _set(self, message: Mapping[str, Any]) -> None:
        self.session.change(**dict(message["settings"]))

    def _weight(self, message: Mapping[str, Any]) -> None:
        self.session.set_weight(message["layer"], message["row"], message["neuron"], float(message["value"]))

    def _take_over(self, message: Mapping[str, Any]) -> None:
        text = str(message["text"])
        state = address.from_address(text) if address.is_address(text) else State.from_text(text)
        self.session.change(**{**vars(state), "hide": self.session.state.hide})

    _ACTIONS: Mapping[str, Callable[[PlaygroundWidget, Mapping[str, Any]], bool | None]] = {
        "drew": _drew,
        "play": _play,
        "pause": _pause,
        "step": _step,
        "epoch": _epoch,
        "reset": _reset,
        "regenerate": _regenerate,
        "set": _set,
        "weight": _weight,
        "take over": _take_over,
    }

    # ── what is sent ─────────────────────────────────────────────────────────────────────────────────────────────────

    def show_again(self) -> None:
        """Send what the session shows now, after something else has changed it."""
        self._publish("")

    def _publish(self, said: str) -> None:
        snapshot = self.session.look()
        if snapshot.has_diverged and self.is_playing:
            self.is_playing = False
            said = said or "The weights have grown beyond all numbers. Choose a smaller learning rate, then reset."
        self._number += 1
        data = pack(snapshot, {"number": self._number, "playing": self.is_playing, "said": said})
        with self.hold_sync():
            if self._shown[0] is not self.session.state:
                self.settings = _described(self.session)
            if self._shown[1] is not self.session.points:
                self.samples = _samples(self.session)
            self._shown = self.session.state, self.session.points
            self.frame = b64encode(data).decode("ascii") if _front_end.is_colab() else data


def _described(session: Session) -> dict[str, Any]:
    """Return the settings with the choices there are, as plain lists and numbers."""
    state = session.state
    hidden = [*state.hide, *(_OF_MODEL if session.is_own else ()), *["learning_rate"] * session.has_schedule]
    return {
        **{name: list(value) if isinstance(value, tuple) else value for name, value in asdict(state).items()},
        "hide": hidden,
        "choices": {name: list(values) for name, values in CHOICES.items()},
        "limits": _LIMITS,
        "own": session.is_own,
        "regression": state.data in REGRESSION,
        "text": state.to_text(),
        "address": address.to_address(state),
        "only_here": address.only_here(state),
    }


def _samples(session: Session) -> dict[str, Any]:
    points = session.points
    return {
        name: [[round(float(v), 3) for v in (*x, *target)] for x, target in zip(X, y, strict=True)]
        for name, X, y in (("train", points.X_train, points.y_train), ("test", points.X_test, points.y_test))
    }
