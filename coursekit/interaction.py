"""`explore`: a figure with sliders, redrawn for the values that a reader chooses.

Where sliders cannot run (a notebook run by a program, paper, an exported page, no ipywidgets), the same
figure is drawn once. Knows nothing of what is drawn. Matplotlib, IPython and ipywidgets are imported
when the first figure is drawn.
"""

from __future__ import annotations

import importlib.util
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from coursekit._front_end import shell as _shell
from coursekit._front_end import watched
from coursekit._words import plain
from coursekit.plotting._style import alt_text, picture_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["explore", "widgets_can_run"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_DPI = 100


def explore(draw: Callable[..., Any], *, start: Mapping[str, Any], **choices: Iterable[Any]) -> None:
    """Show a figure with one slider per name in `choices`. Moving a slider redraws the figure.

    In a notebook a single output holds the widget and a still picture with its alt text, so a front end
    without widgets shows the picture. Where widgets cannot run, the figure is shown once, for the values of
    `start`. Outside of IPython the figure stays open for `plt.show()`.

    Args:
        draw: Function called as `draw(**values)` with one value per name. It draws one figure and returns
            the figure or its Axes. It should take less than 0.3 seconds. In a notebook, no figure that it
            opens with pyplot stays open. If it raises an error for a slider's value, a sentence with the
            error is shown instead of the figure.
        start: Mapping from each name to the value shown first, which must be one of its choices.
        **choices: The values of each slider in their order, at least one per name: numbers, strings or
            anything else that `draw` accepts.

    Raises:
        ValueError: If `draw` is no function, `start` and `choices` have different names, a name has no list of
            choices, or a value of `start` is not one of its choices.
        TypeError: If `draw` does not return a figure.
        Exception: Whatever `draw` raises for the values of `start`.

    Example:
        >>> coursekit.explore(draw, start={"lr": 0.1}, lr=[0.01, 0.1, 1.0])
    """
    if not callable(draw):
        raise ValueError(f"draw is {type(draw).__name__}: expected a function that returns a figure, without parentheses")
    options = {name: _choices(name, values) for name, values in choices.items()}
    first = _checked(start, options)
    shell = _shell()
    figure = _figure(draw(**first))
    if shell is None:
        return
    picture = _Picture(figure)
    data, metadata = picture.bundle()
    if widgets_can_run():
        widget = _widget(draw, first, options, picture)
        data[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    from IPython.display import display

    display(data, raw=True, metadata=metadata)


def widgets_can_run() -> bool:
    """Return whether a person can move a slider here.

    This needs ipywidgets, and a Jupyter front end that has sent this cell and would answer `input()`. Programs
    that run notebooks (nbclient, nbconvert, papermill) say that they do not answer it; others, and consoles, are
    known by their way of numbering requests. If they got a widget, it would be stored, and an exported page would
    try to load it from the network instead of showing the picture.
    """
    return watched(getattr(_shell(), "kernel", None)) and importlib.util.find_spec("ipywidgets") is not None


def _choices(name: str, values: Any) -> list[Any]:
    """Return the choices of one slider, as plain numbers where NumPy holds them, or raise ValueError."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} is {plain(values)}: expected a list of choices, such as {name}=[{plain(values)}]")
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _checked(start: Mapping[str, Any], options: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return `start` in the order of the sliders, or raise ValueError."""
    if not isinstance(start, Mapping):
        raise ValueError(f"start is {plain(start)}: expected a dictionary with one value for each name, such as {{'lr': 0.1}}")
    if not options or set(start) != set(options):
        raise ValueError(
            "expected one start value and one list of choices for each name, as in explore(draw, start={'lr': 0.1}, lr=[0.1, 1]); "
            f"start names {', '.join(start) or 'nothing'}, the choices name {', '.join(options) or 'nothing'}"
        )
    for name, values in options.items():
        if start[name] not in values:
            raise ValueError(
                f"start[{name!r}] is {plain(start[name])}: expected one of {', '.join(map(plain, values)) or 'no choices at all'}"
            )
    return {name: start[name] for name in options}


# ── the figure ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Picture:
    """A figure as a PNG picture with its alt text.

    Creating it closes the figure, so that a notebook does not show it a second time.
    """

    def __init__(self, figure: Figure) -> None:
        import matplotlib.pyplot as plt

        buffer = BytesIO()
        # A figure with a layout engine keeps its size, so that nothing jumps when a slider moves.
        figure.savefig(buffer, format="png", dpi=_DPI, bbox_inches=None if figure.get_layout_engine() else "tight")
        self.png = buffer.getvalue()
        self.alt = alt_text(figure)
        plt.close(figure)

    @property
    def html(self) -> str:
        """The picture as an `<img>` element."""
        return picture_html(self.png, "image/png", {"alt": self.alt})

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the data and the metadata for IPython's `display`, with the alt text in every format."""
        data = {"text/html": self.html, "image/png": b64encode(self.png).decode("ascii"), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


def _figure(drawn: Any) -> Figure:
    """Return the figure that `draw` returned, or the figure of its Axes."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    figure: Any = drawn.figure.figure if isinstance(drawn, Axes) else drawn
    if not isinstance(figure, Figure):
        raise TypeError(f"draw returned {type(drawn).__name__}: expected a matplotlib Figure or Axes")
    return figure


def _html(draw: Callable[..., Any], values: Mapping[str, Any]) -> str:
    """Return the figure for these values as HTML, or a sentence that says why there is none."""
    import matplotlib.pyplot as plt

    before = set(plt.get_fignums())
    try:
        return _Picture(_figure(draw(**values))).html
    except Exception as error:
        chosen = ", ".join(f"{name} = {_label(value)}" for name, value in values.items())
        reason = " ".join(str(error).split()).rstrip(".") or "no reason was given"
        return f"<p>There is no figure for {escape(chosen)}: {escape(type(error).__name__)}, {escape(reason)}.</p>"
    finally:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)


# ── the sliders ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _widget(draw: Callable[..., Any], first: Mapping[str, Any], options: Mapping[str, list[Any]], picture: _Picture) -> Any:
    """Build a box of sliders above a picture that follows them."""
    import ipywidgets

    shown = ipywidgets.HTML(picture.html)  # not an Image widget, which has no alt text
    sliders = {
        name: ipywidgets.SelectionSlider(
            options=list(zip(_labels(values), range(len(values)), strict=True)),
            index=values.index(first[name]),
            description=name,
            style={"description_width": "initial"},
        )
        for name, values in options.items()
    }

    def follow(_: Any) -> None:
        shown.value = _html(draw, {name: options[name][slider.value] for name, slider in sliders.items()})

    for slider in sliders.values():
        slider.observe(follow, names="value")
    return ipywidgets.VBox([*sliders.values(), shown])


def _labels(values: Iterable[Any]) -> list[str]:
    """Return a short text for each value, or the full text where two short texts would be equal."""
    short, full = [_label(value) for value in values], [str(value) for value in values]
    return [text if short.count(text) == 1 else other for text, other in zip(short, full, strict=True)]


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
