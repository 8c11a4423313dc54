"""What this machine has: processor cores, GPUs, the Keras backend and its settings, the versions of packages.

Imports Keras and its backend only when asked for them. Knows nothing of notebooks or of data.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["backend", "cores", "device", "keras", "keras_file", "package_version", "unusual_settings"]


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def keras_file() -> Path | None:
    """Return the file from which Keras reads its settings on this machine, or None if there is none."""
    folder = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    path = Path(folder).expanduser() / "keras.json"
    return path if path.is_file() else None


def keras() -> Any:
    """Import Keras and return it.

    Raises:
        ImportError: If its settings keep it from being imported. The message names their file.
    """
    try:
        return importlib.import_module("keras")
    except Exception as error:
        file = keras_file()
        if file is None or (isinstance(error, ModuleNotFoundError) and error.name == "keras"):
            raise
        line = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        raise ImportError(
            f"Keras cannot be imported: {line}. It reads its settings from {file}, which may be of another course: rename that "
            "file, and restart the kernel"
        ) from error


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
