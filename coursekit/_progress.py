"""What a student sees while a model trains.

In a notebook this is one line that is updated, and curves if asked for; elsewhere one line per
epoch. Everything goes to stdout or to the notebook's display, never to stderr. Knows nothing of data or
of how the model is fed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from html import escape
from typing import Any

import keras
import numpy as np

from coursekit._console import say
from coursekit._curves import picture

__all__ = ["Curves", "EpochLines", "NotebookProgress", "callbacks", "line", "notebook_shell"]

_TIMED = 1.0  # seconds from which the time of the rest is estimated
_UPDATES_PER_SECOND = 4
_HEADLESS_LINES = 100  # printed lines, about; a longer run skips epochs


def callbacks(verbose: str | int, live: bool) -> list[keras.callbacks.Callback]:
    """Return the Keras callbacks that show progress.

    Args:
        verbose: "auto" or 1 for one line in a notebook and one per epoch elsewhere, 2 for one line per
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
    """Updates one line in the output of the cell, at most four times per second.

    It ends as the number of epochs, their duration, and the values of the last one. The History has those of the others.
    """

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.epochs, self.steps = self.params["epochs"], self.params["steps"]
        self.begin = self.shown = time.perf_counter()
        self.first: int | None = None
        self.settled: tuple[float, float] | None = None  # when Keras had compiled the model, and how many epochs were done then
        self.done = 0
        self.last: Mapping[str, Any] = {}  # the values of the last finished epoch
        self.handle: Any = None
        self._show("starting …")

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self.epoch = epoch
        self.first = epoch if self.first is None else self.first

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        if time.perf_counter() - self.shown >= 1 / _UPDATES_PER_SECOND:
            self._show(self._running(batch + 1, logs or {}))

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.done, self.last = self.done + 1, dict(logs or {})

    def on_train_end(self, logs: dict | None = None) -> None:
        seconds = time.perf_counter() - self.begin
        planned = self.epochs - (self.first or 0)
        stopped = f"stopped early, after {self.done} of {planned} epochs" if self.done < planned else f"{self.done} epochs"
        self._show(" · ".join([f"{stopped if planned > 1 else 'one epoch'} in {seconds:.1f} s", *_values(self.last)]))

    def _running(self, batch: int, logs: Mapping[str, Any]) -> str:
        """Describe the epoch that is running: a bar, the values so far, validation after the epoch before, and the time left."""
        number = f"epoch {self.epoch + 1:>{len(str(self.epochs))}}/{self.epochs}"
        values = _values(logs)
        if before := _values({name: value for name, value in self.last.items() if name.startswith("val_")}):
            values.append(f"after epoch {self.epoch}: {', '.join(before)}")
        if not self.steps:
            return " · ".join([number, f"batch {batch}", *values])
        part = min(batch / self.steps, 1.0)
        bar = "█" * round(10 * part) + "░" * (10 - round(10 * part))
        first = self.first or 0
        gone = self.epoch - first + part
        return " · ".join([f"{number} {bar} {part:.0%}", *values, *self._left(gone, self.epochs - first)])

    def _left(self, gone: float, epochs: int) -> list[str]:
        """Say how long the training will take from here. The first steps, in which Keras compiles, say nothing about that."""
        now = time.perf_counter()
        if self.settled is None:
            self.settled = now, gone
            return []
        since, before = self.settled
        if gone <= before or now - since < _TIMED:
            return []
        return [f"about {(now - since) * (epochs - gone) / (gone - before):.0f} s left"]

    def _show(self, text: str) -> None:
        """Update the line."""
        # JupyterLab breaks plain text anywhere, also within a word.
        page = f'<pre style="margin:0;white-space:pre-wrap;word-break:normal;overflow-wrap:break-word">{escape(text)}</pre>'
        self.handle = _display({"text/plain": text, "text/html": page}, self.handle)
        self.shown = time.perf_counter()


class Curves(keras.callbacks.Callback):
    """Redraws the curves of loss and metrics, at most four times per second and at the end. Their place in the output is one."""

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
        html, alt = picture(self.history, self.params["epochs"])
        self.handle = _display({"text/html": html, "text/plain": alt}, self.handle)
        self.shown, self.stale = time.perf_counter(), False


def _display(data: dict[str, str], handle: Any) -> Any:
    """Show data in the output of the cell, or update what `handle` has shown."""
    from IPython.display import display

    if handle is None:
        return display(data, raw=True, display_id=True)
    handle.update(data, raw=True)
    return handle
