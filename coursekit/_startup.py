"""What a kernel of `coursekit start` runs before the first cell, as PYTHONSTARTUP: see `coursekit._restarted`.

A terminal of JupyterLab runs it too, in plain Python, where it does nothing. It leaves no name behind.
"""

try:
    get_ipython  # type: ignore[name-defined,unused-ignore] # noqa: B018
except NameError:
    pass
else:
    __import__("coursekit._restarted")._restarted.install(get_ipython())  # type: ignore[name-defined,unused-ignore] # noqa: F821
