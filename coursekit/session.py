"""The start of every notebook: `setup` (seeds, GPU memory, quiet logs, alt text, one line of facts) and `doctor`.

Imports Keras and the data module only when called. Knows nothing of what a notebook teaches, asks or how it is marked.
"""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TextIO

from coursekit import _quiet

__all__ = ["LABS", "LECTURES", "Finding", "Report", "doctor", "setup"]

# The known labs and the data sets that each one loads.
LABS: dict[str, tuple[str, ...]] = {
    "lab01_perceptron": (),
    "lab02_mlp": ("fashion-mnist",),
    "lab03_regression": ("california-housing",),
    "lab04_dropout": ("fashion-mnist",),
    "lab05_transfer": ("fashion-mnist", "clothing", "mobilenet"),
    "lab06_saving": ("fashion-mnist",),
}

# The same for the lectures.
LECTURES: dict[str, tuple[str, ...]] = {
    "lecture01_neurons": (),
    "lecture02_descent": (),
    "lecture03_backpropagation": (),
    "lecture04_regularisation": (),
    "lecture05_training_dynamics": ("fashion-mnist",),
    "lecture06_search_and_ensembles": ("fashion-mnist",),
    "lecture07_beyond_the_mlp": ("fashion-mnist",),
}


def setup(notebook: str | None = None) -> None:
    """Make ready for a lab or a lecture, and print one line: device, versions, source of the data, seed.

    notebook: its id such as "lab02_mlp" or "lecture01_neurons", or only the start "lab02"; None for any other notebook.
    Seeds Python, NumPy and the Keras backend with the environment's COURSEKIT_SEED (42 if not set), lets a GPU take memory
    as it needs it, quietens native logs, sends Python's warnings to stdout, and makes notebook figures carry their alt text.
    May be called again at any time.
    Raises ValueError for an unknown name or a seed that is no whole number; both are checked before anything is done.
    """
    name = _known_name(notebook)
    seed = _seed()
    _quiet.install()
    with _quiet.muted():
        import keras

        device = _device()
        keras.utils.set_random_seed(seed)
    _quiet_python_logs()
    warnings.showwarning = _show_warning
    _install_alt_text()
    facts = [*([name] if name else []), device, f"Python {platform.python_version()}", _keras(), f"seed {seed}"]
    datasets = {**LABS, **LECTURES}[name] if name else ()
    print(" · ".join([*facts, *_data(datasets)]), flush=True)


def _known_name(notebook: str | None) -> str | None:
    if notebook is None:
        return None
    for name in (*LABS, *LECTURES):
        if isinstance(notebook, str) and notebook in (name, name.split("_")[0]):
            return name
    raise ValueError(
        f"no lab or lecture is called {notebook!r}; the labs are {', '.join(LABS)}; the lectures are {', '.join(LECTURES)}"
    )


def _seed() -> int:
    text = os.environ.get("COURSEKIT_SEED", "42").strip()
    if not text.isdecimal() or int(text) >= 2**32:
        raise ValueError(f"COURSEKIT_SEED is {text!r}: expected a whole number from 0 to {2**32 - 1}")
    return int(text)


# ── device and versions ──────────────────────────────────────────────────────────────────────────────────────────────


def _keras() -> str:
    import keras

    backend = keras.config.backend()
    names = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
    return f"Keras {keras.version()} on {names.get(backend, backend)} {_version(backend)}".rstrip()


def _device() -> str:
    """The device in words: the GPUs' names, or the CPU and how many cores this process may use."""
    import keras

    find = {"tensorflow": _tensorflow_gpus, "jax": _jax_gpus, "torch": _torch_gpus}.get(keras.config.backend())
    gpus = find() if find else []
    if gpus:
        return ", ".join(f"GPU {gpu}" for gpu in gpus)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU, {cores} core{'s' if cores > 1 else ''}"


def _tensorflow_gpus() -> list[str]:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with suppress(RuntimeError, ValueError):  # in use already, or a device that cannot: then it stays as it is
            tf.config.experimental.set_memory_growth(gpu, True)
    return [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name) for gpu in gpus]


def _jax_gpus() -> list[str]:
    import jax

    return [device.device_kind for device in jax.local_devices() if device.platform != "cpu"]


def _torch_gpus() -> list[str]:
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu", f"{package}_cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return getattr(sys.modules.get(package), "__version__", "")


def _quiet_python_logs() -> None:
    """TensorFlow's Python side warns on stderr of harmless things, such as tracing one function for several models."""
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
    """Python's warnings in one line on stdout: on stderr they would cost a correct answer its points under nbgrader."""
    print(f"{category.__name__}: {message}", file=file or sys.stdout, flush=True)


# ── notebook ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _install_alt_text() -> None:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        from coursekit.plotting._style import install_alt_text

        install_alt_text(shell)


