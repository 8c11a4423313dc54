"""What a student sees while a model trains.

In a notebook this is one block of text that is updated, and curves if asked for; elsewhere one line per
epoch. Everything goes to stdout or to the notebook's display, never to stderr. Knows nothing of data or
of how the model is fed.
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import keras
import numpy as np

from coursekit._console import say
from coursekit.plotting._style import COLOURS, alt_text, describe, picture_html

__all__ = ["Curves", "EpochLines", "NotebookProgress", "callbacks", "line", "notebook_shell"]

_UPDATES_PER_SECOND = 4
_LINES = 12  # finished epochs that a notebook shows
_HEADLESS_LINES = 100  # printed lines, about; a longer run skips epochs


def callbacks(verbose: str | int, live: bool) -> list[keras.callbacks.Callback]:
    """Return the Keras callbacks that show progress.

    Args:
        verbose: "auto" or 1 for the block of text in a notebook and lines elsewhere, 2 for one line per
            epoch everywhere, 0 for no output.
        live: Whether a notebook also shows curves.

    Returns:
        A list of callbacks.
    """
    shell = notebook_shell()
    shown: list[keras.callbacks.Callback] = []
    if verbose in ("auto", 1):
        shown.append(NotebookProgress() if shell else EpochLines())
    elif verbose:
        shown.append(EpochLines())
    if live and shell:
        shown.append(Curves())
    return shown


def notebook_shell() -> Any | None:
    """Return IPython's shell if it belongs to a notebook (Jupyter, Colab, VS Code, nbclient), else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def line(epoch: int, epochs: int, seconds: float, logs: Mapping[str, Any]) -> str:
    """Describe a finished epoch: `epoch  3/10 · 1.3 s · loss 0.3125 · accuracy 0.8874`.

    Args:
        epoch: Number of the epoch, from 1.
        epochs: Number of all epochs.
        seconds: Duration of the epoch.
        logs: Mapping from the names of loss and metrics to their values.
    """
    number = f"epoch {epoch:>{len(str(epochs))}}/{epochs}"
    return " · ".join([number, f"{seconds:.1f} s", *_values(logs)])


