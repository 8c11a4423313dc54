"""Where this code runs: before a person in a notebook or a terminal, or in a program that runs notebooks.

Imports IPython only where it is loaded already. Knows nothing of what is shown.
"""

from __future__ import annotations

import re
import sys
from typing import Any

__all__ = ["is_colab", "is_jupyter", "person_is_here", "shell", "watched"]

# jupyter_client, which programs in Python use, ends the id of a request with its process and a count. Front ends in a browser
# or an editor do not.
_PYTHON_CLIENT = re.compile(r"_\d+_\d+$")


def shell() -> Any:
    """Return the IPython shell that runs this code, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def watched(kernel: Any) -> bool:
    """Return whether the request that a kernel works on came from a front end with a person before it.

    Programs that run notebooks (nbclient, nbconvert, papermill) say that they do not answer `input()`; others, and consoles,
    are known by their way of numbering requests.
    """
    if not hasattr(kernel, "get_parent"):
        return False
    request = kernel.get_parent("shell") or {}
    by_program = _PYTHON_CLIENT.search(str(request.get("header", {}).get("msg_id", "")))
    return bool(request.get("content", {}).get("allow_stdin")) and not by_program


def person_is_here() -> bool:
    """Return whether a person called: in a notebook, in a terminal with IPython, or in plain Python.

    False in the grader, which runs cells in an IPython shell without a kernel, and in nbgrader, nbclient and nbconvert.
    """
    here = shell()
    return here is None or type(here).__name__ == "TerminalInteractiveShell" or watched(getattr(here, "kernel", None))


def is_jupyter() -> bool:
    """Return whether this process is a kernel of JupyterLab or Jupyter Notebook, where files are seen in a list of a browser."""
    here = shell()
    return (
        getattr(here, "kernel", None) is not None
        and not is_colab()
        and "__vsc_ipynb_file__" not in getattr(here, "user_ns", {})
    )


def is_colab() -> bool:
    """Return whether this process is a kernel of Colab."""
    return "google.colab" in sys.modules
