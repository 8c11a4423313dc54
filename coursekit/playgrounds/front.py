"""`playground`: one object for every place. In a notebook before a person it is a widget; everywhere else, a still figure.

Knows nothing of how either is drawn.
"""

from __future__ import annotations

import importlib.util
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from coursekit import _front_end
from coursekit._numbers import whole_number
from coursekit._words import plain
from coursekit.playgrounds import address
from coursekit.playgrounds.data import Split
from coursekit.playgrounds.session import Session, Snapshot
from coursekit.playgrounds.state import State

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

__all__ = ["Playground", "playground"]

_OF_MODEL = (
    "features", "hidden", "activation", "initializer", "regularizer", "regularizer_rate", "dropout", "batch_norm",
)  # fmt: skip
_VIEW = "application/vnd.jupyter.widget-view+json"


def playground(model: Any = None, *, state: State | str | None = None, hide: Sequence[str] = (), **settings: Any) -> Playground:
    """Open a playground: a small network that learns points of the plane while every neuron is drawn.

    In JupyterLab, Colab and VS Code, the last line of a cell shows it with its controls. Where no widget can run, it is shown
    as a still figure, and `train` does what "play" does.

    Args:
        model: Your own Keras model from (n, 2) to (n, 1), or None. If it is compiled, its loss, its optimizer and its learning
            rate are used. It is trained itself, not a copy: `playground(model).model` is `model`.
        state: Where to begin: a `State`, a text that a playground gave, or an address of playground.tensorflow.org.
        hide: Names of controls that are not shown, such as ["noise", "regularizer"].
        **settings: Single settings that differ from `state`, such as `data="spiral"` and `hidden=(8, 8)`: the attributes of
            `State`.

    Returns:
        The playground.

    Raises:
        ValueError: If a setting is unknown or not allowed, or the model does not fit.

    Example:
        >>> coursekit.playground(data="xor", hidden=(4,), hide=["noise"])
    """
    first = _state(state)
    if model is not None and (decided := [name for name in settings if name in _OF_MODEL]):
        raise ValueError(f"your model itself decides about {', '.join(decided)}: leave that out, or leave the model out")
    if hide:
        settings = {**settings, "hide": hide}
    return Playground(Session(first.changed(**settings), model))


def _state(given: Any) -> State:
    if given is None:
        return State()
    if isinstance(given, State):
        return given
    if not isinstance(given, str):
        raise ValueError(f"state is {plain(given)}: expected a State, its text, or an address of {address.ADDRESS}")
    return address.from_address(given) if address.is_address(given) else State.from_text(given)


class Playground:
    """A network at work. `playground` makes it.

    Attributes:
        session: What is shown, without any picture.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._widget: Any = None

    @property
    def model(self) -> keras.Model:
        """The Keras model, trained as far as is shown."""
        return self.session.model

    @property
    def state(self) -> State:
        """The settings. `state.to_text()` is a text from which another playground can begin."""
        return self.session.state

    @property
    def address(self) -> str:
        """The address of playground.tensorflow.org with these settings, as far as it has them."""
        return address.to_address(self.state)

    @property
    def history(self) -> tuple[tuple[int, float, float], ...]:
        """(epoch, training loss, test loss) after each epoch, and of the start."""
        return self.session.history

    def train(self, epochs: int = 1) -> Playground:
        """Train the network.

        Args:
            epochs: How often it sees all training points.

        Returns:
            The playground itself.

        Raises:
            ValueError: If `epochs` is not a whole number of at least 1, or there are no points.
        """
        epochs = whole_number("epochs", epochs)
        if not len(self.points.X_train):
            raise ValueError("there are no points to train on: give some, such as points=[(1, 2, 1), (-1, 2, -1)]")
        self.session.train(epochs)
        self._follow()
        return self

    def change(self, **settings: Any) -> Playground:
        """Change settings, as the controls do. The network begins again where that is necessary.

        Args:
            **settings: Attributes of `State`.

        Returns:
            The playground itself.

        Raises:
            ValueError: If a setting is unknown or not allowed. Then nothing has changed.
        """
        self.session.change(**settings)
        self._follow()
        return self

    @property
    def points(self) -> Split:
        """The points for training and for testing."""
        return self.session.points

    def look(self) -> Snapshot:
        """Return what can be seen now as numbers and arrays."""
        return self.session.look()

    def figure(self, title: str | None = None) -> Figure:
        """Draw what can be seen now as a still figure with alt text.

        Args:
            title: Title of the figure, or None.
        """
        from coursekit.playgrounds.figure import draw

        return draw(self.look(), self.points, self.state, title=title)

    def _follow(self) -> None:
        if self._widget is not None:
            self._widget.show_again()

    def __repr__(self) -> str:
        from coursekit.playgrounds.words import in_words

        return in_words(self.look(), self.state)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the widget with a plain picture, where one can run, and a still figure everywhere else."""
        if not _widget_can_run():
            from coursekit.playgrounds.figure import png

            return _bundle(png(self.figure()), repr(self))
        from coursekit.playgrounds.sketch import sketch
        from coursekit.playgrounds.widget import PlaygroundWidget
        from coursekit.playgrounds.words import in_words

        self._widget = self._widget or PlaygroundWidget(self.session)
        seen = self.look()
        data, metadata = _bundle(sketch(seen, self.points, self.state), in_words(seen, self.state))
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return data, metadata


def _bundle(png: bytes, alt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return data and metadata for IPython's display, with the alt text in every format."""
    from coursekit.plotting._style import picture_html

    html = picture_html(png, "image/png", {"alt": alt})
    return {"text/html": html, "image/png": b64encode(png).decode("ascii"), "text/plain": alt}, {"image/png": {"alt": alt}}


def _widget_can_run() -> bool:
    """Return whether a person sits before a notebook with anywidget."""
    return _front_end.watched(getattr(_front_end.shell(), "kernel", None)) and importlib.util.find_spec("anywidget") is not None
