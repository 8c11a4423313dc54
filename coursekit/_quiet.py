"""Keeps the log lines of native libraries (TensorFlow, XLA, CUDA, gRPC) away from stderr.

A log line on stderr looks like an error to a student, and nbgrader gives a correct answer no points if
one appears in a test cell. Uses the standard library only, because every `import coursekit` runs it.
Knows nothing of Keras or of labs.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import IO, Any

__all__ = ["install", "muted"]

# The libraries read these when they load. A value that the user has set is kept.
_VARIABLES = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GLOG_minloglevel": "3",
    "ABSL_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "NONE",
}


def install() -> None:
    """Set the environment variables that silence the libraries, and mute the import of TensorFlow.

    TensorFlow 2.20 and later write lines while they load, whatever the environment variables say.
    """
    for name, value in _VARIABLES.items():
        os.environ.setdefault(name, value)
    if "tensorflow" not in sys.modules and not any(isinstance(finder, _QuietImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _QuietImport())


@contextmanager
def muted() -> Iterator[None]:
    """Discard what the block writes to file descriptor 2. If the block raises, write it there after all."""
    try:
        stderr = os.dup(2)
    except OSError:  # no stderr at all: nothing to keep clean
        yield
        return
    with _scratch() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(stderr, 2)
            held.seek(0)
            with open(stderr, "wb", closefd=False) as out:
                shutil.copyfileobj(held, out)
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _scratch() -> IO[bytes]:
    """Open a temporary file, or the null device where there is no room for one."""
    try:
        return tempfile.TemporaryFile()
    except OSError:  # a read-only or full disk
        return open(os.devnull, "w+b")


class _QuietImport(MetaPathFinder):
    """Finds `tensorflow` as usual, mutes its import, and then removes itself from the finders."""

    def __init__(self) -> None:
        self.busy = False

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tensorflow" or self.busy:
            return None
        self.busy = True
        try:
            spec = find_spec(name)
        finally:
            self.busy = False
        if spec is not None and spec.loader is not None:
            self._mute(spec.loader)
        return spec

    def _mute(self, loader: Any) -> None:
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            with muted(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                load(module)

        loader.exec_module = exec_module
