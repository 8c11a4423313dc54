"""`model.export` on every backend of Keras: a SavedModel that TensorFlow loads, or a stand-in where Keras cannot write one.

On TensorFlow nothing is changed. JAX 0.12 writes its computations in a version of StableHLO that TensorFlow 2.21 cannot read yet;
`prepare` has it write an older one. Keras on PyTorch needs a package of another project to export at all; where it is missing,
`model.export` writes a stand-in and says so in a sentence. Whether this backend can export is tried once in a process, with one neuron.
Knows nothing of labs or marks.
"""

from __future__ import annotations

import functools
import logging
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np

from coursekit import _console, _machine, _quiet, _tensorflow

__all__ = ["StandIn", "is_stand_in", "lacking", "prepare"]

_FILE = "stand_in.keras"
_EXPORT = keras.Model.export
_NOTE = (
    "This is no SavedModel. This backend of Keras cannot export, and coursekit wrote the model beside this file in its place.\n"
)


def prepare() -> None:
    """Let `model.export` write what TensorFlow can load, or a stand-in where this backend cannot export.

    May be called again at any time. Other formats than a SavedModel are left to Keras.
    """
    if keras.config.backend() == "tensorflow":
        return
    if keras.config.backend() == "jax":
        _write_older_stablehlo()
        logging.getLogger("absl").addFilter(_is_not_about_gradients)
    keras.Model.export = _export


def lacking() -> str:
    """Return why this backend cannot export a SavedModel that TensorFlow loads; "" if it can."""
    return "" if keras.config.backend() == "tensorflow" else _lacking()


def is_stand_in(folder: str | Path) -> bool:
    """Return whether a folder holds the stand-in of an export. Where the backend can export, none does."""
    return (Path(folder) / _FILE).is_file() and bool(lacking())


class StandIn:
    """What `tensorflow.saved_model.load` gives of an export, made from a stand-in.

    Args:
        folder: A folder that `model.export` wrote where the backend cannot export.

    Attributes:
        variables: The weights of the model, as arrays.
    """

    def __init__(self, folder: str | Path) -> None:
        self._model = keras.models.load_model(Path(folder) / _FILE, compile=False)
        self.variables = self._model.get_weights()

    def serve(self, X: Any) -> np.ndarray:
        """Return what the model answers to `X`."""
        return keras.ops.convert_to_numpy(self._model(keras.ops.convert_to_tensor(X), training=False))


@functools.wraps(_EXPORT)
def _export(model: keras.Model, filepath: str | Path, format: str = "tf_saved_model", *rest: Any, **options: Any) -> None:
    if format != "tf_saved_model" or not lacking():
        return _EXPORT(model, filepath, format, *rest, **options)
    folder = Path(filepath)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(_NOTE)
    model.save(folder / _FILE)
    _say_once(
        f"Keras on {_machine.backend()} cannot export here ({lacking()}). A stand-in was written in place of the export: only this "
        "notebook can load it, and its size means nothing. No points depend on that."
    )
    return None


@functools.cache
def _say_once(sentence: str) -> None:
    _console.say(sentence)


@functools.cache
def _lacking() -> str:
    """Try it with one neuron, whose weights need no random number."""
    if keras.config.backend() == "torch" and find_spec("torch_xla") is None:
        return "it needs the package torch_xla, which is not installed"
    X = np.ones((3, 2), "float32")
    probe = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones", name="one")], name="probe")
    try:
        with tempfile.TemporaryDirectory() as folder, _quiet.muted(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _EXPORT(probe, folder, verbose=False)
            loaded = _tensorflow.load().saved_model.load(folder)
            served = np.asarray(loaded.serve(X))
    except Exception as error:
        return f"it stops with {type(error).__name__}"
    return "" if np.allclose(served, 2) else "what it writes predicts something else"


def _is_not_about_gradients(record: logging.LogRecord) -> bool:
    """Return False for what TensorFlow says on stderr when it loads an export of JAX: such a thing predicts, and needs no gradients."""
    return "with ops with unsaved custom gradients" not in str(record.msg)


def _write_older_stablehlo() -> None:
    """Have JAX write the oldest StableHLO that it can. It takes that of four weeks ago, and TensorFlow's may be older."""
    try:
        from jax._src.export import _export as exporter
        from jax.extend import mlir
        from jaxlib.mlir.dialects import stablehlo

        oldest = stablehlo.get_version_from_compatibility_requirement(stablehlo.StablehloCompatibilityRequirement.MAX)
        usual = exporter._module_to_bytecode
    except (AttributeError, ImportError):  # another JAX: `lacking` says whether TensorFlow can read what it writes
        return
    if hasattr(usual, "__wrapped__"):
        return

    @functools.wraps(usual)
    def older(module: Any) -> bytes:
        try:
            return mlir.serialize_portable_artifact(module, oldest)
        except Exception:  # an operation that the older version does not have
            return usual(module)

    exporter._module_to_bytecode = older
