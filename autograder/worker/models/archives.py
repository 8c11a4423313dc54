"""Write models to .keras files, and read such files safely.

A file comes from an untrusted process: it may name code, refer to other files, or unpack to any
size. Knows files and configurations of Keras; nothing of nodes or processes.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

import h5py
import keras

from autograder.worker.models.compiled import is_known_function, trustworthy
from autograder.worker.models.precision import full

__all__ = ["check_config", "opened", "saved"]

MAX_BYTES = 2**30  # of an unpacked .keras file
_CODE = frozenset({"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"})


def saved(model: keras.Model) -> bytes:
    """Return a model as a .keras file. Raises what Keras raises for a model that it cannot save."""
    handle, path = tempfile.mkstemp(suffix=".keras")
    os.close(handle)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The object being serialized includes a `lambda`")  # checked when it is read
            keras.saving.save_model(model, path)
        with open(path, "rb") as file:
            return file.read()
    finally:
        os.unlink(path)


def opened(data: bytes) -> keras.Model:
    """Load a model from a .keras file, compiled with the losses and metrics that `compiled` trusts.

    Args:
        data: The bytes of the file.

    Raises:
        ValueError: If the file is not safe to load, or Keras cannot load it.
    """
    data = _checked(data)
    handle, path = tempfile.mkstemp(suffix=".keras")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        with warnings.catch_warnings(), _built_once():
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")  # `keras_codec` restores it
            return _read(path)
    finally:
        os.unlink(path)


@contextmanager
def _built_once() -> Iterator[None]:
    """Let Keras build a Sequential that it reads when all layers are there.

    Otherwise it builds the model anew at each layer, which takes half of the time. Its configuration
    says whether it was built and on which shape.
    """
    add = keras.Sequential.add
    keras.Sequential.add = partialmethod(add, rebuild=False)
    try:
        yield
    finally:
        keras.Sequential.add = add


def _read(path: str) -> keras.Model:
    """Load a file; without its compile information if that cannot be loaded."""
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except Exception:
        # The loss or a metric may be the student's own. The model itself can be loaded all the
        # same.
        try:
            return keras.saving.load_model(path, safe_mode=True, compile=False)
        except Exception as error:
            raise ValueError(f"a model that Keras does not load: {type(error).__name__}: {str(error)[:300]}") from None


def _checked(data: bytes) -> bytes:
    """The file with trusted compile information, in full precision.

    Raises ValueError for a file that is too large or contains code.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_BYTES:
                raise ValueError(f"a model of more than {MAX_BYTES >> 20} MB")
            config = json.loads(archive.read("config.json"))
            trusted = _compiled(full(config))
            check_config(trusted)
            for name in archive.namelist():
                if name.endswith(".h5"):
                    _check_weights(archive.read(name))
            return data if trusted == config else _with_config(archive, trusted)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, RecursionError, OSError) as error:
        raise ValueError(f"not a .keras file: {error}") from error


def _check_weights(data: bytes) -> None:
    """Raise ValueError if the HDF5 file reads weights from another file or place."""

    def check(group: Any) -> None:
        for key in group:
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ValueError("the model's weights refer to another file or place")
            item = group[key]
            if isinstance(item, h5py.Group):
                check(item)
            elif item.external or item.is_virtual:
                raise ValueError("the model's weights refer to another file or place")

    with h5py.File(io.BytesIO(data), "r") as file:
        check(file)


def _compiled(config: Any) -> Any:
    """A configuration with trusted compile information, for a model and the models inside it."""
    if isinstance(config, list):
        return [_compiled(part) for part in config]
    if not isinstance(config, dict):
        return config
    return {key: trustworthy(part) if part and key == "compile_config" else _compiled(part) for key, part in config.items()}


def _with_config(archive: zipfile.ZipFile, config: Any) -> bytes:
    """A copy of the file with another configuration."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for item in archive.namelist():
            changed.writestr(item, json.dumps(config) if item == "config.json" else archive.read(item))
    return out.getvalue()


def check_config(config: Any) -> None:
    """Check that everything in a configuration is Keras's own and that it contains no code.

    Args:
        config: A configuration of Keras, as JSON values.

    Raises:
        ValueError: If it contains code, an object or function that is not Keras's own, or a path.
    """
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            name, module = part.get("class_name"), part.get("module")
            if isinstance(name, str) and name in _CODE:
                raise ValueError(f"the model holds code ({name}), which safe_mode refuses")
            if isinstance(module, str) and module.split(".")[0] not in ("keras", "builtins"):
                raise ValueError(f"the model holds a {str(name)[:60]} that is not Keras's own")
            if name == "function" and not is_known_function(part.get("config")):
                raise ValueError(f"the model holds a function that is not Keras's own, {str(part.get('config'))[:60]}")
            if isinstance(part.get("vocabulary"), str):
                raise ValueError("the model reads its vocabulary from a file")
            pending += part.values()
        elif isinstance(part, list):
            pending += part
