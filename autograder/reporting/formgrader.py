"""Let formgrader show what is in the gradebook now, also when it was opened before marks were recorded.

nbgrader keeps one database session as long as JupyterLab runs, and a session does not read a row again that
it holds. `nbgrader_config.py` of a course calls this module. It knows no verdicts and opens no gradebook.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["read_again_for_each_request"]

_HANDLERS = "nbgrader.server_extensions.formgrader.base"


def read_again_for_each_request() -> None:
    """End the database session of formgrader after each request. Where formgrader does not run, nothing happens."""
    if handlers := sys.modules.get(_HANDLERS):
        handlers.BaseHandler.on_finish = _end_session


def _end_session(handler: Any) -> None:
    if gradebook := handler.settings.get("nbgrader_gradebook"):
        gradebook.db.remove()
