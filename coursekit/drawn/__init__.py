"""Stand-ins: data sets drawn by this project, for when the real ones cannot be had.

Each has the shapes, types and classes of the real set and a difficulty of the same kind. Everything is drawn from a fixed
seed, so each machine gets the same bytes. This package knows nothing of files, caches, the network or splits.
"""

from __future__ import annotations

from coursekit.drawn._fashion import CLASSES, fashion_mnist

__all__ = ["CLASSES", "fashion_mnist"]
