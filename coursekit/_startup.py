"""What a kernel of `coursekit start` runs before the first cell, as PYTHONSTARTUP: see `coursekit._restarted`.

A terminal of JupyterLab runs it too, in plain Python, where it does nothing, and so does a kernel of another environment, which
has no coursekit. It leaves no name behind.
"""

with __import__("contextlib").suppress(ImportError, NameError):
    __import__("coursekit._restarted")._restarted.install(get_ipython())  # type: ignore[name-defined,unused-ignore] # noqa: F821
