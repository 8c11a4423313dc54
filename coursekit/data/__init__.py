"""Data sets of the course as plain NumPy arrays: found in the cache, on a mirror or at the official address, or drawn.

>>> fashion = data.load_fashion_mnist()
>>> fashion.X_train.shape
(55000, 28, 28)

One loader a set. This package knows nothing of labs, models or the autograder.
"""

from __future__ import annotations

from coursekit.data import choice, sources
from coursekit.data.choice import Source
from coursekit.data.clothing import CLOTHING, clothing_folder, load_clothing
from coursekit.data.dataset import FileDataset
from coursekit.data.errors import DataError
from coursekit.data.fashion import FASHION_MNIST, Splits, load_fashion_mnist
from coursekit.data.housing import CALIFORNIA_HOUSING, Housing, load_california_housing
from coursekit.data.settings import Settings
from coursekit.data.text import TINY_SHAKESPEARE, Text, load_shakespeare
from coursekit.data.weights import MOBILENET, mobilenet_weights

__all__ = [
    "KINDS",
    "DataError",
    "Housing",
    "Settings",
    "Source",
    "Splits",
    "Text",
    "clothing_folder",
    "fetch",
    "is_here",
    "load_california_housing",
    "load_clothing",
    "load_fashion_mnist",
    "load_shakespeare",
    "mobilenet_weights",
    "source",
]

KINDS: dict[str, FileDataset] = {
    dataset.name: dataset for dataset in (FASHION_MNIST, CALIFORNIA_HOUSING, CLOTHING, MOBILENET, TINY_SHAKESPEARE)
}


def source(name: str, *, settings: Settings | None = None) -> Source:
    """Whether the loader of the set `name` gives the "real" set or the "drawn" one. Loads nothing.

    Asks the network, for a few seconds at most, only if the files are nowhere nearer. Raises ValueError for an unknown name,
    DataError if COURSEKIT_DATA=real and no source is within reach.
    """
    return choice.source_of(_dataset(name), settings or Settings.from_environment())


def fetch(name: str, *, settings: Settings | None = None) -> None:
    """Put the real set `name` into the cache, checked and decoded, whatever COURSEKIT_DATA says. What is here is not fetched again.

    Raises DataError when it cannot be had, ValueError for an unknown name.
    """
    settings = settings or Settings.from_environment()
    if name not in settings.registry:
        raise ValueError(f"no data set is called {name!r}; there are: {', '.join(settings.registry)}")
    sources.fetch_all(settings.registry[name], settings)
    if name in KINDS:
        KINDS[name].prepare(settings)


def is_here(name: str, *, settings: Settings | None = None) -> bool:
    """Whether the real set `name` lies in the cache, ready for use without a network."""
    settings = settings or Settings.from_environment()
    if name in KINDS and KINDS[name].is_here(settings):
        return True
    return sources.is_here(settings.registry[name], settings)


def _dataset(name: str) -> FileDataset:
    try:
        return KINDS[name]
    except KeyError:
        raise ValueError(f"no data set is called {name!r}; there are: {', '.join(KINDS)}") from None
