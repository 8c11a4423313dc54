"""Data sets of the course as plain NumPy arrays: found in the cache, on a mirror or at the official address, or drawn.

>>> fashion = data.load_fashion_mnist()
>>> fashion.X_train.shape
(55000, 28, 28)

One loader a set. This package knows nothing of labs, models or the autograder.
"""

from __future__ import annotations

from . import choice, sources
from .choice import Kind, Source
from .errors import DataError
from .fashion import FASHION_MNIST, Splits, load_fashion_mnist
from .settings import Settings

__all__ = ["KINDS", "DataError", "Settings", "Source", "Splits", "fetch", "is_here", "load_fashion_mnist", "source"]

KINDS: dict[str, Kind] = {kind.name: kind for kind in (FASHION_MNIST,)}


def source(name: str, *, settings: Settings | None = None) -> Source:
    """Whether the loader of the set `name` gives the "real" set or the "drawn" one. Loads nothing.

    Asks the network, for a few seconds at most, only if the files are nowhere nearer. Raises ValueError for an unknown name,
    DataError if COURSEKIT_DATA=real and no source is within reach.
    """
    return choice.source_of(_kind(name), settings or Settings.from_environment())


def fetch(name: str, *, settings: Settings | None = None) -> None:
    """Put the real set `name` into the cache, checked and decoded, whatever COURSEKIT_DATA says.

    Raises DataError when it cannot be had, ValueError for an unknown name.
    """
    settings = settings or Settings.from_environment()
    if name in KINDS:
        choice.prepare(KINDS[name], settings)
    elif name in settings.registry:
        sources.fetch_all(settings.registry[name], settings)
    else:
        raise ValueError(f"no data set is called {name!r}; there are: {', '.join(settings.registry)}")


def is_here(name: str, *, settings: Settings | None = None) -> bool:
    """Whether the real set `name` lies in the cache, ready for use without a network."""
    settings = settings or Settings.from_environment()
    if name in KINDS and choice.is_here(KINDS[name], settings):
        return True
    return sources.is_here(settings.registry[name], settings)


def _kind(name: str) -> Kind:
    try:
        return KINDS[name]
    except KeyError:
        raise ValueError(f"no data set is called {name!r}; there are: {', '.join(KINDS)}") from None
