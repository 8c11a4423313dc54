"""Networks as .keras files: what is safe to open, and what is to be found in them.

A file is data of a stranger's: it may name code, lead to other files or unpack without end. Knows files and configurations of Keras;
nothing of nodes or processes.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
import zipfile
from typing import Any

import h5py
import keras

from autograder.worker.models.compiled import is_known_function, trustworthy

__all__ = ["check_config", "opened", "saved"]

MAX_BYTES = 2**30  # of an unpacked .keras file
_CODE = frozenset({"Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"})


def saved(model: keras.Model) -> bytes:
    """The network as a .keras file. Raises whatever Keras raises for one that it cannot save."""
    handle, path = tempfile.mkstemp(suffix=".keras")
    os.close(handle)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The object being serialized includes a `lambda`")  # looked at by who reads it
            keras.saving.save_model(model, path)
        with open(path, "rb") as file:
            return file.read()
    finally:
        os.unlink(path)


def opened(data: bytes) -> keras.Model:
    """The network in a .keras file, compiled as far as `compiled` believes it. Raises ValueError for one that is not safe."""
    data = _checked(data)
    handle, path = tempfile.mkstemp(suffix=".keras")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")  # `networks` restores it
            return _read(path)
    finally:
        os.unlink(path)


def _read(path: str) -> keras.Model:
    try:
        return keras.saving.load_model(path, safe_mode=True)
    except Exception:
        # A loss or metric of the student's own has no meaning here: the network itself has.
        try:
            return keras.saving.load_model(path, safe_mode=True, compile=False)
        except Exception as error:
            raise ValueError(f"a model that Keras does not load: {type(error).__name__}: {str(error)[:300]}") from None


def _checked(data: bytes) -> bytes:
    """The file with compile information that may be believed. Refuses one that unpacks to more than it may, or names code."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_BYTES:
                raise ValueError(f"a model of more than {MAX_BYTES >> 20} MB")
            config = json.loads(archive.read("config.json"))
            honest = _compiled(config)
            check_config(honest)
            for name in archive.namelist():
                if name.endswith(".h5"):
                    _check_weights(archive.read(name))
            return data if honest == config else _with_config(archive, honest)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError, RecursionError, OSError) as error:
        raise ValueError(f"not a .keras file: {error}") from error


def _check_weights(data: bytes) -> None:
    """Raise ValueError if the file of weights leads to another file, whose bytes would then be the weights."""

    def look(group: Any) -> None:
        for key in group:
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ValueError("the model's weights refer to another file or place")
            item = group[key]
            if isinstance(item, h5py.Group):
                look(item)
            elif item.external or item.is_virtual:
                raise ValueError("the model's weights refer to another file or place")

    with h5py.File(io.BytesIO(data), "r") as file:
        look(file)


def _compiled(config: Any) -> Any:
    """A configuration in which the compile information, of a network and of those inside, is what may be believed."""
    if isinstance(config, list):
        return [_compiled(part) for part in config]
    if not isinstance(config, dict):
        return config
    return {key: trustworthy(part) if part and key == "compile_config" else _compiled(part) for key, part in config.items()}


def _with_config(archive: zipfile.ZipFile, config: Any) -> bytes:
    """The same file with another configuration."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as changed:
        for item in archive.namelist():
            changed.writestr(item, json.dumps(config) if item == "config.json" else archive.read(item))
    return out.getvalue()


def check_config(config: Any) -> None:
    """Raise ValueError if anything in a configuration comes from elsewhere than Keras, or holds code."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
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
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
