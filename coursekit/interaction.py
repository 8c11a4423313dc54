"""A figure with sliders: `explore`, which redraws a figure for the values that a reader picks.

Where nobody can pick (a run without a person, paper, an exported page, no ipywidgets) the same figure stands there, drawn once.
Knows nothing of what is drawn. Matplotlib, IPython and ipywidgets are imported when the first figure is drawn.
"""

from __future__ import annotations

import importlib.util
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from coursekit.plotting._style import alt_text, picture_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["explore", "widgets_can_run"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_DPI = 100


def explore(draw: Callable[..., Any], *, start: Mapping[str, Any], **choices: Iterable[Any]) -> None:
    """Show a figure with one slider for each name in `choices`; moving a slider draws the figure anew.

    draw: called as draw(**values) with one value for each name; draws one figure and returns it or its Axes. It should need
    less than 0.3 seconds, and no figure that it makes with pyplot stays open in a notebook.
    start: name → the value that is shown first, one of that name's choices.
    choices: name → the values on its slider, in order: numbers, texts, anything that `draw` takes; at least one.
    Where widgets cannot run, the figure is shown once at `start`. In a notebook one output holds both, the widget and the still
    picture with its alt text, so that a frontend without widgets shows the picture. Outside IPython the figure stays open for
    `plt.show()`.
    If `draw` raises for a value on a slider, one sentence says so in place of the figure. What it raises at `start` is raised.
    Raises ValueError if `start` and `choices` do not name the same things, if a name has no choices, or if a value of `start`
    is not among its choices; TypeError if `draw` returns no figure. Returns nothing.
    """
    options = {name: list(values) for name, values in choices.items()}
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

    This needs ipywidgets and a Jupyter kernel whose front end would answer `input()`. Programs that run notebooks (nbclient,
    nbconvert, papermill) say that they would not. A widget made for them would be stored, and an exported page would then try
    to load it from the network instead of showing the picture.
    """
    kernel = getattr(_shell(), "kernel", None)
    listens = kernel is not None and bool(getattr(kernel, "_allow_stdin", True))
    return listens and importlib.util.find_spec("ipywidgets") is not None


def _checked(start: Mapping[str, Any], options: Mapping[str, list[Any]]) -> dict[str, Any]:
    """`start` in the order of the sliders."""
    if not options or set(start) != set(options):
        raise ValueError(
            "expected one start value and one list of choices for each name, as in explore(draw, start={'lr': 0.1}, lr=[0.1, 1]); "
            f"start names {', '.join(start) or 'nothing'}, the choices name {', '.join(options) or 'nothing'}"
        )
    for name, values in options.items():
        if start[name] not in values:
            raise ValueError(
                f"start[{name!r}] is {start[name]!r}: expected one of {', '.join(map(repr, values)) or 'no choices at all'}"
            )
    return {name: start[name] for name in options}


# ── the figure ───────────────────────────────────────────────────────────────────────────────────────────────────────


class _Picture:
    """A figure as PNG with its alt text. Making one closes the figure, so that a notebook does not show it a second time."""

    def __init__(self, figure: Figure) -> None:
        import matplotlib.pyplot as plt

        buffer = BytesIO()
        # A figure whose layout is managed keeps its size, so that nothing jumps when a slider moves.
        figure.savefig(buffer, format="png", dpi=_DPI, bbox_inches=None if figure.get_layout_engine() else "tight")
        self.png = buffer.getvalue()
        self.alt = alt_text(figure)
        plt.close(figure)

    @property
    def html(self) -> str:
        return picture_html(self.png, "image/png", {"alt": self.alt})

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Data and metadata of a display, the alt text in every form."""
        data = {"text/html": self.html, "image/png": b64encode(self.png).decode("ascii"), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


def _figure(drawn: Any) -> Figure:
    """The figure of what `draw` returned."""
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    figure: Any = drawn.figure.figure if isinstance(drawn, Axes) else drawn
    if not isinstance(figure, Figure):
        raise TypeError(f"draw returned {type(drawn).__name__}: expected a matplotlib Figure or Axes")
    return figure


def _html(draw: Callable[..., Any], values: Mapping[str, Any]) -> str:
    """The figure for these values, or a sentence that says why there is none."""
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
    """A box of sliders over a picture that follows them."""
    import ipywidgets

    shown = ipywidgets.HTML(picture.html)  # not an Image widget: that one has no alt text
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
    """A short text for each value; the full one where two short ones would be the same."""
    short, full = [_label(value) for value in values], [str(value) for value in values]
    return [text if short.count(text) == 1 else other for text, other in zip(short, full, strict=True)]


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shell() -> Any:
    """The IPython shell that runs this, or None."""
    if importlib.util.find_spec("IPython") is None:
        return None
    from IPython import get_ipython

    return get_ipython()
