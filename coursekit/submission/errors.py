"""The error of handing in. Knows nothing of what failed."""

from __future__ import annotations

__all__ = ["SubmissionError"]


class SubmissionError(Exception):
    """A notebook cannot be handed in. The message says why, and what to do.

    A notebook shows the message without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"\x1b[31m✗ Nothing was written.\x1b[0m {self}"]
