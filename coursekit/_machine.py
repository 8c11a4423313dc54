"""What this machine has: processor cores, GPUs, the Keras backend and its settings.

Imports Keras and its backend only when asked for them. Knows nothing of notebooks or of data.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

from coursekit import _gpus, _versions

__all__ = [
    "backend",
    "chosen_backend",
    "cores",
    "cure",
    "device",
    "first_line",
    "home",
    "keras",
    "keras_file",
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
    if _versions.is_old("keras"):
        raise ImportError(f"Keras {_versions.package_version('keras')} is {_versions.old('keras')}, then restart the kernel")
    return module


def cure(error: Exception) -> str:
    """Return what to do about an error that importing Keras raised."""
    chosen, file = os.environ.get("KERAS_BACKEND"), keras_file()
    missing = error.name if isinstance(error, ModuleNotFoundError) else ""
    if file and not chosen and not _is_sound(file):
        return f"Keras reads its settings from {file}, which may be of another course: rename that file"
    if missing == "keras":
        wanted = (f"'{name}>={_versions.dotted(_versions.OLDEST[name])}'" for name in ("keras", "tensorflow"))
        return f"Install it: pip install {' '.join(wanted)}"
    return f"Install what it runs on: pip install {chosen_backend()}; or set KERAS_BACKEND to one that you have"


_BACKENDS = ("tensorflow", "jax", "torch")


def _settings_of(file: Path) -> dict[str, Any]:
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def chosen_backend() -> str:
    """Return the name of the backend that Keras takes on this machine, without importing Keras."""
    file = keras_file()
    chosen = os.environ.get("KERAS_BACKEND") or (_settings_of(file).get("backend") if file else "")
    return str(chosen or "tensorflow")


def _is_sound(file: Path) -> bool:
    """Return whether Keras can read the settings in a file, as far as one can say without Keras."""
    settings = _settings_of(file)
    return (
        settings.get("backend", "tensorflow") in _BACKENDS
        and settings.get("image_data_format", "channels_last") in ("channels_last", "channels_first")
        and settings.get("floatx", "float32") in ("float16", "float32", "float64")
    )


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
    return f"{_versions.called(name)} {_versions.package_version(name)}".rstrip()


def device() -> str:
    """Return the device in words: the names of the GPUs, or the CPU and the number of its cores."""
    import keras

    if gpus := _gpus.names(keras.config.backend()):
        return ", ".join(f"GPU {gpu}" for gpu in gpus)
    count = cores()
    return f"CPU, {count} core{'s' if count > 1 else ''}"
