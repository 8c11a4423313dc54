"""Data sets of the course as plain NumPy arrays.

There is one loader per data set. It takes the files from the cache, a mirror or the official address.
Where none of these can be reached it draws a stand-in, and says so. This package knows nothing of labs,
models or the autograder.

Example:
    >>> fashion = data.load_fashion_mnist()
    >>> fashion.X_train.shape
    (55000, 28, 28)
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
    """Return which version of a data set its loader gives, without loading anything.

    Contacts the network, for a few seconds at most, only if the files are neither in the cache nor in a
    mirror folder.

    Args:
        name: Name of a data set, such as "fashion-mnist".
        settings: Where to look. By default this comes from the environment variables.

    Returns:
        "real" for the real set, "drawn" for the stand-in.

    Raises:
        ValueError: If no data set has this name.
        DataError: If COURSEKIT_DATA is "real" and no source can be reached.
    """
    return choice.source_of(_dataset(name), settings or Settings.from_environment())


def fetch(name: str, *, settings: Settings | None = None) -> None:
    """Download the real version of a data set into the cache, check and decode it.

    Ignores COURSEKIT_DATA. Files that are already in the cache are not downloaded again.

    Args:
        name: Name of a data set, such as "fashion-mnist".
        settings: Where to look. By default this comes from the environment variables.

    Raises:
        ValueError: If no data set has this name.
        DataError: If a file cannot be obtained, or the disk is full.
    """
    settings = settings or Settings.from_environment()
    if name not in settings.registry:
        raise ValueError(f"no data set is called {name!r}; there are: {', '.join(settings.registry)}")
    sources.fetch_all(settings.registry[name], settings)
    if name in KINDS:
        KINDS[name].prepare(settings)


def is_here(name: str, *, settings: Settings | None = None) -> bool:
    """Return whether the real version of a data set is in the cache and can be used without a network.

    Args:
        name: Name of a data set, such as "fashion-mnist".
        settings: Where to look. By default this comes from the environment variables.

    Raises:
        KeyError: If no data set has this name.
    """
    settings = settings or Settings.from_environment()
    if name in KINDS and KINDS[name].is_here(settings):
        return True
    return sources.is_here(settings.registry[name], settings)


def _dataset(name: str) -> FileDataset:
    """Return the data set of this name, or raise ValueError."""
    try:
        return KINDS[name]
    except KeyError:
        raise ValueError(f"no data set is called {name!r}; there are: {', '.join(KINDS)}") from None
