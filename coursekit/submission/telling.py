"""What a student reads while `submit` works: what it does, how long that takes, and how far it is.

Knows nothing of what the notebook asks, or of how it runs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursekit import _console, _front_end
from coursekit.submission.history import LOOKS

if TYPE_CHECKING:
    from coursekit._record import Ran

__all__ = ["Estimate", "Telling", "estimate"]

_START = 5.0  # seconds until a new kernel runs its first cell, about
_START_SAID = "a new kernel starts and imports Keras"
_KNOWN = 0.6  # share of the cells whose time must be known
_PRINTED = 10.0  # seconds between two lines where a line cannot be updated


@dataclass(frozen=True)
class Estimate:
    """How long a run takes, about.

    Attributes:
        seconds: The duration; None if nothing is known.
        source: Where that is known from, in words.
    """

    seconds: float | None
    source: str

    def __str__(self) -> str:
        if self.seconds is None:
            return "It takes as long as its cells take"
        return f"It takes about {_duration(self.seconds)}, {self.source}"


def estimate(cells: Sequence[str], runs: Sequence[Ran], stated: Any) -> Estimate:
    """Estimate how long a run of a notebook takes.

    Args:
        cells: Texts of its code cells.
        runs: The cells that ran in this kernel.
        stated: The seconds that the lab states in its metadata, for two processor cores; anything else says nothing.
    """
    cells = [text.strip() for text in cells if not text.strip().startswith(LOOKS)]  # they do nothing in the run
    took = {ran.source.strip(): ran.seconds for ran in runs if ran.seconds}
    known = [took[text] for text in cells if text in took]
    if known and len(known) >= _KNOWN * len(cells):
        return Estimate(_START + sum(known) * len(cells) / len(known), "as its cells took in this kernel")
    if isinstance(stated, int | float) and not isinstance(stated, bool) and stated > 0:
        return Estimate(_START + stated, "on two processor cores; a slower machine needs longer")
    return Estimate(None, "")


def _duration(seconds: float) -> str:
    """Return a duration in words, not more exact than it is known."""
    if seconds < 15:
        return f"{max(round(seconds), 1)} seconds"
    if seconds < 55:
        return f"{round(seconds, -1):.0f} seconds"
    minutes = round(seconds / 60)
    return "a minute" if minutes < 2 else f"{minutes} minutes"


class Telling:
    """Says at once what happens, and then in one line how far it is: updated in a notebook, else printed now and then.

    Args:
        expected: How long the run takes; None if there is no run.
    """

    def __init__(self, expected: Estimate | None) -> None:
        self._expected = expected.seconds if expected else None
        self._begin = self._shown = time.monotonic()
        self._done = self._count = 0
        self._handle: Any = None
        self._in_notebook = getattr(_front_end.shell(), "kernel", None) is not None

    def begin(self, count: int) -> None:
        """Say that the run begins.

        Args:
            count: Number of the cells that will run.
        """
        self._count = count
        self._say(_START_SAID)

    def step(self, done: int) -> None:
        """Say how far the run is.

        Args:
            done: Number of the cells that have run.
        """
        self._done = done
        self.wait()

    def wait(self) -> None:
        """Say that it goes on."""
        now = time.monotonic()
        if not self._in_notebook and now - self._shown < _PRINTED:
            return
        gone = now - self._begin
        left = "" if not self._expected or self._expected <= gone else f", about {_duration(self._expected - gone)} left"
        where = (
            f"cell {self._done + 1} of {self._count}"
            if 0 < self._done < self._count
            else f"{self._done} cells of {self._count}"
        )
        self._say(f"running it from the top: {where if self._done else _START_SAID} · {gone:.0f} s so far{left}")

    def end(self) -> None:
        """Say that the run has ended, if there was one."""
        if self._count:
            self._say(f"ran {self._done} of {self._count} cells in {time.monotonic() - self._begin:.0f} s")

    def _say(self, text: str) -> None:
        self._shown = time.monotonic()
        if not self._in_notebook:
            _console.say(text)
            return
        from IPython.display import display

        text = _console.wrapped(text)
        if self._handle is None:
            self._handle = display({"text/plain": text}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": text}, raw=True)
