"""`setup`, the start of every notebook: seeds, GPU memory, quiet logs, alt text and one line of facts.

Imports Keras and the data module only when called. Knows nothing of what a notebook teaches or asks,
or how it is marked.
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import TextIO

from coursekit import _console, _environment, _front_end, _gpus, _machine, _quiet, _seeds, _versions, _watching
from coursekit._machine import chosen_backend

__all__ = ["LABS", "LECTURES", "chosen_backend", "data_source", "loadable", "setup"]

# The data sets that each lab loads, as its lab.toml names them.
LABS: dict[str, tuple[str, ...]] = {
    "lab01_perceptron": (),
    "lab02_mlp": ("fashion-mnist",),
    "lab03_regression": ("california-housing",),
    "lab04_dropout": ("fashion-mnist",),
    "lab05_transfer": ("fashion-mnist", "clothing", "mobilenet"),
    "lab06_saving": ("fashion-mnist",),
}

# The data sets that each lecture loads.
LECTURES: dict[str, tuple[str, ...]] = {
    "lecture01_neurons": (),
    "lecture02_descent": (),
    "lecture03_backpropagation": (),
    "lecture04_regularisation": (),
    "lecture05_training_dynamics": ("fashion-mnist",),
    "lecture06_search_and_ensembles": ("fashion-mnist",),
    "lecture07_beyond_the_mlp": ("fashion-mnist",),
    "lecture08_playground": (),
}


# Keras on JAX looks at the first batch before it trains. JAX then warns of whole numbers of 64 bits, in which nothing is wrong.
_OF_KERAS_ON_JAX = "Explicitly requested dtype int64 requested in ShapeDtypeStruct"


def setup(notebook: str | None = None) -> None:
    """Prepare a notebook and print one line with the device, the versions, the data sources and the seed.

    A sentence follows for each package whose version lies outside of what the course is tested with.
    Seeds Python, NumPy and the Keras backend with the environment variable COURSEKIT_SEED (default: 42).
    Lets a GPU allocate memory only as needed and compute the same in every run, as far as the backend can.
    Silences native logs, sends Python warnings to stdout, and adds alt text to the figures and cards to the
    checks of the notebook. Sets Keras to float32 and "channels_last", whatever the file keras.json of this
    machine says. May be called again at any time.

    Args:
        notebook: Id of the lab or lecture, such as "lab02_mlp" or "lecture01_neurons", or only its start,
            such as "lab02". None for any other notebook.

    Raises:
        ValueError: If the name is unknown, or COURSEKIT_SEED is not a whole number from 0 to 2³² − 1. Both
            are checked before anything is changed.
        ImportError: If Keras cannot be imported because of its file keras.json, which the message names.

    Example:
        >>> import coursekit
        >>> coursekit.setup("lab02_mlp")
    """
    name = _known_name(notebook)
    seed = _seed()
    _quiet.install()
    _gpus.install()
    with _quiet.muted():
        keras = _machine.keras()
        device = _machine.device()
        _seeds.set_all(seed)
        _watching.install()
    _quiet_python_logs()
    warnings.filterwarnings("ignore", _OF_KERAS_ON_JAX, UserWarning)
    warnings.showwarning = _show_warning
    _install_in_notebook(name)
    facts = [
        *([name] if name else []),
        device,
        f"Python {platform.python_version()}",
        f"Keras {keras.version()} on {_machine.backend()}",
        f"seed {seed}",
        *_usual_settings(),
    ]
    datasets = {**LABS, **LECTURES}[name] if name else ()
    _console.say(" · ".join([*facts, *_data(datasets)]))
    for package in dict.fromkeys((*_versions.TESTED, keras.config.backend())):
        if said := _versions.outside(package):
            _console.say(said)
    if name in LABS and (said := _in_a_copy(name)):
        _console.say(said)


def _in_a_copy(lab: str) -> str:
    """Say that a person has opened a copy that was written to be handed in; "" elsewhere, and where the front end does not say."""
    if _front_end.is_colab() or not _front_end.watched(getattr(_front_end.shell(), "kernel", None)):
        return ""
    from coursekit.submission import SubmissionError
    from coursekit.submission.find import find
    from coursekit.submission.saved import about_copy

    try:
        return about_copy(find(), lab)
    except SubmissionError:
        return ""


def _known_name(notebook: str | None) -> str | None:
    """Return the full id of a notebook, or raise ValueError."""
    if notebook is None:
        return None
    for name in (*LABS, *LECTURES):
        if isinstance(notebook, str) and notebook in (name, name.split("_")[0]):
            return name
    raise ValueError(
        f"no lab or lecture is called {notebook!r}; the labs are {', '.join(LABS)}; the lectures are {', '.join(LECTURES)}"
    )


def _seed() -> int:
    """Return the seed from the environment, or raise ValueError."""
    text = _environment.value("COURSEKIT_SEED", {"COURSEKIT_SEED": "42", **os.environ})
    if not text.isdecimal() or int(text) >= 2**32:
        raise ValueError(f"COURSEKIT_SEED is {text!r}: expected a whole number from 0 to {2**32 - 1}")
    return int(text)


def _usual_settings() -> list[str]:
    """Give Keras the settings that the notebooks rely on. Return in words what was another one."""
    import keras

    changed = [f"{name} {usual}, not {found} as {place} says" for name, found, usual, place in _machine.unusual_settings()]
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    return changed


def _quiet_python_logs() -> None:
    """Silence the warnings that TensorFlow logs on stderr about harmless things, such as a retraced function."""
    import logging

    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a Python warning as one line on stdout.

    On stderr it would cost a correct answer its points under nbgrader.
    """
    _console.say(f"{category.__name__}: {message}", file)


# ── notebook ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _install_in_notebook(name: str | None) -> None:
    """Add alt text to the figures of this notebook, and cards to its checks, if there is one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from coursekit import _check_cards
        from coursekit.plotting._style import install_alt_text

        install_alt_text(shell)
        _check_cards.install(shell, name if name in LABS else None)


# ── data ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _data(datasets: tuple[str, ...]) -> Iterator[str]:
    """Yield in words where each data set would come from now."""
    for name in loadable(datasets):
        source, problem = data_source(name)
        if problem:
            yield f"data {name}: NOT AVAILABLE ({problem})"
        elif source == "drawn":
            yield f"data {name}: DRAWN STAND-IN, results are not those of the real {_CONTENT.get(name, 'data')}"
        else:
            yield f"data {name}: {source}"


_CONTENT = {"fashion-mnist": "photographs", "clothing": "photographs", "california-housing": "houses", "mobilenet": "weights"}


def loadable(datasets: Iterable[str]) -> list[str]:
    """Return those of the data sets that `coursekit.data` can load."""
    from coursekit import data

    return [name for name in datasets if name in data.KINDS]


def data_source(name: str) -> tuple[str, str]:
    """Ask where a data set would come from now.

    Args:
        name: Name of a data set.

    Returns:
        A tuple `(source, problem)`: "real" or "drawn" and an empty text; or an empty source and the
        problem in one line.
    """
    from coursekit import data

    try:
        return data.source(name), ""
    except Exception as error:
        return "", (str(error).strip() or type(error).__name__).splitlines()[0]
