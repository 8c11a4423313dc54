"""The versions of packages: which are installed, and which the course is tested with.

Imports none of these packages. Knows nothing of devices, notebooks or data.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, version

__all__ = ["BACKENDS", "OLDEST", "TESTED", "called", "dotted", "is_old", "old", "outside", "package_version"]

# Package → the oldest and the newest version that the course is tested with.
TESTED = {
    "keras": ((3, 10), (3, 15)),
    "tensorflow": ((2, 19), (2, 21)),
    "numpy": ((1, 26), (2, 5)),
    "matplotlib": ((3, 9), (3, 11)),
    "pandas": ((2, 2), (3, 1)),
    "scikit-learn": ((1, 5), (1, 9)),
    "scipy": ((1, 13), (1, 18)),
}
# The same for the backends of Keras that the course does not install.
BACKENDS = {"jax": ((0, 10), (0, 12)), "torch": ((2, 13), (2, 14))}
OLDEST = {package: oldest for package, (oldest, _) in TESTED.items()}
_NAMES = {"keras": "Keras", "tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch", "numpy": "NumPy", "scipy": "SciPy"}


def package_version(package: str) -> str:
    """Return the version of an installed package, also under its names for CPUs; "" if it is not installed."""
    for name in (package, f"{package}-cpu", f"{package}_cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return getattr(sys.modules.get(package), "__version__", "")


def called(package: str) -> str:
    """Return the name of a package in prose."""
    return _NAMES.get(package, package)


def is_old(package: str) -> bool:
    """Return whether the installed version of a package is older than the oldest that the course is tested with."""
    numbers = _numbers(package)
    return bool(numbers) and numbers < OLDEST[package]


def old(package: str) -> str:
    """Return in words that a package is too old, and what to do."""
    return f"older than {dotted(OLDEST[package])}: pip install --upgrade '{package}>={dotted(OLDEST[package])}'"


def outside(package: str) -> str:
    """Return a sentence if the installed version of a package lies outside of what the course is tested with, otherwise ""."""
    oldest, newest = (TESTED | BACKENDS)[package]
    numbers, said = _numbers(package), f"{called(package)} {package_version(package)}"
    if numbers and numbers < oldest:
        return f"{said} is older than {dotted(oldest)}, the oldest version that the course is tested with"
    if numbers > newest:
        return f"{said} is newer than {dotted(newest)}, the newest version that the course is tested with"
    return ""


def dotted(numbers: tuple[int, ...]) -> str:
    """Return the numbers of a version as text, such as "3.10"."""
    return ".".join(map(str, numbers))


def _numbers(package: str) -> tuple[int, ...]:
    """Return the first two numbers of the installed version; () if there is none."""
    found = re.match(r"(\d+)\.(\d+)", package_version(package))
    return tuple(map(int, found.groups())) if found else ()
