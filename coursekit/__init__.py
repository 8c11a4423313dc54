"""Helpers for the labs and lectures of a neural-network course in Keras.

`coursekit.setup("lab02")` prepares a notebook. Its cells use `data`, `models`, `training`, `plotting`,
`check`, `explore` and `playground`. Everything is loaded at first use: importing this package imports neither Keras
nor TensorFlow nor NumPy. It only silences their native log lines, and only for what is imported after
it. So `import coursekit` comes first in a notebook.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from coursekit import _gpus, _quiet

if TYPE_CHECKING:
    from coursekit import (
        backbones,
        check,
        data,
        diagnostics,
        ensembles,
        exports,
        interaction,
        models,
        playgrounds,
        plotting,
        session,
        standing,
        submission,
        training,
    )
    from coursekit.diagnostics import doctor
    from coursekit.interaction import explore
    from coursekit.playgrounds import playground
    from coursekit.session import setup
    from coursekit.standing import progress
    from coursekit.submission import submit

    __version__: str

__all__ = [
    "__version__",
    "backbones",
    "check",
    "data",
    "diagnostics",
    "doctor",
    "ensembles",
    "explore",
    "exports",
    "interaction",
    "models",
    "playground",
    "playgrounds",
    "plotting",
    "progress",
    "session",
    "setup",
    "standing",
    "submission",
    "submit",
    "training",
]

_MODULES = (
    "backbones",
    "check",
    "data",
    "diagnostics",
    "ensembles",
    "exports",
    "interaction",
    "models",
    "playgrounds",
    "plotting",
    "session",
    "standing",
    "submission",
    "training",
)
_FUNCTIONS = {
    "doctor": "diagnostics",
    "explore": "interaction",
    "playground": "playgrounds",
    "progress": "standing",
    "setup": "session",
    "submit": "submission",
}

_quiet.install()
_gpus.install()


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"coursekit.{name}")
    if name in _FUNCTIONS:
        value = getattr(importlib.import_module(f"coursekit.{_FUNCTIONS[name]}"), name)
    elif name == "__version__":
        value = _version()
    else:
        raise AttributeError(f"module 'coursekit' has no attribute {name!r}; it has {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("coursekit")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "not installed"
