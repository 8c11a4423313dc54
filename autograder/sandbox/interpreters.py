"""How the grader starts another Python: what it runs, and which variables it gets.

A Python that is started with `-m` or `-c` looks for modules in the current folder first, and in those that PYTHON* variables name:
a file `random.py` where the instructor happens to stand would run with all that the instructor may do. So every interpreter that
the grader starts is started here:

- the fork server of student processes and examiners (`processes`): `command` and `clean_environment`
- the process that tries the walls (`walls.probing`): `command` and `clean_environment`
- the process that reads submissions (`reader`): `command` and `clean_environment`
- the kernel of a lecture (`lectures`): `command` and `without_python`
- `alembic`, which nbgrader calls by its name for a new gradebook (`record`): `without_python`; a program has its own folder first on
  its path, not the current one

Knows Python and variables; nothing of what the processes do.
"""

from __future__ import annotations

import glob
import os
import site
import sys
from collections.abc import Mapping
from importlib.util import find_spec

__all__ = ["DOWNLOADS", "NAMES", "clean_environment", "command", "without_python"]

# All that is passed on, name by name, because a prefix lets secrets through (TF_TOKEN_app_terraform_io). Students can read it in
# /proc/self/environ. What one run needs (COURSEKIT_SEED, CUDA_VISIBLE_DEVICES, …) is set in its own processes, after they were forked.
NAMES = (
    *("PATH", "VIRTUAL_ENV", "TZ"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
    *("COURSEKIT_DATA", "KERAS_BACKEND"),
    # How TensorFlow computes: read when it is loaded, or when it first uses a device.
    *("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS", "TF_GPU_ALLOCATOR", "TF_XLA_FLAGS", "XLA_FLAGS"),
    *("TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE"),
)
LIBRARIES = "LD_LIBRARY_PATH"
# What fetching data may need, passwords among it: only for processes that run the course's own code.
DOWNLOADS = (
    "COURSEKIT_MIRROR",
    *(name for lower in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (lower, lower.upper())),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
# sys.argv: "-c", module, function, and what the function finds as its arguments in sys.argv[1:].
_START = (
    "import importlib, site, sys; "
    "[site.addsitedir(place) for place in {sites!r}]; "
    "sys.path += [place for place in {folders!r} if place not in sys.path]; "
    "module, function = sys.argv[1:3]; "
    "sys.argv = [module, *sys.argv[3:]]; "
    "getattr(importlib.import_module(module), function)()"
)


def command(module: str, function: str, *arguments: str) -> list[str]:
    """The command line of a new interpreter that calls `module.function()`, with `arguments` in sys.argv[1:].

    Modules are found where this Python was installed, in the user's own packages where this Python uses them, and where this project
    lies: never in the current folder, and nowhere that a variable names.
    """
    start = _START.format(sites=_user_packages(), folders=_project())
    return [sys.executable, "-I", "-c", start, module, function, *arguments]


def clean_environment() -> dict[str, str]:
    """Those of our variables that the fork server and the probe get."""
    found = {name: os.environ[name] for name in NAMES if name in os.environ}
    libraries = _library_folders()
    return {**found, LIBRARIES: os.pathsep.join(libraries)} if libraries else found


def without_python(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that tell Python what to run."""
    return {name: value for name, value in variables.items() if not name.startswith("PYTHON")}


def _user_packages() -> list[str]:
    """The user's own packages (`pip install --user`), which an isolated Python leaves out."""
    if not site.ENABLE_USER_SITE or "PYTHONUSERBASE" in os.environ:
        return []
    return [place for place in (site.getusersitepackages(),) if os.path.isdir(place)]


def _project() -> list[str]:
    """The folders in which the project's two packages lie, for when nothing was installed; last on the path, where they hide nothing."""
    specs = [find_spec(name) for name in ("coursekit", "autograder")]
    places = [place for spec in specs if spec for place in spec.submodule_search_locations or ()]
    return list(dict.fromkeys(os.path.dirname(os.path.abspath(place)) for place in places))


def _library_folders() -> list[str]:
    """The folders of LD_LIBRARY_PATH without which Python, or CUDA where there is a GPU, might not start.

    The others are left out: whoever can write there could have anything loaded into the processes.
    """
    wanted = [f"libpython{sys.version_info[0]}*.so*"]
    if glob.glob("/dev/nvidia[0-9]*"):
        wanted += ["libcu*.so*", "libnv*.so*"]
    folders = os.environ.get(LIBRARIES, "").split(os.pathsep)
    return [
        place
        for place in folders
        if os.path.isabs(place) and any(glob.glob(os.path.join(glob.escape(place), name)) for name in wanted)
    ]