def _values(logs: Mapping[str, Any]) -> list[str]:
    """Format each value with its name: the loss before the metrics, training before validation."""
    names = sorted(logs, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
    return [_value(name, logs[name]) for name in names]


def _value(name: str, value: Any) -> str:
    """Format one value with its name. Of a metric with several values, such as one per class, it is their mean, as in Keras."""
    numbers = _numbers(value)
    return f"{name} {numbers.mean():.4g}" + (f" (mean of {numbers.size})" if numbers.size != 1 else "")


def _numbers(value: Any) -> np.ndarray:
    """Return the number or the numbers of a metric."""
    return np.asarray(keras.ops.convert_to_numpy(value), dtype=float)


class EpochLines(keras.callbacks.Callback):
    """Prints one line per epoch.

    If there are more than a hundred epochs, it prints about a hundred evenly spaced ones and the last.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.every = -(-self.params["epochs"] // _HEADLESS_LINES)
        self.last = ""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.last = line(epoch + 1, self.params["epochs"], time.perf_counter() - self.start, logs or {})
        if epoch % self.every == 0 or epoch + 1 == self.params["epochs"]:
            self._print()

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.last:  # stopped early, between two printed lines
            self._print()

    def _print(self) -> None:
        say(self.last)
        self.last = ""


class NotebookProgress(keras.callbacks.Callback):
    """Updates one block of text in the output of the cell, at most four times per second."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.epochs, self.steps = self.params["epochs"], self.params["steps"]
        self.begin = self.shown = time.perf_counter()
        self.first: int | None = None
        self.done: list[str] = []
        self.handle: Any = None
        self._show("starting …")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch, self.start = epoch, time.perf_counter()
        self.first = epoch if self.first is None else self.first

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if time.perf_counter() - self.shown >= 1 / _UPDATES_PER_SECOND:
            self._show(self._running(batch + 1, logs or {}))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        now = time.perf_counter()
        self.done.append(line(epoch + 1, self.epochs, now - self.start, logs or {}))
        if now - self.shown >= 1 / _UPDATES_PER_SECOND:
            self._show()

    def on_train_end(self, logs: dict | None = None) -> None:
        count, seconds = len(self.done), time.perf_counter() - self.begin
        planned = self.epochs - (self.first or 0)
        stopped = f"stopped early, after {count} of {planned} epochs" if count < planned else f"{count} epochs"
        self._show(f"{stopped if planned > 1 else 'one epoch'} in {seconds:.1f} s")

    def _running(self, batch: int, logs: Mapping[str, Any]) -> str:
        """Describe the epoch that is running: a bar, the values so far and the time left."""
        number = f"epoch {self.epoch + 1:>{len(str(self.epochs))}}/{self.epochs}"
        if not self.steps:
            return " · ".join([number, f"batch {batch}", *_values(logs)])
        part = min(batch / self.steps, 1.0)
        bar = "█" * round(10 * part) + "░" * (10 - round(10 * part))
        first = self.first or 0
        gone = self.epoch - first + part
        left = (time.perf_counter() - self.begin) * (self.epochs - first - gone) / gone
        return " · ".join([f"{number} {bar} {part:.0%}", *_values(logs), f"about {left:.0f} s left"])

    def _show(self, running: str | None = None) -> None:
        """Update the block of text."""
        hidden = len(self.done) - _LINES
        lines = [f"… {hidden} epochs before"] if hidden > 0 else []
        lines += self.done[-_LINES:] + ([running] if running else [])
        self.handle = _display({"text/plain": "\n".join(lines)}, {}, self.handle)
        self.shown = time.perf_counter()


class Curves(keras.callbacks.Callback):
    """Redraws the curves of loss and metrics after each epoch, with alt text.

    Training and validation share one panel.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.history: dict[str, list[tuple[int, float]]] = {}
        self.handle: Any = None
        self.shown = 0.0
        self.stale = False

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append((epoch + 1, float(_numbers(value).mean())))
        self.stale = True
        if time.perf_counter() - self.shown >= 1 / _UPDATES_PER_SECOND:
            self._draw()

    def on_train_end(self, logs: dict | None = None) -> None:
        if self.stale:
            self._draw()

    def _draw(self) -> None:
        picture, alt = _curves(self.history)
        metadata = {"alt": alt}
        data = {"image/png": picture, "text/html": picture_html(picture, "image/png", metadata)}
        self.handle = _display(data, {"image/png": metadata}, self.handle)
        self.shown, self.stale = time.perf_counter(), False


def _curves(history: Mapping[str, list[tuple[int, float]]]) -> tuple[str, str]:
    """Return a PNG picture of the curves in base64, and its alt text.

    Args:
        history: Mapping from the names of loss and metrics to (epoch, value), for the epochs in which each was measured.
    """
    from matplotlib.figure import Figure

    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    names.sort(key=lambda name: name != "loss")
    figure = Figure(figsize=(4.2 * len(names), 3.0), layout="constrained")
    for ax, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        said = []
        for key, label, style in ((name, "training", "-o"), (f"val_{name}", "validation", "--s")):
            if key not in history:
                continue
            at, values = zip(*history[key], strict=True)
            ax.plot(at, values, style, color=COLOURS[label == "validation"], label=label, markersize=3)
            said.append(f"{label} {values[0]:.3g} to {values[-1]:.3g}")
        ax.set(xlabel="epoch", ylabel=name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend()
        describe(ax, f"{name} over epochs {history[name][0][0]} to {history[name][-1][0]}: {', '.join(said)}.")
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return base64.b64encode(buffer.getvalue()).decode("ascii"), alt_text(figure)


def _display(data: dict[str, str], metadata: dict[str, dict[str, str]], handle: Any) -> Any:
    """Show data in the output of the cell, or update what `handle` has shown."""
    from IPython.display import display

    if handle is None:
        return display(data, metadata=metadata, raw=True, display_id=True)
    handle.update(data, metadata=metadata, raw=True)
    return handle
