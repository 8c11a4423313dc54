"""Stand-ins: data sets drawn by this project, for use when the real ones cannot be obtained.

Each stand-in has the shapes, dtypes and classes of the real set and is similarly difficult. Everything
is drawn from a fixed seed, so every machine gets the same bytes. This package knows nothing of files,
caches, the network or splits.
"""

from __future__ import annotations

from coursekit.drawn._fashion import CLASSES, fashion_mnist

__all__ = ["CLASSES", "fashion_mnist"]
