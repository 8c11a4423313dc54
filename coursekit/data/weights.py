"""Weights that others have trained, as the file that Keras reads.

Knows nothing of how files are obtained, or of the layers of a network.
"""

from __future__ import annotations

from pathlib import Path

from coursekit.data.dataset import FileDataset
from coursekit.data.errors import DataError
from coursekit.data.settings import Settings
from coursekit.data.sources import fetch_all

__all__ = ["MOBILENET", "mobilenet_weights"]

MOBILENET = FileDataset("mobilenet")


def mobilenet_weights(*, settings: Settings | None = None) -> Path:
    """Return the file with MobileNet's weights (alpha 0.25, without the head, trained on ImageNet).

    Use it with `keras.applications.MobileNet(alpha=0.25, include_top=False, weights=…)`, for pictures of
    any size. The file is checked.

    Args:
        settings: Where to look for the file. By default this comes from the environment variables.

    Raises:
        DataError: If the file cannot be obtained, or COURSEKIT_DATA is "drawn". For drawn data use
            `coursekit.backbones.drawn`.
    """
    settings = settings or Settings.from_environment()
    if settings.mode == "drawn":
        raise DataError(
            "MobileNet was trained on real photographs, and COURSEKIT_DATA=drawn allows drawn data only. "
            "Use coursekit.backbones.drawn() for drawn data, or unset COURSEKIT_DATA."
        )
    (path,) = fetch_all(settings.registry[MOBILENET.name], settings).values()
    return path
