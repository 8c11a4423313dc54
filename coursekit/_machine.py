"""What this machine has: processor cores, GPUs, the Keras backend and its settings, the versions of packages.

Imports Keras and its backend only when asked for them. Knows nothing of notebooks or of data.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = [
    "OLDEST",
    "backend",
    "cores",
    "cure",
    "device",
    "first_line",
    "home",
    "is_old",
    "keras",
    "keras_file",
    "old",
    "package_version",
    "unusual_settings",
]


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def home() -> Path | None:
    """Return the home folder of this user, or None if there is none."""
    path = Path(os.path.expanduser("~"))
    return path if path.is_absolute() and path.is_dir() else None


def keras_file() -> Path | None:
    """Return the file from which Keras reads its settings on this machine, or None if there is none."""
    place = home()
    if folder := os.environ.get("KERAS_HOME"):
        path = Path(os.path.expanduser(folder)) / "keras.json"
    else:  # where it cannot write at home, Keras takes /tmp
        path = (place if place and os.access(place, os.W_OK) else Path("/tmp")) / ".keras" / "keras.json"
    return path if path.is_file() else None


def keras() -> Any:
    """Import Keras and return it.

    Raises:
        ImportError: If it cannot be imported, or is too old. The message says what to do.
    """
    try:
        module = importlib.import_module("keras")
    except Exception as error:
        raise ImportError(f"Keras cannot be imported: {first_line(error)}. {cure(error)}, and restart the kernel") from error
    if is_old("keras"):
        raise ImportError(f"Keras {package_version('keras')} is {old('keras')}, then restart the kernel")
    return module


def cure(error: Exception) -> str:
    """Return what to do about an error that importing Keras raised."""
    chosen, file = os.environ.get("KERAS_BACKEND"), keras_file()
    missing = error.name if isinstance(error, ModuleNotFoundError) else ""
    if file and not chosen and not _is_sound(file):
        return f"Keras reads its settings from {file}, which may be of another course: rename that file"
    if missing == "keras":
        return f"Install it: pip install 'keras>={_dotted('keras')}' 'tensorflow>={_dotted('tensorflow')}'"
    backend = chosen or (file and _backend_of(file)) or "tensorflow"
    return f"Install what it runs on: pip install {backend}; or set KERAS_BACKEND to one that you have"


_BACKENDS = ("tensorflow", "jax", "torch")


def _settings_of(file: Path) -> dict[str, Any]:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _backend_of(file: Path) -> str:
    return str(_settings_of(file).get("backend", "tensorflow"))


def _is_sound(file: Path) -> bool:
    """Return whether Keras can read the settings in a file, as far as one can say without Keras."""
    settings = _settings_of(file)
    return (
        settings.get("backend", "tensorflow") in _BACKENDS
        and settings.get("image_data_format", "channels_last") in ("channels_last", "channels_first")
        and settings.get("floatx", "float32") in ("float16", "float32", "float64")
    )


# The oldest versions that the course is tested with.
OLDEST = {
    "keras": (3, 10),
    "tensorflow": (2, 19),
    "numpy": (1, 26),
    "matplotlib": (3, 9),
    "pandas": (2, 2),
    "scikit-learn": (1, 5),
    "scipy": (1, 13),
}


def is_old(package: str) -> bool:
    """Return whether the installed version of a package is older than the oldest that the course is tested with."""
    numbers = package_version(package).split(".")[:2]
    return bool(numbers[0]) and tuple(int(part) for part in numbers if part.isdigit()) < OLDEST[package]


def old(package: str) -> str:
    """Return in words that a package is too old, and what to do."""
    return f"older than {_dotted(package)}: pip install --upgrade '{package}>={_dotted(package)}'"


def _dotted(package: str) -> str:
    return ".".join(map(str, OLDEST[package]))


def first_line(error: Exception) -> str:
    """Return the first line of what an error says, or its type."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def unusual_settings() -> list[tuple[str, str, str, str]]:
    """Return the settings of Keras that are not those which the notebooks rely on.

    Returns:
        A list of tuples `(name, found, usual, place)`; the place is the file of the settings, if they come from there.
    """
    import keras

    found = {"image_data_format": keras.config.image_data_format(), "floatx": keras.config.floatx()}
    usual = {"image_data_format": "channels_last", "floatx": "float32"}
    place = str(keras_file() or "this process")
    return [(name, found[name], usual[name], place) for name in usual if found[name] != usual[name]]


def backend() -> str:
    """Return the backend of Keras with its version, such as "TensorFlow 2.19.0"."""
    import keras

    name = keras.config.backend()
    names = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
    return f"{names.get(name, name)} {package_version(name)}".rstrip()


def device() -> str:
    """Return the device in words: the names of the GPUs, or the CPU and the number of its cores."""
    import keras

    find = {"tensorflow": _tensorflow_gpus, "jax": _jax_gpus, "torch": _torch_gpus}.get(keras.config.backend())
    gpus = find() if find else []
    if gpus:
        return ", ".join(f"GPU {gpu}" for gpu in gpus)
    count = cores()
    return f"CPU, {count} core{'s' if count > 1 else ''}"


def _tensorflow_gpus() -> list[str]:
    """Return the names of the GPUs, after telling TensorFlow to take their memory only as it needs it."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with suppress(RuntimeError, ValueError):  # already in use, or not supported by the device: leave it as it is
            tf.config.experimental.set_memory_growth(gpu, True)
    return [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]


def _jax_gpus() -> list[str]:
    import jax

    return [device.device_kind for device in jax.local_devices() if device.platform != "cpu"]


def _torch_gpus() -> list[str]:
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def package_version(package: str) -> str:
    """Return the version of an installed package, also under its names for CPUs; "" if it is not installed."""
    for name in (package, f"{package}-cpu", f"{package}_cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return getattr(sys.modules.get(package), "__version__", "")