# ── data ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _data(datasets: tuple[str, ...]) -> Iterator[str]:
    """Where each data set would come from now, in words."""
    for name in _known(datasets):
        source, problem = _source(name)
        if problem:
            yield f"data {name}: NOT AVAILABLE ({problem})"
        elif source == "drawn":
            yield f"data {name}: DRAWN STAND-IN, results are not those of the real {_CONTENT.get(name, 'data')}"
        else:
            yield f"data {name}: {source}"


_CONTENT = {"fashion-mnist": "photographs", "clothing": "photographs", "california-housing": "houses", "mobilenet": "weights"}


def _known(datasets: Iterable[str]) -> list[str]:
    """Those that `coursekit.data` can load."""
    from coursekit import data

    return [name for name in datasets if name in data.KINDS]


def _source(name: str) -> tuple[str, str]:
    """("real" or "drawn", "") or ("", what is wrong in one line)."""
    from coursekit import data

    try:
        return data.source(name), ""
    except Exception as error:
        return "", (str(error).strip() or type(error).__name__).splitlines()[0]


# ── doctor ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` is empty when nothing is to be done."""

    what: str
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """What `doctor` found. Its text is a table with what to do below it; `ok` is true when nothing is to be done."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not any(finding.advice for finding in self.findings)

    def __repr__(self) -> str:
        width = max(len(finding.what) for finding in self.findings)
        lines = [f"{'!' if f.advice else '✓'} {f.what:<{width}}  {f.found}" for f in self.findings]
        lines += ["", *(f"! {f.what}: {f.advice}" for f in self.findings if f.advice)] if not self.ok else []
        return "\n".join(lines)

    __str__ = __repr__


def doctor() -> Report:
    """Look at versions, device, cache folder and data sources, without loading or downloading any data.

    Returns a Report, which a notebook shows as a table; `print(coursekit.doctor())` does so in a script. Raises nothing: what
    is missing or broken is a finding with advice.
    """
    return Report((*_python(), *_packages(), *_backend(), *_cache(), *_sources()))


def _python() -> Iterator[Finding]:
    supported = (3, 10) <= sys.version_info[:2] <= (3, 13)
    advice = "" if supported else "the course is tested on Python 3.10 to 3.13: make an environment with one of these"
    yield Finding("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}", advice)


# The oldest versions that the course is tested with.
_OLDEST = {"keras": (3, 10), "numpy": (1, 26), "matplotlib": (3, 9), "pandas": (2, 2), "scikit-learn": (1, 5), "scipy": (1, 13)}


def _packages() -> Iterator[Finding]:
    for name, oldest in _OLDEST.items():
        found = _version(name)
        wanted = ".".join(map(str, oldest))
        advice = ""
        if not found:
            advice = f"pip install '{name}>={wanted}'"
        elif tuple(int(part) for part in found.split(".")[:2] if part.isdigit()) < oldest:
            advice = f"older than {wanted}: pip install --upgrade '{name}>={wanted}', then restart the kernel"
        yield Finding(name, found or "not installed", advice)


def _backend() -> Iterator[Finding]:
    try:
        with _quiet.muted():
            import keras

            device = _device()
    except Exception as error:
        chosen = os.environ.get("KERAS_BACKEND", "tensorflow")
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        yield Finding("backend", f"cannot be imported: {line}", f"pip install {chosen}, or set KERAS_BACKEND to one you have")
        return
    advice = "" if keras.config.backend() == "tensorflow" else "the labs are marked on the TensorFlow backend"
    yield Finding("backend", _keras().partition(" on ")[2], advice)
    yield Finding("device", device)


def _cache() -> Iterator[Finding]:
    from coursekit import data

    try:
        folder = os.fspath(data.Settings.from_environment().cache.folder)
    except ValueError as error:
        yield Finding("cache folder", f"unknown ({error})", "correct the environment variable that it names")
        return
    nearest = folder
    while not os.path.exists(nearest) and os.path.dirname(nearest) != nearest:
        nearest = os.path.dirname(nearest)
    writable = os.path.isdir(nearest) and os.access(nearest, os.W_OK)
    advice = "" if writable else "it cannot be written to: set COURSEKIT_CACHE to a folder that can"
    yield Finding("cache folder", folder, advice)


def _sources() -> Iterator[Finding]:
    for name in _known(sorted({name for names in LABS.values() for name in names})):
        source, problem = _source(name)
        advice = ""
        if problem:
            advice = "connect to the internet, or set COURSEKIT_MIRROR to a folder that holds the files"
        elif source == "drawn":
            advice = (
                "a stand-in drawn by the course serves; for the real set connect to the internet or set COURSEKIT_MIRROR, "
                "and see that COURSEKIT_DATA is not `drawn`"
            )
        yield Finding(f"data {name}", problem or source, advice)
