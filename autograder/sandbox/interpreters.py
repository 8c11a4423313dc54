"""How the grader starts another Python interpreter: its command line and its environment variables.

An interpreter that is started with `-m` or `-c` looks for modules in the current folder first, and
in the folders that PYTHON* variables name. A file `random.py` in the instructor's current folder
would therefore run with all rights of the instructor. So every interpreter that the grader starts
gets its command line and its variables from here:

- the fork server of student processes and examiners (`execution.forkserver_client`): `command` and
  `clean_environment`
- the process that probes the sandbox (`sandbox.probing`): `command` and `clean_environment`
- the process that reads submissions (`grading.submissions.reading`): `command` and `clean_environment`
- the kernel of a lecture (`authoring.lectures`): `command` and `without_python`

Knows Python and variables; nothing of what the processes do.
"""

from __future__ import annotations

import glob
import os
import site
import sys
from collections.abc import Mapping
from importlib.util import find_spec

__all__ = ["COMPUTING", "DOWNLOADS", "NAMES", "clean_environment", "command", "without_python"]

# How TensorFlow and JAX compute, so that the last digits of a result depend on them. They are read when a library is loaded, or
# when it first uses a device.
COMPUTING = ("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE")
# All variables that are passed on, by full name, because a prefix would let secrets through
# (TF_TOKEN_app_terraform_io). Students can read them in /proc/self/environ. Variables of one run
# (COURSEKIT_SEED, CUDA_VISIBLE_DEVICES, …) are set in its processes after the fork.
NAMES = (
    *("PATH", "VIRTUAL_ENV", "TZ"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
    *("COURSEKIT_DATA", "KERAS_BACKEND"),
    *COMPUTING,
    *("TF_CPP_MIN_LOG_LEVEL", "TF_GPU_ALLOCATOR"),
    *("TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES"),
)
LIBRARIES = "LD_LIBRARY_PATH"
# Variables that fetching data may need. They may contain passwords, so only processes with the
# course's own code get them.
DOWNLOADS = (
    "COURSEKIT_MIRROR",
    *(name for lower in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (lower, lower.upper())),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
# sys.argv: "-c", module, function, and the arguments that the function finds in sys.argv[1:].
_START = (
    "import importlib, site, sys; "
    "[site.addsitedir(place) for place in {sites!r}]; "
    "sys.path += [place for place in {folders!r} if place not in sys.path]; "
    "module, function = sys.argv[1:3]; "
    "sys.argv = [module, *sys.argv[3:]]; "
    "getattr(importlib.import_module(module), function)()"
)


def command(module: str, function: str, *arguments: str) -> list[str]:
    """Return the command line of a new interpreter that calls `module.function()`.

    The interpreter finds modules in this Python's installation, in the user's own packages if this
    Python uses them, and in this project's folder; never in the current folder, and in no folder
    that a variable names.

    Args:
        module: Full name of a module.
        function: Name of a function in it, which is called without arguments.
        *arguments: What the function finds in sys.argv[1:].
    """
    start = _START.format(sites=_user_packages(), folders=_project())
    return [sys.executable, "-I", "-c", start, module, function, *arguments]


def clean_environment() -> dict[str, str]:
    """Return the environment variables that the grader passes on to interpreters that it starts."""
    found = {name: os.environ[name] for name in NAMES if name in os.environ}
    libraries = _library_folders()
    return {**found, LIBRARIES: os.pathsep.join(libraries)} if libraries else found


def without_python(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without PYTHON*, which decide what code Python runs."""
    return {name: value for name, value in variables.items() if not name.startswith("PYTHON")}


def _user_packages() -> list[str]:
    """The user's own packages (`pip install --user`), which an isolated Python leaves out."""
    if not site.ENABLE_USER_SITE or "PYTHONUSERBASE" in os.environ:
        return []
    return [path for path in (site.getusersitepackages(),) if os.path.isdir(path)]


def _project() -> list[str]:
    """The folders of the project's two packages, in case they are not installed.

    They go last on the path, to hide nothing.
    """
    specs = [find_spec(name) for name in ("coursekit", "autograder")]
    paths = [path for spec in specs if spec for path in spec.submodule_search_locations or ()]
    return list(dict.fromkeys(os.path.dirname(os.path.abspath(path)) for path in paths))


def _library_folders() -> list[str]:
    """The folders of LD_LIBRARY_PATH without which Python, or CUDA for a GPU, might not start.

    The others are left out: anybody who can write to them could load code into the processes.
    """
    wanted = [f"libpython{sys.version_info[0]}*.so*"]
    if glob.glob("/dev/nvidia[0-9]*"):
        wanted += ["libcu*.so*", "libnv*.so*"]
    folders = os.environ.get(LIBRARIES, "").split(os.pathsep)
    return [
        folder
        for folder in folders
        if os.path.isabs(folder) and any(glob.glob(os.path.join(glob.escape(folder), name)) for name in wanted)
    ]
