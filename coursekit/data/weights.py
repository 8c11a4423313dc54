"""Weights that others trained, as the file that Keras reads. Knows nothing of how files come or of any network's layers."""

from __future__ import annotations

from pathlib import Path

from coursekit.data.dataset import FileDataset
from coursekit.data.errors import DataError
from coursekit.data.settings import Settings
from coursekit.data.sources import fetch_all

__all__ = ["MOBILENET", "mobilenet_weights"]

MOBILENET = FileDataset("mobilenet")


def mobilenet_weights(*, settings: Settings | None = None) -> Path:
    """The file of MobileNet's weights (alpha 0.25, without the head, learned on ImageNet), checked and ready to load.

    For `keras.applications.MobileNet(alpha=0.25, include_top=False, weights=…)` at any size of picture.
    Raises DataError if it cannot be had, and where only drawn data may serve: `coursekit.backbones` has a drawn network.
    settings: where to look; the environment decides if left out.
    """
    settings = settings or Settings.from_environment()
    if settings.mode == "drawn":
        raise DataError(
            "MobileNet's weights were learned on real photographs, and COURSEKIT_DATA=drawn asks for drawn data only. "
            "coursekit.backbones.drawn() is the network that goes with them; or unset COURSEKIT_DATA."
        )
    (path,) = fetch_all(settings.registry[MOBILENET.name], settings).values()
    return path
