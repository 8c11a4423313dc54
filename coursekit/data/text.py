"""Tiny Shakespeare as one long text, real or drawn. Knows nothing of how files come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coursekit.data.arrays import Arrays
from coursekit.data.choice import Source, load
from coursekit.data.dataset import ArrayDataset
from coursekit.data.settings import Settings

__all__ = ["TINY_SHAKESPEARE", "Text", "load_shakespeare"]


@dataclass(frozen=True, repr=False)
class Text:
    """text: all of it, lines separated by "\\n". source: "real", or "drawn" for the stand-in."""

    text: str
    source: Source

    def __repr__(self) -> str:
        return f"Text({len(self.text):,} characters, source={self.source!r})"


def load_shakespeare(*, settings: Settings | None = None) -> Text:
    """Tiny Shakespeare (Karpathy 2015): scenes from Shakespeare's plays, 1,115,394 characters, 65 different ones.

    Each speech is the speaker's name with a colon, then lines, then an empty line.
    Without a network and a mirror, a play drawn by this project serves after a warning, and `source` is "drawn".
    Raises DataError if COURSEKIT_DATA=real and the file cannot be had, or if the disk is full.
    settings: where to look; the environment decides if left out.
    """
    arrays, source = load(TINY_SHAKESPEARE, settings or Settings.from_environment())
    return Text(arrays["text"].tobytes().decode("utf-8"), source)


def _bytes(text: bytes) -> Arrays:
    return {"text": np.frombuffer(text, np.uint8)}


def _draw() -> Arrays:
    from coursekit.drawn import play

    return _bytes(play.play().encode("utf-8"))


def _drawn_by() -> list[Path]:
    return [Path(__file__).resolve().parent.parent / "drawn" / "play.py"]


TINY_SHAKESPEARE = ArrayDataset("tinyshakespeare", lambda paths: _bytes(paths["input.txt"].read_bytes()), _draw, _drawn_by)
