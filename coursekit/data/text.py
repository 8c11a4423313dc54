"""Tiny Shakespeare as one long text, real or drawn. Knows nothing of how files are obtained."""

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
    """One long text.

    Attributes:
        text: The text, with lines separated by "\\n".
        source: "real", or "drawn" for the stand-in.
    """

    text: str
    source: Source

    def __repr__(self) -> str:
        return f"Text({len(self.text):,} characters, source={self.source!r})"


def load_shakespeare(*, settings: Settings | None = None) -> Text:
    """Load Tiny Shakespeare (Karpathy 2015): scenes from the plays of Shakespeare.

    Each speech is the name of the speaker with a colon, then lines, then an empty line. Without a network
    and a mirror, a play drawn by this project is used after a warning, and `source` is "drawn".

    Args:
        settings: Where to look for the file. By default this comes from the environment variables.

    Returns:
        A Text of 1,115,394 characters, 65 of them different.

    Raises:
        DataError: If COURSEKIT_DATA is "real" and the file cannot be obtained, or the disk is full.
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
